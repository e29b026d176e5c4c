"""The columns of a sheet, out of the memory in which fastexcel hands them on.

It is laid out as Arrow's C data interface has it, for any library that knows it. Those there are
take several times as long to be loaded as a list takes to be read, and are of tens of megabytes;
of the two kinds of columns that are asked for little has to be known. The structures belong to the
capsules they come in, and are copied from before these are let go.
"""

import ctypes
from itertools import pairwise
from typing import Any

_GET_POINTER = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class _Schema(ctypes.Structure):
    """`struct ArrowSchema`: what kind of column it is."""


class _Array(ctypes.Structure):
    """`struct ArrowArray`: the cells of a column."""


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
#: The type of the places at which the texts of a column begin, by the format of the column.
_PLACES: dict[bytes, Any] = {b"u": ctypes.c_int32, b"U": ctypes.c_int64}


def texts(sheet: Any) -> list[list[str | None]]:
    """The columns of a sheet that was read as texts. Raises `ValueError` for any other."""
    schema, array = sheet.__arrow_c_array__()
    return [_texts(kind, column) for kind, column in _columns(schema, array)]


def filled(sheet: Any) -> list[str]:
    """For each column of a sheet a text with `1` for each cell that has a value, `0` for each that
    has none. Raises `ValueError` for what is no sheet."""
    schema, array = sheet.__arrow_c_array__()
    return [
        "0" * column.length if kind == b"n" else _filled(column)
        for kind, column in _columns(schema, array)
    ]


def _columns(schema: object, array: object) -> list[tuple[bytes, Any]]:
    """The format of each column, and its cells. They belong to the capsules that are given."""
    kinds: Any = _Schema.from_address(_GET_POINTER(schema, b"arrow_schema"))
    table: Any = _Array.from_address(_GET_POINTER(array, b"arrow_array"))
    # A table is a structure of which no row is missing; none is cut out of a larger one.
    if kinds.format != b"+s" or table.null_count or table.offset:
        raise ValueError("no table")
    columns = [
        (kinds.children[i].contents.format, table.children[i].contents)
        for i in range(table.n_children)
    ]
    if kinds.n_children != table.n_children or any(c.length != table.length for _, c in columns):
        raise ValueError("a table whose columns do not fit each other")
    return columns


def _texts(kind: bytes, column: Any) -> list[str | None]:
    if kind == b"n" or not column.length:
        return [None] * column.length
    if kind not in _PLACES:
        raise ValueError(f"a column of {kind!r}, not of texts")
    place = _PLACES[kind]
    begins = column.buffers[1] + column.offset * ctypes.sizeof(place)
    places: list[int] = (place * (column.length + 1)).from_address(begins)[:]
    data = ctypes.string_at(column.buffers[2], places[-1]) if places[-1] else b""
    if data.isascii():  # a place in the bytes is one in the text
        text = data.decode("ascii")
        found = [text[begin:end] for begin, end in pairwise(places)]
    else:
        found = [data[begin:end].decode() for begin, end in pairwise(places)]
    if not column.null_count:
        return [*found]
    told = _filled(column)
    return [cell if has == "1" else None for cell, has in zip(found, told, strict=True)]


def _filled(column: Any) -> str:
    length: int = column.length
    if not (column.n_buffers and column.buffers[0] and length):
        return "1" * length  # there is no map where no cell lacks a value
    offset: int = column.offset
    end = offset + length
    bits = int.from_bytes(ctypes.string_at(column.buffers[0], (end + 7) // 8), "little")
    return f"{bits:0{end}b}"[::-1][offset:end]
