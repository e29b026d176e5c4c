"""The table: thousands of rows, of which only those that changed and are in sight are sent.

A stock `DataTable` repaints all of itself when a cell changes, at 8-20 KB a time; over a slow
link that is the cost that counts. Here a changed row in sight costs one line and a changed row
out of sight nothing. The grid knows nothing of runs: rows in, changes in, marks out.

Over 400 lines because cursor, marks, filter, order and painting are of one widget.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from siptui.tui.key_bindings import bindings
from siptui.tui.widgets.column_layout import Column, cell_of, cut_to, fitted_to, pages
from siptui.tui.widgets.row_index import GridRow, RowIndex, Test
from siptui.tui.widgets.styles import Toned

_PREFIX = 4  # cursor bar, mark, symbol, blank
_HEAD = 1


class GridPlace(Struct, frozen=True):
    """Where an operator is in a table: `sorted_by` is a column and whether it is reversed."""

    cursor: Hashable
    marks: frozenset[Hashable]
    anchor: Hashable
    sorted_by: tuple[str, bool] | None


class RowGrid(Toned, ScrollView, can_focus=True):
    """A table with a cursor, marks, a filter and an order of its own."""

    BINDINGS = bindings(of_table=True)
    DEFAULT_CSS = """
    RowGrid {
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        overflow-x: hidden; overflow-y: scroll;
    }
    """

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, key: Hashable) -> None:
            super().__init__()
            self.key = key

        def can_replace(self, message: Message) -> bool:
            """Only the newest place counts."""
            return isinstance(message, RowGrid.Moved)

    class Marked(Message):
        """Marks were set or taken off."""

    class Opened(Message):
        """Enter on a row."""

        def __init__(self, key: Hashable) -> None:
            super().__init__()
            self.key = key

    class HeadClicked(Message):
        """A click on the title of a column."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.index = RowIndex()
        self._specs = tuple(columns)
        self._columns = self._specs
        self._hidden: frozenset[str] = frozenset()
        self._pages: list[list[tuple[int, int]]] = [[]]
        self._page = 0  # how far to the right it is scrolled
        self._gap = 1
        self._arranged_for = 0
        self._cursor: Hashable = None
        self._cell = 0
        self._strips: LRUCache[Any, Strip] = LRUCache(512)
        self._sorted: tuple[str, bool] | None = None
        self._anchor: Hashable = None
        #: What stands in place of the rows where a filter lets none through.
        self.empty = ""

    # -- rows in, changes in

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns, for the rows that are set next."""
        self._specs = tuple(columns)

    def set_rows(self, rows: Iterable[GridRow]) -> None:
        """Show these rows in place of the old ones; the cursor keeps its key if it is there."""
        self.index.set_rows(rows)
        self._sorted = None
        self._columns = fitted_to(self._specs, (row.cells for row in self.index.rows))
        if self.index.position(self._cursor) is None:
            self._cursor = None
            self._settle(0)
        self._arrange()
        self._all_changed()

    def put(self, rows: Iterable[GridRow]) -> None:
        """Take new contents of rows that are there already."""
        offset = self._offset_of_cursor()
        changed, moved = self.index.put(rows, keep=self._cursor)
        if moved:
            self._count_rows()
            if offset is not None and (at := self.index.position(self._cursor)) is not None:
                self.scroll_to(y=max(0, at - offset), animate=False, immediate=True, force=True)
        if moved or any(map(self._is_in_sight, changed)):
            self.refresh()

    # -- order, filter, marks

    def filter(self, test: Test | None) -> None:
        """Show only rows that pass the test; the cursor stays on its row or goes to the nearest."""
        before = self.index.position(self._cursor) or 0
        self.index.filter(test)
        if self.index.position(self._cursor) is None:
            self._settle(min(before, len(self.index.view) - 1))
        self._all_changed()
        self._scroll_to_cursor()

    def sort(
        self, column: str | None, key: Callable[[GridRow], Any] | None, *, reverse: bool = False
    ) -> None:
        """Order the rows as they are now. They are not moved again until the next call."""
        self._sorted = None if column is None else (column, reverse)
        self.index.sort(key, reverse=reverse)
        self._all_changed()
        self._scroll_to_cursor()

    @property
    def sorted_by(self) -> tuple[str, bool] | None:
        """The column in whose order the rows stand and whether reversed, if any."""
        return self._sorted

    def hide_columns(self, keys: Iterable[str]) -> None:
        """Leave these columns out."""
        self._hidden = frozenset(keys)
        self._arrange()
        self._all_changed()

    @property
    def place(self) -> "GridPlace":
        """Cursor, marks and order as they are, to come back to."""
        return GridPlace(self._cursor, frozenset(self.index.marks), self._anchor, self._sorted)

    def go_back_to(self, place: "GridPlace") -> None:
        """Cursor and marks as they were; the order is the caller's to make."""
        self.index.marks = {key for key in place.marks if self.index.row(key) is not None}
        self._anchor = place.anchor
        if (at := self.index.position(place.cursor)) is not None:
            self._settle(at)
            self._scroll_to_cursor()
        self._marks_changed()

    def clear_marks(self) -> None:
        """Take every mark off."""
        self.index.marks.clear()
        self._marks_changed()

    @property
    def shown_columns(self) -> tuple[frozenset[str], frozenset[str]]:
        """The keys of the columns that fit, and of those that it must be scrolled for."""
        fit = frozenset(self._columns[i].key for i, _ in self._pages[0])
        beyond = (self._columns[i].key for page in self._pages[1:] for i, _ in page)
        return fit, frozenset(beyond) - fit

    # -- the cursor

    @property
    def cursor(self) -> Hashable:
        """The key of the row under the cursor, or nothing."""
        return self._cursor

    @property
    def cell(self) -> tuple[Column, str] | None:
        """The column and the text of the cell that would be copied."""
        row = self.index.row(self._cursor)
        if row is None or not self._layout:
            return None
        place = self._layout[min(self._cell, len(self._layout) - 1)][0]
        return self._columns[place], row.cells[place]

    def cells(self, keys: Iterable[Hashable]) -> list[str]:
        """The cells of these rows in the column of the one that would be copied."""
        if not self._layout:
            return []
        place = self._layout[min(self._cell, len(self._layout) - 1)][0]
        rows = (self.index.row(key) for key in keys)
        return [row.cells[place] for row in rows if row is not None]

    def move_to(self, position: int) -> None:
        """Put the cursor on the row at that place of the shown ones."""
        if not self.index.view:
            return
        old = self.index.position(self._cursor)
        new = max(0, min(position, len(self.index.view) - 1))
        if new == old:
            return
        self._settle(new)
        self._scroll_to_cursor()
        self.refresh()

    def choose_none(self) -> None:
        """No row is chosen, until the cursor is moved."""
        self._cursor = None
        self.refresh()

    def _settle(self, position: int) -> None:
        view = self.index.view
        self._cursor = self.index.rows[view[position]].key if 0 <= position < len(view) else None
        self.post_message(self.Moved(self._cursor))

    def _scroll_to_cursor(self) -> None:
        at = self.index.position(self._cursor)
        if at is None or not self.size:
            return
        top, height = round(self.scroll_offset.y), max(1, self.size.height - _HEAD)
        to = min(max(top, at - height + 1), at)
        if to != top:
            self.scroll_to(y=to, animate=False, immediate=True, force=True)

    def _offset_of_cursor(self) -> int | None:
        at = self.index.position(self._cursor)
        return None if at is None else at - round(self.scroll_offset.y)

    def action_grid_down(self) -> None:
        """Move down; to the first row where none is chosen."""
        at = self.index.position(self._cursor)
        self.move_to(0 if at is None else at + 1)

    def action_grid_up(self) -> None:
        """Move up."""
        self.move_to((self.index.position(self._cursor) or 0) - 1)

    def action_grid_top(self) -> None:
        """First row."""
        self.move_to(0)

    def action_grid_bottom(self) -> None:
        """Last row."""
        self.move_to(len(self.index.view) - 1)

    def action_grid_page_down(self) -> None:
        """A page down."""
        self.move_to((self.index.position(self._cursor) or 0) + max(1, self.size.height - 2))

    def action_grid_page_up(self) -> None:
        """A page up."""
        self.move_to((self.index.position(self._cursor) or 0) - max(1, self.size.height - 2))

    def action_grid_columns_left(self) -> None:
        """Choose the cell before."""
        self._choose_cell(-1)

    def action_grid_columns_right(self) -> None:
        """Choose the next cell."""
        self._choose_cell(1)

    def _choose_cell(self, step: int) -> None:
        cell, page = self._cell + step, self._page
        if cell >= len(self._layout) and page + 1 < len(self._pages):
            self._page += 1
            staying = sum(1 for i, _ in self._layout if self._columns[i].stays)
            self._cell = min(staying, len(self._layout) - 1)
        elif page and cell < len(self._layout) and self._columns[self._layout[cell][0]].stays:
            self._page -= 1
            self._cell = len(self._layout) - 1
        else:
            self._cell = max(0, min(cell, len(self._layout) - 1))
        if page != self._page:
            self._strips.clear()
        self.refresh()

    def action_grid_mark(self) -> None:
        """Mark the row, and go on to the next."""
        if self._cursor is not None:
            self.index.toggle(self._cursor)
            self._anchor = self._cursor
            self._marks_changed()
            self.action_grid_down()

    def action_grid_mark_range(self) -> None:
        """Mark from the row that was marked last to this one, both included."""
        self.index.mark_between(self._anchor, self._cursor)
        self._anchor = self._cursor
        self._marks_changed()

    def action_grid_mark_all(self) -> None:
        """Mark all shown, then none."""
        self.index.toggle_shown()
        self._marks_changed()

    def action_grid_details(self) -> None:
        """Say that the row was chosen."""
        if self._cursor is not None:
            self.post_message(self.Opened(self._cursor))

    def on_click(self, event: events.Click) -> None:
        """The mouse is a second way, never the only one: a click chooses a row, two open it, one
        on a title is told."""
        at = round(self.scroll_offset.y) + event.y - _HEAD
        if event.y < _HEAD:
            if column := self._column_at(event.x):
                self.post_message(self.HeadClicked(column))
        elif at < len(self.index.view):
            self.move_to(at)
            if event.chain == 2:
                self.action_grid_details()

    def _column_at(self, x: int) -> str:
        end = _PREFIX
        for i, width in self._layout:
            end += width + self._gap
            if _PREFIX <= x < end:
                return self._columns[i].key
        return ""

    def on_focus(self) -> None:
        """The cursor shows that keys come here."""
        self._strips.clear()
        self.refresh()

    def on_blur(self) -> None:
        """They do not any more."""
        self.on_focus()

    # -- painting

    def _marks_changed(self) -> None:
        self.refresh()
        self.post_message(self.Marked())

    def _is_in_sight(self, place: int) -> bool:
        at, top = self.index.position_of(place), round(self.scroll_offset.y)
        return at is not None and top <= at < top + self.size.height - _HEAD

    def _count_rows(self) -> None:
        # As the reactive would, but without a new layout: that would repaint the whole screen.
        size = Size(self._width, len(self.index.view) + _HEAD)
        self.set_reactive(RowGrid.virtual_size, size)
        if self.is_mounted:
            self.vertical_scrollbar.window_virtual_size = size.height
            self.scroll_to(
                y=min(self.scroll_offset.y, self.max_scroll_y),
                animate=False,
                immediate=True,
                force=True,
            )

    def _all_changed(self) -> None:
        self._count_rows()
        self._strips.clear()
        self.refresh()

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width  # what the scrollbar leaves

    def _arrange(self) -> None:
        self._arranged_for = self._width
        available = self._width - _PREFIX
        self._gap, self._pages = pages(self._columns, available, hidden=self._hidden)
        self._page = min(self._page, len(self._pages) - 1)
        self._strips.clear()

    @property
    def _layout(self) -> list[tuple[int, int]]:
        return self._pages[self._page]

    def on_resize(self) -> None:
        """Share the new width among the columns; the cursor stays in sight."""
        self._arrange()
        self._all_changed()
        self._scroll_to_cursor()

    def notify_style_update(self) -> None:
        """The theme changed."""
        self.forget_tones()
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line, for the compositor."""
        if self._arranged_for != self._width:
            self._arrange()  # painted before the resize was told
        if y == 0:
            return self._head()
        position = round(self.scroll_offset.y) + y - _HEAD
        if position >= len(self.index.view):
            if y == _HEAD + 1 and self.index.rows and not self.index.view:
                text = Segment(cut_to(f"    {self.empty}", self.size.width, False), self.rich_style)
                return Strip([text]).adjust_cell_length(self.size.width, self.rich_style)
            return Strip.blank(self.size.width, self.rich_style)
        place = self.index.view[position]
        row = self.index.rows[place]
        here, marked = row.key == self._cursor, row.key in self.index.marks
        cache_key = (place, self.index.versions[place], here, marked, self.size.width)
        strip = self._strips.get(cache_key)
        if strip is None:
            strip = self._strips[cache_key] = self._draw(row, here, marked)
        return strip

    def _draw(self, row: GridRow, here: bool, marked: bool) -> Strip:
        style = self.tone_style(row.tone)
        if here:
            style = style + self._cursor_style()
        bar = ("▌" if self.has_focus else "│") if here else " "
        text = bar + ("*" if marked else " ") + (row.symbol or " ")[:1] + " "
        cells = [cell_of(self._columns[i], row.cells[i], width) for i, width in self._layout]
        gap = " " * self._gap
        own = dict(row.tones)
        segments: list[Segment] = []
        for n, (i, _) in enumerate(self._layout):
            if i in own and own[i] != row.tone:
                shade = self.tone_style(own[i])
                segments.append(Segment(text, style))
                segments.append(Segment(cells[n], shade + self._cursor_style() if here else shade))
                text = gap
            else:
                text += cells[n] + gap
        segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _head(self) -> Strip:
        style = self.tone_style("head")
        segments = [Segment(" " * _PREFIX, style)]
        for n, (i, width) in enumerate(self._layout):
            column = self._columns[i]
            title = column.title
            if self._sorted and self._sorted[0] == column.key:
                title = (title + ("▾" if self._sorted[1] else "▴"))[-max(width, 1) :]
            chosen = style + Style(underline=True) if n == self._cell else style
            cut = cut_to(title, width, column.right)
            bare = cut.strip()
            before, after = cut.split(bare, 1) if bare else (cut, "")
            gap = " " * self._gap if n + 1 < len(self._layout) else ""
            segments += [Segment(before, style), Segment(bare, chosen), Segment(after + gap, style)]
        strip = Strip([s for s in segments if s.text])
        return self._with_beyond(strip.adjust_cell_length(self.size.width, style), style)

    def _with_beyond(self, head: Strip, style: Style) -> Strip:
        """The head with how many columns are further to the left and to the right."""
        back = sum(len(page) for page in self._pages[: self._page])
        shown = {i for page in self._pages[: self._page + 1] for i, _ in page}
        on = len({i for page in self._pages for i, _ in page} - shown)
        said = f"← {back}" if back else ""
        said = " ".join(part for part in (said, f"+{on} →" if on else "") if part)
        head = head.crop(0, self._width)  # what the scrollbar leaves
        width, mark = head.cell_length, self.tone_style("accent") + Style(bold=True)
        room = width - len(head.text.rstrip())
        if not said or not width:
            return head
        if room > len(said):
            return Strip([*head.crop(0, width - len(said)), Segment(said, mark)])
        short = said.replace(" ", "")[:_PREFIX].ljust(_PREFIX)
        return Strip([Segment(short, mark), *head.crop(_PREFIX)])

    def _cursor_style(self) -> Style:
        cursor = self.tone_style("cursor")
        return Style(
            bgcolor=cursor.bgcolor, bold=cursor.bold or None, reverse=cursor.reverse or None
        )
