"""What the sheets of an .xls say besides the values of their cells.

Sources: Microsoft, [MS-CFB], "Compound File Binary File Format", and [MS-XLS], "Excel Binary File
Format (.xls)", of Excel 97 and later. Numbers of rows and columns count from 0.
"""

import struct
from collections.abc import Iterator, Sequence

from siptui.devicelist.sheet_binary import ERRORS
from siptui.devicelist.sheet_xml import Marks

_FREE = 0xFFFFFFFA  # sectors from here on are none
_ENTRY = 128
_BOF, _EOF, _SHEET = 0x0809, 0x000A, 0x0085
_ROW, _ERROR, _FORMULA, _MERGED = 0x0208, 0x0205, 0x0006, 0x00E5
_HIDDEN = 0x20  # a row of no height


def biff_marks(data: bytes) -> dict[str, Marks]:
    """What each sheet says, by name; nothing where this is no workbook of that kind.

    Raises `ValueError`, `IndexError` or `struct.error` for what is damaged.
    """
    book = _stream(data, ("Workbook",))
    found: dict[str, Marks] = {}
    for kind, at, size in _records(book, 0):
        if kind == _SHEET and size > 8:
            start, count, wide = struct.unpack_from("<I2xBB", book, at)
            text = book[at + 8 : at + 8 + (2 * count if wide & 1 else count)]
            name = text.decode("utf-16-le" if wide & 1 else "latin-1", "replace")
            found[name] = _marks(book, start)
        elif kind == _EOF:
            break
    return found


def _marks(book: bytes, start: int) -> Marks:
    marks, depth = Marks(), 0
    for kind, at, size in _records(book, start):
        depth += (kind == _BOF) - (kind == _EOF)  # charts are sheets within a sheet
        if depth < 1:
            break
        if kind == _ROW and size >= 16:
            row, flags = struct.unpack_from("<H10xI", book, at)
            if flags & _HIDDEN:
                marks.hidden.append(row)
        elif kind == _ERROR and size >= 8:
            row, column, code, error = struct.unpack_from("<HH2xBB", book, at)
            if error:
                marks.texts[row, column] = ERRORS.get(code, "#VALUE!")
        elif kind == _FORMULA and size >= 14 and book[at + 12 : at + 14] == b"\xff\xff":
            row, column, what, code = struct.unpack_from("<HH2xBxB", book, at)
            if what == 2:
                marks.texts[row, column] = ERRORS.get(code, "#VALUE!")
        elif kind == _MERGED and size >= 2:
            for place in range(at + 2, at + 2 + 8 * ((size - 2) // 8), 8):
                first, last, column = struct.unpack_from("<HHH", book, place)
                if last > first:
                    marks.merged.append((first, column, last))
    return marks


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """The records from `at` on: kind, where the data begins, and its size."""
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        if at + 4 + size > len(book):
            return
        yield kind, at + 4, size
        at += 4 + size


def _stream(data: bytes, names: Sequence[str]) -> bytes:
    """The stream of one of these names in a compound file; nothing where it has none."""
    size, small = (1 << min(shift, 16) for shift in struct.unpack_from("<HH", data, 30))
    directory, cutoff, small_fat, chained = struct.unpack_from("<I4xII4xI", data, 48)

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    places = list(struct.unpack_from("<109I", data, 76))
    while chained < _FREE and len(places) < len(data) // size + 109:
        *more, chained = _numbers(sector(chained))
        places += more
    fat = _numbers(b"".join(sector(place) for place in places if place < _FREE))
    entries = b"".join(map(sector, _chain(fat, directory)))
    root = b""
    for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
        (length, kind), (start, long) = (
            struct.unpack_from("<HB", entries, at + 64),
            struct.unpack_from("<II", entries, at + 116),
        )
        if kind == 5:
            root = b"".join(map(sector, _chain(fat, start)))[:long]
        elif entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace") in names:
            if long >= cutoff:
                return b"".join(map(sector, _chain(fat, start)))[:long]
            table = _numbers(b"".join(map(sector, _chain(fat, small_fat))))
            pieces = (root[n * small : (n + 1) * small] for n in _chain(table, start))
            return b"".join(pieces)[:long]
    return b""


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def _chain(table: Sequence[int], start: int) -> Iterator[int]:
    """The sectors from `start` on; one that leads in a circle ends."""
    for _ in range(len(table)):
        if start >= len(table):
            return
        yield start
        start = table[start]
