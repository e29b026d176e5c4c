"""What the tenant's other batches mean for what a run is about to submit: pure rules.

Nothing is submitted that another batch may be working on. What another batch signed in as the
list wants it is left out; what one left undecided waits for the operator's decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.gateway.protocol import ItemStatus, Phase
from siptui.gateway.times import exact, parse_when, surely_before, surely_since
from siptui.runs.adopted_batch import followed_from
from siptui.runs.engine.batch_matching import items_of, own_ids
from siptui.runs.engine.other_batches import OtherBatch
from siptui.runs.engine.scheduler import may_go_out
from siptui.runs.events import DevicesSignedIn, Event, Note
from siptui.runs.orders import Reason, hold
from siptui.runs.state import BatchRecord, DeviceRecord, RunState


class Sorted(Struct, frozen=True):
    """`events` are to be written before anything goes out; `held` are the queued batches that wait
    for another one to end, by number, and why, for people."""

    events: list[Event] = field(default_factory=list)
    held: Mapping[int, str] = field(default_factory=dict)


class Tenant(Struct, frozen=True):
    """The tenant's other batches as last read, and by what clock they are judged.

    `ahead` is how far the service's clock is ahead of this host's; not known, it is taken to be
    right. `last_here` is when another run of this host last submitted a hardware id, empty where
    none did; what began after that is news of it.
    """

    batches: Sequence[OtherBatch]
    ahead: timedelta | None = None
    last_here: Mapping[str, str] = field(default_factory=dict)

    def there(self, moment: str) -> datetime:
        """A moment of the journal, by the service's clock."""
        return datetime.fromisoformat(moment) + (self.ahead or timedelta())


def sort_out(state: RunState, region: Region, tenant: Tenant) -> Sorted:
    """What of the queued batches of `region` may go out, beside the tenant's other batches.

    A batch of exactly the devices of one that is queued, begun after that was planned, is that
    batch: the journal lost that it was submitted. Where it is over and its time does not tell
    whether it began after that, its devices wait for the operator's decision. Devices that are
    live elsewhere, they or their accounts, are put apart and wait.
    """
    events: list[Event] = []
    reasons: dict[int, Reason] = {}
    gone: dict[str, list[int]] = {}
    for batch in state.queued_batches():
        if batch.region is not region or not may_go_out(state, batch):
            continue
        apart = any(i in state.held for i in batch.devices)  # they are together for the other one
        found = _is_it(state, batch, tenant)
        if found is not None and not apart and _certain(found):
            events += _adopted(batch, found, tenant)
            continue
        perhaps = None if found is None or _certain(found) else found
        for record in (state.devices[i] for i in batch.devices):
            before = state.held.get(record.index)
            if before is not None and before.why == "personal":
                continue
            standing = _standing(state, record, batch, tenant)
            if perhaps is not None and (
                standing is None
                or (standing is perhaps and not _counts(state, record, batch, perhaps, tenant))
            ):  # to submit it might be to submit it twice
                standing = _reason(perhaps, decide=True)
            if isinstance(standing, Reason):
                reasons[record.index] = standing
            elif standing is not None:
                gone.setdefault(standing.batch_id, []).append(record.index)
    if events:
        return Sorted(events)  # the rest is looked at once these are followed
    by_id = {other.batch_id: other for other in tenant.batches}
    out = {index for places in gone.values() for index in places}
    events = [
        DevicesSignedIn(devices=places, batch_id=batch_id, by=by_id[batch_id].by)
        for batch_id, places in gone.items()
    ]
    personal = {i: _as_reason(state, i) for i, h in state.held.items() if h.why == "personal"}
    events += hold(state, {**personal, **reasons}, out)
    return Sorted(events, {} if events else _waiting(state, region, reasons, tenant))


def live_elsewhere(
    devices: Iterable[Device], batches: Sequence[OtherBatch]
) -> list[tuple[Device, OtherBatch]]:
    """The devices that are in a live batch of `batches`, they or their accounts, and in which."""
    found = []
    for device in devices:
        for other in batches:
            if other.live and items_of(device, other.items):
                found.append((device, other))
                break
    return found


def _is_it(state: RunState, batch: BatchRecord, tenant: Tenant) -> OtherBatch | None:
    """The tenant's batch that `batch` is, if the journal lost that it was submitted: certainly or,
    where the service's times do not tell, perhaps."""
    wanted = {state.devices[i].device.key for i in batch.devices}
    found = [
        other
        for other in tenant.batches
        if not other.here
        and other.region in (None, batch.region)
        and len(other.items) == len(wanted)
        and {item.key for item in other.items} == wanted
        and not surely_before(other.requested, tenant.there(batch.planned_at))
        and other.batch_id.casefold() not in state.let_go
        and not any(
            own.submitted_at < batch.planned_at and _listed(other, own)
            for own in state.batches.values()
        )
    ]
    return found[0] if len(found) == 1 else None


def _certain(other: OtherBatch) -> bool:
    """Whether it is known if it began after a plan. Of a live one it need not be: nothing of it is
    submitted either way."""
    return other.live or exact(other.requested)


def _adopted(batch: BatchRecord, other: OtherBatch, tenant: Tenant) -> list[Event]:
    by = f" by {other.by}" if other.by else ""
    at = f" at {other.requested}" if other.requested else ""
    text = (
        f"the service has exactly its devices in batch {other.batch_id}, submitted{by}{at}: it is "
        "taken for that one and followed, not submitted"
    )
    return [
        followed_from(batch.number, other.batch_id, other.requested, ahead=tenant.ahead),
        Note(level="warning", text=text, batch=batch.number),
    ]


