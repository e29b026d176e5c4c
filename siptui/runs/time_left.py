"""How long what is left of a run will probably take, as a whole and by group. Pure.

It goes by how fast the run's own batches and devices were so far; before that says something there
is no estimate.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median

from msgspec import Struct, field

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.batch_time import moment, seconds_between
from siptui.runs.engine.groups import Closed, closed_groups
from siptui.runs.engine.scheduler import may_go_out, needs_decision
from siptui.runs.forecast import ToSubmit, ends
from siptui.runs.state import BatchRecord, RunState

_ENOUGH = 5  # devices done before an estimate is worth saying
_DONE = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED})
#: Of a batch this far its own pace counts, not that of others.
_FAR = 0.2


class TimeLeft(Struct, frozen=True):
    """The seconds until what is left has an outcome, as a whole and by group; none where nothing
    is left or nothing says how long. `next_attempt` are those until a wait ends, where there is
    one and a time for it."""

    seconds: float | None = None
    groups: Mapping[str, float] = field(default_factory=dict)
    next_attempt: float | None = None


def time_left(run: RunState, now: datetime | None = None) -> TimeLeft:
    """What is left of the run `now`, by default when its journal last had something new."""
    now = now or moment(run.last_at)
    if run.finished is not None or now is None:
        return TimeLeft()
    going = _going_out(run)
    attempt = _next_attempt(run, going, now)
    live = run.open_batches()
    each = _each(run, live, now)
    if run.paused or run.stopped is not None or each is None or not (live or going):
        return TimeLeft(next_attempt=attempt)
    earliest = _earliest(run, now)
    found = ends(
        [_to_submit(run, batch, earliest) for batch in going],
        slots=run.plan.options.slots if run.plan else 1,
        each=each,
        live={b.number: _live(run, b, each, now) for b in live},
    )
    groups: dict[str, float] = {}
    for batch in (*live, *going):
        if batch.group:
            seconds = (found[batch.number] - now).total_seconds()
            groups[batch.group] = max(seconds, groups.get(batch.group, 0.0))
    return TimeLeft((max(found.values()) - now).total_seconds(), groups, attempt)


def _going_out(run: RunState) -> list[BatchRecord]:
    """The queued batches that will be submitted without an operator's word."""
    closed = closed_groups(run) if run.group_of else Closed(frozenset(), {})
    return [
        batch
        for batch in run.queued_batches()
        if may_go_out(run, batch)
        and not needs_decision(run, batch)
        and batch.group not in closed.stopped
    ]


def _next_attempt(run: RunState, going: Iterable[BatchRecord], now: datetime) -> float | None:
    """The seconds until something that waits for a time is tried."""
    if run.paused or run.stopped is not None:
        return None
    times = [run.waiting.until] if run.waiting is not None else []
    ahead = [
        (when - now).total_seconds()
        for at in (*times, *(batch.not_before for batch in going))
        if (when := moment(at))
    ]
    return min((seconds for seconds in ahead if seconds > 0), default=None)


def _each(run: RunState, live: Iterable[BatchRecord], now: datetime) -> timedelta | None:
    """How long a batch of this run takes; none while too little is known."""
    over = [
        b
        for b in run.batches.values()
        if b.state is BatchState.FINISHED and b.accepted_at and b.changed_at
    ]
    if sum(len(b.devices) for b in over) >= _ENOUGH:
        return timedelta(seconds=median(seconds_between(b.accepted_at, b.changed_at) for b in over))
    if sum(run.counts[state] for state in _DONE) < _ENOUGH:
        return None
    passed = share = 0.0
    for batch in live:
        if done := _share(run, batch):
            passed += _passed(batch, now)
            share += done
    return timedelta(seconds=passed / share) if share and passed else None


def _earliest(run: RunState, now: datetime) -> datetime:
    """From when on something can be submitted."""
    until = run.waiting.until if run.waiting is not None else ""
    window = run.plan.options.not_before if run.plan else ""
    return max([now, *(when for at in (until, window) if at and (when := moment(at)))])


def _to_submit(run: RunState, batch: BatchRecord, earliest: datetime) -> ToSubmit:
    ahead = batch.probe or batch.trial > run.first_stopped
    if batch.not_before and (when := moment(batch.not_before)):
        earliest = max(earliest, when)
    return ToSubmit(batch.number, batch.region, batch.group, ahead, earliest)


def _live(
    run: RunState, batch: BatchRecord, each: timedelta, now: datetime
) -> tuple[Region, str, bool, datetime]:
    whole, passed, share = each.total_seconds(), _passed(batch, now), _share(run, batch)
    if share and (share >= _FAR or passed >= whole):
        left = passed / share - passed
    else:
        left = whole - passed if passed < whole else whole / 2
    end = now + timedelta(seconds=left)
    return batch.region, batch.group, batch.probe or batch.trial > run.first_stopped, end


def _share(run: RunState, batch: BatchRecord) -> float:
    """How much of the batch has an outcome."""
    done = sum(run.devices[i].state in _DONE for i in batch.devices)
    return done / max(1, len(batch.devices))


def _passed(batch: BatchRecord, now: datetime) -> float:
    """The seconds since the service has the batch."""
    begun = moment(batch.accepted_at)
    return max(0.0, (now - begun).total_seconds()) if begun else 0.0


def left_words(seconds: float | None) -> str:
    """`~4 min left`; nothing where it is not known."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "<1 min left"
    return f"~{minutes} min left" if minutes < 120 else f"~{round(minutes / 60)} h left"
