"""From lines to records, and which character divides them: each rule on a few lines."""

import pytest

from siptui.devicelist import ListError
from siptui.devicelist.delimiters import (
    NAMED,
    WORDS,
    named_delimiter,
    names_device,
    rows_divided_by,
    unwrapped,
)
from siptui.devicelist.records import Record, records, split

LONGEST, SPAN, LINES = 100_000, 50, 2_000
USER, MAC, OTHER, MAC_2 = "a@c.de", "0004F28124B3", "b@c.de", "0004F28124B4"


def _records(*lines: str, start: int = 0, delimiter: str = ",") -> list[Record]:
    return list(records(lines, delimiter, start))


def test_a_line_is_split_as_long_as_its_quotes_fit() -> None:
    assert split('a, "b,c",d', ",") == ["a", "b,c", "d"]
    assert split("a;b", ",") == ["a;b"]
    assert split("", ",") == []
    assert split('a,"b', ",") is None
    assert split('"a"b,c', ",") is None
    assert split("x" * LONGEST, ",") == ["x" * LONGEST]
    assert split("x" * (LONGEST + 1), ",") is None


def test_lines_count_from_one_and_blank_ones_are_left_out() -> None:
    assert _records("a, b", "", " \t", "c") == [Record(1, 1, ["a", " b"]), Record(4, 4, ["c"])]
    assert list(records(["a", "b"], ",")) == [Record(1, 1, ["a"]), Record(2, 2, ["b"])]
    assert _records("a", "b", "c", start=1) == [Record(2, 2, ["b"]), Record(3, 3, ["c"])]
    assert _records('"a, b",c', "d") == [Record(1, 1, ["a, b", "c"]), Record(2, 2, ["d"])]


