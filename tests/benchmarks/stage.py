"""What is measured on a real terminal: the console over scripted runs, and bare Textual.

`python -m tests.benchmarks.stage SCENE [ROWS]`, started by `screen.py`, which gives its orders
through a pipe. Bare Textual is the same rows in a stock `DataTable`, a `RichLog` below.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from siptui.tui.run_console import prepare_environment

prepare_environment()  # as the entry point does, before Textual is imported

from textual.app import App, ComposeResult  # noqa: E402
from textual.widgets import DataTable, Footer, Header, RichLog  # noqa: E402

ORDERS, ANSWERS = (int(fd) for fd in os.environ.get("STAGE", "-1,-1").split(","))


def memory() -> float:
    """MB this process holds alone or shared by part (Linux), else what it has had at most."""
    gc.collect()
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


class Lag:
    """How late the loop comes back to a task that sleeps."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.perf_counter() - began - 0.005)


class Stage:
    """Carries out orders inside the application's loop."""

    def __init__(self, app: "App[Any]") -> None:
        self.app = app
        self.lag = Lag()
        self.paints: list[tuple[float, Any]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._lag = loop.create_task(self.lag.watch())
        self._buffer = b""
        if ORDERS >= 0:
            loop.add_reader(ORDERS, self._read)
        shown = self.app.post_display_hook

        def hook() -> None:
            shown()
            self.paints.append((time.monotonic(), self.place()))

        self.app.post_display_hook = hook  # type: ignore[method-assign]  # measured where it is sent

    def place(self) -> Any:
        return None

    def _read(self) -> None:
        data = os.read(ORDERS, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(ORDERS)
            return
        self._buffer += data
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            order, *words = json.loads(line)
            task = asyncio.get_running_loop().create_task(self._do(order, words))
            self._last = task

    async def _do(self, order: str, words: list[Any]) -> None:
        answer = await getattr(self, order)(*words)
        os.write(ANSWERS, (json.dumps(answer) + "\n").encode())

    async def painted(self, act: Callable[[], object]) -> float:
        """Milliseconds from the beginning of `act` to the frame that shows it."""
        await asyncio.sleep(0.3)
        self.paints.clear()
        began = time.monotonic()
        act()
        while not self.paints:  # noqa: ASYNC110 - a clock, not a conversation
            await asyncio.sleep(0.0005)
        await asyncio.sleep(0.3)
        return (self.paints[0][0] - began) * 1000

    async def memory(self) -> float:
        return memory()

    async def worst_lag(self) -> float:
        worst, self.lag.worst = self.lag.worst, 0.0
        return worst * 1000

    async def taken(self, forget: bool = False) -> list[tuple[float, Any]]:
        taken = list(self.paints)
        if forget:
            self.paints.clear()
        return taken


def console(rows: int) -> None:
    """The console on a list of that many phones, with runs whose events are written here."""
    from siptui.runs import events as ev
    from siptui.tui.app import SiptuiApp
    from siptui.tui.console.sorting import sort_key
    from siptui.tui.options import ConsoleOptions
    from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

    class Played(Stage):
        app: SiptuiApp

        @property
        def main(self) -> Any:
            return self.app.screen_stack[0]

        def place(self) -> Any:
            return self.main.grid.index.position(self.main.grid.cursor)

        async def submitted(self) -> bool:
            return self.main.session.run is not None

        async def submit(self) -> None:
            self.main.flows.order.give(self.main.session.submit, new_run=True)
            for batch in range(1, rows // 100 + 1):
                runs.accept(batch)

        async def journal(self) -> tuple[str, str]:
            return str(folder / "journal.sqlite"), runs.newest

        async def accept(self, batch: int) -> None:
            runs.accept(batch)

        async def finish(self, first: int, last: int, error: str = "") -> None:
            runs.finish(range(first, last), error=error)

        async def finish_row(self, device: int) -> None:
            """The table alone: what it costs without counts, bar and title."""
            runs.finish([device])
            changes = self.main.session.poll()
            self.main.grid.put(self.main.session.board.changed(changes.devices))

        async def over(self) -> None:
            runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=85, failed=15))
            runs.write(ev.RunFinished(succeeded=85, failed=15, unknown=0, skipped=0, seconds=60.0))

        async def let_pass(self, seconds: float) -> None:
            """So much time of the run, in which the worker is answered and nothing changes."""
            runs.clock.pass_(seconds)
            runs.answered()
            self.main.look_for_worker()  # which it does every two seconds, or it shows no more

        async def say(self, text: str) -> None:
            runs.write(ev.Note(level="info", text=text))

        async def load(self) -> float:
            return await self.painted(self.main.show_all)

        async def filter(self, text: str) -> float:
            def act() -> None:
                self.main.session.filter.typed = text
                self.main.view_flow.apply_filter()

            return await self.painted(act)

        async def sort(self, column: str, reverse: bool) -> float:
            key = sort_key(column)
            return await self.painted(lambda: self.main.grid.sort(column, key, reverse=reverse))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = ScriptedRuns(folder)
        file = folder / "lobby.csv"
        file.write_text(list_text(make_devices(rows)))

        class Measured(SiptuiApp):
            def on_ready(self) -> None:
                stage.start()

        app = Measured(runs, ConsoleOptions(file=file, save_folder=folder))
        stage = Played(app)
        app.run()
        runs.close()


def stock(rows: int) -> None:
    """The same rows in Textual's own widgets, as its guide shows them."""

    class Played(Stage):
        app: "Bare"

        async def update(self, row: int, text: str) -> None:
            self.app.table.update_cell(str(row), "Status", text)

        async def say(self, text: str) -> None:
            self.app.query_one(RichLog).write(text)

    class Bare(App[None]):
        CSS = "RichLog { height: 5; }"

        def compose(self) -> ComposeResult:
            yield Header()
            yield DataTable(cursor_type="row")
            yield RichLog()
            yield Footer()

        def on_mount(self) -> None:
            self.table = self.query_one(DataTable)
            for title in ("Line", "User", "Hardware ID", "Reg", "Status", "Result"):
                self.table.add_column(title, key=title)
            for i in range(rows):
                cells = (f"lobby.{i:05}@contoso.com", f"00-04-F2-00-{i:05}", "EMEA", "ready", "")
                self.table.add_row(str(i + 2), *cells, key=str(i))

        def on_ready(self) -> None:
            stage.start()

    app = Bare()
    stage = Played(app)
    app.run()


if __name__ == "__main__":
    scene = {"console": console, "stock": stock}[sys.argv[1]]
    scene(int(sys.argv[2]) if len(sys.argv) > 2 else 100)
