"""Workbooks: the sheet that is meant, cells as the sheet means them, and nothing that does harm."""

import datetime
import random
import struct
import zipfile
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from siptui.devicelist import (
    DeviceList,
    ListError,
    UndecidedError,
    read,
    workbook,
    workbook_process,
)
from siptui.devicelist.cells import column_letters
from siptui.devicelist.sheet_biff import biff_marks
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from tests.devicelist.support import pairs, rules
from tests.support.workbooks import Cell, ods, xlsb, xlsx, zipped

FIELD = Path(__file__).parent.parent / "lists" / "field"
HEAD: list[Cell] = ["Username", "HardwareId"]
ROWS: list[list[Cell]] = [HEAD, ["a@c.de", "0004F28124B3"], ["b@c.de", "00-04-F2-81-24-B4"]]
TWO = ["00-04-F2-81-24-B3", "00-04-F2-81-24-B4"]


def read_book(folder: Path, data: bytes, sheet: str = "", name: str = "list.xlsx") -> DeviceList:
    path = folder / name
    path.write_bytes(data)
    return read(path, region=Region.EMEA, options=ListOptions(sheet=sheet, timezone="+01:00"))


@pytest.mark.parametrize("name", ["phones.xlsx", "phones-title-two-sheets.xlsx"])
def test_workbooks_of_the_field(name: str) -> None:
    found = read(FIELD / name, region=Region.EMEA)
    assert len(found.devices) == 6
    assert not found.faults
    assert found.sheet == "Phones"


def test_what_a_workbook_means_is_kept() -> None:
    found = read(FIELD / "phones-title-two-sheets.xlsx", region=Region.EMEA)
    first = found.devices[0]
    assert (first.line, found.header_line) == (4, 3)
    assert first.extra["PhoneNumber"] == "493055501000"
    assert first.extra["Onboarded"].startswith("2026-11-20")
    assert found.left_out == {13: "a totals row"}
    assert "Read is sheet “Phones”, not “Cover”" in found.decided


@pytest.mark.parametrize("name", ["phones-number-mac.xlsx", "phones.xls"])
def test_a_mac_address_that_became_a_number_is_a_fault_with_its_cell(name: str) -> None:
    found = read(FIELD / name, region=Region.EMEA)
    assert len(found.devices) == 1
    assert {fault.rule for fault in found.faults} == {"excel_number"}
    for fault in found.faults:
        assert fault.cell == f"B{fault.line}"
        assert fault.message.startswith(f"{fault.cell} is a number: Excel")


@pytest.mark.parametrize("shared", [False, True])
def test_cells_of_every_kind(tmp_path: Path, shared: bool) -> None:
    when = datetime.datetime(2026, 11, 25, 9, 30)
    rows: list[list[Cell]] = [
        [*HEAD, "Room", "Share", "On", "Onboarded", "Note"],
        ["a@c.de", "0004F28124B3", 12, 0.5, True, when, " x "],
        ["b@c.de", "0004F28124B4", 1e20, -1.25, False, None, "#N/A"],
    ]
    found = read_book(tmp_path, xlsx({"S": rows}, shared=shared))
    assert [dict(d.extra) for d in found.devices] == [
        {"Room": "12", "Share": "0.5", "On": "true", "Onboarded": "2026-11-25T09:30:00+01:00"}
        | {"Note": "x"},
        {"Room": "100000000000000000000", "Share": "-1.25", "On": "false", "Onboarded": ""}
        | {"Note": "#N/A"},
    ]
    assert not found.has_errors


def test_lines_are_the_rows_of_the_sheet_wherever_it_begins(tmp_path: Path) -> None:
    rows = [*ROWS, ["c@c.de", "nonsense"]]
    found = read_book(tmp_path, xlsx({"S": rows}, start=(5, 2)))
    assert [d.line for d in found.devices] == [6, 7]
    assert [(fault.line, fault.cell) for fault in found.faults] == [(8, "D8")]
    assert "The header was found in row 5" in found.decided


