"""How often the service is asked: once a second and region at most, less when all is calm."""

import asyncio
import random
from collections import deque

#: Seconds between two reads in one region at least.
SPACING = 1.0
#: Seconds between two reads of one batch: when something just changed, and at most.
SOONEST, LATEST = 1.0, 15.0
_GROWTH = 1.5


class Pace:
    """Spaces the reads of one region: those before a submit first, else first come first served."""

    def __init__(self, spacing: float = SPACING) -> None:
        self._spacing = spacing
        self._next = 0.0
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, *, first: bool = False) -> None:
        """Wait until it is this caller's turn; with `first` before all who are not."""
        loop = asyncio.get_running_loop()
        if self._timer is None and loop.time() >= self._next:
            self._next = loop.time() + self._spacing
            return
        future = loop.create_future()
        (self._first if first else self._others).append(future)
        if self._timer is None:
            self._timer = loop.call_at(self._next, self._give)
        await future

    def _give(self) -> None:
        """The next turn begins."""
        self._timer = None
        loop = asyncio.get_running_loop()
        for waiting in (self._first, self._others):
            while waiting:
                future = waiting.popleft()
                if not future.done():  # a caller that was ended leaves its turn to the next
                    self._next = max(loop.time(), self._next) + self._spacing
                    future.set_result(None)
                    if self._first or self._others:
                        self._timer = loop.call_at(self._next, self._give)
                    return


class Backoff:
    """Seconds to wait before the next look: grows while nothing happens, with jitter."""

    def __init__(
        self, rng: random.Random, soonest: float = SOONEST, latest: float = LATEST
    ) -> None:
        self._rng = rng
        self._soonest, self._latest = soonest, latest
        self._current = soonest

    def reset(self) -> None:
        """Something changed: look again soon."""
        self._current = self._soonest

    def next(self) -> float:
        """The wait before the next look."""
        wait, self._current = self._current, min(self._current * _GROWTH, self._latest)
        return wait if wait <= self._soonest else self._rng.uniform(wait / 2, wait)
