"""The console: the main screen with runs, results and reports on top of lists and orders."""

from collections.abc import Hashable, Sequence
from functools import partial
from pathlib import Path

from textual import work

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.runs.state import DeviceRecord, RunState
from siptui.tui.actions import ACTIONS, BY_ID
from siptui.tui.console import sentences
from siptui.tui.console.selection import Which, about
from siptui.tui.console.tenant_flow import Tenant
from siptui.tui.console.unfinished_runs import Unfinished, unfinished
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.palette import Command, Palette
from siptui.tui.save_file import ask_and_write, write_results
from siptui.tui.widgets.text_lines import Line


class Console(Tenant):
    """The main screen with all that can be ordered on it."""

    def on_mount(self) -> None:
        """Open what was named on the command line."""
        super().on_mount()
        options = self.session.options
        if options.greeting:
            self.welcome = ((visible(options.greeting), "accent"),)
        if not options.file:
            self.log_pane.append(self.opening_lines())
        if notice := self.session.run_service.notice:
            self.log_pane.append([((visible(notice), "unknown"),)])
            self.action_acknowledge()
        if options.run:
            self.call_after_refresh(self.attach, options.run)
            return
        waiting = self._unfinished()
        if waiting and options.file:
            first = f"Unfinished run of {waiting[0].name}: {waiting[0].about}."
            self.welcome = (*self.welcome, (f"{first} {self.key_of['runs']} attaches.", "unknown"))
        if options.file:
            self.read(options.file)  # at once, so that the first frame may have it already
        elif waiting:
            self.call_after_refresh(self.offer, waiting)

    @work(group="journal", exclusive=True)
    async def action_acknowledge(self) -> None:
        """Show what was found wrong with the journal until the operator says that it was read."""
        if not self.may("acknowledge"):
            return
        text: list[Line] = [((visible(self.session.run_service.notice), "unknown"),)]
        choices = [
            ("later", "not yet", "it is shown again"),
            ("read", "acknowledge", "I know what may be missing; do not show it again"),
        ]
        if await self.app.push_screen_wait(Choice("The journal", choices, text)) == "read":
            self.do(self.session.run_service.acknowledge)
            self.say("acknowledged: the warning of the journal is not shown again.", "muted")

    # -- runs

    def _unfinished(self) -> list[Unfinished]:
        try:
            return unfinished(self.session.run_service)
        except SiptuiError as error:
            self.call_after_refresh(self.tell, error)
            return []

    @work(group="flow", exclusive=True)
    async def offer(self, waiting: list[Unfinished]) -> None:
        """Ask which unfinished run to attach to. Only where there is no table to be typed at."""
        text: list[Line] = [
            ((f"{one.name}, run {one.head.run}: {one.about}.", "normal"),) for one in waiting
        ]
        if any(one.head.state == "stopped" for one in waiting):
            text.append((("To have one go on that nobody works on takes one more step.", "muted"),))
        choices = [
            (
                one.head.run,
                f"attach to {one.name}",
                "it is going on" if one.head.state == "running" else "and have it go on",
            )
            for one in waiting
        ]
        run = await self.app.push_screen_wait(Choice("Unfinished runs", choices, text))
        stopped = {one.head.run for one in waiting if one.head.state == "stopped"}
        if isinstance(run, str):
            resume = run in stopped and not self.session.options.read_only
            await self._attach_to(run, resume=resume)

    @work(group="flow", exclusive=True)
    async def action_runs(self) -> None:
        """The history: attach to a run, or have a stopped one go on."""
        from siptui.tui.dialogs.runs import RunsPage

        try:
            heads = self.session.run_service.runs()
        except SiptuiError as error:
            self.tell(error)
            return
        chosen = await self.app.push_screen_wait(
            RunsPage(heads, may_resume=not self.session.options.read_only)
        )
        if chosen is None:
            return
        run, resume = chosen
        await self._attach_to(run, resume=resume)

    async def _attach_to(self, run: str, *, resume: bool) -> None:
        if self.attach(run) and resume:
            await self.resume()

    # -- results and reports

    @work(group="flow", exclusive=True)
    async def action_export(self) -> None:
        """Write the results."""
        run = self.session.run
        if not self.may("export") or run is None:
            return
        chosen, failed = self.selection(), self.session.failed()
        selected = [r for key in chosen.keys if (r := self.session.board.record(key)) is not None]
        every = sentences.plural(len(run.devices), "device")
        choices = [("all", "all results", every)]
        if failed:
            choices.append(("failed", "failed only", "a list that can be opened again"))
        text: list[Line] = []
        if chosen.which is not Which.ALL:
            kind = "marked" if chosen.which is Which.MARKED else "shown"
            names = [str(record.device.user_name) for record in selected]
            text = [((about(chosen, names, "are no device of the run"), "normal"),)]
            choices.insert(0, (kind, f"the rows {kind}", sentences.plural(len(selected), "device")))
        if run.plan is not None and run.plan.source:
            choices.append(("into", "the list itself", "a copy of it, with the results in it"))
        which = "all"
        if len(choices) > 1:
            answer = await self.app.push_screen_wait(Choice("Export", choices, text))
            if not isinstance(answer, str):
                return
            which = answer
        if which == "into":
            await self._fill_in(run)
            return
        records = {"all": list(run.devices), "failed": failed}.get(which, selected)
        name = f"{Path(visible(self.session.file)).stem or 'siptui'}-{which}-{run.run[:13]}.csv"
        folder = self.session.options.export_folder or self.start_folder()
        said, tone = await ask_and_write(
            self.app,
            "Export to",
            ".csv for spreadsheets, .json for programs, .md as a report for a ticket.",
            folder / name,
            partial(self._write, records),
        )
        self.say(said, tone)

    async def _fill_in(self, run: RunState) -> None:
        """Write the results into a copy of the list."""
        list_file = Path(run.plan.source if run.plan else "")
        folder = self.session.options.export_folder or list_file.parent
        said, tone = await ask_and_write(
            self.app,
            "Fill in a copy",
            "In the form of the list, with columns Status, Cause, What to do, Batch, Finished.",
            folder / f"{list_file.stem}-filled{list_file.suffix}",
            partial(_filled, run),
        )
        self.say(said, tone)

    def _write(self, records: list[DeviceRecord], path: Path, force: bool) -> str:
        run = self.session.run
        if run is None:
            return ""
        count = write_results(run, records, path, force=force)
        return f"{sentences.plural(count, 'device')} written to {path}"

    # -- the rest

    def action_quit(self) -> None:
        """Leave; a run goes on, unless this very process works on it: then after a question."""
        self.ask_to_quit()

    @work(group="flow")  # what is being asked underneath is not called off by the question
    async def ask_to_quit(self) -> None:
        """As `q` does, over whatever is on top."""
        if isinstance(self.app.screen, Quit):
            return
        ends: list[Line] = []
        if self.session.live and self.session.options.run_ends_with_us:
            ends.append(_RUN_ENDS)
        if any(one.group == "fix" and not one.is_finished for one in self.app.workers):
            ends.append(_FIX_ENDS)
        if ends and await self.app.push_screen_wait(Quit(ends)) != "quit":
            return
        self.app.exit()

    def action_palette(self) -> None:
        """Every command by name."""
        self.app.push_screen(Palette(self._commands()), self._carry_out)

    def _commands(self) -> list[Command]:
        offers = self.offers()
        read_only = self.session.options.read_only
        commands = [
            Command(
                action.id,
                f"show {words}" if action.id == "status" else words,
                self.key_of[action.id] if self.keys[action.id] else "",
                action.help,
                action.also,
                "" if action.id in offers else self.why_not(action.id),
            )
            for action in ACTIONS
            if action.palette and not (action.changes and read_only)
            for words in (offers.get(action.id, action.title),)
        ]
        commands += [
            Command(f"{_THEME}{name}", f"theme {name}", "", "use this theme", "colours colors")
            for name in sorted(self.app.available_themes)
        ]
        return commands

    async def _carry_out(self, chosen: Hashable) -> None:
        if not isinstance(chosen, str):
            return
        if chosen.startswith(_THEME):
            self.use_theme(chosen.removeprefix(_THEME))
        elif BY_ID[chosen].scope == "grid":
            await self.app.run_action(f"grid_{chosen}", self.grid)
        else:
            await self.app.run_action(chosen, self)


_THEME = "theme:"


class Quit(Choice):
    """Asked before this window is left while it works on something; `ends` says on what."""

    def __init__(self, ends: Sequence[Line]) -> None:
        stops = "the run stops; h, then r goes on with it another time"
        choices = [
            ("stay", "stay", "it goes on"),
            ("quit", "quit", stops if _RUN_ENDS in ends else "it is not waited for"),
        ]
        super().__init__("Quit", choices, ends)


_RUN_ENDS: Line = (
    (
        "This window works on the run. What was submitted goes on at the service and is found "
        "again; what waits is not submitted until somebody resumes the run.",
        "normal",
    ),
)
_FIX_ENDS: Line = (
    (
        "Changes are being made in the tenant. What was sent is not taken back; the next check "
        "says what came of it.",
        "normal",
    ),
)


def _filled(run: RunState, path: Path, force: bool) -> str:
    from siptui.runs.output.filled_list import write_into

    count = write_into(run, path, force=force)
    return f"{sentences.plural(count, 'row')} filled in: {visible(str(path))}"
