"""What an operator orders: each a short conversation, then one call of the desk."""

from functools import partial
from pathlib import Path
from typing import Any

from textual import work
from textual.worker import WorkerCancelled

from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.runs.state import DeviceRecord
from siptui.tui import phrases
from siptui.tui.board import COLUMNS, sort_key
from siptui.tui.dialogs.ask import Choice, Confirm, Prompt
from siptui.tui.dialogs.page import Page
from siptui.tui.dialogs.runs import RunsPage
from siptui.tui.export import write_results
from siptui.tui.main import MainScreen
from siptui.tui.options import Report
from siptui.tui.session import read_list
from siptui.tui.surface import Line


class Console(MainScreen):
    """The main screen with all that can be ordered on it."""

    welcome: Line = ()

    def on_mount(self) -> None:
        """Open what was named on the command line."""
        super().on_mount()
        options = self.session.options
        if options.greeting:
            self.welcome = ((visible(options.greeting), "accent"),)
            self.log_pane.append([self.welcome])
        if options.run:
            self.call_after_refresh(self.attach, options.run)
        elif options.file:
            self.call_after_refresh(self.read, options.file)

    # -- lists

    @work(group="flow", exclusive=True)
    async def action_open(self) -> None:
        """Choose a list."""
        from siptui.tui.dialogs.picker import Picker

        if self.may("open"):
            path = await self.app.push_screen_wait(Picker(self.start_folder()))
            if path is not None:
                self.read(path)

    @work(group="read", exclusive=True)
    async def read(self, path: Path) -> None:
        """Read a list and show it."""
        await self._read(path, self.session.options.region)

    async def _read(self, path: Path, region: Region | None) -> bool:
        if not self.session.board.empty:
            self.say(f"reading {path.name} …", "muted")
        else:
            self.log_pane.append([((f"reading {visible(str(path))} …", "muted"),)])
        worker = self.run_worker(
            partial(read_list, path, region), thread=True, exit_on_error=False, group="list"
        )
        try:
            devices = await worker.wait()
        except WorkerCancelled:
            return False  # the console is being left
        except Exception as failure:
            error = worker.error or failure
            if not isinstance(error, SiptuiError):
                raise
            self.tell(error)
            return False
        self.session.take_list(path, devices)
        self.session.region = region
        lines: list[Line] = [((visible(note), "muted"),) for note in devices.notes]
        self.log_pane.clear()
        self.log_pane.append([self.welcome, *lines] if self.welcome else lines)
        self._said = ()
        self.grid.clear_marks()
        self.show_all()
        return True

    # -- submitting

    @work(group="flow", exclusive=True)
    async def action_submit(self) -> None:
        """Ask for what is missing, then for the word, then submit."""
        session = self.session
        if not self.may("submit"):
            return
        if session.board.lacking_region() and session.path is not None:
            region = await self._ask_region(session.board.lacking_region())
            if region is None or not await self._read(session.path, region):
                return
        devices = session.devices()
        if not devices:
            self.say("submit: the list has no valid device.", "muted")
            return
        left_out = session.board.list.rows_invalid if session.board.list else 0
        checked = session.checked
        if checked == "not checked" and session.options.preflight is not None:
            checked += f" ({self.key_of['preflight']})"
        question = phrases.submit_question(
            devices,
            session.desk.tenant,
            session.options.run_options,
            left_out=left_out,
            checked=checked,
        )
        if await self.app.push_screen_wait(Confirm("Submit", question, len(devices))):
            self._do(session.submit, then_all=True)

    async def _ask_region(self, rows: int) -> Region | None:
        text: Line = (
            (
                f"{phrases.plural(rows, 'row')} of the list "
                f"{'names' if rows == 1 else 'name'} no region. "
                "A device lives in exactly one; in another it is not found.",
                "normal",
            ),
        )
        choices = [(region, str(region), _REGIONS[region]) for region in Region]
        chosen = await self.app.push_screen_wait(Choice("Region", choices, [text]))
        return chosen if isinstance(chosen, Region) else None

    @work(group="flow", exclusive=True)
    async def action_retry(self) -> None:
        """Retry the marked devices, or all failed ones."""
        if not self.may("retry"):
            return
        marked = self.grid.index.marked()
        wanted = set(self.marked_failed()) if marked else None
        if marked and not wanted:
            self.say("retry: none of the marked devices has failed.", "muted")
            return
        records = [r for r in self.session.failed() if wanted is None or r.index in wanted]
        left = len(marked) - len(records) if marked else 0
        note = f"{left} of the marked rows did not fail and are left out." if left else ""
        await self._retry(records, note)

    @work(group="flow", exclusive=True)
    async def action_retry_cause(self) -> None:
        """Choose a cause, then retry its devices."""
        if not self.may("retry_cause"):
            return
        causes = self.session.failed_causes().most_common()
        choices = [(c, phrases.cause_name(c), phrases.plural(n, "device")) for c, n in causes]
        cause = await self.app.push_screen_wait(Choice("Retry by cause", choices))
        if isinstance(cause, str):
            await self._retry(self.session.failed(cause), "")

    async def _retry(self, records: list[DeviceRecord], note: str) -> None:
        session = self.session
        question = phrases.retry_question(
            records, session.desk.tenant, session.options.run_options, left_out=note
        )
        if await self.app.push_screen_wait(Confirm("Retry", question, len(records))):
            self._do(partial(session.retry, records))
            self.grid.clear_marks()

    @work(group="flow", exclusive=True)
    async def action_settle(self) -> None:
        """Decide about a batch whose outcome nobody knows."""
        session = self.session
        if not self.may("settle") or session.run is None:
            return
        run = session.run.run
        choices: list[tuple[Any, str, str]] = []
        for batch, records in session.undecided():
            about = f"{phrases.plural(len(records), 'device')}, {batch.region}"
            choices += [
                (
                    (batch.number, candidate),
                    f"batch {batch.number} is {candidate}",
                    f"follow it; nothing is submitted ({about})",
                )
                for candidate in batch.candidates
            ]
            choices.append(((batch.number, ""), f"submit batch {batch.number} again", about))
        chosen = await self.app.push_screen_wait(Choice("Unknown outcome", choices, [_DOUBT]))
        if not isinstance(chosen, tuple):
            return
        number, batch_id = chosen
        if batch_id:
            self._do(partial(session.desk.adopt, run, number, batch_id))
            return
        lost = {b.number: records for b, records in session.undecided()}.get(number, [])
        if not lost:
            return
        question = phrases.resubmit_question(lost, session.desk.tenant, number)
        if await self.app.push_screen_wait(Confirm("Submit again", question, len(lost))):
            self._do(partial(session.desk.resubmit, run, number))

    def action_pause(self) -> None:
        """Pause, or go on."""
        run = self.session.run
        if self.may("pause") and run is not None:
            desk = self.session.desk
            self._do(partial(desk.go_on if run.paused else desk.pause, run.run))

    # -- runs

    @work(group="flow", exclusive=True)
    async def action_runs(self) -> None:
        """The history: attach to a run, or have a stopped one go on."""
        try:
            heads = self.session.desk.runs()
        except SiptuiError as error:
            self.tell(error)
            return
        chosen = await self.app.push_screen_wait(
            RunsPage(heads, may_resume=not self.session.options.read_only)
        )
        if chosen is None:
            return
        run, resume = chosen
        if not self.attach(run) or not resume or self.session.run is None:
            return
        waiting = self.session.not_submitted()
        if waiting:
            question = phrases.resume_question(self.session.run, self.session.desk.tenant, waiting)
            if not await self.app.push_screen_wait(Confirm("Resume", question, waiting)):
                return
        self._do(partial(self.session.desk.start, run))

    def attach(self, run: str) -> bool:
        """Follow a run."""
        try:
            changes = self.session.follow(run)
        except SiptuiError as error:
            self.tell(error)
            return False
        self.log_pane.clear()
        self._said = ()
        self.grid.clear_marks()
        self.add_to_log(changes)
        self.show_all()
        return True

    # -- results and reports

    @work(group="flow", exclusive=True)
    async def action_export(self) -> None:
        """Write the results."""
        run = self.session.run
        if not self.may("export") or run is None:
            return
        shown = len(self.grid.index.view)
        choices = [("all", "all results", phrases.plural(len(run.devices), "device"))]
        if failed := self.session.failed():
            choices.append(("failed", "failed only", "a list that can be opened again"))
        if shown != len(self.grid.index.rows):
            choices.append(("shown", "the rows shown", phrases.plural(shown, "row")))
        what = "all"
        if len(choices) > 1:
            chosen = await self.app.push_screen_wait(Choice("Export", choices))
            if not isinstance(chosen, str):
                return
            what = chosen
        records = {
            "all": lambda: list(run.devices),
            "failed": lambda: failed,
            "shown": self._shown_records,
        }[what]()
        name = f"{Path(visible(self.session.file)).stem or 'siptui'}-{what}-{run.run[:13]}.csv"
        folder = self.session.options.export_folder or self.start_folder()
        text: Line = ((".csv for spreadsheets, .json for programs.", "muted"),)
        typed = await self.app.push_screen_wait(
            Prompt("Export to", [text], value=str(folder / name))
        )
        if typed is not None:
            await self._write(records, typed)

    def _shown_records(self) -> list[DeviceRecord]:
        index = self.grid.index
        keys = (index.rows[i].key for i in index.view)
        return [r for key in keys if (r := self.session.board.record(key)) is not None]

    async def _write(self, records: list[DeviceRecord], typed: str) -> None:
        run = self.session.run
        if run is None:
            return
        path = _path(typed)
        try:
            count = write_results(run, records, path, force=False)
        except SiptuiError as error:
            if error.code != "exists":
                self.tell(error)
                return
            choices = [("no", "leave it", ""), ("yes", "replace it", visible(str(path)))]
            if await self.app.push_screen_wait(Choice("The file exists", choices)) != "yes":
                self.say("not exported: the file exists already.", "muted")
                return
            try:
                count = write_results(run, records, path, force=True)
            except SiptuiError as second:
                self.tell(second)
                return
        self.say(f"{phrases.plural(count, 'device')} written to {path}", "accent")

    def action_preflight(self) -> None:
        """Check the prerequisites."""
        if self.may("preflight") and self.session.options.preflight is not None:
            self._report("Preflight", self.session.options.preflight, checks=True)

    def action_urls(self) -> None:
        """The provisioning URLs."""
        if self.may("urls") and self.session.options.urls is not None:
            self._report("Provisioning URLs", self.session.options.urls)

    @work(group="flow", exclusive=True)
    async def _report(self, title: str, report: Report, *, checks: bool = False) -> None:
        self.say(f"{title} …", "muted")
        worker = self.run_worker(
            partial(report, list(self.session.devices())),
            thread=True,
            exit_on_error=False,
            group="report",
        )
        try:
            text = await worker.wait()
        except WorkerCancelled:
            return
        except Exception as failure:
            error = worker.error or failure
            if not isinstance(error, SiptuiError):
                raise
            self.tell(error)
            return
        if checks:
            self.session.checked = "checked in this console"
        self._said = ()
        self.show_bars()
        lines: list[Line] = [((visible(line), "normal"),) for line in text]
        await self.app.push_screen_wait(Page(title, lines))

    # -- the rest

    @work(group="flow", exclusive=True)
    async def action_sort(self) -> None:
        """Choose a column; the same one again turns the order round."""
        if not self.may("sort"):
            return
        now = self.grid.sorted_by
        choices = [(column.key, column.title, "") for column in COLUMNS]
        at = next((i for i, c in enumerate(COLUMNS) if now and now[0] == c.key), 0)
        column = await self.app.push_screen_wait(Choice("Sort by", choices, at=at))
        if isinstance(column, str):
            reverse = now is not None and now[0] == column and not now[1]
            self.grid.sort(column, sort_key(column), reverse=reverse)

    @work(group="flow", exclusive=True)
    async def action_theme(self) -> None:
        """Choose a theme; it is used at once."""
        names = sorted(self.app.available_themes)
        choices = [(name, name, "") for name in names]
        at = names.index(self.app.theme) if self.app.theme in names else 0
        chosen = await self.app.push_screen_wait(Choice("Theme", choices, at=at))
        if isinstance(chosen, str):
            self.app.theme = chosen

    @work(group="flow", exclusive=True)
    async def action_quit(self) -> None:
        """Leave; a run goes on, or is stopped after a question."""
        if self.session.live and self.session.options.run_ends_with_us:
            choices = [
                ("stay", "stay", "the run goes on"),
                ("quit", "quit", "the run stops; h, then r goes on with it another time"),
            ]
            if await self.app.push_screen_wait(Choice("Quit", choices, [_ENDS])) != "quit":
                return
        self.app.exit()

    def action_palette(self) -> None:
        """Every command by name."""
        self.app.action_command_palette()

    def _do(self, order: Any, *, then_all: bool = False) -> None:
        try:
            order()
        except SiptuiError as error:
            self.tell(error)
            return
        self._said = ()
        with self.app.batch_update():
            if then_all:
                self.show_all()
                run = self.session.events
                lines = [line for s in run if (line := phrases.log_line(s, self.session.run))]
                self.log_pane.append(lines)
            self.tick()
            self.show_bars()


_REGIONS = {
    Region.APAC: "Asia Pacific",
    Region.EMEA: "Europe, Middle East, Africa",
    Region.NOAM: "North and South America",
}
_ENDS: Line = (
    (
        "This window works on the run. What was submitted goes on at the service and is found "
        "again; what waits is not submitted until somebody resumes the run.",
        "normal",
    ),
)
_DOUBT: Line = (
    (
        "The answer to a submit was lost, or the service said nothing about some devices. Whether "
        "it acted on them is not known. Look at a phone of the batch and at the tenant's batches, "
        "then decide:",
        "normal",
    ),
)


def _path(typed: str) -> Path:
    return Path(typed).expanduser()
