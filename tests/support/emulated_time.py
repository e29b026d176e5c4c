"""An event loop whose clock jumps: hours of waiting pass at once, in the right order.

Only for code that does no real I/O (the in-process emulator, fakes): as soon as nothing is
ready to run, the clock is set to the next timer.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
#: When emulated time begins.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    loop: "EmulatedTimeLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.loop.passed += timeout
        elif not ready and timeout is None:
            return super().select(0.05)  # only another thread can wake the loop now
        return ready


class EmulatedTimeLoop(asyncio.SelectorEventLoop):
    """`asyncio.sleep` takes no time; `time()` and `now()` go on as if it had, from `since` on."""

    def __init__(self, since: datetime = START) -> None:
        selector = _JumpingSelector()
        super().__init__(selector)
        selector.loop = self
        self.passed = 0.0
        self.since = since

    def time(self) -> float:
        """Seconds of emulated time."""
        return getattr(self, "passed", 0.0)

    def now(self) -> datetime:
        """The emulated date and time, UTC."""
        return self.since + timedelta(seconds=self.passed)


def now() -> datetime:
    """The emulated date and time of the running loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, EmulatedTimeLoop)
    return loop.now()


def run(
    main: Coroutine[Any, Any, T], *, limit: float = 10 * 24 * 3600, since: datetime = START
) -> T:
    """Run `main` in emulated time, which begins at `since`; fails when it takes longer than `limit`
    emulated seconds."""
    with asyncio.Runner(loop_factory=lambda: EmulatedTimeLoop(since)) as runner:
        return runner.run(asyncio.wait_for(main, limit))
