"""Messages to an operator who is not watching: a command of theirs, run when a run ends or needs
a decision. It gets one JSON object on standard input and never delays the run."""

import asyncio
import contextlib
import errno
import json
import logging
import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.host.processes import end_child, start_child
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal, timestamp
from siptui.runs.output.json_lines import lines
from siptui.runs.output.sentences import sentence
from siptui.runs.state import RunState
from siptui.runs.state_load import load

_LOG = logging.getLogger(__name__)
#: Seconds between two looks at the journal, and those that a command may take.
_LOOK = 1.0
_LIMIT = 30.0
#: Seconds between two looks whether a command has ended.
_CHECK = 0.05
#: Seconds after which the last words no longer wait for the command before them.
_SEEMS_TO_HANG = 2.0
#: Turns of the loop until a task that was made has made another, and that has begun.
_STEPS = 3
#: Never handed to a command: what a sign-in could be made of.
_SECRETS = ("SIPTUI_ACCESS_TOKEN", "SIPTUI_GRAPH_TOKEN", "SIPTUI_DEVICES_TOKEN")


class Notifier:
    """Follows `run` in the journal and runs `command` for what a person should know.

    A command that goes wrong is told in the journal, where each view of the run shows it.
    """

    def __init__(self, journal: Journal, run: str, command: tuple[str, ...]) -> None:
        self._journal = journal
        self._command = command
        self._state: RunState = load(journal, run)  # what was before is no news
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[dict[str, Any]] = deque()
        self._last: list[asyncio.Future[None]] = []
        self._said: set[str] = set()
        self._over = False

    def start(self) -> None:
        """Look now and then, from now on. A command that is not there is told at once."""
        if shutil.which(self._command[0]) is None:
            self._say("it is not there; no message is sent about this run")
            self._said.add(os.strerror(errno.ENOENT))  # each try would say so again
        self._task = asyncio.ensure_future(self._follow())

    async def flush(self) -> None:
        """A last look: the end itself is news. Its commands begin and are not waited for; one that
        runs still is left to itself."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if not self._over:
            self._look()
        self._last.append(asyncio.ensure_future(self._told_in_order()))
        for _ in range(_STEPS):  # until the first has begun
            await asyncio.sleep(0)

    async def finish(self) -> None:
        """The last words, and until their commands have ended, each within its limit."""
        await self.flush()
        last, self._last = self._last, []
        await asyncio.gather(*last)

    async def _told_in_order(self) -> None:
        """Run the commands that wait, each when the one before has ended or seems to hang."""
        running: list[asyncio.Future[str]] = []
        try:
            while self._waiting:
                told = asyncio.ensure_future(run_command(self._command, self._waiting.popleft()))
                running.append(told)
                await asyncio.wait({told}, timeout=_SEEMS_TO_HANG)
        finally:
            while self._waiting:  # cancelled: what is left is told all the same
                _started(self._command, self._waiting.popleft())
        for why in await asyncio.gather(*running):
            self._say(why)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            await self.look()

    async def look(self) -> None:
        """Run the command for each piece of news; one after the other, in their order."""
        self._look()
        while self._waiting:
            self._say(await run_command(self._command, self._waiting.popleft()))

    def _look(self) -> None:
        try:
            self._waiting += self._news()
        except Exception:
            _LOG.exception("the journal could not be read for notify_command")

    def _say(self, why: str) -> None:
        """Tell that a command went wrong, each way of it once."""
        if not why or why in self._said:
            return
        self._said.add(why)
        text = f"notify_command ({visible(Path(self._command[0]).name)}): {visible(why)}"
        _LOG.warning("%s", text)
        with contextlib.suppress(SiptuiError):  # the journal may be what is gone
            note = ev.Note(level="warning", text=f"{text}. Check it in config.toml.")
            self._journal.append(self._state.run, [note], datetime.now(UTC))

    async def tell(self, event: ev.AnyEvent) -> None:
        """Run the command for what could not be written down. The journal is read no more."""
        stored = ev.Stored(self._state.last_seq, timestamp(datetime.now(UTC)), event)
        told_lines = lines(self._state, stored, ())
        self._waiting += [_message(line, told(event), self._state) for line in told_lines]
        self._over = True
        await self.flush()

    def _news(self) -> list[dict[str, Any]]:
        state, news = self._state, []
        for stored in self._journal.read(state.run, state.last_seq):
            changed = state.apply(stored)
            if text := told(stored.event):
                told_lines = lines(state, stored, changed)
                news += [_message(x, text, state) for x in told_lines if x["type"] != "device"]
        return news


def told(event: ev.Event) -> str:
    """What an operator who does not look should know of `event`; nothing for most events."""
    match event:
        case ev.RunFinished() | ev.RunStopped() | ev.BatchUnsettled():
            pass
        case ev.Waiting(over=False) if event.for_person:
            pass
        case _:
            return ""
    said = sentence(ev.Stored(0, "", event))
    text = said.whole if said else ""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def _message(line: dict[str, Any], text: str, state: RunState) -> dict[str, Any]:
    plan = state.plan
    about = {"file": plan.file, "tenant": plan.tenant} if plan else {}
    return line | {"text": text} | about


async def run_command(
    command: tuple[str, ...], message: Mapping[str, Any], *, limit: float = _LIMIT
) -> str:
    """Run `command` with `message` as JSON on standard input; why it went wrong, or nothing.

    It is ended when it takes longer than `limit` seconds. A caller that cancels this leaves it to
    itself.
    """
    process = _started(command, message)
    if isinstance(process, str):
        return process
    try:
        async with asyncio.timeout(limit):
            while process.poll() is None:  # noqa: ASYNC110 - a child's end is no event of a loop
                await asyncio.sleep(_CHECK)
    except TimeoutError:
        end_child(process)
        return f"it took longer than {limit:g} s and was ended"
    return f"it ended with code {process.returncode}" if process.returncode else ""


def _started(
    command: tuple[str, ...], message: Mapping[str, Any]
) -> "subprocess.Popen[bytes] | str":
    """`command`, begun; or why it cannot be."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(_SECRETS)}
    try:
        with _as_file(json.dumps(message, ensure_ascii=False).encode() + b"\n") as said:
            return start_child(command, stdin=said, stdout=subprocess.DEVNULL, env=environ)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)


def _as_file(content: bytes) -> IO[bytes]:
    """An open file without a name that holds `content`: unlike a pipe it is never full, and does
    not have to be written while the command runs."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("siptui-message"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who asked for it
    file.write(content)
    file.seek(0)
    return file
