"""Lists page by page."""

from typing import Any


def paged(rows: list[Any], start: str, size: int) -> tuple[list[Any], str]:
    """The page of `rows` that begins at `start` (a number as text), and where the next does."""
    first = int(start) if start.isascii() and start.isdigit() else 0
    further = first + size
    return rows[first:further], str(further) if further < len(rows) else ""
