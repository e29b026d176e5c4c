"""How often the service is asked: once a second and region at most, less when all is calm."""

import asyncio
import random

#: Seconds between two reads in one region at least.
SPACING = 1.0
#: Seconds between two reads of one batch: when something just changed, and at most.
SOONEST, LATEST = 1.0, 15.0
_GROWTH = 1.5


class Pace:
    """Spaces the reads of one region, first come first served."""

    def __init__(self, spacing: float = SPACING) -> None:
        self._spacing = spacing
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until it is this caller's turn."""
        time = asyncio.get_running_loop().time()
        at = max(time, self._next)
        self._next = at + self._spacing
        if at > time:
            await asyncio.sleep(at - time)


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
