"""How the rows of the table are compared when they are sorted by a column. No Textual here."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from siptui.domain.text import folded
from siptui.tui.console.table_rows import COLUMNS, EXTRA, Board
from siptui.tui.widgets.row_index import GridRow

_AT = {column.key: i for i, column in enumerate(COLUMNS)}
_DIGITS = re.compile(r"([0-9]+)")
_NEVER = datetime.max.replace(tzinfo=UTC)


def sort_key(column: str, board: Board | None = None) -> Callable[[GridRow], Any]:
    """How the rows of a run or list are compared when sorted by a column; empty cells come last."""
    if column.startswith(EXTRA):
        return _of_list(column.removeprefix(EXTRA), board)
    at = _AT[column]
    if column == "until" and board is not None:
        return lambda row: board.deadline(row.key) or _NEVER
    if column == "hardware_id":
        return lambda row: row.cells[at]
    if column in ("line", "batch", "attempt"):
        return lambda row: int(row.cells[at]) if row.cells[at].isdecimal() else 1 << 30
    if column == "time":
        return lambda row: (not row.cells[at], len(row.cells[at]), row.cells[at])
    if column == "status":
        return lambda row: (_STATUS_ORDER.get(row.tone, 9), row.cells[at])
    return lambda row: (not row.cells[at], natural(row.cells[at]))


def _of_list(name: str, board: Board | None) -> Callable[[GridRow], Any]:
    """By a column of the list, shown or not."""

    def key(row: GridRow) -> Any:
        value = board.own_value(row.key, name) if board else ""
        return not value, natural(value)

    return key


def natural(text: str) -> list[tuple[int, str]]:
    """How texts are compared in which numbers count as numbers: `Room 9` is before `Room 10`."""
    parts = _DIGITS.split(folded(text))  # text and digits in turn
    return [(len(n.lstrip("0")), n.lstrip("0")) if i % 2 else (0, n) for i, n in enumerate(parts)]


#: What needs attention comes first.
_STATUS_ORDER = {
    "failed": 0,
    "unknown": 1,
    "invalid": 2,
    "running": 3,
    "queued": 4,
    "normal": 4,
    "ok": 5,
}
