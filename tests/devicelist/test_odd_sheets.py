"""Sheets as other programs write them: what they mean is read, or told where it is in doubt."""

import re
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest

from siptui.devicelist import DeviceList, ListError, read, sheet_binary, workbook
from siptui.devicelist.filled_workbook import filled_workbook
from siptui.devicelist.sheet_xml import MAX_CELLS
from siptui.domain.region import Region
from tests.devicelist.support import pairs, rules
from tests.fuzz.archives import Here
from tests.support.replace import replace
from tests.support.workbooks import Cell, ods, xlsb, xlsx, zipped

HEAD: list[Cell] = ["Username", "HardwareId"]
ROWS: list[list[Cell]] = [HEAD, ["a@c.de", "0004F28124B3"], ["b@c.de", "00-04-F2-81-24-B4"]]
SHEET = "xl/worksheets/sheet1.xml"
IDS = [("a@c.de", "00-04-F2-81-24-B3"), ("b@c.de", "00-04-F2-81-24-B4")]
_HARDWARE = b'<c r="B4" t="inlineStr"><is><t>0004F28124B5</t></is></c>'


def _read(folder: Path, data: bytes) -> DeviceList:
    path = folder / "list.xlsx"
    path.write_bytes(data)
    with patch.object(workbook, "_Child", Here):
        return read(path, region=Region.EMEA)


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def _with_rows(rows: bytes) -> bytes:
    parts = _parts(xlsx({"S": ROWS}, shared=True))
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows + b"</sheetData>")
    return zipped(parts)


@pytest.mark.parametrize(
    ("above", "merged"),
    [
        ([["Phones", None]], ["A1:B1"]),
        ([["Account", "Device"]], ["A1:A1", "B1:C1"]),
        ([[None, "All phones of Bonn"]], ["B1:XFD1"]),
    ],
)
def test_merged_cells_across_and_above_the_header(
    tmp_path: Path, above: list[list[Cell]], merged: list[str]
) -> None:
    found = _read(tmp_path, xlsx({"S": [*above, *ROWS]}, merged=merged))
    assert [(user, hardware) for _, user, hardware in pairs(found)] == IDS
    assert found.header_line == 2
    assert not found.faults


def test_a_header_that_is_merged_with_the_row_below_it(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEAD, [None, None], *ROWS[1:]]
    found = _read(tmp_path, xlsx({"S": rows}, merged=["A1:A2", "B1:B2"]))
    assert [(user, hardware) for _, user, hardware in pairs(found)] == IDS
    assert not found.faults


def test_a_header_over_two_columns_is_none_of_the_second(tmp_path: Path) -> None:
    rows = [[*HEAD, None], *([*row, "x"] for row in ROWS[1:])]
    found = _read(tmp_path, xlsx({"S": rows}, merged=["B1:C1"]))
    assert not found.devices
    assert [rule for _, _, rule in rules(found)] == ["too_many_cells", "too_many_cells"]


@pytest.mark.parametrize("formula", [b"<f>X1</f>", b'<f t="shared" si="0"/>', b"<f ca='1'>X1</f>"])
def test_the_value_of_a_formula_is_that_of_its_cell(tmp_path: Path, formula: bytes) -> None:
    cell = b'<row r="4"><c r="A4" t="str">%b<v>c@c.de</v></c>%b</row>'
    found = _read(tmp_path, _with_rows(cell % (formula, _HARDWARE)))
    assert pairs(found)[-1] == (4, "c@c.de", "00-04-F2-81-24-B5")


@pytest.mark.parametrize("kind", [b"", b' t="str"'])
@pytest.mark.parametrize("formula", [b"<f>X1</f>", b'<f t="shared" si="0"/>'])
def test_a_formula_of_which_the_file_has_no_value_is_told(
    tmp_path: Path, kind: bytes, formula: bytes
) -> None:
    row = b'<row r="4"><c r="A4"%b>%b</c>%b</row>' % (kind, formula, _HARDWARE)
    found = _read(tmp_path, _with_rows(row))
    assert len(found.devices) == 2
    assert [line for line, _, _ in rules(found)] == [4]
    assert any("In row 4 formulas have no values" in note for note in found.decided)


def test_a_formula_without_a_value_is_no_region_that_is_left_empty(tmp_path: Path) -> None:
    """A text that is empty is one; where there is no value at all the default does not count."""
    rows: list[list[Cell]] = [[*HEAD, "Region"], [*ROWS[1], "NOAM"], [*ROWS[2], "==X1"]]
    parts = _parts(xlsx({"S": rows}))
    text = parts[SHEET].replace(b'<c r="C3"><f>', b'<c r="C3" t="str"><f>')
    found = _read(tmp_path, zipped({**parts, SHEET: text}))
    assert [device.region for device in found.devices] == [Region.NOAM, Region.EMEA]
    for without in (b"", b" "):
        found = _read(tmp_path, zipped({**parts, SHEET: text.replace(b"<v></v>", without)}))
        assert rules(found) == [(3, "Region", "region")]
        assert len(found.devices) == 1


