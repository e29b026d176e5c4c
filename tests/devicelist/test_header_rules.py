"""Which row is the header of a list, what divides it and what it is taken for, rule by rule."""

from collections.abc import Mapping

import pytest

from siptui.devicelist import ListError
from siptui.devicelist.header import Header, find_in_lines, find_in_rows, is_header, told_apart
from siptui.devicelist.records import Record
from siptui.devicelist.writing import BLOCK, LIST, STATUS
from siptui.domain.columns import Mapped

DEVICE, SECOND = ["a@c.de", "0004F28124B3"], ["b@c.de", "0004F28124B4"]
ROW = ",".join(DEVICE)
TOP, WIDEST = 30, 1_000


def _in_lines(*lines: str, delimiter: str | None = None, **named: str) -> Header:
    return find_in_lines("list.csv", lines, delimiter, _mapped(named))


def _mapped(named: Mapping[str, str]) -> Mapped:
    return Mapped({key: (name,) for key, name in named.items()})


def _in_rows(*rows: list[str], **named: str) -> Header:
    records = [Record(number, number, cells) for number, cells in enumerate(rows, start=1)]
    return find_in_rows("list.xlsx", records, _mapped(named))


def _code(*lines: str, delimiter: str | None = None) -> str:
    with pytest.raises(ListError) as caught:
        _in_lines(*lines, delimiter=delimiter)
    return caught.value.code


@pytest.mark.parametrize(
    ("cells", "named", "it"),
    [
        (["UPN", "MAC"], {}, True),
        (["Room", "your UPN", "the MAC"], {}, True),
        (["UPN"], {}, False),
        (["UPN MAC"], {}, False),  # a whole line, divided by something else
        (["UPN", "Region"], {}, False),
        (["UPN", "Land"], {"region": "Land"}, False),
        (["Wer", "MAC"], {"username": "wer"}, True),
        (["MAC", "x"], {"username": "MAC"}, False),
        (["UPN", "MAC" + " x" * 38 + "y"], {}, True),
        (["UPN", "MAC" + " x" * 38 + "yz"], {}, False),
        (["", "UPN", "", "MAC", ""], {}, True),
    ],
)
def test_a_header_names_both_columns_that_are_needed(
    cells: list[str], named: dict[str, str], it: bool
) -> None:
    assert is_header(cells, _mapped(named)) is it


def test_it_is_looked_for_in_the_first_rows_and_devices_in_twice_as_many() -> None:
    head = ["UPN", "MAC"]
    above = [["Title", "x"]] * (TOP - 1)
    for rows in ([*above, head, DEVICE], [["Title", "x"], *above, head, DEVICE]):
        names = ("UPN", "MAC") if len(rows) == TOP + 1 else ("Title", "x")
        assert _in_rows(*rows).names == names
        assert _in_lines(*map(",".join, rows)).names == names
    for more, names in ((58, ("x", "y")), (59, ("a", "b"))):
        rows = [["a", "b"], *[["x", "y"]] * more, DEVICE]
        assert _in_rows(*rows).names == names
        assert _in_lines(*map(",".join, rows)).names == names


def test_below_the_header_the_rows_begin() -> None:
    found = _in_rows(["Title"], ["UPN", "MAC", "", ""], DEVICE)
    assert (found.line, found.first, found.names) == (2, 2, ("UPN", "MAC"))
    found = _in_lines("Title", "UPN;MAC;;", ";".join(DEVICE))
    assert (found.line, found.first, found.names) == (2, 2, ("UPN", "MAC"))
    assert (found.delimiter, found.divided, found.notes) == (";", ";", ())


@pytest.mark.parametrize("rows", [[], [[""]], [["", ""], [" "]]])
def test_where_nothing_stands_there_is_no_header(rows: list[list[str]]) -> None:
    with pytest.raises(ListError) as caught:
        _in_rows(*rows)
    assert caught.value.code == "no_header"
    assert "no devices" in caught.value.message
    for start in ([], ["sep=;"], ["#TYPE x"]):
        assert _code(*start, *map(";".join, rows)) == "no_header"


def test_a_device_is_no_header() -> None:
    with pytest.raises(ListError, match=r"list.xlsx, row 1: the header is missing"):
        _in_rows(DEVICE, SECOND)
    with pytest.raises(ListError, match=r"list.csv, line 2: the header is missing"):
        _in_lines("", ROW, ",".join(SECOND))


