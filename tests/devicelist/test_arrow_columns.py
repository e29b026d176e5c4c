"""The columns of a sheet as they are read from memory: as a library for it reads them."""

import ctypes
from collections.abc import Sequence
from typing import Any

import fastexcel
import polars
import pytest

from siptui.devicelist.arrow_columns import _Array, _Schema, filled, texts
from tests.support.workbooks import Cell, xlsx

_NEW = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
ROWS: list[list[Cell]] = [
    ["Name", "Number", "Of all kinds", None, "Über"],
    ["a", 1, "x", None, None],
    ["bb", 2.5, None, None, "ö"],
    [None, 0, True, None, "日本 🙂"],
    ["", 805500112201, 12, None, "z"],
]


@pytest.mark.parametrize("count", [1, 2, 5, 64, 65, 1000])
def test_what_is_read_is_what_a_library_for_it_reads(count: int) -> None:
    rows = [*ROWS, *ROWS[1:] * 250][:count]
    reader = fastexcel.read_excel(xlsx({"S": rows}))
    as_text = reader.load_sheet("S", header_row=None, skip_rows=0, dtypes="string")
    assert texts(as_text) == [c.to_list() for c in polars.DataFrame(as_text).iter_columns()]
    as_truth = reader.load_sheet("S", header_row=None, skip_rows=0, dtypes="boolean")
    assert filled(as_truth) == [
        "".join("01"[cell is not None] for cell in column)
        for column in polars.DataFrame(as_truth).iter_columns()
    ]


class _Table:
    """A table of columns made by hand: the format of each, its length, offset and buffers."""

    def __init__(self, *columns: tuple[bytes, int, int, Sequence[bytes | None]]) -> None:
        self.kind = _Schema(format=b"+s", n_children=len(columns))
        self.cells = _Array(length=columns[0][1], n_children=len(columns))
        kinds, cells = [], []
        self._kept: list[Any] = [kinds, cells]
        for kind, length, offset, buffers in columns:
            kept = [None if b is None else ctypes.create_string_buffer(b, len(b)) for b in buffers]
            places = [None if b is None else ctypes.addressof(b) for b in kept]
            given = (ctypes.c_void_p * len(buffers))(*places)
            self._kept += [kept, given]
            kinds.append(ctypes.pointer(_Schema(format=kind)))
            cells.append(
                ctypes.pointer(
                    _Array(
                        length=length,
                        null_count=-1,  # not counted
                        offset=offset,
                        n_buffers=len(buffers),
                        buffers=ctypes.cast(given, ctypes.POINTER(ctypes.c_void_p)),
                    )
                )
            )
        self.kind.children = (ctypes.POINTER(_Schema) * len(kinds))(*kinds)
        self.cells.children = (ctypes.POINTER(_Array) * len(cells))(*cells)

    def __arrow_c_array__(self) -> tuple[object, object]:
        return (
            _NEW(ctypes.addressof(self.kind), b"arrow_schema", None),
            _NEW(ctypes.addressof(self.cells), b"arrow_array", None),
        )


def _places(size: int, *places: int) -> bytes:
    return b"".join(place.to_bytes(size, "little") for place in places)


def test_texts_of_every_layout() -> None:
    data = "abcöd".encode()
    places = (0, 1, 3, 3, 5, 6)
    table = _Table(
        (b"u", 3, 0, (None, _places(4, *places[:4]), data)),
        (b"U", 3, 2, (b"\x0c", _places(8, *places), data)),
        (b"u", 3, 1, (b"\xf5", _places(4, *places), data)),
        (b"n", 3, 0, ()),
    )
    assert texts(table) == [["a", "bc", ""], ["", "ö", None], [None, "", None], [None] * 3]
    assert filled(table) == ["111", "110", "010", "000"]


def test_no_rows_at_all() -> None:
    table = _Table((b"u", 0, 0, (None, None, None)), (b"b", 0, 0, (None, None)))
    assert texts(table) == [[], []]
    assert filled(table) == ["", ""]


def test_what_is_no_table_of_texts_is_refused() -> None:
    whole = (None, _places(4, 0, 1), b"x")
    with pytest.raises(ValueError, match="not of texts"):
        texts(_Table((b"l", 1, 0, (None, b"\0" * 8))))
    with pytest.raises(ValueError, match="do not fit"):
        texts(_Table((b"u", 1, 0, whole), (b"u", 2, 0, whole)))
    for name, value in (("format", b"+l"), ("n_children", 2)):
        table = _Table((b"u", 1, 0, whole))
        setattr(table.kind, name, value)
        with pytest.raises(ValueError, match="table"):
            texts(table)
    for name in ("offset", "null_count"):
        table = _Table((b"u", 1, 0, whole))
        setattr(table.cells, name, 1)
        with pytest.raises(ValueError, match="no table"):
            filled(table)
