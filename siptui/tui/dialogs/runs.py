"""The history of runs: attach to one, or resume a stopped one."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from siptui.domain.text import visible
from siptui.domain.times import minute, zone
from siptui.runs.rollout.run_groups import RunGroup
from siptui.runs.run_head import RunHead
from siptui.tui.dialogs.help_text import page_help
from siptui.tui.dialogs.page import Page
from siptui.tui.first_styles import keep_styles
from siptui.tui.sentences import list_name
from siptui.tui.stale_size import passed_by
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line, Surface

_COLUMNS = (
    Column("started", "Started", 16, most=23),
    Column("state", "State", 8, drop=0),
    Column("file", "List", 12, flex=2, whole=24),
    Column("tenant", "Tenant", 10, flex=1, drop=3),
    Column("devices", "Devices", 7, right=True),
    Column("ok", "✓", 5, right=True),
    Column("failed", "✗", 4, right=True),
    Column("unknown", "?", 4, right=True),
    Column("held", "Held by", 7, most=24, drop=2),
    Column("run", "Run", 8, most=22, drop=1),
)
_SYMBOLS = {"running": ("…", "normal"), "stopped": ("!", "unknown"), "finished": (" ", "normal")}


class RunsPage(Screen[tuple[str, bool] | None]):
    """Newest first, those of a rollout together. The answer: a run, and whether it is to be
    resumed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", show=False),
        Binding("escape,q,h", "leave", "back", show=False),
        Binding("r", "resume", "resume", show=False),
    ]

    def __init__(self, groups: Sequence[RunGroup], *, may_resume: bool) -> None:
        super().__init__()
        self._groups = groups
        self._heads = {head.run: head for group in groups for head in group.heads}
        self._may_resume = may_resume

    def compose(self) -> ComposeResult:
        """Title, table, keys."""
        yield Surface(id="page-title", classes="bar")
        yield RowGrid(_COLUMNS, id="grid")
        yield Surface(id="page-keys", classes="bar")

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets have their styles."""
        keep_styles(event)

    def on_resize(self, event: events.Resize) -> None:
        """Go by the size that the terminal has."""
        passed_by(self, event)

    def on_mount(self) -> None:
        """Fill the table."""
        title = f" Runs, newest first · {zone()}" if self._heads else " No runs yet"
        self.query_one("#page-title", Surface).show([((title, "strong"),)])
        grid = self.query_one(RowGrid)
        grid.set_rows(row for group in self._groups for row in _rows(group))
        grid.focus()
        self._keys("")

    def _keys(self, said: str) -> None:
        keys: Line = ((" Enter", "key"), (" attach  ", "muted"))
        if self._may_resume:
            keys += (("r", "key"), (" resume a stopped run  ", "muted"))
        keys += (("Esc", "key"), (" back  ", "muted"), ("?", "key"), (" help  ", "muted"))
        keys += ((said, "unknown"),)
        self.query_one("#page-keys", Surface).show([keys])

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """Attach."""
        event.stop()
        self.dismiss((str(event.key), False))

    def action_resume(self) -> None:
        """Attach, and resume it."""
        head = self._heads.get(str(self.query_one(RowGrid).cursor))
        if head is None or not self._may_resume:
            return
        if head.state == "stopped":
            self.dismiss((head.run, True))
        elif head.state == "running":
            self._keys("this run is being worked on: Enter attaches")
        else:
            self._keys("this run has ended: attach, then r retries what failed")

    def action_help(self) -> None:
        """Every key of this page."""
        own = [("Enter", "attach: follow it, or look at its results")]
        if self._may_resume:
            own.append(("r", "resume a stopped run: what waits is submitted"))
        self.app.push_screen(Page("Keys of: Runs", page_help(own)))

    def action_leave(self) -> None:
        """Back to the table."""
        self.dismiss(None)


def _rows(group: RunGroup) -> Iterator[GridRow]:
    """The runs of a rollout: the newest, and below it those before."""
    last = len(group.heads) - 1
    for place, head in enumerate(group.heads):
        yield _row(head, "" if place == 0 else "└ " if place == last else "├ ")


def _row(head: RunHead, branch: str) -> GridRow:
    symbol, tone = _SYMBOLS.get(head.state, (" ", "normal"))
    if head.state == "finished" and not head.failed and not head.unknown:
        tone = "ok"
    return GridRow(
        head.run,
        (
            minute(head.started),
            head.state,
            f"{branch}{list_name(head.file)}",
            visible(head.tenant),
            str(head.devices),
            str(head.succeeded),
            str(head.failed or ""),
            str(head.unknown or ""),
            visible(head.held_by),
            head.run,
        ),
        symbol,
        tone,
    )