def test_an_open_document_is_read_as_well(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Phones"], [], [*HEAD, "On"], *([*row, True] for row in ROWS[1:])]
    rows.append(["c@c.de", 805500112201, None])
    found = read_book(
        tmp_path, ods({"Cover": [["x"]], "Phones": rows}, hidden_rows=[5]), "", "l.ods"
    )
    assert [d.hardware_id for d in found.devices] == TWO
    assert [fault.rule for fault in found.faults] == ["hidden_rows", "excel_number"]
    assert found.sheet == "Phones"


def test_of_several_sheets_with_lists_one_is_named(tmp_path: Path) -> None:
    book = xlsx({"Berlin": ROWS, "Notes": [["x"]], "O'Fallon": [HEAD, ["c@c.de", "0004F28124B5"]]})
    with pytest.raises(UndecidedError) as caught:
        read_book(tmp_path, book)
    assert caught.value.code == "ambiguous_sheet"
    assert [o.header for o in caught.value.question.options] == ["Berlin", "O'Fallon"]
    assert "--sheet" in caught.value.remedy
    for name, count in (("Berlin", 2), ("o'fallon", 1)):
        assert len(read_book(tmp_path, book, name).devices) == count
    with pytest.raises(ListError, match="has no sheet “Bonn”; it has “Berlin”"):
        read_book(tmp_path, book, "Bonn")
    with pytest.raises(ListError) as refused:
        read_book(tmp_path, book, "Notes")
    assert refused.value.code == "header"


def test_hidden_sheets_and_rows_are_told_of(tmp_path: Path) -> None:
    book = xlsx({"Old": ROWS, "New": ROWS}, hidden=["Old"], hidden_rows=[3])
    found = read_book(tmp_path, book)
    assert found.sheet == "New"
    assert "Hidden, and not read: “Old”" in found.decided
    assert [f.rule for f in found.faults] == ["hidden_rows"]
    assert "row 3" in found.faults[0].message
    assert read_book(tmp_path, book, "Old").sheet == "Old"
    with pytest.raises(ListError, match="which is hidden"):
        read_book(tmp_path, xlsx({"Old": ROWS, "New": [["x"]]}, hidden=["Old"]))


def test_a_sheet_of_a_text_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="no sheets"):
        read_book(tmp_path, b"Username,HardwareId\na@c.de,0004F28124B3\n", "S")


def test_the_rules_across_rows_count_rows(tmp_path: Path) -> None:
    found = read_book(tmp_path, xlsx({"S": [*ROWS, ["c@c.de", "0004F28124B4"]]}))
    assert rules(found) == [(3, "HardwareId", "duplicate"), (4, "HardwareId", "duplicate")]
    assert "row 4" in found.faults[0].message


def test_macros_are_told_of_and_not_run(tmp_path: Path) -> None:
    found = read_book(tmp_path, xlsx({"S": ROWS}, more={"xl/vbaProject.bin": b"x"}))
    assert "The macros of the workbook were not run" in found.decided


REGIONS: list[list[Cell]] = [
    [*HEAD, "Region", "Site"],
    ["a@c.de", "0004F28124B3", "NOAM", "Berlin"],
    ["b@c.de", "0004F28124B4", None, None],
    ["c@c.de", "0004F28124B5", "APAC", "Bonn"],
]


def test_a_binary_workbook_is_read_as_well(tmp_path: Path) -> None:
    when = datetime.datetime(2026, 11, 25, 9, 30)
    rows: list[list[Cell]] = [
        ["Phones"],
        [*HEAD, "Room", "On", "Onboarded"],
        ["a@c.de", "0004F28124B3", 12, True, when],
        ["b@c.de", "00-04-F2-81-24-B4", 0.5, False, None],
        ["c@c.de", 805500112201, None, None, None],
        ["Total", 3],
    ]
    data = xlsb({"Cover": [["x"]], "Phones": rows}, hidden=["Cover"], hidden_rows=[4])
    found = read_book(tmp_path, data, name="list.xlsb")
    assert [d.hardware_id for d in found.devices] == TWO
    assert dict(found.devices[0].extra) == {
        "Room": "12",
        "On": "true",
        "Onboarded": "2026-11-25T09:30:00+01:00",
    }
    assert [(f.cell, f.rule) for f in found.faults] == [("", "hidden_rows"), ("B5", "excel_number")]
    assert "(row 4)" in found.faults[0].message
    assert found.left_out == {6: "a totals row"}
    assert "Hidden, and not read: “Cover”" in found.decided


