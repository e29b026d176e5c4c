"""The rows of a sheet are cleaned cell by cell, whatever else stands in them."""

from hypothesis import example, given
from hypothesis import strategies as st

from siptui.devicelist.cells import MAX_CELL, NumberText, clean
from siptui.devicelist.header import Header
from siptui.devicelist.records import Record
from siptui.devicelist.rows import LeftOut, rows_of_records

_PIECES = st.sampled_from(
    [*"ab1 @.-'\"=,;\t\n\r\xa0\u200b\u202e\x1b\ufeff＝ö", "'=1", '="x"', ", +1", "  "]
)
_TEXT = st.lists(_PIECES, max_size=5).map("".join)
_CELLS = st.lists(st.one_of(_TEXT, st.sampled_from(["12", " 1 "]).map(NumberText)), max_size=4)


@given(_CELLS)
@example([" a", "b ", " Room 3 "])
@example(["a", NumberText(" 1 "), "'=1"])
@example(["=", '"', "'"])
def test_a_cell_is_cleaned_the_same_in_every_row(cells: list[str]) -> None:
    lead = "d@e.de"  # such a row is never left out
    header = Header(1, 1, ("User", *("x",) * len(cells)))
    (row,) = rows_of_records([Record(2, 2, [lead, *cells])], header, LeftOut())
    assert not row.broken
    assert row.cells == [lead, *(c if isinstance(c, NumberText) else clean(c) for c in cells)]
    assert [type(cell) for cell in row.cells[1:]] == [type(cell) for cell in cells]


def test_a_long_row_of_short_cells_is_no_cell_that_is_too_long() -> None:
    header = Header(1, 1, ("User", "a", "b"))
    for cells, broken in ((["x" * MAX_CELL, " y"], ""), (["x" * (MAX_CELL + 1), "y"], "cell_")):
        (row,) = rows_of_records([Record(2, 2, ["d@e.de", *cells])], header, LeftOut())
        assert row.broken[:5] == broken
        assert row.cells[2] == "y"
