"""What a sheet of a binary workbook (.xlsb) says besides the values of its cells.

Source: Microsoft, [MS-XLSB], "Excel (.xlsb) Binary File Format", records of a worksheet. Numbers of
rows and columns count from 0.
"""

import struct
from collections.abc import Iterator

from siptui.devicelist.sheet_xml import MAX_CELLS, Marks

_ROW, _ERROR, _FORMULA_ERROR, _MERGED, _SHEET = 0, 3, 11, 176, 156
#: Records of cells: a column and a style, and then the value.
_CELLS = frozenset(range(1, 12))
_MOST = 2 * MAX_CELLS  # records: a cell or a row, and some others
_HIDDEN = 0x10  # a row of no height
ERRORS = {
    0: "#NULL!",
    7: "#DIV/0!",
    15: "#VALUE!",
    23: "#REF!",
    29: "#NAME?",
    36: "#NUM!",
    42: "#N/A",
}


def binary_sheets(book: bytes) -> Iterator[tuple[str, str]]:
    """The name of each sheet of a workbook (`book` is its workbook.bin), and its relation."""
    for kind, data in _records(book):
        if kind == _SHEET and len(data) >= 12:
            relation, at = _text(data, 8)
            yield _text(data, at)[0], relation


def binary_marks(part: bytes) -> Marks:
    """What a sheet says of its rows and cells. Raises `ValueError` for a row or a cell that is too
    short: readers take what is missing of it from the record before, and lay out any size."""
    marks, row, seen = Marks(), 0, set[int]()
    for count, (kind, data) in enumerate(_records(part)):
        if count > _MOST:  # no sheet that people made; it is refused by its span
            marks.height = marks.width = MAX_CELLS
            break
        if (kind == _ROW and len(data) < 12) or (kind in _CELLS and len(data) < 8):
            raise ValueError("a record is cut off")
        if kind == _ROW:
            row = int.from_bytes(data[:4], "little")
            if row in seen:
                marks.twice = row
            seen.add(row)
            if data[11] & _HIDDEN:
                marks.hidden.append(row)
        elif kind in _CELLS:
            column = int.from_bytes(data[:4], "little")
            marks.height, marks.width = max(marks.height, row + 1), max(marks.width, column + 1)
            if kind in (_ERROR, _FORMULA_ERROR) and len(data) >= 9:
                marks.texts[row, column] = ERRORS.get(data[8], "#VALUE!")
        elif kind == _MERGED and len(data) >= 16:
            first, last, column, _ = struct.unpack_from("<IIII", data)
            if last > first:
                marks.merged.append((first, column, last))
    return marks


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records, each with its kind. What is cut off at the end is left out."""
    at, end = 0, len(data)
    while at < end:
        kind = data[at]
        at += 1
        if kind & 0x80 and at < end:
            kind = kind & 0x7F | data[at] << 7
            at += 1
        size = shift = 0
        while at < end:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, data[at : at + size]
        at += size


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and the place behind it."""
    behind = at + 4 + 2 * int.from_bytes(data[at : at + 4], "little")
    return data[at + 4 : behind].decode("utf-16-le", "replace"), behind
