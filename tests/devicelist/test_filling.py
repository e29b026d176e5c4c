"""The same file back: status columns in a copy of the list, and not a byte else of it changed."""

import csv
import datetime
import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from siptui.devicelist import DeviceList, ListError, WriteError, read
from siptui.devicelist.filled_copy import RowStatus, fill
from siptui.devicelist.model import UndecidedError
from siptui.devicelist.writing import BLOCK, STATUS
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.region import Region
from tests.devicelist.support import pairs, rules
from tests.devicelist.test_writing import NASTY
from tests.support.workbooks import Cell, xlsx

FIELD = Path(__file__).parent.parent / "lists" / "field"
LISTS = FIELD.parent


def by_turns(found: DeviceList) -> Mapping[int, RowStatus]:
    """Every other device signed in, the others failed, all other rows with their reason."""
    said = {
        d.line: RowStatus("signed in", "", "", "b-1", "2026-11-25T08:00:00Z")
        if n % 2 == 0
        else RowStatus("failed", "offline; “=1+1”", "Look, then retry.", "b-1")
        for n, d in enumerate(found.devices)
    }
    said |= {row.line: RowStatus("invalid", "no user name") for row in found.invalid}
    return said | {line: RowStatus("left out", why) for line, why in found.left_out.items()}


def filled(
    source: Path, target: Path, *, options: ListOptions = DEFAULT_OPTIONS, force: bool = False
) -> DeviceList:
    fill(source, target, by_turns, options=options, region=Region.EMEA, force=force)
    return read(target, region=Region.EMEA, options=options)


def done(found: DeviceList) -> list[int]:
    return [f.line for f in found.faults if f.rule == "already_signed_in"]


def check_copy(source: Path, target: Path, options: ListOptions = DEFAULT_OPTIONS) -> None:
    """Fill twice; both times the devices are the same and what is signed in is known."""
    before = read(source, region=Region.EMEA, options=options)
    after = filled(source, target, options=options)
    assert pairs(after) == pairs(before)
    assert [dict(d.extra) for d in after.devices] == [dict(d.extra) for d in before.devices]
    assert [row.line for row in after.invalid] == [row.line for row in before.invalid]
    assert dict(after.left_out) == dict(before.left_out)
    assert done(after) == [d.line for d in before.devices][::2]
    again = target.with_name(f"again-{target.name}")
    filled(target, again, options=options)
    assert again.read_bytes() == target.read_bytes() or target.suffix != ".csv"
    assert pairs(read(again, region=Region.EMEA, options=options)) == pairs(before)


@pytest.mark.parametrize(
    "path",
    [
        LISTS / "plain.csv",
        LISTS / "excel-semicolon-bom.csv",
        LISTS / "powershell-utf16.csv",
        LISTS / "cisco-dots-and-sep.csv",
        LISTS / "faults.csv",
        *(
            FIELD / name
            for name in (
                "title-row.csv",
                "comments.csv",
                "commented-row.csv",
                "entra-bulk-template.csv",
                "two-header-rows.csv",
                "header-comma-rows-semicolon.csv",
                "quote-all-line-header.csv",
                "totals-row.csv",
                "example-row.csv",
                "fusionpbx.csv",
                "webex-users.csv",
                "ata-ports.csv",
                "unicode-mac.csv",
                "phones.xlsx",
                "phones-title-two-sheets.xlsx",
                "phones-number-mac.xlsx",
            )
        ),
    ],
    ids=lambda path: path.name,
)
def test_lists_of_the_field_are_filled_in_and_read_again(tmp_path: Path, path: Path) -> None:
    check_copy(path, tmp_path / f"copy{path.suffix}")


def test_the_bytes_of_the_list_stay(tmp_path: Path) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "copy.csv"
    text = (
        "\ufeffListe der Böden;;;\r\n;;;\r\nBenutzer;MAC;Raum;\r\n"
        'a@c.de; 00:04:F2:81:24:B3 ;"Flur ""A""\r\nlinks";\r\n'
        "\r\nb@c.de;0004F28124B4\r\nTotal;2;;\r\n"
    )
    source.write_bytes(text.encode())
    filled(source, target)
    lines = target.read_bytes().decode().split("\r\n")
    before = text.split("\r\n")
    assert lines[:2] == before[:2]
    assert lines[2] == "Benutzer;MAC;Raum;;Status;Cause;What to do;Batch;Finished"
    assert lines[3] == before[3]
    assert lines[4] == 'links";;signed in;;;b-1;2026-11-25T08:00:00Z'
    assert lines[5] == ""
    assert lines[6] == 'b@c.de;0004F28124B4;;;failed;"offline; “=1+1”";"Look, then retry.";b-1;'
    assert lines[7] == "Total;2;;;left out;a totals row;;;"