@pytest.mark.parametrize("first", ["sep=^", "SEP=^", '"sep=^"', "  sep=^;; ", "\n;;\nsep=^"])
def test_a_line_that_says_what_divides_the_rows(first: str) -> None:
    found = _in_lines(*first.split("\n"), "a^b", "^".join(DEVICE))
    assert (found.names, found.divided, found.notes) == (("a", "b"), "^", ())
    other = _in_lines(*first.split("\n"), "UPN|MAC^", "|".join(DEVICE), delimiter="|")
    assert (other.names, other.divided, other.notes) == (("UPN", "MAC^"), "|", ())


def test_a_line_that_says_it_and_is_not_true() -> None:
    found = _in_lines("sep=^", "UPN,MAC", ROW)
    assert (found.names, found.divided) == (("UPN", "MAC"), ",")
    assert len(found.notes) == 1
    assert _in_lines("sep=,", "UPN,MAC", ROW).notes == ()
    assert _in_lines('sep="', "UPN,MAC", ROW).notes == ()
    # With nothing better it is believed, and an option always is.
    found = _in_lines("sep=^", "a,b", ROW)
    assert (found.names, found.divided, found.notes) == (("a,b",), "^", ())
    found = _in_lines("UPN,MAC", ROW, delimiter="^")
    assert (found.names, found.divided, found.notes) == (("UPN,MAC",), "^", ())


@pytest.mark.parametrize("kind", ["#TYPE", "#type", '"#TYPE', "  #TYPE"])
def test_the_type_of_an_export_is_no_header(kind: str) -> None:
    assert _in_lines("x", f"{kind} UPN,MAC", "a,b", ROW).names == ("a", "b")
    assert _in_lines(f"{kind} UPN,MAC", "a,b", ROW).names == ("a", "b")


def test_lines_without_names_are_no_header() -> None:
    assert _in_lines("a,b", ";;", ROW, delimiter=",").names == ("a", "b")
    assert _in_rows(["// UPN", "MAC"], ["UPN", "MAC"], DEVICE).names == ("UPN", "MAC")
    assert _in_rows(["// UPN", "MAC"], ["UPN", "MAC"]).names == ("UPN", "MAC")
    assert _in_rows(["", ""], ["UPN", "MAC"]).line == 2


def test_what_the_operator_names_outdoes_all_usual_names() -> None:
    usual = ["UPN", "MAC", "Region", "Model", "Onboarded at", "Signed out at"]
    named = {"username": "Wer", "hardware_id": "Was"}
    assert _in_rows(usual, ["Wer", "Was"], **named).line == 2
    assert _in_rows(usual, ["Wer", "Was"]).line == 1
    assert _in_rows(["UPN", "MAC", "x"], ["UPN", "MAC", "Wo"], region="Wo").line == 2


def test_of_two_rows_the_one_whose_names_fit_better_is_the_header() -> None:
    for better, worse in (
        (["UPN", "MAC"], ["your UPN", "your MAC"]),
        (["UPN", "MAC", "Region"], ["UPN", "MAC"]),
        (["UPN", "MAC", "x"], ["UPN", "x", "y"]),
        (["UPN", "your UPN", "MAC"], ["UPN", "your MAC"]),
    ):
        for rows in ([better, worse], [worse, better]):
            for below in ([DEVICE], []):
                assert _in_rows(*rows, *below).line == rows.index(better) + 1
    assert _in_rows(["UPN", "MAC"], ["upn", "mac"]).line == 1
    assert _in_rows(["UPN", "MAC"], ["upn", "mac"], DEVICE).line == 2  # nearest above it
    assert _in_rows(["a", "b"], ["Region", "x"]).line == 1


def test_of_characters_that_divide_alike_the_first_is_taken() -> None:
    assert _in_lines("a,b;c").names == ("a", "b;c")
    assert _in_lines("a,b;c;d").names == ("a,b", "c", "d")
    # More than half a hundred are as good as any number of them.
    assert _in_lines(",".join("a" * 50) + ";" * 49 + "b;c").divided == ","