def _standing(
    state: RunState, record: DeviceRecord, batch: BatchRecord, tenant: Tenant
) -> Reason | OtherBatch | None:
    """Why a device waits, or the batch that signed it in as the list wants it, or nothing."""
    device, held = record.device, state.held.get(record.index)
    undecided: OtherBatch | None = None
    failed: OtherBatch | None = None
    for other in tenant.batches:  # the newest first
        items = items_of(device, other.items)
        if not items:
            continue
        if other.live:
            return _reason(other)
        open_there = other.stuck and any(item.phase is Phase.RUNNING for item in items)
        if open_there and _is_news(other, state.again_at, tenant):
            return _reason(other, decide=True)
        waited_for = held is not None and held.batch_id.casefold() == other.batch_id.casefold()
        if not waited_for and not _counts(state, record, batch, other, tenant):
            continue
        phases = {item.phase for item in items if item.key == device.key}
        if Phase.SUCCEEDED in phases and not _surely_before(other, failed):
            return other
        if Phase.FAILED in phases:
            failed = failed or other
        since = record.submitted_at or batch.planned_at
        before_plan = surely_before(other.requested, tenant.there(since))
        if (waited_for or not before_plan) and _undecided(device, items):
            undecided = undecided or other
    if undecided is not None:
        return _reason(undecided, decide=True)
    mine = held is not None and held.batch_id.casefold() in own_ids(state)  # found since
    if held is not None and held.decide and not mine:
        return _as_reason(state, record.index)  # it is listed no more: a decision is still needed
    return None


def _undecided(device: Device, items: Iterable[ItemStatus]) -> bool:
    """Whether to submit the device might undo what a batch that is over has done: sign its account
    out of another phone, or its phone out of another account."""
    return any(
        item.phase is not Phase.FAILED
        and (item.phase is not Phase.SUCCEEDED or item.key != device.key)
        for item in items
    )


def _counts(
    state: RunState,
    record: DeviceRecord,
    batch: BatchRecord,
    other: OtherBatch,
    tenant: Tenant,
) -> bool:
    """Whether what a batch that is over came to is news for this device.

    What began before this run or another of this host last submitted the device, or before the
    operator decided to submit it all the same, is not. What another run of this host submitted is
    known from its journal.
    """
    if other.here:
        return False
    if not exact(other.requested):
        return _perhaps_news(state, record, batch, other, tenant)
    if not _is_news(other, state.again_at, tenant):
        return False
    last = tenant.last_here.get(record.device.hardware_id)
    if last is None and not record.submitted_at:
        return _is_news(other, batch.planned_at, tenant)
    return _is_news(other, max(record.earliest_submit, last or ""), tenant)


def _perhaps_news(
    state: RunState, record: DeviceRecord, batch: BatchRecord, other: OtherBatch, tenant: Tenant
) -> bool:
    """The same of a batch whose time does not name one moment: it is news unless it is certain that
    it is not. One that was listed when the run submitted the device came before that.

    For an order to submit the device all the same it must be certain, or the order had no effect.
    """
    if any(record.index in own.devices and _listed(other, own) for own in state.batches.values()):
        return False
    last = tenant.last_here.get(record.device.hardware_id, "")
    moment = max(record.earliest_submit or batch.planned_at, last)
    if state.again_at >= moment:
        return _is_news(other, state.again_at, tenant)
    return not surely_before(other.requested, tenant.there(moment))


def _listed(other: OtherBatch, own: BatchRecord) -> bool:
    """Whether it was in the list that was read before the run's batch `own` was submitted."""
    return other.batch_id.casefold() in {name.casefold() for name in own.known}


def _is_news(other: OtherBatch, moment: str, tenant: Tenant) -> bool:
    """Whether it began at `moment` of the journal or later; always where there is none."""
    return not moment or surely_since(other.requested, tenant.there(moment))


def _surely_before(other: OtherBatch, later: OtherBatch | None) -> bool:
    """Whether it began before `later`, which failed and so left nothing of what it had done."""
    when = parse_when(later.requested) if later is not None else None
    return when is not None and surely_before(other.requested, when)


def _reason(other: OtherBatch, *, decide: bool = False) -> Reason:
    return Reason(
        "other_batch",
        batch_id=other.batch_id,
        by=other.by,
        requested=other.requested,
        decide=decide,
    )


def _as_reason(state: RunState, index: int) -> Reason:
    held = state.held[index]
    return Reason(held.why, held.batch_id, held.by, held.requested, held.decide)


def _waiting(
    state: RunState, region: Region, reasons: Mapping[int, Reason], tenant: Tenant
) -> dict[int, str]:
    held: dict[int, str] = {}
    near = (o for o in tenant.batches if o.region in (None, region))
    part = next((o for o in near if o.live and o.part), None)
    for batch in state.queued_batches():
        if batch.region is not region:
            continue
        waits = [reasons[i] for i in batch.devices if i in reasons]
        if waits:
            first = waits[0]
            by = f" of {first.by}" if first.by else ""
            count = "1 device is" if len(waits) == 1 else f"{len(waits)} devices are"
            held[batch.number] = f"{count} live in batch {first.batch_id}{by}, or their accounts"
        elif part is not None:
            by = f" of {part.by}" if part.by else ""
            held[batch.number] = (
                f"batch {part.batch_id}{by} is live and does not say yet which devices it has"
            )
    return held