@pytest.mark.parametrize("cut", [1, 7, 40, 200])
def test_a_binary_workbook_that_is_cut_off_is_refused_in_words(tmp_path: Path, cut: int) -> None:
    archive = zipfile.ZipFile(BytesIO(xlsb({"Phones": ROWS})))
    parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("xl/worksheets/sheet1.bin", "xl/workbook.bin", "xl/sharedStrings.bin"):
        damaged = {**parts, name: parts[name][:-cut]}
        devices, code = [], ""
        try:
            devices = list(read_book(tmp_path, zipped(damaged), name="list.xlsb").devices)
        except ListError as error:
            code = error.code
        assert code in ("", "damaged", "header", "too_large")
        assert {d.hardware_id for d in devices} <= set(TWO)


@pytest.mark.parametrize("form", ["xlsx", "ods", "xlsb"])
def test_a_merged_cell_counts_for_each_of_its_rows(tmp_path: Path, form: str) -> None:
    if form == "xlsx":
        data = xlsx({"Phones": REGIONS}, merged=["C2:C3", "D2:D3", "A6:C6"])
    elif form == "xlsb":
        data = xlsb({"Phones": REGIONS}, merged=[(1, 2, 2, 2), (1, 2, 3, 3), (5, 5, 0, 2)])
    else:
        data = ods({"Phones": REGIONS}, spans={"C2": 2, "D2": 2})
    found = read_book(tmp_path, data, name=f"list.{form}")
    assert [d.region.value for d in found.devices] == ["NOAM", "NOAM", "APAC"]
    assert [d.extra["Site"] for d in found.devices] == ["Berlin", "Berlin", "Bonn"]
    said = "The merged cells C2:C3, D2:D3 were read for each of their rows"
    assert said in found.decided


@pytest.mark.parametrize("start", [(1, 0), (4, 25)])
def test_merged_cells_of_a_sheet_that_begins_elsewhere(
    tmp_path: Path, start: tuple[int, int]
) -> None:
    row, place = start
    letters = column_letters(place + 2)
    merged = [f"{letters}{row + 1}:{letters}{row + 2}", f"{letters}1:{letters}900000"]
    found = read_book(tmp_path, xlsx({"Phones": REGIONS}, start=start, merged=merged))
    assert [d.region.value for d in found.devices] == ["NOAM", "NOAM", "APAC"]


@pytest.mark.parametrize("form", ["xlsx", "ods", "xlsb"])
@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!"])
def test_an_error_is_no_empty_cell(tmp_path: Path, form: str, error: str) -> None:
    rows = [list(row) for row in REGIONS]
    rows[1][2], rows[2][1], rows[3][3] = error, error, error
    data = {"xlsx": xlsx, "ods": ods, "xlsb": xlsb}[form]({"Phones": rows})  # type: ignore[operator]
    found = read_book(tmp_path, data, name=f"list.{form}")
    assert [(f.cell, f.rule) for f in found.faults] == [("C2", "region"), ("B3", "excel_error")]
    assert [d.extra["Site"] for d in found.devices] == [error]


@pytest.mark.parametrize("name", ["phones-97.xls", "phones-97-calc.xls"])
def test_of_an_old_workbook_as_much_is_read(name: str) -> None:
    found = read(FIELD.parent / name, region=Region.EMEA)
    assert [d.region.value for d in found.devices] == ["NOAM", "NOAM", "APAC"]
    assert [(f.cell, f.rule) for f in found.faults] == [("", "hidden_rows"), ("C4", "region")]
    assert "(row 5)" in found.faults[0].message
    assert "The merged cells C2:C3 were read for each of their rows" in found.decided
    assert "Hidden, and not read: “Cover”" in found.decided


def _said(data: bytes) -> dict[str, list[object]]:
    found = biff_marks(data).items()
    return {name: [marks.hidden, marks.texts, marks.merged] for name, marks in found}


@pytest.mark.parametrize("name", ["phones-97.xls", "phones-97-calc.xls"])
def test_nothing_is_made_up_of_an_old_workbook_that_is_damaged(name: str) -> None:
    data = (FIELD.parent / name).read_bytes()
    whole = _said(data)
    rnd = random.Random(name)
    for _ in range(300):
        raw = bytearray(data)
        for _ in range(rnd.randrange(1, 20)):
            raw[rnd.randrange(30, 600) if rnd.random() < 0.5 else rnd.randrange(len(raw))] = (
                rnd.randrange(256)
            )
        with suppress(ValueError, IndexError, struct.error):
            biff_marks(bytes(raw[: rnd.randrange(len(raw))] if rnd.random() < 0.3 else raw))
    assert _said(data) == whole