def test_of_unknown_names_those_right_above_the_first_device_are_the_header() -> None:
    assert _in_rows(["T", "x", "y"], ["a", "b"], DEVICE).names == ("a", "b")
    assert _in_rows(["a", "b"], ["c", "d"], ["e", "f"]).names == ("a", "b")
    found = _in_rows(["UPN", "x"], DEVICE)
    assert found.names == ("UPN", "x")


def test_a_few_contacts_may_stand_above_the_header() -> None:
    stray, head = ["Contact", *DEVICE], ["UPN", "MAC"]
    found = _in_rows(stray, ["Title"], stray, head, DEVICE)
    assert (found.line, found.names) == (4, ("UPN", "MAC"))
    assert found.notes == (
        "Row 1 looks like a device, but stands above the header: not read",
        "Row 3 looks like a device, but stands above the header: not read",
    )
    with pytest.raises(ListError, match="the header is missing"):
        _in_rows(stray, stray, stray, head, DEVICE)
    lines = [",".join(row) for row in (stray, head, DEVICE)]
    assert _in_lines(*lines).notes == (
        "Line 1 looks like a device, but stands above the header: not read",
    )


@pytest.mark.parametrize(
    ("upper", "lower", "names"),
    [
        (
            ["User", "", "Phone"],
            ["name", "Display", "MAC"],
            ("User name", "User Display", "Phone MAC"),
        ),
        (["User", "", "Phone"], ["name", "", "MAC"], ("User name", "", "Phone MAC")),
        (["User", "Note", "Phone"], ["name", "", "MAC"], ("User name", "Note", "Phone MAC")),
        (["User", "Phone", "Room"], ["name", "MAC"], ("User name", "Phone MAC", "Room")),
        (["", "User", "Phone"], ["Room", "name", "MAC"], ("Room", "User name", "Phone MAC")),
        (["UPN", "", "MAC"], ["", "Room"], ("UPN", "Room", "MAC")),
        (["UPN", "MAC"], ["text", "hex", "Room"], ("UPN text", "MAC hex", "MAC Room")),
        (["UPN", "MAC"], ["", "", "Room"], ("UPN", "MAC", "Room")),
        (["Room", "x"], ["", "UPN", "MAC"], ("Room", "UPN", "MAC")),
        (["Title"], ["", "UPN", "MAC"], ("", "UPN", "MAC")),
        (["User"], ["name", "MAC"], ("name", "MAC")),
    ],
)
def test_names_on_two_lines_are_put_together(
    upper: list[str], lower: list[str], names: tuple[str, ...]
) -> None:
    found = _in_rows(upper, lower, [*DEVICE, *DEVICE])
    assert (found.line, found.names) == (2, names)


@pytest.mark.parametrize(
    ("head", "below"),
    [
        (["UPN", "MAC"], ["text", "hex"]),
        (["UPN", "", "MAC"], ["a", "", "b"]),
        (["UPN", "MAC", ""], ["text", "hex", "R 12"]),
        (["UPN", "", "x"], ["", "Room"]),
    ],
)
def test_what_is_no_second_line_of_a_header(head: list[str], below: list[str]) -> None:
    found = _in_rows(head, below, [*DEVICE, *DEVICE])
    assert found.line == 1
    assert found.names == tuple(head[: 2 if not head[-1] else None])


def test_a_row_has_so_many_columns_at_most() -> None:
    head = ["UPN", "MAC", *["x"] * (WIDEST - 2)]
    assert len(_in_rows(head, DEVICE).names) == WIDEST
    with pytest.raises(ListError) as caught:
        _in_rows([*head, "x"], DEVICE)
    assert caught.value.code == "too_many_columns"
    for many in (WIDEST, WIDEST + 1):
        found = _in_rows(["x"] * many, ["UPN", "MAC"], DEVICE)
        assert len(found.names) == (WIDEST if many == WIDEST else 2)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ('"UPN;MAC",Note', "a@c.de;0004F28124B3,x"),
        (' "UPN;MAC",Note', '"a@c.de;0004F28124B3",x'),
        ("UPN;MAC,,", "a@c.de;0004F28124B3,,"),
        (f"UPN;MAC,{','.join(STATUS)}", "a@c.de;0004F28124B3,x,x,x,x,x"),
    ],
)
def test_a_whole_header_in_one_cell(head: str, row: str) -> None:
    found = _in_lines(head, row)
    assert (found.wrapped, found.delimiter, found.inner) == (",", ";", 2)
    assert found.names[:2] == ("UPN", "MAC")
    assert len(found.notes) == 1
    assert found.parted(["a;b", "c"]) == ["a", "b", "c"]
    assert found.parted(["a;b;d", "c"]) == ["a", "b", "c", "d"]
    assert found.parted(["a", "c"]) == ["a", "c"]


