"""Waits that the service asks for (`Retry-After`), counted down. Pure, apart from the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from siptui.domain.text import visible
from siptui.runs.state import BatchRecord, RunState

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
        at = _until(run) if run is not None else ""
        if not at:
            return None
        try:
            until = datetime.fromisoformat(at)
        except ValueError:
            return None
        return max(0, _left(until, self.now())) if until.tzinfo else None


def waiting_batch(run: RunState) -> BatchRecord | None:
    """The batch that is tried next, where nothing is live and all that is queued waits for a time:
    a retry, or what the service asked to wait for."""
    queued = run.queued_batches()
    if run.open_batches() or run.paused or run.stopping or run.stopped or run.finished:
        return None
    if not queued or not all(batch.not_before for batch in queued):
        return None
    return min(queued, key=lambda batch: batch.not_before)


def _until(run: RunState) -> str:
    if run.waiting is not None:
        return run.waiting.until
    batch = waiting_batch(run)
    return batch.not_before if batch is not None else ""


def clock(seconds: int) -> str:
    """`0:07`, `14:59`, `1:00:00`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _left(until: datetime, now: datetime) -> int:
    return -int(-(until - now).total_seconds() // 1)  # the last second counts to its end
