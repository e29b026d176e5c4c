"""The rows below a header: how they are divided and cleaned, and what is no row of the list."""

from collections.abc import Sequence

import pytest

from siptui.devicelist.cells import MAX_CELL, NumberText
from siptui.devicelist.changes import Changes
from siptui.devicelist.header import Header
from siptui.devicelist.records import Record
from siptui.devicelist.rows import (
    AGAIN,
    COMMENT,
    RULE,
    SECOND,
    TOTAL,
    LeftOut,
    Row,
    rows_of_lines,
    rows_of_records,
)

HEAD = ("Room", "UPN", "MAC")
DEVICE = ["1", "a@c.de", "0004F28124B3"]


def kept(
    *rows: Sequence[str], head: Sequence[str] = HEAD, results: dict[str, int] | None = None
) -> tuple[list[Row], dict[int, str]]:
    """The rows that are kept of those below a header, and what was left out; from line 2 on."""
    header = Header(1, 1, tuple(head), results=results or {})
    out = LeftOut()
    records = [Record(line, line, list(cells)) for line, cells in enumerate(rows, 2)]
    return list(rows_of_records(records, header, out)), out.lines


def why(*cells: str, head: Sequence[str] = HEAD, results: dict[str, int] | None = None) -> str:
    """Why a row below a device is no row of the list; nothing where it is one."""
    first = [*DEVICE, *[""] * (len(head) - 3)]
    rows, out = kept(first, cells, head=head, results=results)
    assert len(rows) + len(out) == 2
    return out.get(3, "")


# -- a row that is one


@pytest.mark.parametrize(
    "cells",
    [
        DEVICE,
        ["", "a@c.de", "0004F28124B3"],
        ["", "", "0004F28124B3"],
        ["#N/A", "a@c.de", ""],  # what Excel shows is no comment
        *([f"#{word}", "a@c.de", ""] for word in ("##", "REF!", "NUM!", "VALUE!", "NAME?")),
        *([f"#{word}", "a@c.de", ""] for word in ("DIV/0!", "NULL!")),
        ["Total", "a@c.de", ""],
        ["Total", "", "0004F28124B3"],
        ["total@c.de", "", ""],
        ["Total rooms", "of the building", ""],
        ["Totally new", "", ""],
        ["5 phones", "a@c.de", ""],
        ["5 phones", "", "x"],
        ["Number", "", ""],
        ["Room", "UPN", "x"],
        ["Room", "a@c.de", "MAC"],
        ["-", "a@c.de", "-"],
    ],
)
def test_a_row_of_the_list_is_kept(cells: list[str]) -> None:
    assert why(*cells) == ""


def test_blank_rows_are_passed_over_without_a_word() -> None:
    rows, out = kept(["", "", ""], DEVICE, [], ["", " "], DEVICE)
    assert ([row.line for row in rows], out) == ([3, 6], {})


# -- comments, rules and headers


@pytest.mark.parametrize("cell", ["# a note", "#", "// a note", "#12", "#a@c.de", "//a@c.de"])
def test_a_comment_is_left_out(cell: str) -> None:
    assert why(cell, "a@c.de", "0004F28124B3") == COMMENT


@pytest.mark.parametrize("cells", [["---", "----", "==="], ["___"], [": : :", "|", "+--+"]])
def test_a_ruled_line_is_left_out(cells: list[str]) -> None:
    assert why(*cells) == RULE


def test_the_header_once_more_is_left_out() -> None:
    for again in (["Room", "upn", "M.A.C"], ["Room", "UPN", "MAC", "", ""]):
        assert why(*again) == AGAIN
    assert why("Room", "UPN", "MAC", head=("Room", "UPN", "MAC", "")) == AGAIN
    out = LeftOut()
    found = rows_of_lines(["1,2,3", "Room,UPN,MAC,,"], Header(1, 0, HEAD, ","), Changes(), out)
    assert len(list(found)) == 1
    assert out.lines == {2: AGAIN}
    assert why("room", "UPN", "MAC") == ""  # in other words it is one of another list
    assert why("Room", "UPN", "MAC", "Site") == ""
    assert why("Room", "UPN", "MAC", "", head=("Room", "UPN", "MAC", "Site")) == ""
    assert why("User@Phone", "UPN", "MAC", head=("User@Phone", "UPN", "MAC")) == AGAIN