_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252")


@pytest.mark.parametrize(
    ("encoding", "delimiter", "end"),
    [
        (encoding, delimiter, ("\n", "\r\n", "\r")[(m + n) % 3])  # each pair of two
        for m, encoding in enumerate(_ENCODINGS)
        for n, delimiter in enumerate((",", ";", "\t", "|"))
    ],
)
def test_every_form_of_text(tmp_path: Path, encoding: str, delimiter: str, end: str) -> None:
    rows = [
        ["UPN", "MAC", "Büro"],
        ["a@c.de", "0004F28124B3", "Köln"],
        ["b@c.de", "0004F28124B4", ""],
    ]
    text = end.join(delimiter.join(row) for row in rows)
    source = tmp_path / "list.csv"
    source.write_bytes(text.encode(encoding))
    check_copy(source, tmp_path / "copy.csv")
    copy = (tmp_path / "copy.csv").read_bytes()
    assert copy.startswith(source.read_bytes()[:8])
    assert copy.decode(encoding).count(end) == 2
    excel = list(csv.reader(io.StringIO(copy.decode(encoding), newline=""), delimiter=delimiter))
    assert [len(row) for row in excel] == [8, 8, 8]
    assert tuple(excel[0][3:]) == STATUS


@st.composite
def texts(draw: st.DrawFn) -> str:
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
    delimiter = draw(st.sampled_from(",;\t|"))
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        quoting=quoting,
        delimiter=delimiter,
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    for _ in range(draw(st.integers(0, 2))):
        writer.writerow(["Phones of Berlin"])
    writer.writerow(["Note", "Username", "HardwareId", "Site"])
    for number in range(draw(st.integers(1, 5))):
        row = [draw(NASTY), f"phone{number}@c.de", f"0004F281{number:04}", draw(NASTY)]
        writer.writerow(
            row[: draw(st.sampled_from([4, 4, 4, 3]))] + draw(st.sampled_from([[], [""]]))
        )
    return out.getvalue()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example("Note,Username,HardwareId,Site\n,phone0@c.de,0004F2810000,\x1a\n")
@example("Note,Username,HardwareId,Site\n,phone0@c.de,0004F2810000,APAC\n")
@given(texts())
def test_whatever_the_cells_hold(tmp_path: Path, text: str) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "copy.csv"
    source.write_bytes(text.encode("utf-8", "replace"))
    try:
        before = read(source, region=Region.EMEA)
    except UndecidedError:  # a site may be called like a region
        with pytest.raises(UndecidedError):
            filled(source, target, force=True)
        return
    after = filled(source, target, force=True)
    assert pairs(after) == pairs(before)
    assert [dict(d.extra) for d in after.devices] == [dict(d.extra) for d in before.devices]
    assert done(after) == [d.line for d in before.devices][::2]


@pytest.mark.parametrize(
    "text",
    [
        '"UPN,MAC,Room";;;\n"a@c.de,0004F28124B3,R1";;;\n"b@c.de,0004F28124B4,""X, Y""";;;\n',
        "UPN,MAC,Room;;;\na@c.de,0004F28124B3,R1;;;\nb@c.de,0004F28124B4;;;\n#c;;;\nTotal,2;;;\n",
        '"UPN,MAC,Room",,\n"a@c.de,0004F28124B3,R1",,\nb@c.de,0004F28124B4,R2\n',
        '"UPN;MAC;Room",Note\n"a@c.de;0004F28124B3;R1","x,y"\n"b@c.de;lobby;R2",\n',
        'UPN;MAC;Room\n"a@c.de;0004F28124B3;R1"\n"b@c.de;0004F28124B4;R2";;\n',
    ],
)
def test_rows_that_stand_in_one_cell_are_filled_in(tmp_path: Path, text: str) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "copy.csv"
    source.write_text(text)
    check_copy(source, target)
    lines = text.split("\n")
    if lines[0].endswith((";;", ",,")):
        for before, after in zip(lines, target.read_text().split("\n"), strict=True):
            assert after.startswith(before)


