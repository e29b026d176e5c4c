"""The console of an operator in a terminal, ended by SIGKILL at moments of chance."""

import contextlib
import random
import time
from collections.abc import Callable
from functools import partial

from tests.campaign.case import Case, patience
from tests.worker.terminal import Terminal

#: What an operator presses who looks on: pause, verify, summary, status, preflight, a filter, help.
_KEYS = ("P", "P", "V", "t", "w", "p", "/room1\r", "?", "\x1b", "j")


def submitted_in_console(case: Case, rng: random.Random) -> None:
    """The list is opened and submitted as a person does it, and the console is killed on the way or
    while the run goes on."""
    window = Terminal(case.installation, str(case.list_file))
    try:
        _until(case, lambda: window.shows("@contoso.example"))
        window.types("s")
        _until(case, lambda: window.shows("undone"))
        if rng.random() < 0.8:
            window.types(f"{len(case.devices)}\r")
        _look(window, rng.uniform(0, 3))
    finally:
        _kill(case, window)
    case.events()


def consoles_killed(case: Case, rng: random.Random) -> None:
    """Consoles look on, press keys and are killed, one after the other; what is paused goes on."""
    if not case.run:
        return
    for _ in range(rng.randint(1, 3)):
        window = Terminal(case.installation, "attach", case.run)
        try:
            _until(case, partial(window.shows, "@contoso.example"))
            for key in rng.sample(_KEYS, rng.randint(0, 4)):
                window.types(key)
                _look(window, rng.uniform(0, 0.8))
        finally:
            _kill(case, window)
    case.command("pause", case.run, "--off")


def _until(case: Case, true: Callable[[], bool]) -> None:
    """Wait for it, for a while: what does not come is killed as well."""
    until = time.monotonic() + min(patience(20), case.left())
    while time.monotonic() < until and not true():
        time.sleep(0.02)


def _look(window: Terminal, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        window.shows("")
        time.sleep(0.02)


def _kill(case: Case, window: Terminal) -> None:
    case.counts["viewers killed"] += window.process.poll() is None
    window.process.kill()
    window.shows("")
    (case.folder / f"console-{window.process.pid}.out").write_bytes(window.shown)
    with contextlib.suppress(OSError):
        window.close()