def test_a_formula_without_its_value_is_no_empty_cell(tmp_path: Path) -> None:
    rows = [list(row) for row in REGIONS]
    rows[1][2], rows[2][0] = '==VLOOKUP("a",A1:B2,2)', "==B3&A1"
    found = read_book(tmp_path, xlsx({"Phones": rows}))
    assert [(f.cell, f.rule) for f in found.faults] == [("C2", "region"), ("A3", "no_at_sign")]
    assert any("In rows 2, 3 formulas have no values in the file" in n for n in found.decided)


def test_a_sheet_that_was_made_to_take_for_ever_is_read_or_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "LIMIT", 30.0)
    name = "xl/worksheets/sheet1.xml"
    long, short = (
        {info.filename: book.read(info) for info in book.infolist()}
        for rows in (20_000, 0)
        for book in [zipfile.ZipFile(BytesIO(xlsx({"S": [*ROWS, *[["x"]] * rows]})))]
    )
    merges = b"".join(b'<mergeCell ref="A%d:A1048576"/>' % n for n in range(1, 50_000))
    comment = b"<!--" + b'<c t="e" <row <f ' * 300_000 + b"-->"
    literal = comment.replace(b"--", b"[CDATA[", 1)[:-3] + b"]]>"
    for parts, before, made in (
        (long, b"</worksheet>", b"<mergeCells>%b</mergeCells>" % merges),
        (short, b"<sheetData>", comment),
        (short, b"<sheetData>", literal),
    ):
        sheet = parts[name].replace(before, made + before)
        found = read_book(tmp_path, zipped({**parts, name: sheet}))
        assert [d.hardware_id for d in found.devices] == TWO


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def bomb() -> bytes:
    """An archive whose sheet says it is small and unpacks to a gigabyte.

    Its packed form is made of one that was packed once, a thousand times over.
    """
    name, blanks, times = "xl/worksheets/sheet1.xml", b" " * (1 << 20), 1024
    source = zipfile.ZipFile(BytesIO(xlsx({"S": ROWS})))
    head = source.read(name).partition(b"</sheetData>")[0]
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    first, again = (
        packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH) for data in (head, blanks)
    )
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for info in source.infolist():
            if info.filename != name:
                archive.writestr(info.filename, source.read(info))
        archive.writestr(name, first + again * times + packer.flush())
        sheet = archive.getinfo(name)  # what is read is the list of contents, written at the end
        sheet.compress_type = zipfile.ZIP_DEFLATED
        sheet.file_size = len(head) + len(blanks) * times
        sheet.CRC = zlib.crc32(head)
        for _ in range(times):
            sheet.CRC = zlib.crc32(blanks, sheet.CRC)
    return out.getvalue()


def lying(data: bytes) -> bytes:
    """The archive with every unpacked size in its headers written as 10."""
    raw = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + place : at + place + 4] = struct.pack("<I", 10)
            at = raw.find(mark, at + 4)
    return bytes(raw)


