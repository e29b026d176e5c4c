"""The screen of the console: header, progress, notice, table, details, log, footer.

It draws, looks for what is new and hands each action to the flow that owns it (`actions.py` says
which). What an action asks and does is in the flows.

Over 400 lines because the screen is one class.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, ClassVar, TypeVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import WorkerCancelled, WorkerFailed

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.gc_pause import set_aside
from siptui.runs.events import RunFinished, Stored
from siptui.runs.follower import RunUpdate
from siptui.tui import dialogs
from siptui.tui.actions import BY_ID, shown
from siptui.tui.console import details, status_lines, status_text
from siptui.tui.console.action_state import NO_WORKER, offers, who_resumes, why_not
from siptui.tui.console.flows import Actions, Flows
from siptui.tui.console.footer import footer
from siptui.tui.console.header import header
from siptui.tui.console.model import Session
from siptui.tui.console.selection import Selection, selected
from siptui.tui.console.table_rows import COLUMNS, EXTRA
from siptui.tui.console.view_flow import LogSize
from siptui.tui.first_styles import keep_styles
from siptui.tui.input_gate import CONVERSATION
from siptui.tui.key_bindings import bindings
from siptui.tui.sentences import log_lines
from siptui.tui.stale_size import passed_by
from siptui.tui.terminal import Title, announce
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.key_bar import KeyBar
from siptui.tui.widgets.log_pane import LOG_KEYS, LogPane
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line, Surface, in_room, plain, wrapped

R = TypeVar("R")

#: Smaller than this nothing can be read, so nothing is drawn.
SMALLEST = (60, 14)
_MANY = 1_000
_PAINTED = 0.2  # seconds after which a frame has been written to the terminal
_NOT_LIVE = 5  # a run that no process works on is read in one of so many ticks
_WORKER = 2.0  # seconds between two looks who works on the run: a lock that is tried, no more
_CLOCK = 5.0  # seconds of a run between two looks at its clock
#: … between two looks at what shows progress by many cells: what devices did is told in one paint.
_PROGRESS = 15.0
_COUNT_DOWN = 20.0  # seconds between two looks at the time left, which is shown in minutes
#: Lines of the pane of a row, in a window that is low, as usual, and high.
_ROW_PANE = (2, 4, 5)
_RUN_COLUMNS = frozenset({"batch", "attempt", "time"})
_IN_FILTER = {"question_mark": "filter_help"}


class Console(Screen[None]):
    """Shows the model, and is the view of its flows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(of_table=False)

    def __init__(
        self, session: Session, keys: dict[str, tuple[str, ...]], size: tuple[int, int]
    ) -> None:
        # A class that comes later has every style worked out again, before the first frame.
        begins = {**size_classes(size), "-empty": session.options.file is None}
        super().__init__(id="main", classes=" ".join(name for name, on in begins.items() if on))
        self.session = session
        self.keys: Mapping[str, tuple[str, ...]] = keys
        self.key_of = {name: shown(own[0]) if own else ":" for name, own in keys.items()}
        self.grid = RowGrid(COLUMNS, id="grid")
        self.log_pane = LogPane(id="log")
        hint = "words, !word, status:failed … (? helps)"
        self.filter_field: Input = Field(
            acting=_IN_FILTER, id="filter", compact=True, placeholder=hint
        )
        self.flows = flows = Flows(self, session)
        self.view_flow, self.list_flow = flows.view, flows.list
        self.sign_in_flow = flows.sign_in
        #: What carries out each action of the console, by the action's id.
        self.actions: dict[str, Callable[[], Any]] = Actions(flows)
        self._shown: object = session.board
        #: Whether the rows of a list were set aside for the garbage collector already.
        self._aside = False
        self._said: Line = ()
        self._needs: Line = ()
        self._ticks = 0
        self._waits: tuple[str, int | None] = ("", None)
        self._clock_step = self._progress_step = 0
        self._bars_due = False
        self._title = Title()

    def compose(self) -> ComposeResult:
        """From top to bottom; the filter's field takes the place of the notice."""
        yield Surface(id="header", classes="bar")
        with Horizontal(id="status"):  # apart, so that a count sends neither bar nor estimate
            yield Surface(id="bar")
            yield Surface(id="progress")
            yield Surface(id="going")
        yield Surface(id="notice", classes="bar")
        with Horizontal(id="typing"):
            yield self.filter_field
            yield Surface(id="found")
        yield self.grid
        yield Surface(id="empty")
        yield Surface(id="detail")
        yield self.log_pane
        yield KeyBar(id="footer", classes="bar")
        yield Surface(id="small")

    def on_mount(self) -> None:
        """Show what there is, look for what is new from now on, and open what was asked for."""
        self.filter_field.can_focus = False
        self.view_flow.restore()
        self.set_interval(1 / self.session.options.refresh_hz, self.tick)
        self.set_interval(_COUNT_DOWN, self.count_down)
        self.set_interval(_WORKER, self.look_for_worker)
        self.show_all()
        self.grid.focus()
        self.flows.opening.begin()
        if self.session.options.made:
            # A group of its own: at the start a list is read at the same time.
            self.later(lambda: self.start(self.sign_in_flow.offer, group="sign_in"))

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets have their styles."""
        keep_styles(event)

    def on_unmount(self) -> None:
        """Give the window its title back."""
        self._title.give_back(self.app)

    # -- actions

    def action_perform(self, action: str) -> None:
        """What a key is bound to: `perform('submit')`."""
        self.perform(action)

    def perform(self, action: str) -> None:
        """Carry out an action of the console; one that asks goes on beside."""
        if action == "export" and self.session.status is not None:
            carry_out: Callable[[], Any] = self.flows.standing.export
        else:
            carry_out = self.actions[action]
        if iscoroutinefunction(carry_out):
            self.start(carry_out)
        else:
            carry_out()

    def start(
        self,
        work: Callable[[], Awaitable[None]],
        *,
        group: str = CONVERSATION,
        exclusive: bool = True,
    ) -> None:
        """Begin `work`; where it is `exclusive`, other work of its group ends."""
        self.run_worker(work, group=group, exclusive=exclusive)

    async def ask(self, dialog: Screen[R]) -> R | None:
        """The answer to a dialog or page; none when it was left."""
        return await self.app.push_screen_wait(dialog)

    def later(self, call: Callable[[], object]) -> None:
        """Call it when what is there now was painted."""
        self.call_after_refresh(call)

    async def in_thread(self, work: Callable[[], R]) -> R:
        """What `work` returns, from a thread. Raises what it raises, and `CancelledError` where
        it is called off or the console is left meanwhile."""
        worker = self.run_worker(work, thread=True, exit_on_error=False, group="list")
        try:
            return await worker.wait()
        except WorkerFailed as failure:
            raise worker.error or failure from None
        except WorkerCancelled:  # Textual makes an error of it, which would end the console
            raise CancelledError from None

    @property
    def in_use(self) -> bool:
        """Whether the screen is shown, and not being left."""
        return self.is_attached and self.is_running

    def offers(self) -> dict[str, str]:
        """The actions that make sense now by their ids, with the word for each."""
        return offers(self.session, self.grid.index, self.key_of)

    def may(self, action: str) -> bool:
        """Whether the action makes sense now; says why if it does not."""
        why = why_not(self.session, action, self.key_of)
        if why:
            self.say(f"{BY_ID[action].title}: {why}.", "muted")
        else:
            self.clear_notice()
        return not why

    def selection(self) -> Selection:
        """The rows that an action is about: the marked ones, those shown, or all."""
        return selected(self.grid.index, self.session.filter.words)

    # -- what is shown

    def in_one_frame(self) -> AbstractContextManager[None]:
        """Paints nothing until its end."""
        return self.app.batch_update()

    def show_all(self) -> None:
        """Everything again: another list, another run."""
        board, table = self.session.board, self.session.table
        with self.in_one_frame():
            self.set_class(board.empty and not self.list_flow.opening, "-empty")
            self.session.filter.forget_kept()  # their keys are those of other rows now
            if table is not self._shown:
                self.grid.filter(None)  # it is one for the rows of the other
                self._shown = table
            self.grid.set_columns(table.columns)
            self.show_columns()
            ordered = self.grid.sorted_by
            self.grid.set_rows(table.rows())
            self.sort_by(ordered)
            if self.filter_field.value.strip() != self.session.filter.typed:
                with self.prevent(Input.Changed):  # the other table has a filter of its own
                    self.filter_field.value = self.session.filter.typed
            if self.session.filter.words:
                self.view_flow.apply_filter()
            self._place_times()
            self.show_bars()
            self.show_detail()
        self._title.show(self.app, self.session.run)
        if len(self.grid.index.rows) > _MANY:
            # Not right after the frame: what writes it to the terminal is another thread, which
            # would wait for the collector.
            self.set_timer(_PAINTED, partial(set_aside, again=self._aside))
            self._aside = True
        self.call_after_refresh(self.sign_in_flow.ask_if_needed)

    def sort_by(self, by: tuple[str, bool] | None) -> None:
        """Order the rows by a column, where the table has it, reversed or not."""
        table = self.session.table
        names = {EXTRA + name for name in table.extra_names()}
        if by and (by[0] in names or by[0] in {column.key for column in table.columns}):
            self.grid.sort(by[0], self.session.sort_key(by[0]), reverse=by[1])
        elif by:
            self.grid.sort(None, None)

    def _place_times(self) -> None:
        """Where the column of times does not fit, a running row has its time with the result."""
        board, hidden = self.session.board, self.session.hidden
        alone = "time" not in self.grid.shown_columns[0] | hidden
        if alone != board.time_in_result:
            board.time_in_result = alone
            if self.session.status is None:
                self.grid.put(board.running())

    def show_columns(self) -> None:
        """Show the columns that have something to say and were not hidden."""
        board = self.session.board
        if self.session.status is not None:
            self.grid.hide_columns(self.session.hidden)
            return
        hidden = self.session.hidden | (_RUN_COLUMNS if board.run is None else frozenset())
        hidden |= {"pre"} if board.report is None else frozenset()
        hidden |= frozenset() if board.results else {"result"}
        self.grid.hide_columns(hidden if board.deadlines else hidden | {"until"})

    def show_rows(self) -> None:
        """Every row and the details again; order and marks stay."""
        self.grid.put(self.session.table.rows())
        self.show_detail()

    def show_bars(self) -> None:
        """The lines around the table; only what differs is sent."""
        width, height = self.size
        if not width or not self.in_use:
            return
        line, session = self.query_one, self.session
        status = session.status
        line("#header", Surface).show([header(session, width)])
        bar, going = line("#bar", Surface), line("#going", Surface)
        length = min(30, width // 6)
        bar.styles.width = length + 1 if session.run and status is None else 0
        going.styles.width = 34 if width >= 100 else 23
        bar.show([status_lines.bar(session, length)])
        told = status_lines.progress(session) if status is None else status_text.counts(status)
        line("#progress", Surface).show([told])
        going.display = status is None
        going.show([status_lines.going_on(session, 34 if width >= 100 else 23)])
        line("#notice", Surface).show([self._notice()])
        line("#found", Surface).show([status_lines.found(self.grid.index, self.view_flow.flaw())])
        said = NO_WORKER.rstrip(".") if session.worker_gone else ""
        own = LOG_KEYS if self.log_pane.has_focus else ()
        line("#footer", KeyBar).show_keys(
            *footer(self.offers(), self.keys, width, said=said, first=own)
        )
        line("#empty", Surface).show(status_lines.empty(self.key_of))
        text = f"{width}×{height} is too small; siptui needs {SMALLEST[0]}×{SMALLEST[1]}. "
        small: list[Line] = [((text, "strong"),), (("A run goes on all the same.", "muted"),)]
        line("#small", Surface).show([part for one in small for part in wrapped(one, width - 4)])

    def _bars_later(self) -> None:
        """Show the bars when what is there now was painted, once however often it is asked for."""
        if not self._bars_due:
            self._bars_due = True
            self.call_after_refresh(self._bars_now)

    def _bars_now(self) -> None:
        self._bars_due = False
        self.show_bars()

    def _notice(self) -> Line:
        words, index = self.session.filter, self.grid.index
        chip = status_lines.chip(words.status, words.typed, index, self.view_flow.flaw())
        waits, left = self._waits
        if waits:
            return (*chip, (f" {waits}", "unknown"))
        room = self.size.width - cell_len(plain(chip))
        if said := self._said:  # where both do not fit, the filter's end is cut
            return (
                (*said, ("  ", "muted"), *chip) if cell_len(plain(said)) > room else (*chip, *said)
            )
        return (*chip, *self._needed(left, room))

    def _needed(self, left: int | None, room: int) -> Line:
        """What needs the operator; where rows stand, what that was read from."""
        if (status := self.session.status) is not None:
            return status_text.sources(status, self.key_of["standing"])
        selecting = bool(self.session.filter.words or self.grid.index.marks)
        return status_lines.notice(self.session, self.key_of, left, selecting=selecting, room=room)

    def show_detail(self) -> None:
        """What is known of the row under the cursor."""
        self.share_height()

    def _row_lines(self, room: int) -> list[Line]:
        status, cursor = self.session.status, self.grid.cursor
        if status is not None:
            lines = status_text.strip(status, cursor)
        else:
            lines = details.strip(self.session.board, cursor, self.key_of["correct"])
        more = f"{self.key_of['row_pane']} more, {self.key_of['details']} everything"
        return in_room(lines, self.size.width - 2, room, more)

    def say(self, text: str, tone: str = "normal") -> None:
        """One sentence in the notice line, until the next key or change of the run."""
        self._said = ((" " + visible(text), tone),)
        self.show_bars()

    def clear_notice(self) -> None:
        """Take what was said off the notice line, when that is painted next."""
        self._said = ()

    def tell(self, error: SiptuiError) -> None:
        """An error: short in the notice line, whole in the log."""
        text = f"{error.title}: {error.message} {error.remedy}".strip()
        self.log_pane.append([((visible(text), "failed"),)])
        self.say(text, "failed")

    # -- what is new

    def tick(self) -> None:
        """Look for what is new. Nothing new costs nothing."""
        if self.session.run is not None:
            self._ticks += 1
            if self.session.live or self._ticks % _NOT_LIVE == 0:
                self.look()
        self._show_waits()
        self._show_clock()

    def look(self) -> None:
        """Show what is new of the run."""
        if self.session.run is None:
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
            self._take(changes)

    def _take(self, changes: RunUpdate) -> None:
        if self.session.status is None:
            self.grid.put(self.session.board.changed(changes.devices))
            if self.grid.cursor in changes.devices:
                self.show_detail()
        self._log(changes.events)
        if any(isinstance(stored.event, RunFinished) for stored in changes.events):
            announce(self.app, self.session.run, notify=self.session.options.notify_terminal)
        if self.session.worker_gone:
            self.session.look_for_worker()  # another may have taken it, or it was at its end
        needs = status_lines.notice(self.session, self.key_of)
        if needs != self._needs:
            self._needs, self._said = needs, ()
        self.show_bars()
        page = self.app.screen
        if not changes.only_progress or self.session.clock is None:
            self._show_progress()
        elif isinstance(page, dialogs.LivePage) and page.devices_at_once:
            page.look()
        self.sign_in_flow.ask_if_needed()

    def _unreadable(self, error: SiptuiError) -> None:
        """Say once, and show for as long as it lasts, that the run cannot be read."""
        if self.session.unreadable != error.message:
            self.session.unreadable = error.message
            self.session.look_for_worker()
            self.tell(error)
            self.clear_notice()
            self.show_bars()

    def look_for_worker(self) -> None:
        """Show whether a process works on the run. No news costs no byte."""
        session = self.session
        was = session.worker_gone, session.worker_waits
        try:
            if session.look_for_worker() and session.worker_gone:
                self.look()  # its last entries may have come between the two looks
                session.look_for_worker()
        except SiptuiError as error:
            self._unreadable(error)
            return
        if was == (session.worker_gone, session.worker_waits):
            return
        if session.worker_gone and not was[0]:
            resumes = who_resumes(session, self.key_of)
            text = f"{NO_WORKER} It ended without a last entry in the journal. {resumes}"
            self.log_pane.append([((text, "unknown"),)])
        session.look_at_clock()  # it stands still where no worker is answered
        self.clear_notice()
        self.show_bars()
        self._show_progress()

    def count_down(self) -> None:
        """Bring the time left up to date; where there is none it costs nothing."""
        if self.session.status is None and self.session.board.deadlines:
            self.grid.put(self.session.board.counting_down())

    def _show_waits(self) -> None:
        """Count down what the service asks to wait: a part of a line a second."""
        waits = self.session.options.waits
        now = waits.text(), waits.of_run(self.session.run)
        if now != self._waits and self.in_use:
            before, self._waits = self._waits[0], now
            self.query_one("#notice", Surface).show([self._notice()])
            if now[0] != before and isinstance(page := self.app.screen, dialogs.TablePage):
                page.say(now[0] or "asking the service …", "unknown" if now[0] else "muted")

    def _show_clock(self) -> None:
        """Bring clock and times of running rows up to date, every few seconds of a run that goes
        on; without one it costs nothing."""
        session = self.session
        if not session.live or not self.in_use:
            return
        now = session.run_service.now().timestamp()
        step = int(now // _CLOCK)
        if step == self._clock_step or not session.look_at_clock():
            return
        self._clock_step = step
        self.query_one("#header", Surface).show([header(session, self.size.width)])
        if session.status is None:
            index, rows = self.grid.index, session.board.running()
            self.grid.put([row for row in rows if index.row(row.key) != row])
            self.show_detail()
        progress_step = int(now // _PROGRESS)
        if progress_step != self._progress_step:
            self._progress_step = progress_step
            self._show_progress()

    def _show_progress(self) -> None:
        """The window's title, and the page over the table, as the run stands."""
        self._title.show(self.app, self.session.run)
        if isinstance(page := self.app.screen, dialogs.LivePage):
            page.look()

    def log_events(self) -> None:
        """All events of the run, as lines of the log."""
        self._log(self.session.events)

    def _log(self, stored: Sequence[Stored]) -> None:
        run = self.session.run
        lines = [line for one in stored for line in log_lines(one, run)]
        if lines:
            self.log_pane.append(lines)

    # -- the table, the filter's field, the window

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
        if self.session.status is not None:
            self.flows.standing.open_row()
        else:
            self.flows.run.open_row()

    def on_row_grid_head_clicked(self, message: RowGrid.HeadClicked) -> None:
        """Sort by it; once more turns the order round."""
        message.stop()
        if self.may("sort"):
            self.view_flow.sort_by(message.column)

    async def on_key_bar_clicked(self, message: KeyBar.Clicked) -> None:
        """What its key does."""
        message.stop()
        if BY_ID[message.action].owner == "grid":
            await self.app.run_action(f"grid_{message.action}", self.grid)
        else:
            self.perform(message.action)

    def on_descendant_focus(self) -> None:
        """The keys of the pane that has the focus come first."""
        self._bars_later()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        self.session.filter.typed = event.value.strip()
        self.view_flow.apply_filter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, go on in the table."""
        self.leave_filter()

    def on_key(self, event: events.Key) -> None:
        """Escape and the arrows lead out of the filter's field."""
        if self.filter_field.has_focus and event.key in ("escape", "down", "up"):
            event.stop()
            event.prevent_default()
            if event.key == "escape":
                self.drop_filter()
            else:
                self.leave_filter()

    def enter_filter(self) -> None:
        """To the field of the filter."""
        self.add_class("-filtering")
        self.filter_field.can_focus = True
        self.filter_field.focus()

    def drop_filter(self) -> bool:
        """Leave the filter's field, and clear it; whether it was being typed at."""
        typing = self.filter_field.has_focus
        if typing:
            self.filter_field.value = ""
            self.leave_filter()
        return typing

    def leave_filter(self) -> None:
        """From the filter's field to the table."""
        self.remove_class("-filtering")
        self.grid.focus()
        self.filter_field.can_focus = False  # else keys could go into what is not shown
        self.show_bars()

    def action_filter_help(self) -> None:
        """What a filter may be."""
        self.view_flow.filter_help()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted where there is no field: nothing is done with it."""
        event.stop()
        filters, opens = self.key_of["filter"], self.key_of["open"]
        self.say(f"Pasted text does nothing here: {filters} filters by it, {opens} opens a path.")

    def on_resize(self, event: events.Resize) -> None:
        """Share the height again."""
        if passed_by(self, event):
            return
        self.update_classes(size_classes(self.size))
        self.share_height()
        if self.focused is None:  # hidden while the window was too small, it lost the keys
            taker = self.filter_field if self.has_class("-filtering") else self.grid
            self.call_after_refresh(taker.focus)
        self.call_after_refresh(self._place_times)
        self.call_after_refresh(self.share_height)  # as the table is then
        self._bars_later()

    def share_height(self) -> None:
        """The heights below the table: what the row's pane does not fill the log gets, so that
        the table stays as it is. Lines that the table leaves empty are the pane's."""
        flow, height = self.view_flow, self.size.height
        self.set_class(flow.log_size is LogSize.HIDDEN, "-no-log")
        small = 3 if height < 32 else 5
        log = small if flow.log_size is LogSize.SMALL else max(small + 2, height // 2)
        room = _ROW_PANE[2 if height >= 32 else 1 if height >= 20 else 0]
        if flow.row_pane_large:
            room = max(room, height // 3)
        pane = self.query_one("#detail", Surface)
        hidden = flow.log_size is LogSize.HIDDEN
        below = room + (0 if hidden else log)
        above = self.grid.size.height + pane.size.height + self.log_pane.size.height - below
        rows = max(1, len(self.grid.index.view))
        empty = max(0, above - 1 - rows)  # a line is its head
        lines = self._row_lines(room + empty)
        used = max(room if hidden else 1, len(lines))
        pane.show(lines)
        for widget, high in ((pane, used), (self.log_pane, log + max(0, room - used))):
            now = widget.styles.height
            if now is None or now.value != high:  # setting it lays the screen out again
                widget.styles.height = high


def size_classes(size: tuple[int, int]) -> dict[str, bool]:
    """Which classes a screen of that size (columns, lines) has, for the style sheet."""
    width, height = size
    return {
        "-small": width < SMALLEST[0] or height < SMALLEST[1],
        "-tall": height >= 32,
        "-short": height < 20,
    }