_MARKS = ("\x1a", "\r\n\x1a", "\x1a\r\n", "\r\n\x1a\x1a\x1a", "\r\n\x1a\r\n")
_LAST = ("b@c.de,0004F28124B4,K\xf6ln", 'b@c.de,0004F28124B4,"K\xf6ln"', "Total,2")


@pytest.mark.parametrize(
    ("end", "encoding", "last"),
    [
        (end, encoding, _LAST[(m + n) % 3])  # each pair of two
        for m, end in enumerate(_MARKS)
        for n, encoding in enumerate(("utf-8", "utf-8-sig", "utf-16", "cp1252"))
    ],
)
def test_the_mark_at_the_end_of_a_file_stays_there(
    tmp_path: Path, end: str, encoding: str, last: str
) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "copy.csv"
    text = f"Username,HardwareId,Site\r\na@c.de,0004F28124B3,Bonn\r\n{last}{end}"
    source.write_bytes(text.encode(encoding))
    check_copy(source, target)
    copy = target.read_bytes().decode(encoding)
    assert copy.endswith(end)
    assert copy.count("\x1a") == end.count("\x1a")
    assert "\x1a" not in "".join(d.extra["Site"] for d in read(source, region=Region.EMEA).devices)


def parts(data: bytes) -> dict[str, bytes]:
    source = zipfile.ZipFile(BytesIO(data))
    return {info.filename: source.read(info) for info in source.infolist()}


HEAD: list[Cell] = ["Username", "HardwareId", "Onboarded", "Count"]
ROWS: list[list[Cell]] = [
    ["Phones"],
    [],
    HEAD,
    ["a@c.de", "0004F28124B3", datetime.datetime(2026, 11, 25, 9), 1],
    ["b@c.de", "0004F28124B4", None, 2.5],
    ["nobody", "0004F28124B5", None, True],
    ["Total", 3],
]


def test_a_workbook_with_merged_cells_and_errors_is_filled_in(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["Username", "HardwareId", "Region", "Site"],
        ["a@c.de", "0004F28124B3", "NOAM", "#N/A"],
        ["b@c.de", "0004F28124B4", None, "==A1"],
        ["c@c.de", "#N/A", None, None],
    ]
    source = tmp_path / "list.xlsx"
    source.write_bytes(xlsx({"Phones": rows}, merged=["C2:C4", "A9:D9"]))
    check_copy(source, tmp_path / "copy.xlsx")