@pytest.mark.parametrize("prefix", [b"", b"x:"])
@pytest.mark.parametrize("before", [b"", b'spans="1:2" '])
def test_a_row_that_stands_twice_is_not_lost(tmp_path: Path, prefix: bytes, before: bytes) -> None:
    parts = _parts(xlsx({"S": [*ROWS, ["c@c.de", "0004F28124B5"]]}, shared=True))
    parts[SHEET] = parts[SHEET].replace(b'<row r="4"', b'<row r="3"').replace(b'r="B4"', b'r="B3"')
    text = parts[SHEET].replace(b'r="A4"', b'r="A3"').replace(b"<row ", b"<row " + before)
    if prefix:
        for tag in (b"worksheet", b"sheetData", b"row", b"c", b"v"):
            text = text.replace(b"</" + tag + b">", b"</x:" + tag + b">")
            for behind in (b" ", b">"):
                text = text.replace(b"<" + tag + behind, b"<x:" + tag + behind)
        text = text.replace(b" xmlns=", b" xmlns:x=")
    _refused(tmp_path, zipped({**parts, SHEET: text}))


def test_a_row_that_stands_twice_in_a_binary_workbook_is_not_lost(tmp_path: Path) -> None:
    parts = _parts(xlsb({"S": [*ROWS, ["c@c.de", "0004F28124B5"]]}))
    name = "xl/worksheets/sheet1.bin"
    row = b"\x00\x19%b\x00\x00\x00"  # its kind, the size of the record, its number
    assert parts[name].count(row % b"\x03") == 1
    _refused(tmp_path, zipped({**parts, name: parts[name].replace(row % b"\x03", row % b"\x02")}))


def _refused(folder: Path, data: bytes) -> None:
    with pytest.raises(ListError, match="row 3 of sheet “S” stands twice") as caught:
        _read(folder, data)
    assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    "record", [b"\x00\x00", b"\x00\x04\x00\x00\x00\x7f", b"\x07\x03\x00\x00\x00"]
)
def test_a_row_or_cell_of_a_binary_workbook_that_is_cut_off_is_damage(
    tmp_path: Path, record: bytes
) -> None:
    """The number of its row would be that of any other bytes, and the sheet of any height."""
    parts = _parts(xlsb({"S": ROWS}))
    name = "xl/worksheets/sheet1.bin"
    end = parts[name].rindex(b"\x92\x01\x00")  # of the rows
    with pytest.raises(ListError, match="it is damaged"):
        _read(tmp_path, zipped({**parts, name: parts[name][:end] + record + parts[name][end:]}))


