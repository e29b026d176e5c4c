"""Telling somebody who does not look: a command of the operator's, run when a run ends or needs
a person. It gets one JSON object on standard input and is never in the way of the run."""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from siptui.runs import events as ev
from siptui.runs.journal import Journal, timestamp
from siptui.runs.office import load
from siptui.runs.public import lines
from siptui.runs.state import RunState

_LOG = logging.getLogger(__name__)
#: Seconds between two looks at the journal, and those that a command may take.
_LOOK = 1.0
_LIMIT = 30.0
#: Never handed to a command: what a sign-in could be made of.
_SECRETS = ("SIPTUI_ACCESS_TOKEN", "SIPTUI_GRAPH_TOKEN", "SIPTUI_DEVICES_TOKEN")


class Herald:
    """Follows `run` in the journal and runs `command` for what somebody should know."""

    def __init__(self, journal: Journal, run: str, command: tuple[str, ...]) -> None:
        self._journal = journal
        self._command = command
        self._state: RunState = load(journal, run)  # what was before is no news
        self._task: asyncio.Task[None] | None = None
        self._over = False

    def start(self) -> None:
        """Look now and then, from now on."""
        self._task = asyncio.ensure_future(self._follow())

    async def finish(self) -> None:
        """A last look: the end itself is news."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if not self._over:
            await self.look()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_LOOK)
            await self.look()

    async def look(self) -> None:
        """Run the command for each piece of news; one after the other, in their order."""
        try:
            news = self._news()
        except Exception:
            _LOG.exception("the journal could not be read for notify_command")
            return
        for message in news:
            if why := await run_command(self._command, message):
                _LOG.warning("notify_command %s: %s", self._command[0], why)

    async def tell(self, event: ev.AnyEvent) -> None:
        """Run the command for what could not be written down. The journal is read no more."""
        if self._task is not None:
            self._task.cancel()
        stored = ev.Stored(self._state.last_seq, timestamp(datetime.now(UTC)), event)
        for line in lines(self._state, stored, ()):
            if why := await run_command(self._command, _message(line, told(event), self._state)):
                _LOG.warning("notify_command %s: %s", self._command[0], why)
        self._over = True

    def _news(self) -> list[dict[str, Any]]:
        state, news = self._state, []
        for stored in self._journal.read(state.run, state.last_seq):
            changed = state.apply(stored)
            if text := told(stored.event):
                told_lines = lines(state, stored, changed)
                news += [_message(x, text, state) for x in told_lines if x["type"] != "device"]
        return news


def told(event: ev.Event) -> str:
    """What somebody should know of `event`, as a sentence; nothing for most events."""
    match event:
        case ev.RunFinished():
            return (
                f"Run ended: {event.succeeded} signed in, {event.failed} failed, "
                f"{event.unknown} unknown."
            )
        case ev.RunStopped():
            return f"Run stopped: {event.message} {event.remedy}".strip()
        case ev.BatchUnsettled():
            return f"Batch {event.batch} needs your decision: {event.why}."
        case ev.Waiting(over=False) if event.why.startswith("sign-in needed"):
            return f"The run waits: {event.why}"
    return ""


def _message(line: dict[str, Any], text: str, state: RunState) -> dict[str, Any]:
    plan = state.plan
    about = {"file": plan.file, "tenant": plan.tenant} if plan else {}
    return line | {"text": text} | about


async def run_command(
    command: tuple[str, ...], message: Mapping[str, Any], *, limit: float = _LIMIT
) -> str:
    """Run `command` with `message` as JSON on standard input; why it went wrong, or nothing."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(_SECRETS)}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environ,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    try:
        async with asyncio.timeout(limit):
            await process.communicate(json.dumps(message, ensure_ascii=False).encode() + b"\n")
    except TimeoutError:
        return f"it took longer than {limit:g} s and was ended"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"it ended with code {process.returncode}" if process.returncode else ""
