"""Whether the queue can finish before the devices' deadlines: a warning, never a decision."""

from collections.abc import Collection
from datetime import datetime, timedelta
from statistics import median

from siptui.domain.deadline import deadline_of
from siptui.domain.state import BatchState
from siptui.runs.batch_time import ASSUMED
from siptui.runs.state import BatchRecord, RunState


def batch_time(state: RunState) -> timedelta:
    """How long this run's finished batches took, in the middle; a guess before the first."""
    took = [
        (_when(b.changed_at) - _when(b.accepted_at)).total_seconds()
        for b in state.batches.values()
        if b.state is BatchState.FINISHED and b.accepted_at and b.changed_at
    ]
    return timedelta(seconds=median(took)) if took else ASSUMED


def too_late(
    state: RunState, now: datetime, told: Collection[int]
) -> dict[int, tuple[int, datetime]]:
    """Queued batches, those `told` of apart, that will probably end after a deadline in them.

    For each: how many of its devices that concerns, and the first such deadline.
    """
    slots = state.options.slots
    each = batch_time(state)
    late: dict[int, tuple[int, datetime]] = {}
    ahead: dict[str, int] = {}
    for batch in state.open_batches():
        ahead[batch.region] = ahead.get(batch.region, 0) + 1
    for batch in state.queued_batches():
        place = ahead.get(batch.region, 0)
        ahead[batch.region] = place + 1
        if batch.number in told:
            continue
        ends = now + each * (place // slots + 1)
        missed = [end for end in _deadlines(state, batch) if end < ends]
        if missed:
            late[batch.number] = (len(missed), min(missed))
    return late


def _deadlines(state: RunState, batch: BatchRecord) -> list[datetime]:
    return [end for i in batch.devices if (end := deadline_of(state.devices[i].device))]


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)
