"""How far a sheet of an .xlsx spans, in whatever way it says so."""

import pytest

from siptui.devicelist.sheet_xml import MAX_CELLS, xlsx_marks

NEAR = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="Z1"/></row><row r="99999" spans="1:5"/>'
_HEAD, _TAIL = "<worksheet><cols><col/></cols><sheetData>", "</sheetData></worksheet>"


def _span(rows: str) -> tuple[int, int]:
    marks = xlsx_marks(f"{_HEAD}{NEAR}{rows}{_TAIL}".encode())
    return marks.height, marks.width


def test_a_sheet_of_few_columns_and_rows_is_never_too_large() -> None:
    height, width = _span("")
    assert height >= 99_999
    assert width >= 26
    assert height * width <= MAX_CELLS


@pytest.mark.parametrize(
    ("far", "height", "width"),
    [
        ('<c r="AA1"/>', 1, 27),
        ('<c r="XFD2"/>', 2, 16_384),
        ('<c r="A100000"/>', 100_000, 1),
        ('<c r="A1048576"/>', 1_048_576, 1),
        ('<c s="1" r="XFD1048576"/>', 1_048_576, 16_384),
        ('<c\n r="XFD1048576"/>', 1_048_576, 16_384),
        ('<x:c r="XFD1048576"/>', 1_048_576, 16_384),
        ('<row r="1048576"/>', 1_048_576, 1),
        ('<row spans="1:2" r="1048576"/>', 1_048_576, 1),
        ('<row\tr="100000"></row>', 100_000, 1),
        ('<x:row r="1048576"/>', 1_048_576, 1),
        ("<c/>" * 100, 1, 100),
        ("<c><v>1</v></c>" * 100, 1, 100),
        ("<c r='XFD1'/>" * 100, 1, 100),
    ],
)
def test_what_lies_far_counts(far: str, height: int, width: int) -> None:
    found = _span(far)
    assert found[0] >= max(height, 99_999)
    assert found[1] >= max(width, 26)