def test_a_row_that_begins_with_an_account_is_left_as_it_is() -> None:
    rows = [["a@c.de", "User name", "MAC"], ["total@c.de", "", "2"], ["/a@c.de", "", ""]]
    found, out = kept(*rows)
    assert [(row.cells, row.broken) for row in found] == [(cells, "") for cells in rows]
    assert out == {}
    found, _ = kept(DEVICE, ["MAC", "User name", "Site"], *rows)
    assert {row.broken for row in found[1:]} == {"other_header"}
    for length, broken in ((79, ""), (80, "other_header"), (81, "other_header")):
        found, _ = kept(DEVICE, ["@" * length, "User name", "MAC"])
        assert found[1].broken == broken


def test_below_the_header_of_another_list_all_rows_are_faults() -> None:
    rows, out = kept(DEVICE, ["MAC", "User name", "Site"], DEVICE, ["x", "", ""])
    assert [row.broken for row in rows] == ["", "other_header", "other_header", "other_header"]
    assert out == {}
    # Until the header of this one comes again.
    rows, out = kept(DEVICE, ["MAC", "User name", "Site"], DEVICE, list(HEAD), DEVICE)
    assert [row.broken for row in rows] == ["", "other_header", "other_header", ""]
    assert out == {5: AGAIN}


@pytest.mark.parametrize(
    "cells",
    [
        ["MAC", "", ""],
        ["MAC", "Room", "Site"],
        ["User name", "Room", "Site"],
        ["User name", "MAC", "Room 1"],
        ["User name", "MAC", "a@b"],
        ["User name" + " " * 80 + "x", "MAC", "Site"],
    ],
)
def test_what_only_looks_like_another_header_is_a_row(cells: list[str]) -> None:
    rows, _ = kept(DEVICE, cells, DEVICE)
    assert [row.broken for row in rows] == ["", "", ""]


def test_another_header_may_have_long_cells_and_empty_ones() -> None:
    rows, _ = kept(DEVICE, ["User name", "MAC", "x" * 79 + "1"], DEVICE)
    assert rows[2].broken == "other_header"
    rows, _ = kept(DEVICE, ["", "User name", "MAC"], DEVICE)
    assert rows[2].broken == "other_header"


@pytest.mark.parametrize(
    "word",
    [
        *("required", "Optional", "mandatory", "text", "String", "hex", "format", "name"),
        *("address", "Adresse", "Pflicht", "Pflichtfeld", "obligatoire", "requis"),
        *("obligatorio", "verplicht", "obbligatorio"),
    ],
)
def test_the_second_line_of_a_header_is_left_out(word: str) -> None:
    rows, out = kept(["", f"({word})", ""], DEVICE, ["", f"({word})", ""])
    assert out == {2: SECOND}
    assert [row.line for row in rows] == [3, 4]  # further below it is a row


@pytest.mark.parametrize(
    ("cells", "second"),
    [
        (["", "User", "MAC"], True),
        (["x", "Account", ""], True),
        (["x", "", "Device"], True),
        (["x", "y", "z"], False),
        (["x", "text", "1"], False),
        (["x", "text", "a@b"], False),
        (["text" + " x" * 38, "", ""], False),  # eighty characters
        (["text" + " x" * 37 + "x", "", ""], True),
    ],
)
def test_only_what_says_more_of_the_columns_is_a_second_line(
    cells: list[str], second: bool
) -> None:
    _, out = kept(cells, DEVICE)
    assert out == ({2: SECOND} if second else {})


# -- totals


@pytest.mark.parametrize(
    "cell",
    [
        *("Total", "totals", "Grand total", "Subtotal", "Sub total", "Sum", "Summe", "Gesamt"),
        *("Gesamtsumme", "Gesamtzahl", "Zwischensumme", "Insgesamt", "Anzahl", "Count", "Somme"),
        *("Suma", "Totale", "Total:", "Totaal", "Number of", "Amount of", "Nombre de"),
        *("Nombre total", "Número de", "Numero de", "Aantal", "TOTAL: 12", "Total = 1,200"),
    ],
)
def test_a_totals_row_is_left_out(cell: str) -> None:
    assert why(cell, "", "") == TOTAL
    assert why("", cell, "12") == TOTAL


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["Total devices", "12", "100 %"], True),
        (["Total devices", "(formula without its value)", ""], True),
        (["Total devices: 12", "", "3.5"], True),
        (["Total devices", "12", "HQ"], False),  # a room of that name
        (["Total", "HQ", ""], True),
        (["Total", "a@c.de", "0004F28124B3"], False),
        (["Total", "a@c.de", "x"], False),
        (["Total", "x", "0004F28124B3"], False),
        (["Total Sales Room", "Berlin", "x"], False),
    ],
)
def test_a_totals_row_has_counts_beside_its_word(cells: list[str], total: bool) -> None:
    assert why(*cells) == (TOTAL if total else "")