def test_a_line_that_is_too_long_breaks_a_rule_and_is_cut() -> None:
    longest, longer = "x," * (LONGEST // 2), "x," * (LONGEST // 2) + "y"
    assert _records(longest)[0] == Record(1, 1, ["x"] * (LONGEST // 2) + [""])
    spaced = "x, " + "y" * (LONGEST - 3)
    assert _records(spaced)[0].cells == spaced.split(",")
    for line in (longer, longer + '"'):
        first, second = _records(line, "a")
        assert first == Record(1, 1, ["x"] * (LONGEST // 2) + [""], "line_too_long")
        assert second == Record(2, 2, ["a"])
    quoted = '"' + "x" * (LONGEST - 2) + '"'
    assert _records(quoted) == [Record(1, 1, ["x" * (LONGEST - 2)])]


def test_a_stray_quote_breaks_its_own_line_alone() -> None:
    broken = Record(1, 1, ["a", "b c"], "quotes")
    for line in ('a,"b c', ' "a", "b c', 'a ,""b c"'):
        assert _records(line, "d") == [broken, Record(2, 2, ["d"])]
    assert _records('a,"b c', 'd,"e f')[1] == Record(2, 2, ["d", "e f"], "quotes")
    # An even number of quotes that do not fit is no cell that goes on.
    assert _records('"a"b', '"c"')[0] == Record(1, 1, ['a"b'], "quotes")
    assert _records('a"b,"c', 'd"')[0] == Record(1, 1, ['a"b', "c"], "quotes")
    assert _records('a,"b', 'c",d"e,"f', 'g"')[0] == Record(1, 1, ["a", "b"], "quotes")


def test_a_quoted_cell_may_hold_lines() -> None:
    assert _records('a,"b', "", "x,y", 'c",d', "e") == [
        Record(1, 4, ["a", "b\n\nx,y\nc", "d"]),
        Record(5, 5, ["e"]),
    ]
    assert _records('a,"b ""', 'c",d')[0] == Record(1, 2, ["a", 'b "\nc', "d"])
    for inside in ('say ""x""', '""x'):
        assert _records('a,"b', inside, 'c"')[0].below == 3
    assert _records('a;"b', 'c,d";e', delimiter=";")[0].cells == ["a", "b\nc,d", "e"]
    assert _records("x", 'a, "b', 'c"')[1] == Record(2, 3, ["a", "b\nc"])


def test_a_quoted_cell_that_runs_on_for_too_long_was_never_closed() -> None:
    for more, closed in ((SPAN - 2, True), (SPAN - 1, False)):
        found = _records('a,"b', *["x"] * more, 'c"', "d")
        assert (found[0].broken == "") is closed
        assert found[0].below == (SPAN if closed else 1)
        assert found[-1].cells == ["d"]
    # Nor one that grows for as long as the longest line.
    for size, closed in ((LONGEST - 4, True), (LONGEST - 3, False)):
        found = _records('a,"' + "x" * (size // 2), "y" * (size - size // 2), 'c"')
        assert (found[0].broken == "") is closed


def test_a_stray_quote_above_quoted_rows_takes_none_of_them() -> None:
    found = _records('a"b,"c', 'd,"e"', '"f",g')
    assert [record.broken for record in found] == ["quotes", "", ""]
    assert [record.cells for record in found[1:]] == [["d", "e"], ["f", "g"]]
    found = _records('a,"b', "c", '"d","e"f"')
    assert [record.line for record in found] == [1, 2, 3]


@pytest.mark.parametrize(("given", "char"), [*NAMED.items(), ("PIPE", "|"), ("^", "^"), ("~", "~")])
def test_a_delimiter_is_named_by_a_word_or_by_itself(given: str, char: str) -> None:
    assert named_delimiter(given) == char
    assert named_delimiter(None) is None
    assert {NAMED[word]: word for word in WORDS.values()} == WORDS


@pytest.mark.parametrize("given", ["", "a", "7", "é", ";;", *"\"'\r\n\0@.:-_ "])
def test_what_stands_in_names_and_addresses_divides_nothing(given: str) -> None:
    with pytest.raises(ListError) as caught:
        named_delimiter(given)
    assert caught.value.code == "delimiter"


def test_a_row_in_one_cell_is_taken_out_of_it() -> None:
    assert unwrapped([f'{USER},"a,b"'], ",") == [USER, "a,b"]
    assert unwrapped([f'{USER},"a'], ",") == [USER, '"a']
    assert unwrapped([USER], ",") is None
    assert unwrapped([f"{USER},a", "b"], ",") is None
    assert unwrapped([], ",") is None


def test_a_row_names_a_device_by_both_names() -> None:
    assert names_device([USER, MAC])
    assert names_device([MAC, "x", USER])
    for cells in ([], [USER], [MAC], ["#", USER, MAC], [f"// {USER}", MAC, USER], ["x", "y"]):
        assert not names_device(cells)


def _divided(*rows: str, by: str = ";", width: int = 3, named: str | None = None) -> str:
    return rows_divided_by(["head", *rows], 1, by, width, named)


def test_rows_are_divided_by_what_finds_more_devices_than_the_header_s_character() -> None:
    rows = [f"{USER},{MAC}", f"{OTHER},{MAC_2}"]
    assert _divided(*rows) == ","
    assert _divided(*rows, by="^") == ","
    assert _divided(*rows, named=";") == ";"
    assert _divided(*rows, width=1) == ";"
    assert _divided(*rows, width=2) == ","
    assert _divided(rows[0], f"{OTHER};{MAC_2}") == ";"
    assert _divided(f"{USER}^{MAC}", f"{OTHER}^{MAC_2}", rows[0], by="^") == "^"
    assert _divided(rows[0], f"{OTHER}^{MAC_2}", by="^") == "^"
    assert _divided(f'"{USER},{MAC}"', by="|") == ","
    assert _divided(f"{USER},{MAC},,") == ","
    assert _divided(",,", rows[0]) == ","
    assert _divided(f'"{USER}","{MAC}"', "x;y") == ","
    assert _divided(f'"{USER},{MAC}"', "x|y", by="|") == ","


def test_comments_and_rows_of_several_lines_do_not_tell_it() -> None:
    devices = f"{USER};{MAC}"
    comma = f"{OTHER},{MAC_2}"
    assert _divided(devices, f"#{comma}", f" # {comma}") == ";"
    assert _divided(f'{comma},"a', 'b"', devices, by=",") == ";"
    assert rows_divided_by([comma, "head", devices], 2, ",", 3, None) == ";"


def test_without_a_device_what_fits_the_header_divides_most_rows() -> None:
    assert _divided("a,b", "c,d") == ","
    assert _divided("a|b|c", "c|d|e") == "|"
    assert _divided("a|b|c|d", "c|d|e|f") == ";"  # wider than the header
    assert _divided("a|b|c|", "c|d|e|") == "|"
    assert _divided("a,b", "c;d") == ";"
    assert _divided() == ";"
    assert _divided("a", "b") == ";"
    assert _divided(*["a,b"] * 4, "c") == ";"  # four of five are not enough
    assert _divided(*["a,b"] * 5, "c") == ","
    assert _divided("a,b", by=",") == ","
    assert _divided(*["a,b"] * 9, "c,d;e") == ";"
    assert _divided("# one; two", " # one; two", "a,b") == ","


def test_it_is_looked_for_in_the_first_rows() -> None:
    blank = [""] * (LINES - 1)
    row = f"{USER},{MAC}"
    assert _divided(*blank, row) == ","
    assert _divided("", *blank, row) == ";"
    assert _divided(*["x"] * 199, row) == ","
    assert _divided(*["x"] * 200, row) == ";"


def test_rows_without_a_first_cell_tell_it_as_well() -> None:
    rows = [f",{OTHER},{MAC_2}", f" ,{OTHER},{MAC}"]
    assert _divided(*rows, f"x;{USER};{MAC}", by=",") == ","
