"""`copy.replace` of Python 3.13, for data classes and structs alike."""

import dataclasses
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def replace(one: T, /, **changes: Any) -> T:
    """`one` with other values in some of its fields."""
    found: Any = one
    if isinstance(found, msgspec.Struct):
        found = msgspec.structs.replace(found, **changes)
    else:
        found = dataclasses.replace(found, **changes)
    changed: T = found
    return changed
