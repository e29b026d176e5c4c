"""Every place of a JSON value, and the value with something else there."""

from collections.abc import Iterator
from typing import Any

#: What a place may hold instead of what belongs there.
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    1.5,
    10**30,
    "",
    " ",
    "7",
    "x" * 3000,
    "\x1b[2J\u202e",
    [],
    [None],
    ["a"],
    [[]],
    [{}],
    {},
    {"a": None},
    {"code": "x", "message": ["y"]},
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every part of `value`, its own (empty) first."""
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, (*path, key))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from places(part, (*path, at))


def with_odd(value: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    """`value` with `odd` at `path`."""
    if not path:
        return odd
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: with_odd(part, rest, odd) if k == head else part for k, part in value.items()}
    return [with_odd(part, rest, odd) if at == head else part for at, part in enumerate(value)]


def without(value: Any, path: tuple[str | int, ...]) -> Any:
    """`value` without what is at `path`, which is not the whole."""
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {
            key: without(part, rest) if key == head else part
            for key, part in value.items()
            if rest or key != head
        }
    return [
        without(part, rest) if at == head else part
        for at, part in enumerate(value)
        if rest or at != head
    ]
