"""Opening a device list: choose it, read it in a thread, show it."""

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from textual.worker import WorkerCancelled

from siptui.devicelist.model import UndecidedError
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import ListOptions, with_answer
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.tui.console.model import Session, read_list
from siptui.tui.console.tenant_urls import opening_lines
from siptui.tui.console.view import View
from siptui.tui.dialogs.ask import Choice
from siptui.tui.dialogs.help_text import LIST_TOPICS, Topic
from siptui.tui.preferences import asked_of, read_kept, write_kept
from siptui.tui.widgets.text_lines import Line


class ListFlow:
    """Opens lists, and asks what their headers do not say."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session
        #: Whether a list is on its way since the start: there is a table in a moment.
        self.opening = session.options.file is not None

    async def open(self) -> None:
        """Choose a list."""
        from siptui.tui.dialogs.picker import Picker  # textual-fspicker, for this dialog alone

        if self.view.may("open"):
            path = await self.view.ask(Picker(self.session.start_folder))
            if path is not None:
                await self.read(path, self.session.options.region)

    async def read(self, path: Path, region: Region | None) -> bool:
        """Read a list and show it; whether that went well. Keys wait until it is there, as they
        are meant for it."""
        taken = await self._read(path, region)
        if not taken and self.opening and self.view.in_use:
            self.opening = False
            self.view.show_all()  # what to press without a list
        return taken

    async def _read(self, path: Path, region: Region | None) -> bool:
        view = self.view
        if not self.session.board.empty:
            view.say(f"reading {path.name} …", "muted")
        else:
            view.log_pane.append([((f"reading {visible(str(path))} …", "muted"),)])
        options = self.session.list_options(path)
        while True:
            try:
                devices = await view.in_thread(partial(read_list, path, region, options))
                break
            except WorkerCancelled:
                return False  # the console is being left
            except UndecidedError as error:
                answered = await self._answered(error, options) if view.in_use else None
                if answered is None:
                    view.tell(error)
                    return False
                options = answered
            except SiptuiError as error:
                view.tell(error)
                return False
        self.session.take_list(path, devices, options)
        self.session.region = region
        lines: list[Line] = [((visible(note), "muted"),) for note in devices.notes]
        view.log_pane.clear()
        view.log_pane.append([*opening_lines(self.session, view.key_of), *lines])
        view.clear_notice()
        self.opening = False
        view.grid.clear_marks()
        view.show_all()
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
            topic = LIST_TOPICS.get(question.key, Topic.ACCOUNT_COLUMN)
            answer = await self.view.ask(Choice(question.asks, choices, text, topic=topic))
            if isinstance(answer, str) and answer and error.names:
                write_kept(folder, read_kept(folder).answered(headers, question.key, answer))
        return with_answer(options, question.key, answer) if isinstance(answer, str) else None
