"""The screen: header, progress, notice, table, details, log, footer.

Over 400 lines because the screen is one class, and what it shows is one idea.
"""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from siptui.domain.errors import SiptuiError
from siptui.domain.state import DeviceState
from siptui.domain.text import visible
from siptui.gc_pause import set_aside
from siptui.runs.events import RunFinished
from siptui.runs.follower import Changes
from siptui.tui.actions import ACTIONS, BY_ID, shown
from siptui.tui.console import details, status_lines
from siptui.tui.console.action_state import NO_WORKER, who_resumes, why_not
from siptui.tui.console.filters import NO_COLUMNS, STATUS, compile_filter, flaw
from siptui.tui.console.help_text import FILTER_HELP, help_lines
from siptui.tui.console.model import Session
from siptui.tui.console.selection import Selection, Which, selected, what
from siptui.tui.console.sentences import log_line
from siptui.tui.console.sorting import sort_key
from siptui.tui.console.status_lines import footer_line
from siptui.tui.console.table_rows import COLUMNS
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.live_page import Content, LivePage, RowPage, as_of
from siptui.tui.dialogs.page import Page
from siptui.tui.key_bindings import bindings
from siptui.tui.terminal import Title, announce, copy_text
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.log_pane import LogPane
from siptui.tui.widgets.row_index import GridRow, Test
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line, Surface, wrapped

_MANY = 1_000
_NOT_LIVE = 5  # a run that nobody works on is looked at this many times more seldom
_WORKER = 2.0  # seconds between two looks who works on the run: a lock that is tried, no more
_COUNT_DOWN = 20.0  # seconds between two looks at the time left, which is shown in minutes
_RUN_COLUMNS = frozenset({"batch", "attempt", "time"})
_IN_FILTER = {"question_mark": "filter_help"}
_LOG = ("small", "large", "hidden")


