"""How the rows of the table are compared when they are sorted by a column. No Textual here."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from siptui.domain.text import folded
from siptui.tui.console.table_rows import COLUMNS, EXTRA, Board
from siptui.tui.widgets.row_index import GridRow

_AT = {column.key: i for i, column in enumerate(COLUMNS)}
_NEVER = datetime.max.replace(tzinfo=UTC)


def sort_key(column: str, board: Board | None = None) -> Callable[[GridRow], Any]:
    """How the rows are compared when sorted by a column; empty cells come last."""
    if column.startswith(EXTRA):
        keys = [c.key for c in board.columns] if board else [column]
        at = keys.index(column)
        return lambda row: (not row.cells[at], folded(row.cells[at]))
    at = _AT[column]
    if column == "until" and board is not None:
        return lambda row: board.deadline(row.key) or _NEVER
    if column in ("line", "batch", "attempt"):
        return lambda row: int(row.cells[at]) if row.cells[at].isdecimal() else 1 << 30
    if column == "time":
        return lambda row: (not row.cells[at], len(row.cells[at]), row.cells[at])
    if column == "status":
        return lambda row: (_STATUS_ORDER.get(row.tone, 9), row.cells[at])
    return lambda row: (not row.cells[at], folded(row.cells[at]))


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
