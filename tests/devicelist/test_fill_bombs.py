"""Workbooks that are read, and that nothing can be filled into in any measure or at all."""

import re
import tracemalloc
import zipfile
from io import BytesIO

import pytest

from siptui.devicelist import ListError, filled_workbook
from siptui.devicelist.writing import STATUS
from tests.fuzz import bombs

_STATUS = {2: ("signed in", "", "", "b-1", "")}


def _with_rows(rows: bytes) -> bytes:
    source, out = zipfile.ZipFile(BytesIO(bombs.xlsx({"S": bombs.ROWS}, shared=True))), BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name == bombs.SHEET:
                part = part.replace(b"</sheetData>", rows + b"</sheetData>")
            target.writestr(name, part)
    return out.getvalue()


@pytest.mark.parametrize("last", [16_380, 16_384])
def test_a_list_without_room_for_the_columns_is_told(last: int) -> None:
    """A cell beyond the last column that a sheet can have makes of it one that does not open."""
    with pytest.raises(ListError, match="There is no room beside the list: column X") as caught:
        filled_workbook.filled_workbook(bombs.last_cell(9, last), "S", 1, _STATUS)
    assert "-o" in caught.value.remedy


@pytest.mark.parametrize(
    ("merged", "first"),
    [
        ("C1:D9", "E"),
        ("D2:F2", "G"),
        ("C3:D9", "C"),
        ("A1:XFD1", "C"),
        ("A2:A9", "C"),
        ("D1:B2", "C"),
    ],
)
def test_nothing_is_written_where_a_merged_cell_hides_it(merged: str, first: str) -> None:
    """Of those beside the header and the rows of devices."""
    filled = filled_workbook.filled_workbook(
        bombs.xlsx({"S": bombs.ROWS}, merged=[merged]), "S", 1, _STATUS
    )
    sheet = zipfile.ZipFile(BytesIO(filled)).read(bombs.SHEET).decode()
    assert re.findall(
        r'r="([A-Z]+)1" t="inlineStr"><is><t xml:space="preserve">Status<', sheet
    ) == [first]


def test_the_columns_may_be_the_last_that_there_are() -> None:
    data = bombs.last_cell(9, 16_384 - len(STATUS))
    filled = filled_workbook.filled_workbook(data, "S", 1, _STATUS)
    sheet = zipfile.ZipFile(BytesIO(filled)).read(bombs.SHEET)
    assert b'r="XFD1"' in sheet
    assert b'r="XFE1"' not in sheet


def test_more_cells_in_a_row_than_there_are_columns_are_refused() -> None:
    data = _with_rows(b'<row r="9">%b</row>' % (b'<c r="A9"/>' * 16_385))
    with pytest.raises(ListError, match="Row 9 has more than 16,384 cells") as caught:
        filled_workbook.filled_workbook(data, "S", 1, _STATUS)
    assert caught.value.code == "damaged"


def test_empty_rows_without_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filled_workbook, "MAX_CELLS", 5_000)
    with pytest.raises(ListError, match="more than 5,000 rows and cells") as caught:
        filled_workbook.filled_workbook(_with_rows(b"<row/>" * 5_001), "S", 1, _STATUS)
    assert caught.value.code == "too_many_cells"


def test_only_what_is_filled_in_is_held_in_memory() -> None:
    """Not the rows that no device is in, nor the texts that no header is."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d"/><c r="B%d"/></row>' % (n, n, n) for n in range(9, 8_000)
    )
    data = _with_rows(rows)
    tracemalloc.start()
    try:
        filled_workbook.filled_workbook(data, "S", 1, _STATUS)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * len(rows)
