"""Bytes to the terminal, on a real pty of 120×40 with 256 colours."""

import time
from collections.abc import Iterator

from tests.benchmarks.figure import Figure, limit
from tests.benchmarks.screen import Screen

_ERROR = "Device is offline"
#: Seconds a run of 100 phones takes, and between two looks at its clock.
_RUN, _CLOCK = 330, 5
#: Seconds in which the console looks for what is new.
_LOOK = 0.25


def figures() -> Iterator[Figure]:
    """What a change costs here and in Textual's own widgets; what a run costs."""
    stock_row, stock_log = _stock()
    with Screen.stage("console", "100") as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        before = len(screen.sent)
        _submit(screen)
        screen.ask("accept", 1)
        screen.quiet()
        for device in (3, 4, 10):
            screen.ask("finish", device, device + 1, _ERROR if device == 3 else "")
            screen.quiet()
        row = _cost(screen, "finish_row", 5)
        hidden = _cost(screen, "finish_row", 80)
        screen.ask("finish", 6, 7)  # the bars catch up
        screen.quiet()
        whole = _cost(screen, "finish", 7, 8)
        line = _cost(screen, "say", "batch 4 finished  97 signed in, 3 failed")
        idle = _cost(screen, None, seconds=10)
        stock = f"stock DataTable {stock_row:,} B"
        yield limit("a changed row in sight", row, "B", 300, stock)
        yield limit("… with counts, bar and title", whole, "B", 600, stock)
        yield limit("a changed row out of sight", hidden, "B", 0, stock)
        yield limit("an idle screen, 10 s", idle, "B", 0)
        yield limit("a line of the log", line, "B", 600, f"stock RichLog {stock_log:,} B")
    with Screen.stage("console", "100") as screen:
        screen.until("lobby.00001")
        before = screen.quiet(1)
        _submit(screen)
        screen.ask("accept", 1)
        _live(screen, 0, _RUN)
        screen.ask("over")
        run = (screen.quiet() - before) / 1000
    name = "a run of 100 phones with live clocks, submit to end"
    yield limit(name, run, "kB", 60, f"each phone for itself in {_RUN / 60:.1f} min of its clock")
    with Screen.stage("console", "100") as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        _submit(screen)
        screen.ask("accept", 1)
        screen.ask("finish", 0, 30)
        screen.quiet()
        screen.press("t")
        before = screen.quiet(1)
        for _ in range(60 // _CLOCK):
            screen.ask("let_pass", _CLOCK)
            screen.quiet(_LOOK)
        clocks = (screen.quiet() - before) / 1000
        before = screen.quiet(1)
        _live(screen, 100, 160)
        minute = (screen.quiet() - before) / 1000
        assert b"Summary" in screen.sent
    yield limit("a summary that is live, a minute of its clocks", clocks, "kB", 2)
    yield limit("… in which 18 phones end, each for itself", minute, "kB", 2)


def _live(screen: Screen, first: int, last: int) -> None:
    """Those seconds of a run of 100 phones at the service's pace."""
    for second in range(first, last, _CLOCK):
        began, ended = (100 * min(second + more, _RUN) // _RUN for more in (0, _CLOCK))
        screen.ask("let_pass", _CLOCK - (ended - began))  # a device takes a second to end
        screen.quiet(_LOOK)
        for device in range(began, ended):
            screen.ask("finish", device, device + 1, _ERROR if device % 7 == 0 else "")
            screen.quiet(_LOOK)


def _submit(screen: Screen) -> None:
    screen.press("s")
    screen.until("Submit")
    screen.quiet()
    screen.press("100\r")
    while not screen.ask("submitted"):
        pass


def _cost(screen: Screen, order: str | None, *words: object, seconds: float = 0.5) -> int:
    """Bytes until nothing more comes."""
    before = len(screen.sent)
    if order is None:
        time.sleep(seconds)
    else:
        screen.ask(order, *words)
    screen.quiet()
    return len(screen.sent) - before


def _stock() -> tuple[int, int]:
    with Screen.stage("stock", "100") as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        row = _cost(screen, "update", 3, "signed in")
        line = _cost(screen, "say", "14:21:55  batch 4 finished  97 signed in, 3 failed")
    return row, line
