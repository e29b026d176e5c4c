"""Which batch may be submitted next: pure rules over the state of a run."""

from collections.abc import Container, Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct

from siptui.domain.plan import may_live_together
from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.engine.groups import closed_groups
from siptui.runs.state import BatchRecord, DeviceRecord, RunState

NOTHING_HELD: Mapping[int, str] = MappingProxyType({})


class Hold(Struct, frozen=True):
    """Why nothing may be submitted in a region now. `until` is RFC 3339, or nothing; `full` says
    that it is for want of a slot, `tell` that the operator is told."""

    why: str
    until: str = ""
    full: bool = False
    tell: bool = False


def accounts(state: RunState, batch: BatchRecord) -> frozenset[str]:
    """The accounts whose passwords `batch` resets."""
    return frozenset(state.devices[i].device.user_name.key for i in batch.devices)


def undecided(state: RunState) -> dict[str, int]:
    """The accounts of devices whose submit may be alive unseen, and the batch of each.

    A lost submit stays possible until it is found, or until the operator replaces it:
    as long as that is open, no other device of the account may reset its password again.
    """
    lost = [b for b in state.batches.values() if b.state in _LOST]
    records = [(state.devices[i], b.number) for b in lost for i in b.devices]
    return {
        r.device.user_name.key: number
        for r, number in records
        if r.batch == number and r.state is DeviceState.UNKNOWN
    }


def blocking(state: RunState) -> list[BatchRecord]:
    """The lost batches without whose decision nothing more can go out; none while a batch is
    open, or while there is something that can."""
    if state.open_batches():
        return []
    queued = [b for b in state.queued_batches() if may_go_out(state, b)]
    if first_open(state):
        first = first_batches(state)
        queued = [b for b in queued if b in first]
    closed = closed_groups(state)
    queued = [b for b in queued if not closed.has(b)]
    lost = undecided(state)
    held = [accounts(state, b) & lost.keys() for b in queued]
    if not all(held):
        return []
    return [state.batches[n] for n in sorted({lost[name] for names in held for name in names})]


def first_batches(state: RunState) -> list[BatchRecord]:
    """The batches of the few devices that are to be tried first, if it was asked for that.

    Those that the run was stopped for are past: an operator resumed it all the same.
    """
    newest = max((b.trial for b in state.batches.values()), default=0)
    if newest <= state.first_stopped:
        return []
    return [b for b in state.batches.values() if b.trial == newest]


def first_open(state: RunState) -> bool:
    """Whether the first devices have been tried but not yet been told apart from the rest."""
    return any(b.state not in ENDED for b in first_batches(state))


def first_failures(state: RunState) -> int:
    """How many of the first devices were not signed in, when that is too many to go on.

    0 while they are not all through, and once the rest has begun to go out.
    """
    first = first_batches(state)
    if not first or first_open(state):
        return 0
    begin, tried = min(b.number for b in first), {b.number for b in first}
    rest = (b for number, b in state.batches.items() if number > begin and number not in tried)
    if any(b.submitted_at for b in rest):
        return 0
    records = [state.devices[i] for i in {i for b in first for i in b.devices}]
    bad = sum(r.state is not DeviceState.SUCCEEDED for r in records)
    return bad if 100 * bad > state.options.max_failures * len(records) else 0


def may_go_out(state: RunState, batch: BatchRecord) -> bool:
    """Whether the operator still wants `batch` submitted: all, or what was ordered since the
    run was stopped."""
    return not state.stopping or batch.order > state.stopped_at


def window_closed(state: RunState, now: str) -> bool:
    """Whether the window for submits is over at `now`; not once an operator went on after it."""
    until = state.options.until
    return bool(until) and now >= until and not state.window_lifted


def waiting(state: RunState) -> list[DeviceRecord]:
    """The devices that go out when a process works on the run, or goes on with it."""
    return [state.devices[i] for b in state.queued_batches() for i in b.devices]


def needs_decision(state: RunState, batch: BatchRecord) -> bool:
    """Whether `batch` goes out only by the operator's decision (see `DevicesHeld`)."""
    if not state.held:  # as of most runs: this is asked of every queued batch, again and again
        return False
    return any((held := state.held.get(i)) and held.decide for i in batch.devices)


def awaits_decision(state: RunState) -> bool:
    """Whether something may go out, but nothing of it without the operator's decision on devices
    that are held back; the first devices hold up the others."""
    going = [b for b in state.queued_batches() if may_go_out(state, b)]
    free = [b for b in going if not needs_decision(state, b)]
    if first_open(state):
        first = first_batches(state)
        free = [b for b in free if b in first]
    closed = closed_groups(state)
    free = [b for b in free if not closed.has(b)]
    return bool(going) and not free