@pytest.mark.parametrize(
    "rows",
    [
        "a@c.de;0004F28124B3;R1\nUPN;MAC;Room\nb@c.de;0004F28124B4;R2\n",  # the header once more
        "---;---;---\na@c.de;0004F28124B3;R1\nTotal phones;1;\n",
        "Building A;;\na@c.de;0004F28124B3;R1\n",
        "a@c.de;0004F28124B3;R1\nb@c.de;0004F28124B4;R2;too;much\n",
        ";;\na@c.de;0004F28124B3;R1\n# Building B\n//b@c.de;0004F28124B4\n",
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_rows_that_are_no_devices_stay_what_they_were(tmp_path: Path, rows: str, form: str) -> None:
    text = f"UPN;MAC;Room\n{rows}"
    data = xlsx({"S": [[c or None for c in line.split(";")] for line in text.splitlines()]})
    source = tmp_path / f"list.{form}"
    source.write_bytes(text.encode() if form == "csv" else data)
    check_copy(source, tmp_path / f"copy.{form}")


@pytest.mark.parametrize("start", [(1, 0), (4, 25)])
@pytest.mark.parametrize("shared", [True, False])
def test_all_else_of_a_workbook_stays(tmp_path: Path, shared: bool, start: tuple[int, int]) -> None:
    source, target = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    more = {"xl/vbaProject.bin": b"\x00macro", "xl/media/a.png": b"\x89PNG"}
    book = xlsx({"Cover": [["x"]], "S & <T>": ROWS}, shared=shared, start=start, more=more)
    source.write_bytes(book)
    check_copy(source, target)
    before, after = parts(book), parts(target.read_bytes())
    changed = [name for name in before if before[name] != after[name]]
    assert list(before) == list(after)
    assert changed == ["xl/worksheets/sheet2.xml"]
    sheet = after["xl/worksheets/sheet2.xml"].decode()
    for piece in before["xl/worksheets/sheet2.xml"].decode().split("</row>"):
        assert piece in sheet


def test_cells_that_are_there_keep_their_format_and_their_order(tmp_path: Path) -> None:
    source, target = tmp_path / "list.xlsx", tmp_path / "copy.xlsx"
    data = parts(xlsx({"S": [["Username", "HardwareId"], ["a@c.de", "0004F28124B3"]]}))
    sheet = data["xl/worksheets/sheet1.xml"].decode()
    sheet = sheet.replace('<row r="1">', '<row r="1" spans="1:2" ht="20">')
    sheet = sheet.replace("</row>", '<c r="D1" s="1"/><c r="J1" s="1"/></row>', 1)
    sheet = sheet.replace("<sheetData>", '<dimension ref="A1:J2"/><sheetData>')
    data["xl/worksheets/sheet1.xml"] = sheet.encode()
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in data.items():
            archive.writestr(name, part)
    source.write_bytes(out.getvalue())
    found = filled(source, target)
    assert done(found) == [2]
    sheet = parts(target.read_bytes())["xl/worksheets/sheet1.xml"].decode()
    places = [sheet.index(f'r="{letter}1"') for letter in "ABCDEFGJ"]
    assert places == sorted(places)
    assert '<c r="D1" s="1" t="inlineStr">' in sheet
    assert 'spans="' not in sheet
    assert 'ht="20"' in sheet


def test_forms_that_are_not_written_are_refused(tmp_path: Path) -> None:
    for source, target, says in (
        (FIELD / "phones.xls", "copy.xls", r"\.xlsx or \.csv"),
        (FIELD / "phones.xlsx", "copy.csv", r"ends in \.xlsx"),
        (LISTS / "plain.csv", "copy.xlsx", r"ends in \.csv"),
    ):
        with pytest.raises(WriteError) as caught:
            filled(source, tmp_path / target)
        assert caught.value.code == "form"
        assert caught.match("") is None or says.replace("\\", "") in caught.value.remedy
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_replaced_only_with_a_word(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_bytes((LISTS / "plain.csv").read_bytes())
    with pytest.raises(WriteError) as caught:
        filled(source, source)
    assert caught.value.code == "exists"
    assert source.read_bytes() == (LISTS / "plain.csv").read_bytes()
    assert done(filled(source, source, force=True)) == [2, 4]


def test_a_row_that_is_new_in_the_list_has_no_status_of_another(tmp_path: Path) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "copy.csv"
    source.write_text("UPN,MAC\na@c.de,0004F28124B3\n")
    found = filled(source, target)
    assert rules(found, "warning") == [(2, "Status", "already_signed_in")]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_workbook_of_libreoffice_is_filled_in_and_opens_again(tmp_path: Path) -> None:
    def convert(path: Path, form: str, folder: str) -> Path:
        home = f"-env:UserInstallation=file://{tmp_path}/home"
        command = [
            "soffice",
            home,
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            folder,
            str(path),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=tmp_path)
        return tmp_path / folder / f"{path.stem}.{form.split(':')[0]}"

    theirs = convert(FIELD / "phones-title-two-sheets.xlsx", "xlsx", "theirs")
    copy = tmp_path / "copy.xlsx"
    check_copy(theirs, copy)
    again = convert(copy, "xlsx", "again")
    found = read(again, region=Region.EMEA)
    assert pairs(found) == pairs(read(theirs, region=Region.EMEA))
    assert done(found) == [d.line for d in found.devices][::2]
    for form in ("ods", "xls"):
        other = convert(theirs, form, form)
        assert pairs(read(other, region=Region.EMEA)) == pairs(found)


def _book(*rows: list[str], more: Mapping[str, bytes] = {}) -> bytes:
    return xlsx({"S": [["Username", "HardwareId"], *rows]}, more=more)


def test_damage_that_no_list_is_read_from_is_told_when_it_is_filled_in(tmp_path: Path) -> None:
    picture = b"\x89PNG" * 100
    data = _book(["a@c.de", "0004F28124B3"], more={"xl/media/image1.png": picture})
    at = data.index(b"xl/media/image1.png") + len("xl/media/image1.png") + 4
    (tmp_path / "list.xlsx").write_bytes(data[:at] + b"\xff\xff\xff" + data[at + 3 :])
    assert pairs(read(tmp_path / "list.xlsx", region=Region.EMEA))
    with pytest.raises(ListError, match="is damaged and cannot be filled in") as caught:
        filled(tmp_path / "list.xlsx", tmp_path / "copy.xlsx")
    assert "export the results with -o" in caught.value.remedy
    assert not (tmp_path / "copy.xlsx").exists()


def test_a_part_that_unpacks_to_very_much_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siptui.devicelist.filled_workbook.MAX_UNPACKED", 4 * 2**20)
    data = _book(["a@c.de", "0004F28124B3"], more={"xl/media/image1.png": bytes(5 * 2**20)})
    (tmp_path / "list.xlsx").write_bytes(data)
    assert len(data) < 2**16
    with pytest.raises(ListError, match="unpacks to more than 4 MB"):
        filled(tmp_path / "list.xlsx", tmp_path / "copy.xlsx")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_sheet_that_stands_in_the_workbook_twice_is_no_list_to_fill_in(tmp_path: Path) -> None:
    one, two = (_book([f"{name}@c.de", "0004F28124B3"]) for name in "ab")
    out = BytesIO(one)
    with zipfile.ZipFile(out, "a") as target, zipfile.ZipFile(BytesIO(two)) as source:
        target.writestr("xl/worksheets/sheet1.xml", source.read("xl/worksheets/sheet1.xml"))
    (tmp_path / "list.xlsx").write_bytes(out.getvalue())
    with pytest.raises(ListError, match="twice"):
        filled(tmp_path / "list.xlsx", tmp_path / "copy.xlsx")


def test_a_header_with_a_quotation_mark_too_many_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        '"Username"\t"HardwareId"\t"St\t"Site"\na@c.de\t0004F28124B3'
    )
    with pytest.raises(ListError, match="Line 1, the header, has quotation marks"):
        filled(tmp_path / "list.csv", tmp_path / "copy.csv")


def test_a_row_that_is_shifted_stays_faulty_in_a_file_of_results_that_is_filled_in(
    tmp_path: Path,
) -> None:
    names = ["Username", "HardwareId", "Region", "Line", "State", "Error", "Cause", "Remedy"]
    row = ["a@c.de", "0004F28124B3", "EMEA", "", "failed", "x", "y", "shift", "ed", "", "", "z"]
    lines = [[*names, "BatchId", "Attempt", "Site"], row]
    (tmp_path / "list.csv").write_text("\n".join(map(",".join, lines)))
    assert rules(read(tmp_path / "list.csv", region=None)) == [(2, "", "too_many_cells")]
    after = filled(tmp_path / "list.csv", tmp_path / "copy.csv")
    assert rules(after) == [(2, "", "too_many_cells")]
    assert pairs(after) == []


def test_a_row_that_is_shifted_stays_faulty_below_a_header_on_two_lines(tmp_path: Path) -> None:
    text = "User;Phone;Site\nName;MAC;Room\na@c.de;0004F28124B3;R1\nb@c.de;0004F28124B4;R2;x;y\n"
    (tmp_path / "list.csv").write_text(text)
    check_copy(tmp_path / "list.csv", tmp_path / "copy.csv")
    after = read(tmp_path / "copy.csv", region=Region.EMEA)
    assert [(line, rule) for line, _, rule in rules(after)][-1] == (4, "too_many_cells")


def test_a_file_of_results_is_filled_in_twice_and_says_what_came_last(tmp_path: Path) -> None:
    names = ["Username", "HardwareId", "Region", *BLOCK, "Site"]
    states = ("failed", "signed in", "failed")
    rows = [
        [f"{n}@c.de", f"0004F28124B{n}", "EMEA", str(n), state, *[""] * (len(BLOCK) - 2), "S"]
        for n, state in enumerate(states)
    ]
    (tmp_path / "list.csv").write_text("\n".join(map(",".join, [names, *rows])))
    copy, again = tmp_path / "copy.csv", tmp_path / "again.csv"
    statuses = {2: RowStatus("signed in"), 3: RowStatus("failed")}  # the third row is in no run
    for source, target in ((tmp_path / "list.csv", copy), (copy, again)):
        how: Any = {"options": DEFAULT_OPTIONS, "region": None}
        fill(source, target, lambda _: statuses, force=False, **how)
        after = read(target, **how)
        assert done(after) == [2]
        assert [dict(d.extra) for d in after.devices] == [{"Site": "S"}] * 3
    assert again.read_bytes() == copy.read_bytes()