def test_a_binary_sheet_made_to_take_for_ever_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its last cell, or for records that say nothing, of which no more is looked at."""
    parts = _parts(xlsb({"S": ROWS}))
    name = "xl/worksheets/sheet1.bin"
    end = parts[name].rindex(b"\x92\x01\x00")  # of the rows
    far = b"\x00\x19%b%b" % (struct.pack("<I", 1_048_575), bytes(21))
    far += b"\x01\x08%b" % struct.pack("<II", 16_383, 0)
    silent = b"\x25\x00" * 100
    assert sheet_binary._MOST <= 2 * MAX_CELLS
    for made, most in (
        (parts[name][:end] + far + parts[name][end:], sheet_binary._MOST),
        (silent + parts[name], 98),
    ):
        monkeypatch.setattr(sheet_binary, "_MOST", most)
        with pytest.raises(ListError) as caught:
            _read(tmp_path, zipped({**parts, name: made}))
        assert caught.value.code == "too_many_cells"
    monkeypatch.setattr(sheet_binary, "_MOST", 200)
    found = _read(tmp_path, zipped({**parts, name: silent + parts[name]}))
    assert [(d.user_name, d.hardware_id) for d in found.devices] == IDS


#: Other ways in which XML may write the same.
_WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "quotes": lambda part: re.sub(rb'="([^"\']*)"', rb"='\1'", part),
    "blanks": lambda part: part.replace(b'="', b' = "'),
    "a blank": lambda part: part.replace(b'="', b' ="'),
    "lines": lambda part: part.replace(b'="', b'=\n"'),
    "declared": lambda part: b"<?xml version='1.0' encoding='utf-8'?>" + part,
    "latin": lambda part: (
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + part.decode().encode("latin-1")
    ),
    "comments": lambda part: part.replace(b"<row", b"<!-- <row r='3' = --><row").replace(
        b"<table:table-row", b"<!-- <x y='3' = --><table:table-row"
    ),
}


@pytest.mark.parametrize("written", _WRITTEN.values(), ids=_WRITTEN)
@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_a_sheet_means_the_same_however_its_xml_is_written(
    tmp_path: Path, form: str, written: Callable[[bytes], bytes]
) -> None:
    """Hidden rows, errors, merged cells, and formulas without a value, for which no default
    counts."""
    rows: list[list[Cell]] = [
        [*HEAD, "Region", "Büro"],
        [*ROWS[1], "NOAM", "Köln"],
        [*ROWS[2], "#N/A", None],
        ["c@c.de", "0004F28124B5", "==X1" if form == "xlsx" else "#VALUE!", "=1"],
    ]
    sheets = {"Titel": [["x"]], "Büro": rows}
    if form == "xlsx":
        data = xlsx(sheets, merged=["D2:D3"], hidden_rows=[3], hidden=["Titel"])
    else:
        data = ods(sheets, spans={"D2": 2}, hidden_rows=[3])
    usual = _read(tmp_path, data)
    assert [line for line, _, _ in rules(usual)] == [3, 4]
    assert [rule for _, _, rule in rules(usual, "warning")] == ["hidden_rows"]
    assert any("merged cells D2:D3" in note for note in usual.decided)
    parts = _parts(data)
    for name in ("xl/worksheets/sheet2.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        name = name if form == "xlsx" else "content.xml"
        found = _read(tmp_path, zipped({**parts, name: written(parts[name])}))
        assert replace(found, sha256=usual.sha256) == usual, name


def test_a_workbook_whose_parts_are_written_otherwise_is_filled_in(tmp_path: Path) -> None:
    data = xlsx({"Titel": [["x"]], "S": ROWS})
    odd = {
        name: _WRITTEN["quotes"](part) if name.endswith((".xml", ".rels")) else part
        for name, part in _parts(data).items()
    }
    filled = filled_workbook(zipped(odd), "S", 1, {2: ("signed in", "", "", "", "")})
    found = _read(tmp_path, filled)
    assert pairs(found) == pairs(_read(tmp_path, data))
    assert [fault.rule for fault in found.faults] == ["already_signed_in"]


def _in_doubt(folder: Path) -> tuple[dict[str, bytes], DeviceList]:
    """The parts of a workbook with a hidden row and an error in its second sheet, and its list."""
    rows: list[list[Cell]] = [[*HEAD, "Region"], [*ROWS[1], "NOAM"], [*ROWS[2], "#N/A"]]
    data = xlsx({"Titel": [["x"]], "S": rows}, hidden_rows=[3])
    found = _read(folder, data)
    assert [rule for _, _, rule in rules(found)] == ["region"]
    return _parts(data), found


@pytest.mark.parametrize(
    "target",
    [
        *("/xl/worksheets/sheet2.xml", "xl/worksheets/sheet2.xml", "./worksheets/sheet2.xml"),
        *("../xl/worksheets/sheet2.xml", "worksheets/../worksheets/sheet2.xml"),
        *("worksheets/SHEET2.xml", "Worksheets/Sheet2.XML", "worksheets\\sheet2.xml"),
    ],
)
def test_a_sheet_is_found_however_its_place_is_written(tmp_path: Path, target: str) -> None:
    """Or it is refused: a reader that finds it does not tell what is hidden in it, or an error."""
    parts, usual = _in_doubt(tmp_path)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(b"worksheets/sheet2.xml", target.encode())
    try:
        found = _read(tmp_path, zipped(parts))
    except ListError as error:
        code = error.code
    else:
        assert replace(found, sha256=usual.sha256) == usual
        return
    assert code == "damaged"


@pytest.mark.parametrize("place", ["sheets/two.xml", "two.xml", "worksheets/a/b.xml"])
def test_a_sheet_may_be_in_any_folder(tmp_path: Path, place: str) -> None:
    parts, usual = _in_doubt(tmp_path)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(b"worksheets/sheet2.xml", place.encode())
    parts[f"xl/{place}"] = parts.pop("xl/worksheets/sheet2.xml")
    assert replace(_read(tmp_path, zipped(parts)), sha256=usual.sha256) == usual


def test_of_two_sheets_of_one_name_none_is_lost(tmp_path: Path) -> None:
    parts = _parts(xlsx({"S": ROWS, "T": ROWS[:2]}))
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'name="T"', b'name="S"')
    with pytest.raises(ListError, match="two sheets are called “S”") as caught:
        _read(tmp_path, zipped(parts))
    assert caught.value.code == "damaged"


def test_a_binary_sheet_is_no_xml_whatever_bytes_it_has(tmp_path: Path) -> None:
    """Rows 60 and 61 are `<` and `=` there."""
    rows: list[list[Cell]] = [
        [f"p{n}@c.de", f"0004F28{n:05x}", f"<a b='{n}'>", n] for n in range(90)
    ]
    found = _read(tmp_path, xlsb({"S": [[*HEAD, "Room", "Number"], *rows]}, hidden_rows=[70]))
    assert len(found.devices) == 90
    assert found.devices[61].extra["Room"] == "<a b='61'>"
    assert [rule for _, _, rule in rules(found, "warning")] == ["hidden_rows"]
