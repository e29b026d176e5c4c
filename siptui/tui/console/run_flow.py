"""Runs: the history, what a run shows and exports, and leaving."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from siptui.devicelist.writing import write_csv, write_json, write_new
from siptui.domain.errors import SiptuiError
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import moment_at, passed
from siptui.gc_pause import collected_later
from siptui.runs.output.export_rows import result_rows
from siptui.runs.output.markdown_report import report_text
from siptui.runs.rollout.run_groups import run_groups
from siptui.runs.state import DeviceRecord, RunState
from siptui.tui.console import details
from siptui.tui.console.action_state import why_not
from siptui.tui.console.model import Session
from siptui.tui.console.run_summary import summary
from siptui.tui.console.selection import Which, about
from siptui.tui.console.status_sites import whole_list
from siptui.tui.console.status_text import zoned
from siptui.tui.console.tenant_urls import url_lines
from siptui.tui.console.unfinished_runs import Unfinished
from siptui.tui.console.view import Orders, Retries, View
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.dialogs.live_page import Content, LivePage, RowPage, as_of
from siptui.tui.dialogs.page import Page
from siptui.tui.dialogs.runs import RunsPage
from siptui.tui.dialogs.save_file import ask_and_write
from siptui.tui.powershell import batch_file
from siptui.tui.widgets.text_lines import Line


class RunFlow:
    """Attaches to runs, shows what is known of them, and leaves them."""

    def __init__(
        self,
        view: View,
        session: Session,
        orders: Orders,
        *,
        retries: Callable[[], Retries],
        correct: Callable[[], Awaitable[None]],
    ) -> None:
        self._correct = correct
        self.view = view
        self.session = session
        self._orders = orders
        self._retries = retries

    # -- runs without an end, and the journal

    async def offer(self, waiting: list[Unfinished]) -> None:
        """Ask which unfinished run to attach to. Only where there is no table to be typed at."""
        text: list[Line] = [
            ((f"{one.name}, run {one.head.run}: {one.about}.", "normal"),) for one in waiting
        ]
        if any(one.head.state == "stopped" for one in waiting):
            text.append((("A run without a worker is resumed in a second step.", "muted"),))
        choices = [
            (
                one.head.run,
                f"attach to {one.name}",
                "it is running" if one.head.state == "running" else "and resume it",
            )
            for one in waiting
        ]
        run = await self.view.ask(Choice("Unfinished runs", choices, text, topic=Topic.UNFINISHED))
        stopped = {one.head.run for one in waiting if one.head.state == "stopped"}
        if isinstance(run, str):
            resume = run in stopped and not self.session.options.read_only
            await self._attach_to(run, resume=resume)

    def acknowledge(self) -> None:
        """Show what was found wrong with the journal until the operator says that it was read."""
        # A group of its own: at the start a list is read at the same time.
        self.view.start(self._acknowledge, group="journal")

    async def _acknowledge(self) -> None:
        if not self.view.may("acknowledge"):
            return
        text: list[Line] = [((visible(self.session.run_service.notice), "unknown"),)]
        choices = [
            ("later", "not yet", "it is shown again"),
            ("read", "acknowledge", "I know what may be missing; do not show it again"),
        ]
        if await self.view.ask(Choice("The journal", choices, text, topic=Topic.JOURNAL)) == "read":
            self._orders.give(self.session.run_service.acknowledge)
            self.view.say("acknowledged: the warning of the journal is not shown again.", "muted")

    # -- runs

    async def runs(self) -> None:
        """The history: attach to a run, or resume a stopped one."""
        try:
            groups = await self.view.in_thread(partial(run_groups, self.session.run_service))
        except SiptuiError as error:
            self.view.tell(error)
            return
        chosen = await self.view.ask(
            RunsPage(groups, may_resume=not self.session.options.read_only)
        )
        if chosen is None:
            return
        run, resume = chosen
        await self._attach_to(run, resume=resume)

    async def _attach_to(self, run: str, *, resume: bool) -> None:
        if self.attach(run) and resume:
            await self._retries().resume()

    def attach(self, run: str) -> bool:
        """Follow a run; whether it can be read."""
        view = self.view
        try:
            self.session.follow(run)
        except SiptuiError as error:
            view.tell(error)
            return False
        view.log_pane.clear()
        view.log_pane.append(url_lines(self.session, view.key_of))
        view.clear_notice()
        view.grid.clear_marks()
        with collected_later():
            view.log_events()
            view.show_all()
        view.look_for_worker()
        return True

    # -- a row, the run as a whole

    def open_row(self) -> None:
        """Everything about the row under the cursor."""
        page = RowPage(
            self._row, self._step, self._retry_row, self._may_retry_row, self._correct_row
        )
        self.view.app.push_screen(page)

    def _row(self) -> Content:
        board, key = self.session.board, self.view.grid.cursor
        device, invalid = board.device(key), board.invalid(key)
        title = str(device.user_name) if device else f"line {invalid.line}" if invalid else ""
        run = self.session.run
        return Content(
            as_of(title, self._told_at(run)) if run is not None and run.finished is None else title,
            details.page(board, key, self.session.events, self.view.key_of["correct"]),
            details.lines_to_copy(board, key),
        )

    def _told_at(self, run: RunState) -> str:
        """Until when it is known how the run goes: its last news, or the last answer without."""
        asked = self.session.worker_asked
        times = [at for at in (run.last_at, asked) if moment_at(at) is not None]
        now = self.session.run_service.now()
        return min(times, key=lambda at: passed(at, now) or 0.0, default="")

    def _step(self, rows: int) -> None:
        grid = self.view.grid
        at = grid.index.position(grid.cursor)
        if at is not None:
            grid.move_to(at + rows)

    def _may_retry_row(self) -> bool:
        failed = self.session.board.state(self.view.grid.cursor) is DeviceState.FAILED
        return failed and not why_not(self.session, "retry", self.view.key_of)

    def _retry_row(self) -> bool:
        """Retry the row under the cursor alone, whatever is marked; whether that was begun."""
        record = self.session.board.record(self.view.grid.cursor)
        if record is not None:
            self.view.start(partial(self._retries().retry_one, record))
        return record is not None

    def _correct_row(self) -> None:
        """Correct the names of the row under the cursor."""
        self.view.start(self._correct)

    def summary(self) -> None:
        """The run as a whole; where rows stand, the list as a whole."""
        session, run = self.session, self.session.run
        if not self.view.may("summary"):
            return
        if (status := session.status) is not None:
            read = zoned(status.read_at, session.run_service.now()) if status.read_at else ""
            text = whole_list(status, self.view.key_of["filter"])
            self.view.app.push_screen(Page(f"Status · read {read}", text))
            return
        if run is None:
            return

        def content() -> Content:
            read_only = session.options.read_only
            told_at = "" if run.finished else self._told_at(run)
            text = summary(
                *(run, session.events, self.view.key_of),
                read_only=read_only,
                now=session.moment,
                told_at=told_at,
                whole_list=session.board.list is not None and session.options.status is not None,
            )
            return Content(as_of("Summary", told_at), text)

        self.view.app.push_screen(LivePage(content))

    # -- results and reports

    async def export(self) -> None:
        """Write the results."""
        run = self.session.run
        if not self.view.may("export") or run is None:
            return
        chosen, failed = self.view.selection(), self.session.failed()
        selected = [r for key in chosen.keys if (r := self.session.board.record(key)) is not None]
        every = plural(len(run.devices), "device")
        choices = [("all", "all results", every)]
        if failed:
            choices.append(("failed", "failed only", "a list that can be opened again"))
        text: list[Line] = []
        if chosen.which is not Which.ALL:
            kind = "marked" if chosen.which is Which.MARKED else "shown"
            names = [str(record.device.user_name) for record in selected]
            text = [((about(chosen, names, "are no device of the run"), "normal"),)]
            choices.insert(0, (kind, f"the rows {kind}", plural(len(selected), "device")))
        if run.plan is not None and run.plan.source:
            choices.append(("into", "the list itself", "a copy of it, with the results in it"))
        which = "all"
        if len(choices) > 1:
            answer = await self.view.ask(Choice("Export", choices, text, topic=Topic.EXPORT))
            if not isinstance(answer, str):
                return
            which = answer
        if which == "into":
            await self._fill_in(run)
            return
        records = {"all": list(run.devices), "failed": failed}.get(which, selected)
        name = f"{Path(visible(self.session.file)).stem or 'siptui'}-{which}-{run.run[:13]}.csv"
        name = (which == "shown" and self._batch_shown()) or name
        folder = self.session.export_folder
        said, tone = await ask_and_write(
            self.view.app,
            "Export to",
            ".csv for spreadsheets, .json for programs, .md as a report for a ticket.",
            folder / name,
            partial(self._write, records),
        )
        self.view.say(said, tone)

    def _batch_shown(self) -> str:
        """The name of the file for one batch, where the filter shows exactly that."""
        name, _, number = self.session.filter.typed.partition(":")
        shown = name.casefold() == "batch" and number.isascii() and number.isdigit()
        return batch_file(int(number)) if shown else ""

    async def _fill_in(self, run: RunState) -> None:
        """Write the results into a copy of the list."""
        list_file = Path(run.plan.source if run.plan else "")
        folder = self.session.options.export_folder or list_file.parent
        said, tone = await ask_and_write(
            self.view.app,
            "Fill in a copy",
            "In the form of the list, with columns Status, Cause, What to do, Batch, Finished.",
            folder / f"{list_file.stem}-filled{list_file.suffix}",
            partial(_filled, run),
        )
        self.view.say(said, tone)

    def _write(self, records: list[DeviceRecord], path: Path, force: bool) -> str:
        run = self.session.run
        if run is None:
            return ""
        count = write_results(run, records, path, force=force)
        return f"{plural(count, 'device')} written to {path}"

    # -- leaving

    def quit(self) -> None:
        """Leave; a run continues, unless this process works on it: then after a question."""
        # What is being asked underneath is not called off by the question.
        self.view.start(self._ask_to_quit, exclusive=False)

    async def _ask_to_quit(self) -> None:
        app = self.view.app
        if isinstance(app.screen, Quit):
            return
        ends: list[Line] = []
        options = self.session.options
        if self.session.live and options.run_ends_with_us:
            folder = options.passing_folder
            ends.append(_RUN_ENDS if folder is None else _demo_ends(folder))
        if any(one.group == "fix" and not one.is_finished for one in app.workers):
            ends.append(_FIX_ENDS)
        if ends and await self.view.ask(Quit(ends)) != "quit":
            return
        app.exit()


class Quit(Choice):
    """Asked before this window is left while it works on something; `ends` says on what."""

    def __init__(self, ends: Sequence[Line]) -> None:
        about = "it is not waited for"
        if _RUN_ENDS in ends:
            about = "the run stops; h, then r resumes it later"
        elif any(part[0].startswith(_DEMO) for line in ends for part in line):
            about = "the demo ends"
        choices = [("stay", "stay", "it continues"), ("quit", "quit", about)]
        super().__init__("Quit", choices, ends, topic=Topic.QUIT)


_RUN_ENDS: Line = (
    (
        "This window works on the run. What was submitted continues at the service and is found "
        "again; what waits is not submitted until the run is resumed.",
        "normal",
    ),
)
_DEMO = "The demo ends with this window"


def _demo_ends(folder: Path) -> Line:
    text = (
        f"{_DEMO}: its folder {visible(str(folder))} is removed, with the run in it. What was "
        "exported elsewhere stays."
    )
    return ((text, "normal"),)


_FIX_ENDS: Line = (
    (
        "Changes are being made in the tenant. What was sent is not taken back; the next check "
        "says what came of it.",
        "normal",
    ),
)


def _filled(run: RunState, path: Path, force: bool) -> str:
    from siptui.runs.output.filled_list import write_into  # writes workbooks

    count = write_into(run, path, force=force)
    return f"{plural(count, 'row')} filled in: {visible(str(path))}"


def write_results(
    run: RunState, records: Iterable[DeviceRecord], path: Path, *, force: bool
) -> int:
    """Write these devices of the run: JSON for a name that ends in `.json`, a report
    for one in `.md`, CSV otherwise.

    Returns how many. Raises `SiptuiError`, with code `exists` for a file that is there already.
    """
    records = list(records)
    if path.suffix.casefold() in (".md", ".markdown"):
        write_new(path, report_text(run, records).encode(), force=force)
        return len(records)
    rows = result_rows(run, records)
    if path.suffix.casefold() == ".json":
        write_json(path, run.run, rows, force=force)
    else:
        write_csv(path, rows, force=force)
    return len(rows)
