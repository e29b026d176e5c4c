"""Waits that the service asks for (`Retry-After`), counted down. Pure, apart from the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from siptui.domain.text import visible
from siptui.runs.state import RunState

#: Told why there is a wait, and until when.
OnWait = Callable[[str, datetime], None]


class Waits:
    """The wait that a request of the console itself is in, told from whatever thread sends it.

    `now` is the clock, in UTC. Looking at it costs nothing while there is none.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now
        self._told: tuple[str, datetime] | None = None

    def _tell(self, why: str, until: datetime) -> None:
        self._told = (why, until)

    @contextmanager
    def heard(self) -> Iterator[OnWait]:
        """Hears of waits, which are over at the end at the latest."""
        try:
            yield self._tell
        finally:
            self._told = None

    def text(self) -> str:
        """`Waiting 4:32: why`, or nothing where there is no wait, or its time has come."""
        if self._told is None:
            return ""
        why, until = self._told
        left = _left(until, self.now())
        return f"Waiting {clock(left)}: {visible(why)}" if left > 0 else ""

    def of_run(self, run: RunState | None) -> int | None:
        """The seconds that a run still waits, 0 when its time has come; none where it waits for
        nothing, or for something that has no time."""
        if run is None or run.waiting is None or not run.waiting.until:
            return None
        try:
            until = datetime.fromisoformat(run.waiting.until)
        except ValueError:
            return None
        return max(0, _left(until, self.now())) if until.tzinfo else None


def clock(seconds: int) -> str:
    """`0:07`, `14:59`, `1:00:00`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _left(until: datetime, now: datetime) -> int:
    return -int(-(until - now).total_seconds() // 1)  # the last second counts to its end
