"""The console under Wine on a pseudo-terminal of Linux: a whole run by keys, and key to paint.

Wine's console passes on what the console sends, with line ends put in where it takes a line for
full, and drops the sign that ends a title. Both are taken out again; then it is shown as on any
terminal.
"""

import os
import re
import select
import statistics
import sys
import time
from pathlib import Path

from tests.support.emulator import Running
from tests.tui.terminal import Terminal
from tests.windows.journals import lab
from tests.windows.wine import ROOT, Wine, windows_path
from tests.worker.installation import Installation, write_list

_SIZE = (80, 24)
_ADDED = re.compile(rb"\r+\n|\x1b\](?:22;[a-z]*|2;[^\x1b\r]*)")
#: Of what may be the beginning of such an addition, no more is kept back than this.
_UNSURE = re.compile(rb"\r+$|\x1b[^a-zA-Z\r]*$")
_ROWS, _KEYS = 10_000, 40


class WineTerminal(Terminal):
    """`siptui WORDS` under Wine."""

    def __init__(self, wine: Wine, *words: str, **environ: str) -> None:
        self._kept_back = b""
        command, surroundings = wine.command(["-m", "siptui", *words])
        super().__init__(size=_SIZE, argv=command, **{**surroundings, **environ})

    def _as_sent(self, data: bytes) -> bytes:
        data = self._kept_back + data
        unsure = _UNSURE.search(data)
        self._kept_back = unsure[0] if unsure else b""
        return _ADDED.sub(b"", data[: len(data) - len(self._kept_back)])


def _on_windows(found: Installation) -> dict[str, str]:
    folders = ("SIPTUI_CONFIG_DIR", "SIPTUI_STATE_DIR")
    paths = ";".join((windows_path(ROOT), windows_path(Path(found.env["PYTHONPATH"]))))
    return {
        **found.env,
        **{name: windows_path(Path(found.env[name])) for name in folders},
        "PYTHONPATH": paths,
    }


def whole_run(wine: Wine, folder: Path, emulator: Running) -> str:
    """A list is opened, submitted and followed to its end; what Linux then finds in the journal.
    Nothing where that is right."""
    with lab(folder, emulator) as found:
        phones = write_list(folder / "phones.csv", range(200, 212))
        words = (windows_path(phones), "--region", "EMEA")
        terminal = WineTerminal(wine, *words, **_on_windows(found))
        try:
            terminal.shows("12 devices ready", "room200@contoso.example")
            terminal.write("s")
            terminal.shows("Type 12 and Enter to go on")
            terminal.write("1")
            terminal.write("2")
            terminal.write("\r")
            terminal.until(lambda text: "12 succeeded" in text or "12 signed in" in text)
            terminal.write("q")
            terminal.leave()
        finally:
            terminal.close()
        (run,) = found.runs()
        state = found.state(run)
        times = found.times()
        if not state.finished or state.finished.succeeded != 12:
            return f"the run did not end: {state.finished}"
        if any(times[one.device.hardware_id] != 1 for one in state.devices):
            return f"a phone was submitted more than once: {times}"
        if b"Traceback" in terminal.sent:
            return "there is a trace on the screen"
    return ""


def key_to_paint(wine: Wine, folder: Path, emulator: Running) -> tuple[float, float]:
    """Milliseconds from a key to the first byte of what it changes, in a list of 10,000 rows: the
    median here and under Wine. The keys go to both in turn."""
    with lab(folder, emulator) as found:
        phones = write_list(folder / "phones.csv", range(_ROWS))
        command = [sys.executable, "-m", "siptui", str(phones), "--region", "EMEA"]
        here = Terminal(size=_SIZE, argv=command, **found.env)
        there = WineTerminal(wine, windows_path(phones), "--region", "EMEA", **_on_windows(found))
        try:
            for terminal in (here, there):
                terminal.shows("10,000 devices ready")
                _quiet(terminal)
            waits: dict[Terminal, list[float]] = {here: [], there: []}
            for _ in range(_KEYS):
                for terminal in (here, there):
                    waits[terminal].append(_key(terminal))
            return statistics.median(waits[here]), statistics.median(waits[there])
        finally:
            here.close()
            there.close()


def _key(terminal: Terminal) -> float:
    began = time.monotonic()
    terminal.write("j")
    while not select.select([terminal.master], [], [], 0.5)[0]:
        assert time.monotonic() - began < 60, "no key is heard"
    waited = (time.monotonic() - began) * 1000
    _quiet(terminal)
    return waited


def _quiet(terminal: Terminal) -> None:
    """Read until nothing came for a moment."""
    while select.select([terminal.master], [], [], 0.2)[0]:
        terminal.sent += os.read(terminal.master, 65536)
