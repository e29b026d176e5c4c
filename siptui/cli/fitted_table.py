"""Tables that fit the terminal: cells of the columns that matter least are cut first."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from shutil import get_terminal_size

from siptui.cli.wording import cell_width, columns, cut
from siptui.domain.times import local_time
from siptui.runs.run_head import RunHead

Rows = Sequence[Sequence[str]]
_GAP = 2


def terminal_width() -> int | None:
    """The columns of the terminal that standard output goes to; None where it goes elsewhere."""
    return get_terminal_size().columns if sys.stdout.isatty() else None


def fits(head: Sequence[str], rows: Rows, width: int | None) -> bool:
    """Whether no line of the table is wider than `width`."""
    return width is None or sum(_widths(head, rows)) + _GAP * (len(head) - 1) <= width


def fitted(
    head: Sequence[str], rows: Rows, width: int | None, least: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """The lines of the table in `width` cells. `least` has columns and the cells that each keeps,
    in the order in which they are cut; what does not fit even so stays as it is."""
    if width is not None:
        over = sum(_widths(head, rows)) + _GAP * (len(head) - 1) - width
        table = [list(head), *(list(row) for row in rows)]
        for column, kept in least:
            if over <= 0:
                break
            wide = max(cell_width(row[column]) for row in table)
            new = max(wide - over, min(kept, wide))
            over -= wide - new
            for row in table:
                row[column] = cut(row[column], new)
        head, rows = table[0], table[1:]
    yield from columns(head, rows)


def short_last_run(head: RunHead | None) -> str:
    """When a profile's last run began and how many devices it signed in, for a narrow table."""
    if head is None:
        return "-"
    return f"{local_time(head.started, datetime.now(UTC))} {head.succeeded}/{head.devices}"


def _widths(head: Sequence[str], rows: Rows) -> list[int]:
    return [max(cell_width(row[i]) for row in (head, *rows)) for i in range(len(head))]
