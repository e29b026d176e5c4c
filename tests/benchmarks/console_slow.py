"""A run over a link of 30 kB/s: how long the screen's loop is held up at most."""

from collections.abc import Iterator

from tests.benchmarks.figure import Figure, limit
from tests.benchmarks.screen import Screen

_RATE = 30_000


def figures() -> Iterator[Figure]:
    """A hundred phones in fifty steps, with keys that repaint much in between."""
    with Screen.stage("console", "100", rate=_RATE) as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        screen.ask("worst_lag")
        screen.ask("submit")
        keys = "jjjGg?qfffff"
        for step in range(50):
            screen.ask("finish", 2 * step, 2 * step + 2, "Device is offline" if step % 5 else "")
            screen.press(keys[step % len(keys)])
            screen.quiet(0.05)
        lag = float(screen.ask("worst_lag"))
    with Screen.stage("stock", "100", rate=_RATE) as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        screen.ask("worst_lag")
        for step in range(100):
            screen.ask("update", step, "signed in")
            screen.quiet(0.05)
        stock = float(screen.ask("worst_lag"))
    beside = f"stock DataTable {stock:.0f} ms"
    yield limit("loop held up at most, a run of 100 at 30 kB/s", lag, "ms", 100, beside)