def looks_for_slot(
    state: RunState, region: Region, now: datetime, over: Container[int] = ()
) -> tuple[float, float] | None:
    """Seconds until a live batch of `region` may be over and its slot free, 0 when one may be
    already, and how far apart looks for that should be.

    How long a batch takes is taken from those last finished, the quickest of which counts; looks
    begin a little before. A batch whose devices all have an outcome may be over, too. None while
    nothing says when one may be. Batches in `over` are known to be.
    """
    mine = [b for b in state.batches.values() if b.region is region and not b.adopted]
    live = [b for b in mine if b.state is BatchState.RUNNING and b.number not in over]
    if any(all(state.devices[i].state in _DECIDED for i in b.devices) for b in live):
        return 0.0, 0.0
    took = [
        _seconds(b.accepted_at, datetime.fromisoformat(b.changed_at))
        for b in mine
        if b.state is BatchState.FINISHED and b.accepted_at
    ]
    if not took or not live:
        return None
    quickest = min(took[-_RECENT:])
    waits = [_A_LITTLE_BEFORE * quickest - _seconds(b.accepted_at, now) for b in live]
    overdue = [-wait for wait in waits if wait <= 0]
    if not overdue:
        return min(waits), 0.0
    return 0.0, max(quickest / 30, min(overdue) / 10)


def _seconds(since: str, until: datetime) -> float:
    return (until - datetime.fromisoformat(since)).total_seconds()


def next_batch(
    state: RunState,
    region: Region,
    *,
    foreign: int,
    slots: int,
    now: str,
    held: Mapping[int, str] = NOTHING_HELD,
    over: Container[int] = (),
) -> BatchRecord | Hold | None:
    """The batch of `region` to submit now; why it must wait; or nothing, if none is queued.

    `foreign` is how many batches of others are alive in the region, `now` RFC 3339 in UTC.
    `held` are batches whose devices are in one of those, by number, and why each waits. `over`
    are open batches whose slots are known to be free; their accounts are still theirs. A batch
    in doubt holds its slot: the service may be working on it.
    """
    queued = [b for b in state.queued_batches() if b.region is region]
    queued = [b for b in queued if not needs_decision(state, b)]
    if not queued:
        return None
    queued = [b for b in queued if may_go_out(state, b)]
    if not queued:
        return Hold("submitting was stopped")
    if state.paused:
        return Hold(f"paused; P in the console or “siptui pause {state.run} --off” goes on")
    if window_closed(state, now):
        return Hold("the window for submits has closed")
    if (begin := state.options.not_before) > now:
        return Hold("the window for submits has not begun", begin, tell=True)
    opened = state.open_batches()
    mine = sum(b.region is region and b.number not in over for b in opened)
    if mine + foreign >= slots:
        others = f", {foreign} of them not of this run" if foreign else ""
        return Hold(f"{mine + foreign} batches are live in {region}{others}", full=True)
    if state.group_of:
        closed = closed_groups(state)
        # What a batch that is over came to may stop its group: it is read first.
        unread = {b.group for b in opened if b.number in over}
        open_ = [b for b in queued if not closed.has(b) and b.group not in unread]
        if not open_:
            why = "what came of the last batch is still to be read"
            return Hold(closed.why.get(queued[0].group, why))
        queued = open_
    first = first_batches(state)
    waiting = [b for b in queued if b in first]
    if not waiting and (first_open(state) or first_failures(state)):
        return Hold("the first devices must show that it works")
    queued = waiting or queued
    live = [accounts(state, b) for b in opened]
    lost = undecided(state)
    hold: Hold | None = None
    for batch in queued:
        if batch.not_before > now:
            hold = hold or Hold(batch.why, batch.not_before)
        elif batch.number in held:
            hold = hold or Hold(held[batch.number])
        elif not may_live_together(accounts(state, batch), live):
            hold = hold or Hold("an account of the next batch is being signed in by another batch")
        elif waits_for := accounts(state, batch) & lost.keys():
            number = min(lost[name] for name in waits_for)
            hold = hold or Hold(f"batch {number} was lost and has an account of the next batch")
        else:
            return batch
    return hold


#: How many finished batches say how long one takes.
_RECENT = 5
_A_LITTLE_BEFORE = 0.95
_DECIDED = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED})
#: States of a batch that was lost for good, or given up: the service may have it. One of them is
#: replaced by the operator's order, which may have been about a part of its devices only.
_LOST = frozenset({BatchState.UNSETTLED, BatchState.ABANDONED, BatchState.GIVEN_UP})
#: States in which a batch is over, whatever its outcome.
ENDED = frozenset(
    {
        BatchState.FINISHED,
        BatchState.REJECTED,
        BatchState.ABANDONED,
        BatchState.UNSETTLED,
        BatchState.GIVEN_UP,
    }
)
