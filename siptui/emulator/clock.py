"""The emulated tenant's own time: any clock, sped up, and set forward by hand."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Seconds = Callable[[], float]


def loop_or_real_time() -> float:
    """The running event loop's time, which tests emulate; outside of a loop the real one."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


class Clock:
    """Seconds since the tenant began, `speed` times faster than the clock below.

    Dates the service names run with the clock below, not with the sped-up seconds: a caller
    compares them with its own clock, for which the service merely works faster.
    """

    def __init__(
        self, below: Seconds | None = None, *, speed: float = 1.0, epoch: datetime | None = None
    ) -> None:
        if speed <= 0:
            raise ValueError("speed is above 0")
        self.speed = speed
        self.epoch = epoch or datetime.now(UTC)
        self._below = below or loop_or_real_time
        # Without a clock of one's own the loop is only known at the first request for the time.
        self._began: float | None = self._below() if below else None
        self._ahead = 0.0

    def _passed(self) -> float:
        if self._began is None:
            self._began = self._below()
        return max(0.0, self._below() - self._began)

    def now(self) -> float:
        """Emulated seconds since the tenant began."""
        return self._passed() * self.speed + self._ahead

    def date(self) -> datetime:
        """Now, as the service would write it."""
        return self.epoch + timedelta(seconds=self._passed() + self._ahead)

    def date_at(self, moment: float) -> datetime:
        """The date of an emulated moment; moments below 0 lie before the tenant's beginning."""
        if moment < 0:
            return self.epoch + timedelta(seconds=moment)
        return self.date() - timedelta(seconds=(self.now() - moment) / self.speed)

    def advance(self, seconds: float) -> None:
        """Set the emulated time forward."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._ahead += seconds

    def real(self, seconds: float) -> float:
        """How many seconds of the clock below `seconds` of emulated time take."""
        return seconds / self.speed
