"""`[profiles.NAME.columns]`: which header of a profile's lists is what."""

from collections.abc import Iterator, Mapping
from typing import Any

from siptui.domain.columns import COLUMNS, NOT_MAPPED, Mapped, folded_name
from siptui.domain.text import visible


class ColumnsError(ValueError):
    """What is wrong with the table: `key` of it (may be empty), and why."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key, self.why = key, why


def read_columns(table: Mapping[str, Any], origin: str) -> Mapped:
    """The headers named in `table`, which stands at `origin`. Raises `ColumnsError`."""
    headers: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for key, value in table.items():
        if key not in COLUMNS:
            raise ColumnsError(key, f"is not a column; allowed here: {', '.join(COLUMNS)}")
        headers[key] = tuple(_names(key, value))
        for name in headers[key]:
            other = taken.setdefault(folded_name(name), key)
            if other != key:
                raise ColumnsError(key, f"names “{visible(name)}”, and so does {other}")
    return Mapped(headers, origin) if headers else NOT_MAPPED


def _names(key: str, value: object) -> Iterator[str]:
    given = value if isinstance(value, list) and value else [value]
    for name in given:
        if not isinstance(name, str) or not folded_name(name):
            shown = visible(repr(value) if isinstance(value, str) else str(value))[:80]
            raise ColumnsError(
                key, f"is {shown}; allowed: a header of your lists, or a list of such headers"
            )
        yield name.strip()
