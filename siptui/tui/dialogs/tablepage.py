"""A page with a table, the details of its row below it, and a line of keys."""

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.tui.dialogs.help_text import page_help
from siptui.tui.dialogs.page import Page
from siptui.tui.first_styles import keep_styles
from siptui.tui.stale_size import passed_by
from siptui.tui.terminal import copy_text
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line, Surface, wrapped

T = TypeVar("T")


class TablePage(Screen[T | None], Generic[T]):
    """Shows `rows` under `columns`. What a page is about comes from `heading`, `details`, `keys`.

    Escape leaves it; `y` copies what `copied` says, else the cell.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "back", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("question_mark", "help", "help", show=False),
    ]

    def __init__(self, columns: Sequence[Column], *, details: int = 3) -> None:
        super().__init__()
        self._columns = columns
        self._detail_height = details
        self._said: Line = ()

    def compose(self) -> ComposeResult:
        """Title, table, details, keys."""
        yield Surface(id="page-title", classes="bar")
        yield RowGrid(self._columns, id="grid")
        detail = Surface(id="page-detail")
        detail.styles.height = self._detail_height
        detail.display = bool(self._detail_height)
        yield detail
        yield Surface(id="page-keys", classes="bar")

    def on_mount(self) -> None:
        """Fill the table."""
        self.fill()
        self.grid.focus()

    @property
    def grid(self) -> RowGrid:
        """The table."""
        return self.query_one(RowGrid)

    def fill(self) -> None:
        """Everything again."""
        with self.app.batch_update():
            self.grid.set_rows(self.rows())
            self.show_bars()
            self.show_detail()

    def show_bars(self) -> None:
        """Title and keys."""
        self.query_one("#page-title", Surface).show([((f" {visible(self.heading())}", "strong"),)])
        keys: list[tuple[str, str]] = []
        for key, word in self.keys():
            keys += [(f" {key}", "key"), (f" {word} ", "muted")]
        line: Line = self._said or tuple(keys)
        self.query_one("#page-keys", Surface).show([line])

    def show_detail(self) -> None:
        """What is known of the row under the cursor."""
        if not self._detail_height:
            return
        width = max(20, self.size.width - 2)
        lines = [part for line in self.details(self.grid.cursor) for part in wrapped(line, width)]
        self.query_one("#page-detail", Surface).show(lines[: self._detail_height])

    def say(self, text: str, tone: str = "normal") -> None:
        """One sentence in place of the keys, until the next step."""
        self._said = ((f" {visible(text)}", tone),) if text else ()
        self.show_bars()

    def tell(self, error: SiptuiError) -> None:
        """An error, until the next step."""
        self.say(f"{error.title}: {error.message} {error.remedy}".strip(), "failed")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets have their styles."""
        keep_styles(event)

    def on_resize(self, event: events.Resize) -> None:
        """Break the details again."""
        if not passed_by(self, event) and self.is_mounted:
            self.show_detail()

    def on_row_grid_moved(self, message: RowGrid.Moved) -> None:
        """Another row."""
        message.stop()
        if self._said:
            self.say("")
        self.show_detail()

    def action_copy(self) -> None:
        """Copy what the row is about."""
        text = self.copied(self.grid.cursor)
        if text:
            self.say(copy_text(self.app, text), "accent")

    def action_help(self) -> None:
        """Every key of this page, the table's too."""
        self.app.push_screen(Page(f"Keys of: {self.heading()}", page_help(self.keys())))

    def action_leave(self) -> None:
        """Back to where it was opened from."""
        self.dismiss(None)

    # -- what a page is about

    def heading(self) -> str:
        """The title."""
        return ""

    def rows(self) -> Iterable[GridRow]:
        """The rows of the table."""
        return ()

    def details(self, key: Hashable) -> Iterable[Line]:
        """What is shown below the table for the row."""
        return ()

    def keys(self) -> Iterable[tuple[str, str]]:
        """Keys, each with a word."""
        return (("Esc", "back"),)

    def copied(self, key: Hashable) -> str:
        """What `y` copies: the chosen cell."""
        cell = self.grid.cell
        return cell[1] if cell else ""