def far() -> bytes:
    """Two cells at the ends of the largest sheet there is."""
    book = {"S": ROWS}
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
        "</row></sheetData></worksheet>"
    )
    source = zipfile.ZipFile(BytesIO(xlsx(book)))
    parts = {info.filename: source.read(info) for info in source.infolist()}
    return zipped(parts | {"xl/worksheets/sheet1.xml": sheet.encode()})


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04rest", "damaged"),
        (xlsx({"S": ROWS})[:900], "damaged"),
        (OLE + b"rest", "other_format"),
        (OLE + b"x" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (OLE + b"x" * 600 + "Workbook".encode("utf-16-le"), "damaged"),
        (zipped({"a.csv": b"x"}), "other_format"),
        (zipped({"word/document.xml": b"x"}), "other_format"),
        (zipped({"Index/Document.iwa": b"x"}), "other_format"),
        (zipped({"xl/workbook.xml": b"<x"}), "damaged"),
        (xlsx({"S": []}), "header"),
        (xlsx({"S": [["Room", "Phone"], ["1", "2"]]}), "header"),
        (xlsx({"S": ROWS[1:]}), "no_header"),
        (far(), "too_many_cells"),
        (lying(xlsx({"S": ROWS})), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_called_what_it_is(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(ListError) as caught:
        read_book(tmp_path, data)
    assert caught.value.code == code
    assert caught.value.remedy
    assert "xlsx" in caught.value.message


@pytest.mark.own_python
def test_an_archive_that_unpacks_to_a_gigabyte_is_refused(tmp_path: Path) -> None:
    data = bomb()
    assert len(data) < 20 << 20
    with pytest.raises(ListError) as caught:
        read_book(tmp_path, data)
    assert caught.value.code == "too_large"


def test_a_process_that_dies_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for end, code in (("os.abort()", "too_large"), ("sys.exit(7)", "damaged")):
        command = ["python3", "-c", f"import os, sys; sys.stdin.buffer.readline(); {end}"]
        monkeypatch.setattr(workbook_process, "module_command", lambda _, c=command: c)
        with pytest.raises(ListError) as caught:
            read_book(tmp_path, xlsx({"S": ROWS}))
        assert caught.value.code == code


def test_one_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["python3", "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(workbook_process, "module_command", lambda _: command)
    monkeypatch.setattr(workbook, "LIMIT", 0.2)
    with pytest.raises(ListError) as caught:
        read_book(tmp_path, xlsx({"S": ROWS}))
    assert caught.value.code == "too_large"


@pytest.mark.own_python
def test_nothing_of_the_environment_reaches_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIPTUI_ACCESS_TOKEN", "secret")
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    seen: list[dict[str, str]] = []
    start = workbook_process.subprocess.Popen

    def watched(*args: object, **how: object) -> object:
        seen.append(how["env"])  # type: ignore[arg-type]
        return start(*args, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(workbook_process.subprocess, "Popen", watched)
    assert len(read_book(tmp_path, xlsx({"S": ROWS})).devices) == 2
    assert "secret" not in str(seen)
    assert "PYTHONPATH" not in seen[0]


def test_a_process_that_was_started_early_reads_the_next_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.XLSX").touch()
    end = workbook_process.start_early(tmp_path / "other.XLSX")
    assert end is not None
    monkeypatch.setattr(workbook_process, "start_child", None)  # no other is started
    assert len(read_book(tmp_path, xlsx({"S": ROWS})).devices) == 2
    end()  # it was taken, and has ended


def test_a_workbook_is_sent_to_the_early_process_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(xlsx({"S": ROWS}))
    end = workbook_process.start_early(path)
    assert end is not None
    again = workbook_process.start_early(path)
    assert again is not None
    assert len(workbook_process._waiting) == 1
    monkeypatch.setattr(workbook_process, "start_child", None)  # no other is started
    monkeypatch.setattr(workbook, "as_sent", None)  # nor is it sent a second time
    assert len(read(path, region=Region.EMEA).devices) == 2
    end()
    again()


def test_a_workbook_that_changed_since_the_early_process_got_it_is_read_as_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(xlsx({"S": ROWS}))
    end = workbook_process.start_early(path)
    (early,) = workbook_process._waiting
    assert early.has(path.read_bytes())
    path.write_bytes(xlsx({"S": ROWS[:-1]}))
    assert len(read(path, region=Region.EMEA).devices) == 1
    assert early.process.returncode is not None
    assert end is not None
    end()


def test_a_process_that_is_not_needed_ends(tmp_path: Path) -> None:
    (tmp_path / "list.ods").touch()
    end = workbook_process.start_early(tmp_path / "list.ods")
    (early,) = workbook_process._waiting
    assert end is not None
    end()
    assert early.process.returncode is not None
    for name in ("list.csv", "folder.xlsx", "none.xlsx"):
        (tmp_path / "folder.xlsx").mkdir(exist_ok=True)
        (tmp_path / "list.csv").touch()
        assert workbook_process.start_early(tmp_path / name) is None


@pytest.mark.own_python
def test_many_rows(tmp_path: Path) -> None:
    rows = [HEAD, *([f"p{n}@c.de", f"0004F2{n:06X}"] for n in range(5_000))]
    found = read_book(tmp_path, xlsx({"S": rows}, shared=True))
    assert len(found.devices) == 5_000
    assert pairs(found)[-1][0] == 5_001