@pytest.mark.parametrize(
    ("head", "more"),
    [
        ("UPN;MAC,Room", {}),
        ("UPN;MAC,,x", {}),
        ('"UPN;MAC","x', {}),
        ('"UPN;MAC"|x', {"delimiter": ","}),
        ('"a;b",c', {}),
    ],
)
def test_what_is_no_whole_header_in_one_cell(head: str, more: dict[str, str]) -> None:
    assert _in_lines(head, "a@c.de;0004F28124B3", **more).wrapped == ""
    assert Header(1, 1, ("a",), ";").parted(["a;b", "c"]) == ["a;b", "c"]


def test_a_row_in_one_cell_has_as_many_cells_as_its_header() -> None:
    found = _in_lines('"UPN;MAC;Room",Note', '"a@c.de;0004F28124B3;1",x')
    assert found.parted(["a;b", "c"]) == ["a", "b", "", "c"]


def test_a_header_may_be_all_there_is_in_its_line_s_only_cell() -> None:
    found = _in_lines('"UPN,MAC"', f'"{ROW}"')
    assert (found.names, found.wrapped) == (("UPN", "MAC"), "")


def test_that_the_rows_are_divided_by_something_else_is_told() -> None:
    found = _in_lines("UPN;MAC", ROW)
    assert (found.divided, found.delimiter) == (";", ",")
    assert found.notes == (
        "The header is divided by semicolon, the rows by comma; each was read so",
    )


def test_names_are_told_apart() -> None:
    assert told_apart(["a", "b", "a", "a"]) == ("a", "b", "a (2)", "a (3)")
    assert told_apart(["", "", "a", ""]) == ("", "", "a", "")
    assert told_apart(["a", "a", "a (2)", "a"]) == ("a", "a (3)", "a (2)", "a (4)")
    assert told_apart(["a (2)", "a", "a (2)"]) == ("a (2)", "a", "a (2) (2)")


def test_the_results_of_an_earlier_run_are_known_by_their_place() -> None:
    found = _in_rows([*LIST, *BLOCK, "Line", "Line"], DEVICE)
    assert found.results == {name: 3 + i for i, name in enumerate(BLOCK)}
    assert found.names == (*LIST, *BLOCK, "Line", "Line (2)")
    assert found.ours
    for own in (["UPN", "MAC"], ["UPN", "MAC", "Status", "x"]):
        found = _in_rows([*own, *STATUS], DEVICE)
        assert found.results == {name: len(own) + i for i, name in enumerate(STATUS)}
        assert found.names == (*own, *STATUS)
        assert not found.ours
    found = _in_rows([*STATUS, "UPN", "MAC", *STATUS, "x"], DEVICE)
    assert min(found.results.values()) == 7  # the last ones


def test_a_file_of_results_may_be_filled_in_once_more() -> None:
    found = _in_rows([*LIST, *BLOCK, *STATUS], DEVICE)
    assert found.results == {name: 3 + i for i, name in enumerate(BLOCK)} | {
        "Status": 10,
        "Status Cause": 11,
        "What to do": 12,
        "Batch": 13,
        "Finished": 14,
    }
    assert found.names == (*LIST, *BLOCK, *STATUS)


@pytest.mark.parametrize(
    "head",
    [
        ["User", *LIST[1:], *BLOCK],
        [*LIST, *BLOCK[:-1]],
        [*LIST, "x", *BLOCK],
        [*LIST, *STATUS[:-1]],
        ["UPN", *STATUS],
    ],
)
def test_other_columns_are_no_results(head: list[str]) -> None:
    found = _in_rows(head, DEVICE)
    assert found.results == {}
    assert not found.ours


def test_a_header_on_two_lines_may_be_filled_in() -> None:
    found = _in_rows(["User", "Phone"], ["name", "MAC", *STATUS], DEVICE)
    assert found.names == ("User name", "Phone MAC", *STATUS)
    assert len(found.results) == len(STATUS)
