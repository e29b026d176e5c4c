"""Ten thousand rows: how long they take, what they weigh, and keys while much changes."""

import math
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from siptui.domain.state import DeviceState
from siptui.runs.events import DeviceChanged
from siptui.runs.journal.journal import Journal
from tests.benchmarks.figure import Figure, limit, ratio
from tests.benchmarks.screen import Screen

ROWS = 10_000
_CHANGES = 900
_KEYS = 200


def figures() -> Iterator[Figure]:
    """On a real pty of 120×40; each time from the order to the frame that shows it."""
    with Screen.stage("console", str(ROWS)) as screen:
        screen.until("lobby.00001")
        screen.quiet(1)
        loaded = float(screen.ask("memory"))
        yield limit("10,000 rows into the table", _least(screen, "load"), "ms", 300)
        filters = ("lobby.0999", "!status:ready", "0004f2 !batch:3", "")
        yield limit("10,000 rows filtered", _most(screen, "filter", filters), "ms", 100)
        columns = ("user", "status", "hardware_id", "line")
        yield limit("10,000 rows sorted", _most(screen, "sort", columns, False), "ms", 100)
        screen.ask("submit")
        screen.quiet(1)
        yield limit("key to paint, p99, 900 devices changing", _keys(screen), "ms", 50)
        run = float(screen.ask("memory"))
    with Screen.stage("stock", str(ROWS)) as screen:
        screen.until("lobby.00001")
        screen.quiet(2)
        bare = float(screen.ask("memory"))
    with Screen.stage("stock", "0") as screen:
        screen.quiet(2)
        empty = float(screen.ask("memory"))
    beside = f"stock widgets {bare:.0f} MB; without rows {empty:.0f} MB"
    yield ratio("memory, 10,000 rows", f"{loaded:.0f} MB", beside, loaded / bare, 2)
    yield ratio("memory, a run of 10,000", f"{run:.0f} MB", beside, run / bare, 2)


def _least(screen: Screen, order: str, *words: object) -> float:
    return min(float(screen.ask(order, *words)) for _ in range(3))


def _most(screen: Screen, order: str, each: tuple[str, ...], *words: object) -> float:
    """The slowest of them."""
    return max(_least(screen, order, one, *words) for one in each)


def _keys(screen: Screen) -> float:
    """Press `j` now and then while rows change; milliseconds until a frame showed the cursor."""
    choose = random.Random(1)
    screen.press("g")
    screen.quiet(1)
    screen.ask("taken", True)
    path, run = screen.ask("journal")
    journal = Journal(Path(path))  # as the worker does, in a process of its own
    pressed: list[float] = []
    changed = 0
    while len(pressed) < _KEYS:
        many = _CHANGES * len(pressed) // _KEYS
        if many - changed >= _CHANGES // 4:  # four looks that find 225 each
            news = [_news(device) for device in range(changed, many)]
            journal.append(run, news, datetime.now(UTC))
            changed = many
        time.sleep(choose.uniform(0.03, 0.12))
        pressed.append(time.monotonic())
        screen.press("j")
    screen.quiet(1)
    journal.close()
    frames = screen.ask("taken")
    waits = []
    for number, at in enumerate(pressed, 1):
        shown = [when for when, place in frames if place is not None and place >= number]
        waits.append((min(shown) - at) * 1000 if shown else math.inf)
    return sorted(waits)[math.ceil(0.99 * len(waits)) - 1]


def _news(device: int) -> DeviceChanged:
    failed = device % 3 == 0
    return DeviceChanged(
        device=device,
        batch=device // 100 + 1,
        state=DeviceState.FAILED if failed else DeviceState.SUCCEEDED,
        word="Failed" if failed else "Success",
        error="Device is offline" if failed else "",
    )