class MainScreen(Screen[None]):
    """Shows the session. What an operator orders goes on in `Console`, which derives from it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("console")

    def __init__(
        self, session: Session, keys: dict[str, tuple[str, ...]], size: tuple[int, int]
    ) -> None:
        # A class that comes later has every style worked out anew, before the first frame.
        begins = {**size_classes(size), "-empty": session.options.file is None}
        super().__init__(id="main", classes=" ".join(name for name, on in begins.items() if on))
        self.session = session
        self.keys = keys
        self.key_of = {name: shown(own[0]) if own else ":" for name, own in keys.items()}
        self.hidden: frozenset[str] = frozenset()
        self._status = 0
        self._filter = ""
        self._log = 0
        self._said: Line = ()
        self._needs: Line = ()
        self._ticks = 0
        self._waits: tuple[str, int | None] = ("", None)
        self._timer: Timer | None = None
        self._title = Title()
        self._opening = session.options.file is not None  # there is a list in a moment

    def compose(self) -> ComposeResult:
        """From top to bottom; the filter's field takes the place of the notice."""
        yield Surface(id="header", classes="bar")
        with Horizontal(id="status"):  # apart, so that a count sends neither bar nor estimate
            yield Surface(id="bar")
            yield Surface(id="progress")
            yield Surface(id="going")
        yield Surface(id="notice", classes="bar")
        hint = "words, !word, status:failed … (? helps)"
        with Horizontal(id="typing"):
            yield Field(acting=_IN_FILTER, id="filter", compact=True, placeholder=hint)
            yield Surface(id="found")
        yield RowGrid(COLUMNS, id="grid")
        yield Surface(id="empty")
        yield Surface(id="detail")
        yield LogPane(id="log")
        yield Surface(id="footer", classes="bar")
        yield Surface(id="small")

    def on_mount(self) -> None:
        """Look for what is new as often as asked, as long as there is a run."""
        self.grid = self.query_one(RowGrid)
        self.log_pane = self.query_one(LogPane)
        self.filter_field = self.query_one("#filter", Input)
        self.filter_field.can_focus = False
        self._timer = self.set_interval(1 / self.session.options.refresh_hz, self.tick)
        self.set_interval(_COUNT_DOWN, self.count_down)
        self.set_interval(_WORKER, self.look_for_worker)
        self.show_all()
        self.grid.focus()

    def on_unmount(self) -> None:
        """Give the window its title back."""
        self._title.give_back(self.app)

    # -- what is shown

    def show_all(self) -> None:
        """Everything anew: another list, another run."""
        board = self.session.board
        with self.app.batch_update():
            self.set_class(board.empty and not self._opening, "-empty")
            self.grid.set_columns(board.columns)
            self.show_columns()
            ordered = self.grid.sorted_by
            self.grid.set_rows(board.rows())
            if ordered and ordered[0] in {column.key for column in board.columns}:
                key = sort_key(ordered[0], board)
                self.grid.sort(ordered[0], key, reverse=ordered[1])
            if self._status or self._filter:
                self.apply_filter()
            self.show_bars()
            self.show_detail()
        if len(self.grid.index.rows) > _MANY:
            self.call_after_refresh(set_aside)

    def show_columns(self) -> None:
        """Leave out the columns that have nothing to say, and those nobody wants to see."""
        board = self.session.board
        hidden = self.hidden | (_RUN_COLUMNS if board.run is None else frozenset())
        hidden |= {"pre"} if board.report is None else frozenset()
        hidden |= frozenset() if board.results else {"result"}
        self.grid.hide_columns(hidden if board.deadlines else hidden | {"until"})

    def show_bars(self) -> None:
        """The lines around the table; only what differs is sent."""
        width, height = self.size
        if not width or not self.is_attached or not self.is_running:
            return  # not shown yet, or being left
        line = self.query_one
        self._title.show(self.app, self.session.run)
        line("#header", Surface).show([status_lines.header(self.session, width)])
        bar, going = line("#bar", Surface), line("#going", Surface)
        length = min(30, width // 6)
        bar.styles.width = length + 1 if self.session.run else 0
        going.styles.width = 34 if width >= 100 else 23
        bar.show([status_lines.bar(self.session, length)])
        line("#progress", Surface).show([status_lines.progress(self.session)])
        going.show([status_lines.going_on(self.session, 34 if width >= 100 else 23)])
        line("#notice", Surface).show([self._notice()])
        line("#found", Surface).show([status_lines.found(self.grid.index, self._flaw())])
        said = NO_WORKER.rstrip(".") if self.session.worker_gone else ""
        line("#footer", Surface).show([footer_line(self.offers(), self.keys, width, said=said)])
        line("#empty", Surface).show(status_lines.empty(self.key_of))
        text = f"{width}×{height} is too small; siptui needs {SMALLEST[0]}×{SMALLEST[1]}. "
        small: list[Line] = [((text, "strong"),), (("A run goes on all the same.", "muted"),)]
        line("#small", Surface).show([part for one in small for part in wrapped(one, width - 4)])

    def _notice(self) -> Line:
        status = STATUS[self._status][0] if self._status else ""
        chip = status_lines.chip(status, self._filter, self.grid.index, self._flaw())
        waits, left = self._waits
        if waits:
            return (*chip, (f" {waits}", "unknown"))
        return (*chip, *(self._said or status_lines.notice(self.session, self.key_of, left)))

    def show_detail(self) -> None:
        """What is known of the row under the cursor."""
        lines = details.strip(self.session.board, self.grid.cursor)
        self.query_one("#detail", Surface).show(lines)

    def say(self, text: str, tone: str = "normal") -> None:
        """One sentence in the notice line, until the next key or change of the run."""
        self._said = ((" " + visible(text), tone),)
        self.show_bars()

    def tell(self, error: SiptuiError) -> None:
        """An error: short in the notice line, whole in the log."""
        text = f"{error.title}: {error.message} {error.remedy}".strip()
        self.log_pane.append([((visible(text), "failed"),)])
        self.say(text, "failed")

    # -- what is new

    def tick(self) -> None:
        """Look for what is new. Nothing new costs nothing."""
        if self.session.run is None:
            return
        self._ticks += 1
        if not self.session.live and self._ticks % _NOT_LIVE:
            return
        try:
            changes = self.session.poll()
        except SiptuiError as error:
            self._unreadable(error)
            return
        if self.session.unreadable:
            self.session.unreadable = ""
            self.show_bars()
        if changes.events:
            self.take(changes)

    def _unreadable(self, error: SiptuiError) -> None:
        """Say once, and show for as long as it lasts, that the run cannot be read."""
        if self.session.unreadable != error.message:
            self.session.unreadable = error.message
            self.session.look_for_worker()
            self.tell(error)
            self._said = ()
            self.show_bars()

    def look_for_worker(self) -> None:
        """Say that nobody works on the run any more, or again. No news costs no byte."""
        session = self.session
        was = session.worker_gone, session.worker_waits
        try:
            if session.look_for_worker() and session.worker_gone:
                self.tick()  # its last words may have come between the two looks
                session.look_for_worker()
        except SiptuiError as error:
            self._unreadable(error)
            return
        if was == (session.worker_gone, session.worker_waits):
            return
        if session.worker_gone and not was[0]:
            text = f"{NO_WORKER} It ended without a word. {who_resumes(session, self.key_of)}"
            self.log_pane.append([((text, "unknown"),)])
        self._said = ()
        self.show_bars()

    def count_down(self) -> None:
        """Bring the time left up to date; where there is none it costs nothing."""
        if self.session.board.deadlines:
            self.grid.put(self.session.board.counting_down())

    def take(self, changes: Changes) -> None:
        """Show what is new."""
        self.grid.put(self.session.board.changed(changes.devices))
        self.add_to_log(changes)
        if self.grid.cursor in changes.devices:
            self.show_detail()
        if any(isinstance(stored.event, RunFinished) for stored in changes.events):
            announce(self.app, self.session.run, notify=self.session.options.notify_terminal)
        if self.session.worker_gone:
            self.session.look_for_worker()  # another may have taken it, or it was at its end
        needs = status_lines.notice(self.session, self.key_of)
        if needs != self._needs:
            self._needs, self._said = needs, ()
        self.show_bars()
        if isinstance(page := self.app.screen, LivePage):
            page.look()

    def add_to_log(self, changes: Changes) -> None:
        """The events as lines of the log."""
        run = self.session.run
        lines = [line for stored in changes.events if (line := log_line(stored, run))]
        if lines:
            self.log_pane.append(lines)

    # -- what can be done now

    def offers(self) -> dict[str, str]:
        """The actions that make sense now, with the word for each."""
        words = {action.id: action.title for action in ACTIONS}
        cannot = {action.id for action in ACTIONS if self.why_not(action.id)}
        if failed := self.session.run.counts[DeviceState.FAILED] if self.session.run else 0:
            words["retry"] = f"retry {self._selected_failed(failed)}"
        if self.session.worker_gone:
            words["retry"] = "resume"
        index = self.grid.index
        if count := len(index.marks) or (len(index.view) if self.filtered_by else 0):
            words["submit"] = f"submit {count:,}"
        if self.session.rest:
            words["submit"] = f"submit the other {self.session.rest:,}"
        words["status"] = STATUS[(self._status + 1) % len(STATUS)][0]
        return {name: word for name, word in words.items() if name not in cannot}

    def why_not(self, action: str) -> str:
        """Why an action makes no sense now, or nothing when it does."""
        return why_not(self.session, action, self.key_of)

    def may(self, action: str) -> bool:
        """Whether the action makes sense; says why if it does not."""
        why = self.why_not(action)
        if why:
            self.say(f"{BY_ID[action].title}: {why}.", "muted")
        else:
            self._said = ()
        return not why

    def _selected_failed(self, failed: int) -> int:
        """How many of the selected rows failed, of `failed` in all."""
        chosen = self.selection()
        if chosen.which is Which.ALL:
            return failed
        state = self.session.board.state
        return sum(1 for key in chosen.keys if state(key) is DeviceState.FAILED)

    # -- the table

    def on_row_grid_moved(self, message: RowGrid.Moved) -> None:
        """Another row: its details."""
        message.stop()
        self.show_detail()

    def on_row_grid_marked(self, message: RowGrid.Marked) -> None:
        """Counts follow the marks."""
        message.stop()
        self.show_bars()

    def on_row_grid_opened(self, message: RowGrid.Opened) -> None:
        """Everything about a row."""
        message.stop()
        page = RowPage(self._row, self._step, self.retry_row, self._may_retry_row)
        self.app.push_screen(page)

    def _row(self) -> Content:
        board, key = self.session.board, self.grid.cursor
        device, invalid = board.device(key), board.invalid(key)
        title = str(device.user_name) if device else f"line {invalid.line}" if invalid else ""
        run = self.session.run
        return Content(
            as_of(title, run.last_at) if run is not None and run.finished is None else title,
            details.page(board, key, self.session.events),
            details.lines_to_copy(board, key),
        )

    def _step(self, rows: int) -> None:
        at = self.grid.index.position(self.grid.cursor)
        if at is not None:
            self.grid.move_to(at + rows)

    def _may_retry_row(self) -> bool:
        failed = self.session.board.state(self.grid.cursor) is DeviceState.FAILED
        return failed and not self.why_not("retry")

    def retry_row(self) -> bool:
        """Have the row under the cursor retried, after a question; whether that was begun."""
        return False

    def action_filter(self) -> None:
        """Type a filter."""
        if self.may("filter"):
            self.add_class("-filtering")
            self.filter_field.can_focus = True
            self.filter_field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self._filter = event.value.strip()
        self.apply_filter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, go on in the table."""
        self._leave_filter()

    def on_key(self, event: events.Key) -> None:
        """Escape and the arrows lead out of the filter's field."""
        if self.filter_field.has_focus and event.key in ("escape", "down", "up"):
            event.stop()
            event.prevent_default()
            if event.key == "escape":
                self.left_filter()
            else:
                self._leave_filter()

    def left_filter(self) -> bool:
        """Leave the filter's field, and clear it; whether it was being typed at."""
        typing = self.filter_field.has_focus
        if typing:
            self.filter_field.value = ""
            self._leave_filter()
        return typing

    def action_filter_help(self) -> None:
        """What a filter may be."""
        self.app.push_screen(Page("About: Filter", FILTER_HELP))

    def _leave_filter(self) -> None:
        self.remove_class("-filtering")
        self.grid.focus()
        self.filter_field.can_focus = False  # else keys could go into what is not shown
        self.show_bars()

    def action_clear(self) -> None:
        """Clear the filters."""
        self._status = 0
        self._said = ()
        if self.filter_field.value:
            self.filter_field.value = ""  # its change clears the rest
        else:
            self.apply_filter()

    def action_status(self) -> None:
        """The next status filter."""
        if self.may("status"):
            self._status = (self._status + 1) % len(STATUS)
            self.apply_filter()

    def apply_filter(self) -> None:
        """Show what both filters let through; where that is nothing, the table says so."""
        total = len(self.grid.index.rows)
        self.grid.empty = (
            f"No row matches {visible(self.filtered_by)}. Esc shows all {total:,} rows."
        )
        self.grid.filter(self._test())
        self.show_bars()
        self.show_detail()

    def _test(self) -> Test | None:
        columns = self.session.board.typed_columns() if ":" in self._filter else NO_COLUMNS
        typed = compile_filter(self._filter, columns)
        states = STATUS[self._status][1] if self._status else None
        if typed is None and states is None:
            return None
        board = self.session.board

        def test(row: GridRow) -> bool:
            if states is not None and board.state(row.key) not in states:
                return False
            return typed is None or typed(board.probe(row))

        return test

    @property
    def filtered_by(self) -> str:
        """What the table is filtered by, in words; nothing when it is not."""
        status = STATUS[self._status][0] if self._status else ""
        return " ".join((status, f"/{self._filter}" if self._filter else "")).strip()

    def _flaw(self) -> str:
        """What is wrong with the filter that was typed, or nothing."""
        if ":" not in self._filter:
            return ""
        board, missing = self.session.board, dict[str, str]()
        if board.run is None:
            missing |= dict.fromkeys(("cause", "batch"), "nothing there before a run")
        if board.report is None:
            missing |= dict.fromkeys(("pre", "check"), f"{self.key_of['preflight']} checks first")
        return flaw(self._filter, board.typed_columns(), missing)

    def selection(self) -> Selection:
        """The rows that an action is about: the marked ones, those shown, or all."""
        return selected(self.grid.index, self.filtered_by)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted where there is no field: nothing is done with it."""
        event.stop()
        filters, opens = self.key_of["filter"], self.key_of["open"]
        self.say(f"Pasted text does nothing here: {filters} filters by it, {opens} opens a path.")

    # -- other keys

    def action_log(self) -> None:
        """Smaller, larger, hidden."""
        self._log = (self._log + 1) % len(_LOG)
        self._share_height()

    def action_copy(self) -> None:
        """Copy the column of the marked rows; of those that a filter shows, after a question; else
        the cell under the cursor."""
        cell = self.grid.cell
        if not self.may("copy") or cell is None:
            return
        chosen = self.selection()
        if chosen.which is Which.MARKED:
            self._copy(chosen.keys, what(chosen, len(chosen.keys)))
        elif chosen.which is Which.SHOWN and len(chosen.keys) > 1:
            rows = what(chosen, len(chosen.keys))
            text: Line = ((f"{cell[0].title}, of {rows}.", "normal"),)
            choices = [("rows", "of each row", rows), ("cell", "this cell", cell[1])]
            dialog = Choice(f"Copy: {cell[0].title}", choices, [text])

            def answered(answer: Hashable) -> None:
                if answer == "rows":
                    self._copy(chosen.keys, rows)
                elif answer == "cell":
                    self._copy((self.grid.cursor,))

            self.app.push_screen(dialog, answered)
        else:
            self._copy((self.grid.cursor,))

    def _copy(self, keys: Sequence[Hashable], rows: str = "") -> None:
        cell = self.grid.cell
        if cell is None:
            return
        column, board = cell[0], self.session.board
        if column.key == "result":
            cells = [details.summary(board, key) for key in keys]
        else:
            cells = self.grid.cells(keys)
        of = f" of {rows}" if rows else ""
        self.say(f"{column.title}{of}: {copy_text(self.app, chr(10).join(cells))}", "accent")

    def action_help(self) -> None:
        """Every key that can be used here."""
        hidden = {a.id for a in ACTIONS if a.changes and self.session.options.read_only}
        options = self.session.options
        hidden |= {"preflight", "fix"} if self.session.options.checks is None else set()
        hidden |= {"batches"} if self.session.options.memory is None else set()
        hidden |= {"sign_in"} if options.sign_in is None else set()
        self.app.push_screen(Page("Help", help_lines(self.keys, hidden)))

    def on_resize(self) -> None:
        """Share the height anew."""
        self.update_classes(size_classes(self.size))
        self._share_height()
        if self.focused is None:  # hidden while the window was too small, it lost the keys
            taker = self.filter_field if self.has_class("-filtering") else self.grid
            self.call_after_refresh(taker.focus)
        self.call_after_refresh(self.show_bars)

    def _share_height(self) -> None:
        size, height = _LOG[self._log], self.size.height
        self.set_class(size == "hidden", "-no-log")
        small = 3 if height < 32 else 5
        self.log_pane.styles.height = small if size == "small" else max(small + 2, height // 2)

    def start_folder(self) -> Path:
        """Where a file is looked for first."""
        path = self.session.path
        return path.absolute().parent if path else Path.cwd()


#: Smaller than this nothing can be read, so nothing is pretended.
SMALLEST = (60, 14)


def size_classes(size: tuple[int, int]) -> dict[str, bool]:
    """Which classes a screen of that size (columns, lines) has, for the style sheet."""
    width, height = size
    return {
        "-small": width < SMALLEST[0] or height < SMALLEST[1],
        "-tall": height >= 32,
        "-short": height < 20,
    }
