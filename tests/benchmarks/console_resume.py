"""A run of 50,000 events gone back to in the console: how long until its states are painted.

`python -m tests.benchmarks.console_resume JOURNAL RUN LIST` is the console that is measured.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure, limit
from tests.benchmarks.measure_journal import EVENTS, long_run
from tests.benchmarks.screen import Screen
from tests.tui.scripted_runs import list_text, make_devices

_TURNS = 3


def figures() -> Iterator[Figure]:
    """On a real pty of 120×40, from the order to the frame."""
    with tempfile.TemporaryDirectory() as folder:
        journal, phones = Path(folder) / "journal.db", Path(folder) / "lobby.csv"
        run = long_run(journal, EVENTS)
        phones.write_text(list_text(make_devices(3)))
        command = (sys.executable, "-m", __name__, str(journal), run, str(phones))
        times = []
        for _ in range(_TURNS):
            with Screen(command) as screen:
                screen.until("lobby.00001")
                screen.quiet(0.5)
                times.append(float(screen.ask("attach")))
                screen.until("resume")  # the footer knows that no worker goes on with it
    name = f"resume of a run of {EVENTS:,} events, to the first frame with states"
    yield limit(name, min(times), "ms", 300, "9,000 devices")


def main(journal: str, run: str, phones: str) -> None:
    """The console over that journal, on another list."""
    from siptui.runs.service import RunService
    from siptui.tui.app import SiptuiApp
    from siptui.tui.console.screen import Console
    from siptui.tui.options import ConsoleOptions
    from tests.benchmarks.stage import Stage  # which sets the terminal up as it is imported

    class Measured(SiptuiApp):
        def on_ready(self) -> None:
            stage.start()

    class Resumed(Stage):
        async def attach(self) -> float:
            console = self.app.screen_stack[0]
            assert isinstance(console, Console)
            return await self.painted(lambda: console.flows.run.attach(run))

    run_service = RunService(Path(journal), tenant="Contoso")
    folder = Path(journal).parent
    app = Measured(run_service, ConsoleOptions(file=Path(phones), save_folder=folder))
    stage = Resumed(app)
    app.run()
    run_service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
