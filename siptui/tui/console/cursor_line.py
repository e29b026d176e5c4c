"""The cursor stays on its device where a list and its run follow one another, in which the same
key is another row's."""

from collections.abc import Iterator
from contextlib import contextmanager

from siptui.tui.console.model import Session
from siptui.tui.console.view import View


@contextmanager
def on_its_line(view: View, session: Session) -> Iterator[None]:
    """Put the cursor on the row of the line it was on, once other rows are shown; where that is
    not among them it is where the table put it."""
    line = session.board.line(view.grid.cursor) if session.status is None else 0
    yield
    if not line or session.status is not None:
        return
    index, board = view.grid.index, session.board
    for row in index.rows:
        if board.line(row.key) == line and (at := index.position(row.key)) is not None:
            view.grid.move_to(at)
            return
