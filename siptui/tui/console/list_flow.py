"""Opening a device list: choose it, read it in a thread, show it."""

from asyncio import CancelledError
from collections.abc import Hashable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from siptui.devicelist.model import UndecidedError
from siptui.domain.columns import COLUMNS, NEEDED, WHAT
from siptui.domain.errors import SiptuiError
from siptui.domain.list_options import ListOptions, with_answer
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.domain.times import minute
from siptui.tui import dialogs
from siptui.tui.console.model import Session, read_list
from siptui.tui.console.tenant_urls import opening_lines
from siptui.tui.console.view import View
from siptui.tui.preferences import asked_of, read_kept, write_kept
from siptui.tui.sentences import list_name
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.devicelist.model import DeviceList


class ListFlow:
    """Opens lists, and asks what their headers do not say."""

    def __init__(self, view: View, session: Session) -> None:
        self.view = view
        self.session = session
        #: What was typed in the picker when that was left.
        self._typed = ""
        #: Whether a list is on its way since the start: there is a table in a moment.
        self.opening = session.options.file is not None

    async def open(self) -> None:
        """Choose a list."""
        from siptui.tui.dialogs.picker import Picker  # textual-fspicker, for this dialog alone

        if self.view.may("open"):
            picker = Picker(
                self.session.start_folder,
                recent=recent(self.session.options.save_folder),
                typed=self._typed,
            )
            path: Path | None = await self.view.ask(picker)
            self._typed = picker.typed if path is None else ""
            if path is not None:
                await self.read(path, self.session.options.region)

    async def headers(self) -> None:
        """Choose from which header a column is read, and read the list anew."""
        view, session = self.view, self.session
        found, path = session.board.list, session.path
        if not view.may("headers") or found is None or path is None:
            return
        read = found.headers_read
        columns = [(key, WHAT[key], f"“{read[key]}”" if key in read else "-") for key in COLUMNS]
        topic = dialogs.Topic.ACCOUNT_COLUMN
        key = await view.ask(
            dialogs.Choice("Which column is in another header?", columns, topic=topic)
        )
        if not isinstance(key, str):
            return
        names = list(found.headers)
        choices = [(name, name, ", ".join(found.headers[name])) for name in names]
        choices += [("", "leave it out", "")] if key not in NEEDED else []
        at = names.index(read[key]) if read.get(key) in names else 0
        asks = f"Which header holds the {WHAT[key]}?"
        header = await view.ask(dialogs.Choice(asks, choices, topic=topic, at=at))
        if not isinstance(header, str):
            return
        options = with_answer(session.list_options(path), key, header)
        if await self.read(path, session.region, options) and header:
            folder = session.options.save_folder
            kept = read_kept(folder).answered(asked_of(found.headers), key, header)
            write_kept(folder, kept)

    async def read(
        self, path: Path, region: Region | None, options: ListOptions | None = None
    ) -> bool:
        """Read a list and show it; whether that went well. Keys wait until it is there, as they
        are meant for it. `options` say how, where it was said for this list. That the file is no
        longer what was shown of it is told."""
        before = self.session.path
        taken = await self._read(path, region, options or self.session.list_options(path))
        if taken and path != before:
            await self._tell_of_runs(path)
        if not taken and self.opening and self.view.in_use:
            self.opening = False
            self.view.show_all()  # what to press without a list
        return taken

    async def _tell_of_runs(self, path: Path) -> None:
        """Say in the log that lists of this name were submitted before: the table shows no trace
        of that until it is read where the rows stand."""
        view = self.view
        try:
            heads = await view.in_thread(self.session.run_service.runs)
        except SiptuiError:
            return  # what is wrong with the journal is told elsewhere
        of_list = [head for head in heads if list_name(head.file) == visible(path.name)]
        if not of_list or not view.in_use:
            return
        last, key = of_list[0], view.key_of["standing"]
        many = "1 run" if len(of_list) == 1 else f"{len(of_list):,} runs, the last"
        said = (
            f"{visible(path.name)} was submitted before: {many} of {minute(last.started)}, "
            f"{last.succeeded:,} of {last.devices:,} signed in. {key} shows where each row stands."
        )
        view.log_pane.append([((said, "accent"),)])

    async def _read(self, path: Path, region: Region | None, options: ListOptions) -> bool:
        view = self.view
        if not self.session.board.empty:
            view.say(f"reading {path.name} …", "muted")
        else:
            view.log_pane.append([((f"reading {visible(str(path))} …", "muted"),)])
        while True:
            try:
                devices = await view.in_thread(partial(read_list, path, region, options))
                chosen = self._chosen_before(devices, options)
                if chosen == options:
                    break
                options = chosen
            except CancelledError:
                return False  # called off, or the console is being left
            except UndecidedError as error:
                answered = await self._answered(error, options) if view.in_use else None
                if answered is None:
                    view.tell(error)
                    return False
                options = answered
            except SiptuiError as error:
                view.tell(error)
                return False
        before = self.session.digest if path == self.session.path else ""
        self.session.take_list(path, devices, options)
        self.session.region = region
        lines: list[Line] = [((visible(note), "muted"),) for note in devices.notes]
        view.log_pane.clear()
        view.log_pane.append([*opening_lines(self.session, view.key_of), *lines])
        view.clear_notice()
        remember(self.session.options.save_folder, path)
        self.opening = False
        view.grid.clear_marks()
        view.show_all()
        if before not in ("", devices.sha256):
            changed = f"{path.name} is not what it was when it was read: look at what it has now."
            view.log_pane.append([((visible(changed), "unknown"),)])
            view.say(visible(changed), "unknown")
        return True

    def _chosen_before(self, devices: "DeviceList", options: ListOptions) -> ListOptions:
        """`options` with the headers that were chosen for a list like this one."""
        answers = read_kept(self.session.options.save_folder).answers
        for key, header in answers.get(asked_of(devices.headers), {}).items():
            known = key in COLUMNS and header in devices.headers
            given = key in options.columns.given
            if known and not given and devices.headers_read.get(key) != header:
                options = with_answer(options, key, header)
        return options

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
            topic = dialogs.LIST_TOPICS.get(question.key, dialogs.Topic.ACCOUNT_COLUMN)
            answer = await self.view.ask(dialogs.Choice(question.asks, choices, text, topic=topic))
            if isinstance(answer, str) and answer and error.names:
                write_kept(folder, read_kept(folder).answered(headers, question.key, answer))
        return with_answer(options, question.key, answer) if isinstance(answer, str) else None


def recent(folder: Path | None) -> list[Path]:
    """The lists that were opened last and are there still, the newest first."""
    return [path for one in read_kept(folder).recent if (path := Path(one)).is_file()]


def remember(folder: Path | None, path: Path) -> None:
    """Keep that this list was opened, where its name can be shown."""
    whole = str(path.absolute())
    kept = read_kept(folder)
    if visible(whole) == whole and path.is_file() and kept.recent[:1] != (whole,):
        write_kept(folder, kept.opened(whole))