@pytest.mark.parametrize(
    "noun",
    [
        *("row", "rows", "record", "records", "entries", "device", "devices", "phone", "phones"),
        *("Zeile", "Zeilen", "Datensätze", "Datensatz", "Gerät", "Geräte", "Gerate", "Einträge"),
        *("Eintrage", "ligne", "lignes", "fila", "filas", "righe", "rijen"),
    ],
)
def test_what_databases_end_their_answers_with_is_left_out(noun: str) -> None:
    assert why(f"({1200} {noun} affected)", "", "") == TOTAL
    assert why(f"1,200 {noun}") == TOTAL
    assert why(f"1,200 {noun}", "x", "") == ""


# -- results of an earlier run


def test_what_an_earlier_run_said_is_no_part_of_a_row() -> None:
    head, results = ("Room", "UPN", "MAC", "State", "Error"), {"State": 3, "Error": 4}
    row = ["---", "---", "---", "failed", "Number of x"]
    assert why(*row, head=head, results=results) == RULE
    assert why(*row, head=head) == ""
    again = ["Room", "UPN", "MAC", "succeeded", ""]
    assert why(*again, head=head, results=results) == AGAIN
    first = {"State": 0, "Error": 1}
    assert why(
        "failed", "x", "# a note", "", "", head=("a", "b", "c", "d", "e"), results=first
    ) == (COMMENT)
    rows, _ = kept(["1", "a@c.de", "x", "failed", "y"], head=head, results=results)
    assert rows[0].cells == ["1", "a@c.de", "x", "failed", "y"]
    # Of a row that has nothing else there is none.
    rows, out = kept(["failed"], head=("State",), results={"State": 0})
    assert ([row.cells for row in rows], out) == ([["failed"]], {})


# -- what is told


def test_each_reason_is_told_with_its_lines() -> None:
    out = LeftOut({3: COMMENT, 4: TOTAL, 7: COMMENT})
    assert out.notes() == ("Lines 3, 7 left out: a comment", "Line 4 left out: a totals row")
    assert out.notes("row")[1] == "Row 4 left out: a totals row"
    assert LeftOut().notes() == ()


# -- cells of a sheet


def test_the_cells_of_a_sheet_are_cleaned_and_cut_to_its_header() -> None:
    number = NumberText(" 12 ")
    assert kept(["1", "a@c.de", ""])[0] == [Row(2, ["1", "a@c.de", ""])]
    rows, _ = kept([" 1 ", '="a@c.de"', number, "", ""], ["1", "", "", "surplus", ""], ["1"])
    assert [row.cells for row in rows] == [
        ["1", "a@c.de", " 12 "],
        ["1", "", "", "surplus"],
        ["1"],
    ]
    assert isinstance(rows[0].cells[2], NumberText)
    assert not any(row.broken for row in rows)


