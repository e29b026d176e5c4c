"""A console in a test: driven by keys, looked at as text, its bytes counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from textual import events
from textual._context import visible_screen_stack
from textual.drivers.headless_driver import HeadlessDriver
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from siptui.tui.app import SiptuiApp
from siptui.tui.base_app import ThemedApp
from siptui.tui.console.screen import Console
from siptui.tui.options import ConsoleOptions
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Surface
from tests.tui.scripted_runs import ScriptedRuns

SIZES = [(80, 24), (120, 40)]
#: Never by itself within a test: tests say when it is time to look.
SELDOM = 0.0001
_FRAME = str.maketrans("│▌", "  ")
_QUIET = 8  # rounds in which nothing was on its way
_BETWEEN = 2  # … before the next key
_BELOW = 400  # rounds for what lies below a dialog: Textual may leave it until it is on top again
_PATIENCE = 20_000  # rounds of a millisecond or more, after which a test fails instead of hanging


class CountingDriver(HeadlessDriver):
    """Keeps what would go to the terminal."""

    @property
    def is_headless(self) -> bool:
        return False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sent = ""

    def write(self, data: str) -> None:
        self.sent += data

    def take(self) -> str:
        sent, self.sent = self.sent, ""
        return sent


def _at_work(node: MessagePump) -> bool:
    """Whether a message waits for the node or is handled by it.

    Textual's own way to know is to send each of them a further one (`Pilot._wait_for_screen`),
    which costs more than what most keys do.
    """
    ready = node._message_queue.ready_event  # no task waits for it while a message is handled
    return node._running and (ready.is_set() or not ready._waiters)


class ConsoleHarness:
    """A running console without a terminal, with the runs it shows.

    Keys go in through `press` and `type`; `text`, `flat` and `rows` are what is on the screen.
    """

    def __init__(self, pilot: Pilot[Any], runs: ScriptedRuns) -> None:
        self.pilot = pilot
        self.runs = runs
        self.app = pilot.app
        self._seen: str | None = None

    @property
    def console(self) -> Console:
        console = self.app.screen_stack[0]
        assert isinstance(console, Console)
        return console

    async def settle(self, rounds: int = _QUIET) -> None:
        """Until nothing is on its way any more; conversations may be open."""
        quiet = below = 0
        for _ in range(_PATIENCE):
            await asyncio.sleep(0.001)  # the next frame
            if self._busy() or (below < _BELOW and self._busy_below()):
                quiet = 0
                below += 1
            else:
                quiet += 1
            if quiet == rounds:
                return
        raise AssertionError("the console does not come to rest")

    async def until(self, seen: Callable[[], object]) -> None:
        """Until it is so and nothing is on its way any more: for what a timer or a thread brings,
        of which `settle` knows nothing. How long that takes depends on the machine."""
        for _ in range(_PATIENCE):
            await self.settle()
            if seen():
                await self.settle()
                return
        raise AssertionError(f"it did not come:\n{self.text}")

    def _busy(self) -> bool:
        """Whether messages, frames or work are on their way, a conversation apart."""
        if self.app._exit:
            return False
        assert isinstance(self.app, ThemedApp)
        if self.app.gate.busy and not self.app.gate.under_way:
            return True
        stack = self.app.screen_stack
        top = stack[-1]
        if any(_at_work(node) for node in (self.app, *top.walk_children(with_self=True))):
            return True
        if any(node.message_queue_size for one in stack[:-1] for node in one.walk_children()):
            return True
        if not all(screen.is_mounted for screen in stack):
            return True
        if top._callbacks or top._layout_required or top._dirty_widgets:
            return True
        groups = {worker.group for worker in self.app.workers if not worker.is_finished}
        asked = len(stack) > 1  # a conversation waits for its answer
        modal = any(isinstance(screen, ModalScreen) for screen in stack)
        reading = bool(groups & {"read", "list", "check", "status"}) and not modal
        return reading or ("flow" in groups and not asked)

    def _to_handle(self) -> bool:
        """Whether any widget, on top or below, has something to do."""
        nodes = (one.walk_children(with_self=True) for one in self.app.screen_stack)
        return any(_at_work(node) for node in (self.app, *chain.from_iterable(nodes)))

    def _busy_below(self) -> bool:
        """Whether what lies below is still to be drawn, as after another size of the terminal."""
        return any(one._callbacks or one._layout_required for one in self.app.screen_stack[:-1])

    async def press(self, *keys: str) -> None:
        for left, key in reversed(list(enumerate(reversed(keys)))):
            await self.app._press_keys([key])
            await self.settle(_BETWEEN if left else _QUIET)

    async def type(self, text: str) -> None:
        await self.app._press_keys(text)
        await self.settle()

    async def look(self) -> None:
        """What the timer would do."""
        self.console.tick()
        await self.settle()

    async def submit(self, number: int) -> None:
        await self.press("s")
        await self.type(str(number))
        await self.press("enter")

    @property
    def text(self) -> str:
        """The whole screen as it is composed, with what shows through a dialog."""
        if self._seen is None or self._to_handle():
            visible_screen_stack.set(self.app._background_screens)
            strips = self.app.screen._compositor.render_strips()
            self._seen = "\n".join(strip.text for strip in strips)
            # It stays so until something else has its turn or is asked for.
            asyncio.get_running_loop().call_soon(self._look_anew)
        return self._seen

    def _look_anew(self) -> None:
        self._seen = None

    @property
    def flat(self) -> str:
        """The screen as one line, frames and blanks apart."""
        return " ".join(self.text.translate(_FRAME).split())

    @property
    def question(self) -> str:
        """What the dialog on top says, as one line."""
        lines = self.app.screen.query_one("#dialog-text", Surface).lines
        return " ".join("".join(text for text, _ in line).strip() for line in lines)

    def fill(self, text: str) -> None:
        """Put a text into the field of the dialog, as pasting does."""
        self.app.screen.query_one(Input).value = text

    @property
    def rows(self) -> list[tuple[str, ...]]:
        index = self.console.grid.index
        return [index.rows[i].cells for i in index.view]

    @property
    def rows_of_page(self) -> list[tuple[str, ...]]:
        """The rows of the page on top, as it shows them."""
        index = self.app.screen.query_one(RowGrid).index
        return [index.rows[i].cells for i in index.view]


@asynccontextmanager
async def console(
    folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    text: str | None = None,
    counting: bool = False,
    runs: ScriptedRuns | None = None,
    **options: Any,
) -> AsyncIterator[ConsoleHarness]:
    """A console, on a device list with that text if there is one."""
    runs = runs or ScriptedRuns(folder)
    options.setdefault("save_folder", folder / "saved")
    options.setdefault("refresh_hz", SELDOM)
    if text is not None:
        file = folder / "lobby.csv"
        file.write_text(text, encoding="utf-8")
        options["file"] = file
    app = SiptuiApp(runs, ConsoleOptions(**options))
    if counting:
        app.driver_class = CountingDriver
    async with app.run_test(size=size, headless=not counting) as pilot:
        harness = ConsoleHarness(pilot, runs)
        await harness.settle()
        yield harness
    runs.close()


#: What the keys with a name send.
CHARACTERS = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "asterisk": "*",
    "space": " ",
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
}


def key_event(name: str) -> events.Key:
    return events.Key(name, name if len(name) == 1 else CHARACTERS.get(name))


async def in_one_piece(harness: ConsoleHarness, keys: Iterable[str]) -> None:
    """Every key is there before the first is looked at."""
    for key in keys:
        harness.app.post_message(key_event(key))
    await harness.settle()
