"""Which batches of the tenant may be one whose answer was lost: pure rules."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from siptui.domain.device import Device
from siptui.domain.state import BatchState
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus
from siptui.gateway.times import surely_before
from siptui.runs.state import BatchRecord, RunState


def own_ids(state: RunState) -> frozenset[str]:
    """The service's ids of all batches of this run that have one."""
    return frozenset(b.batch_id.casefold() for b in state.batches.values() if b.batch_id)


def items_of(device: Device, items: Iterable[ItemStatus]) -> list[ItemStatus]:
    """What a batch of the service says of the device, and of its account on others."""
    account = device.user_name.key
    return [
        item
        for item in items
        if item.hardware_id == device.hardware_id or item.user_name.casefold() == account
    ]


def candidates(
    state: RunState,
    batch: BatchRecord,
    summaries: Iterable[BatchSummary],
    elsewhere: Collection[str] = frozenset(),
) -> list[BatchSummary]:
    """The tenant's batches that may be `batch`: not known before, of no run yet, not in another
    region, not begun before the submit.

    `elsewhere` are the ids, in lower case, that other runs of this host submitted.
    """
    others = {*own_ids(state), *(i.casefold() for i in batch.known), *elsewhere}
    return [
        s
        for s in summaries
        if s.batch_id.casefold() not in others
        and s.region in (None, batch.region)
        and not begun_before(batch, s.request_time)
    ]


def begun_before(batch: BatchRecord, requested: str) -> bool:
    """Whether a batch of the service was there before `batch` was submitted, for certain.

    The service's clock may differ from this host's, by what its answers said right before the
    submit. Where that is not known, or the time cannot be read, it is not certain.
    """
    if batch.service_ahead is None:
        return False
    submitted = datetime.fromisoformat(batch.submitted_at)
    return surely_before(requested, submitted + timedelta(seconds=batch.service_ahead))


def same_batch(state: RunState, batch: BatchRecord, status: BatchStatus) -> bool:
    """Whether `status` is of exactly the devices of `batch`, in its region."""
    if status.region not in (None, batch.region) or begun_before(batch, status.request_time):
        return False
    wanted = {state.devices[i].device.key for i in batch.devices}
    found = [item.key for item in status.items if item.named]
    return len(found) == len(wanted) and set(found) == wanted


def may_be(state: RunState, batch: BatchRecord, summary: BatchSummary, status: BatchStatus) -> bool:
    """Whether `status` is perhaps of the devices of `batch`: it lists a part of them and nothing
    else, and is known, or its new batch is, not to list all yet."""
    if status.region not in (None, batch.region):
        return False
    if summary.count is not None and summary.count != len(batch.devices):
        return False
    wanted = {state.devices[i].device.key for i in batch.devices}
    return {item.key for item in status.items if item.named} < wanted


def in_doubt(state: RunState) -> Sequence[BatchRecord]:
    """The batches whose answer was lost and that are being looked for."""
    return [b for b in state.batches.values() if b.state is BatchState.IN_DOUBT]