@pytest.mark.parametrize(
    ("cells", "clean"),
    [
        ([" a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "c "], ["a", "b", "c"]),
        (["a ", "b", "c"], ["a", "b", "c"]),
        (["a", " b", "c"], ["a", "b", "c"]),
        (["a b", "c d", "e"], ["a b", "c d", "e"]),
        (["a", "'=1", "b"], ["a", "=1", "b"]),
        (["a", '="1"', "b"], ["a", "1", "b"]),
        (["a", "=1", "b"], ["a", "=1", "b"]),
        (["a", "\t", "b\xa0"], ["a", "", "b"]),
        (["a", "\u3164b", "c"], ["a", "\\u3164b", "c"]),
        (["a", "ö ", "c"], ["a", "ö", "c"]),
    ],
)
def test_each_cell_of_a_sheet_is_cleaned(cells: list[str], clean: list[str]) -> None:
    assert kept(cells)[0] == [Row(2, clean)]
    number = NumberText(" 1 ")
    (row,) = kept([number, *cells])[0]
    assert row.cells == [" 1 ", *clean]
    assert isinstance(row.cells[0], NumberText)


def test_a_cell_that_is_far_too_long_is_kept_as_it_is() -> None:
    longest, longer = "x" * MAX_CELL, " " + "y" * MAX_CELL
    rows, _ = kept([" 1 ", longest], [" 1 ", longer, " a "])
    assert rows[0] == Row(2, ["1", longest])
    assert rows[1] == Row(3, ["1", longer, "a"], "cell_too_long")
    rows, _ = kept([" " + "x" * (MAX_CELL - 1), longer])
    assert rows[0].cells[0] == "x" * (MAX_CELL - 1)


# -- lines of a text


def lines(
    *text: str,
    delimiter: str = ",",
    head: Sequence[str] = HEAD,
    wrapped: str = "",
    inner: int = 1,
) -> tuple[list[Row], tuple[str, ...]]:
    """The rows of the lines below a header, and what was taken differently."""
    header = Header(1, 0, tuple(head), delimiter, delimiter, wrapped=wrapped, inner=inner)
    changes = Changes()
    return list(rows_of_lines(text, header, changes, LeftOut())), changes.notes()


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (" 1 , a@c.de,x ", ["1", "a@c.de", "x"]),
        ("1,'=a@c.de,x", ["1", "=a@c.de", "x"]),
        ('1,"a,b",x', ["1", "a,b", "x"]),
        ("1,\u200ba@c.de\xa0,x\x07", ["1", "a@c.de", "x\\x07"]),
        ("1,a\tb,x", ["1", "a\\x09b", "x"]),
        ("1,a\u202eb,x", ["1", "a\\u202eb", "x"]),
    ],
)
def test_each_line_is_divided_and_cleaned(line: str, cells: list[str]) -> None:
    rows, notes = lines(line)
    assert (rows, notes) == ([Row(1, cells)], ())


def test_tabs_divide_where_they_do() -> None:
    rows, _ = lines(" 1 \ta@c.de\tx", "1\t\u200ba@c.de\tx", delimiter="\t")
    assert [row.cells for row in rows] == [["1", "a@c.de", "x"]] * 2


def test_a_cell_over_several_lines_is_one() -> None:
    rows, _ = lines('1,a@c.de,"x', 'y"', "2,b@c.de,z")
    assert [(row.line, row.cells[2]) for row in rows] == [(1, "x\\x0ay"), (3, "z")]


def test_a_line_whose_quotes_do_not_fit_is_broken() -> None:
    (row,), _ = lines('1,"a@c.de" x,\xa0"y" z')
    assert row.broken == "quotes"
    (row,), _ = lines("1," + "x" * MAX_CELL + ",y")
    assert row.broken == ""
    (row,), _ = lines("1," + "x" * (MAX_CELL + 1) + ", y")
    assert (row.broken, row.cells[2]) == ("cell_too_long", "y")


@pytest.mark.parametrize(
    "line", ['"1,a@c.de,x"', '"1,a@c.de,x",,', '"1,a@c.de,""x"""', '"1,a@c.de,x\xa0"']
)
def test_a_row_in_the_quotation_marks_of_one_cell_is_divided(line: str) -> None:
    rows, notes = lines(line)
    assert [row.cells for row in rows] == [["1", "a@c.de", "x"]]
    two, _ = lines(line.replace("1,", ""), head=("UPN", "MAC"))
    assert [row.cells for row in two] == [["a@c.de", "x"]]
    assert len(notes) == 1
    assert notes[0].startswith("A whole row in the quotation marks of one cell, divided on 1 row")


def test_a_row_in_one_cell_that_is_too_long_is_a_fault_as_it_stands() -> None:
    text = f'"1,a@c.de,{"x" * MAX_CELL}"'
    assert lines(text)[0] == [Row(1, [text.strip('"')], "cell_too_long")]


def test_what_is_no_row_in_one_cell_is_left_as_it_is() -> None:
    assert lines('"1,a@c.de",b')[0] == [Row(1, ["1,a@c.de", "b"])]
    assert lines('"1,a@c.de"', head=("Room",))[0] == [Row(1, ["1,a@c.de"])]
    assert lines("1,,") == ([Row(1, ["1", "", ""])], ())
    assert lines('"1",,') == ([Row(1, ["1", "", ""])], ())
    rows, notes = lines("1;2;3", "1;;", delimiter=";")
    assert ([row.cells for row in rows], notes) == ([["1", "2", "3"], ["1", "", ""]], ())


def test_rows_that_stand_in_the_first_of_several_cells() -> None:
    rows, _ = lines('"1,a@c.de";x', "2;y", delimiter=",", wrapped=";", inner=2)
    assert [row.cells for row in rows] == [["1", "a@c.de", "x"], ["2", "y"]]
