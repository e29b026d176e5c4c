"""One key at a time: the next one is looked at when everything that the one before began is done.

Textual hands a key to the widget that has the focus at that moment, and carries actions out in
other tasks. Over a slow link, in a paste or with a key held down several keys arrive in one piece:
those behind the one that opens a field would run as commands of the table below it. The gate holds
them until the action is carried out and what it opened has the focus.
"""

import asyncio
from collections import deque
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual.events import Key, Paste
from textual.worker import Worker

from siptui.tui.typed_pastes import GAP, is_text, pasted

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

#: The group of the workers that lead a conversation with the operator: while one of them is under
#: way to its next question, keys wait. What works in the background belongs to other groups.
CONVERSATION = "flow"
_LOOK_AGAIN = 0.01  # seconds, while a conversation waits for a service or a file
_COARSE = 0.005  # seconds of a clock's tick
_CALL_OFF = frozenset({"escape", "ctrl+c", "ctrl+q"})

Typed = Key | Paste


class InputGate:
    """The keys and pastes of one application, in their order, handed on one by one."""

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self._held: deque[Typed] = deque()
        self._last_text: tuple[str, float] = ("", 0.0)
        self._hurried = False  # a key came right behind another one
        self._handed_on: Typed | None = None
        self._task: asyncio.Task[None] | None = None
        self._asking: dict[Worker[Any], Screen[Any]] = {}

    # -- what arrives

    def holds(self, event: object) -> bool:
        """Whether `event` was kept for later; what it hands on itself it lets pass."""
        if not isinstance(event, Typed) or event.is_forwarded:
            return False
        if event is self._handed_on:
            self._handed_on = None
            return False
        self._notice(event)
        self._held.append(event)
        if self._task is None:
            self._task = asyncio.create_task(self._hand_on(), name="input gate")
        return True

    @property
    def busy(self) -> bool:
        """Whether something that was typed is still to be carried out."""
        return self._task is not None

    def close(self) -> None:
        """The application is being left: what is held is dropped."""
        self._held.clear()
        if self._task is not None:
            self._task.cancel()

    def _notice(self, event: Typed) -> None:
        """Remember whether keys come as those of a paste do."""
        if isinstance(event, Key) and is_text(event):
            key, at = self._last_text
            now = monotonic()
            self._hurried = now - at < GAP and key != event.key
            self._last_text = (event.key, now)

    async def _whole_paste(self) -> None:
        """Wait while keys come in as those of a paste do, and make one event of them if they are
        one: its line ends are no Enter then, and its letters no commands."""
        while self._hurried and (left := self._quiet_in()) > 0:  # noqa: ASYNC110 - no event: silence
            await asyncio.sleep(left)
        self._hurried = False
        keys = [event for event in takewhile(is_text, self._held) if isinstance(event, Key)]
        if text := pasted(keys):
            for _ in keys:
                self._held.popleft()
            self._held.appendleft(Paste(text))

    def _quiet_in(self) -> float:
        return self._last_text[1] + GAP - monotonic()

    # -- conversations

    def asks(self, worker: Worker[Any], screen: "Screen[Any]") -> None:
        """`worker` waits for the answer of `screen`."""
        self._asking[worker] = screen

    def answered(self, worker: Worker[Any]) -> None:
        """`worker` has its answer, or waits for none any more."""
        self._asking.pop(worker, None)

    @property
    def under_way(self) -> list[Worker[Any]]:
        """The conversations that are on the way to their next question or to their end."""
        return [
            worker
            for worker in self._app.workers
            if worker.group == CONVERSATION
            and not worker.is_finished
            and self._asking.get(worker) not in self._app.screen_stack
        ]

    # -- handing on

    async def _hand_on(self) -> None:
        try:
            while True:
                await self._settled()
                await self._whole_paste()
                if not self._held:
                    return
                event = self._handed_on = self._held.popleft()
                self._app.post_message(event)
        finally:
            self._task = None

    async def _settled(self) -> None:
        """Until everything that was begun is done, or waits for the operator."""
        while True:
            await asyncio.sleep(0)
            if not _at_rest():
                continue
            if not (under_way := self.under_way):
                return
            if self._called_off():
                for worker in under_way:
                    worker.cancel()
                continue
            await asyncio.sleep(_LOOK_AGAIN)

    def _called_off(self) -> bool:
        """Whether the operator does not want to wait any longer: then what was typed before that
        was meant for a question that is not asked now."""
        key = next((e.key for e in self._held if isinstance(e, Key) and e.key in _CALL_OFF), "")
        if not key:
            return False
        while isinstance(event := self._held[0], Paste) or event.key != key:
            self._held.popleft()
        if key == "escape":
            self._held.popleft()
        return True


def _at_rest() -> bool:
    """Whether nothing but the caller is ready to run in this loop: every message was taken, every
    task waits for something outside. asyncio has no public way to ask that.

    Where the clock is coarse (Python up to 3.12 on Windows), a timer is ready a tick too early, and
    one that is set again and again always is: there timers do not count.
    """
    loop = asyncio.get_running_loop()
    ready = getattr(loop, "_ready", ())
    if getattr(loop, "_clock_resolution", 0) < _COARSE:
        return not ready
    return all(isinstance(handle, asyncio.TimerHandle) for handle in ready)
