"""Opening a device list: choose it, read it in a thread, show it."""

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from textual import work
from textual.worker import WorkerCancelled

from siptui.devicelist.model import UndecidedError
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import ListOptions, with_answer
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.console.model import read_list
from siptui.tui.console.view_flow import Looks
from siptui.tui.dialogs.ask import Choice
from siptui.tui.preferences import asked_of, read_kept, write_kept
from siptui.tui.widgets.text_lines import Line


class Lists(Looks):
    """The main screen, able to open lists."""

    #: What stands at the top of the log as long as a list is shown.
    welcome: Line = ()

    def opening_lines(self) -> list[Line]:
        """What stands at the top of the log."""
        return [self.welcome] if self.welcome else []

    @work(group="flow", exclusive=True)
    async def action_open(self) -> None:
        """Choose a list."""
        from siptui.tui.dialogs.picker import Picker

        if self.may("open"):
            path = await self.app.push_screen_wait(Picker(self.start_folder()))
            if path is not None:
                await self.read_now(path, self.session.options.region)

    @work(group="flow", exclusive=True)
    async def read(self, path: Path) -> None:
        """Read a list and show it; keys wait until it is there, as they are meant for it."""
        await self.read_now(path, self.session.options.region)

    async def read_now(self, path: Path, region: Region | None) -> bool:
        """Read a list, show it, and say whether that went well."""
        read = await self._read(path, region)
        if not read and self._opening and self.is_running:
            self._opening = False
            self.show_all()  # what to press without a list
        return read

    async def _read(self, path: Path, region: Region | None) -> bool:
        if not self.session.board.empty:
            self.say(f"reading {path.name} …", "muted")
        else:
            self.log_pane.append([((f"reading {visible(str(path))} …", "muted"),)])
        options = self.session.list_options(path)
        while True:
            reading = partial(read_list, path, region, options)
            worker = self.run_worker(reading, thread=True, exit_on_error=False, group="list")
            try:
                devices = await worker.wait()
                break
            except WorkerCancelled:
                return False  # the console is being left
            except Exception as failure:
                error = worker.error or failure
                if not isinstance(error, SiptuiError):
                    raise
                if not isinstance(error, UndecidedError) or not self.is_attached:
                    self.tell(error)
                    return False
                answered = await self._answered(error, options)
                if answered is None:
                    self.tell(error)
                    return False
                options = answered
        self.session.take_list(path, devices, options)
        self.session.region = region
        lines: list[Line] = [((visible(note), "muted"),) for note in devices.notes]
        self.log_pane.clear()
        self.log_pane.append([*self.opening_lines(), *lines])
        self._said, self._opening = (), False
        self.grid.clear_marks()
        self.show_all()
        return True

    async def _answered(self, error: UndecidedError, options: ListOptions) -> ListOptions | None:
        """`options` with the answer to what `error` asks; none if the operator goes back.

        What was answered for a list with the same headers is not asked again.
        """
        folder = self.session.options.save_folder
        kept, headers = read_kept(folder), asked_of(error.names)
        question = error.question
        known = kept.answers.get(headers, {}).get(question.key)
        if known in [option.header for option in question.options]:
            answer: Hashable = known
        else:
            text: list[Line] = [((visible(error.message), "normal"),)]
            choices = [
                (
                    option.header,
                    option.header or "leave it out",
                    option.about or ", ".join(option.samples),
                )
                for option in question.options
            ]
            answer = await self.app.push_screen_wait(Choice(question.asks, choices, text))
            if isinstance(answer, str) and answer and error.names:
                write_kept(folder, read_kept(folder).answered(headers, question.key, answer))
        return with_answer(options, question.key, answer) if isinstance(answer, str) else None
