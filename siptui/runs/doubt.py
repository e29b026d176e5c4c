"""Settling a submit whose answer was lost, by what the tenant's own batches say: pure rules."""

from collections.abc import Iterable, Sequence

from siptui.domain.state import BatchState
from siptui.gateway.protocol import BatchStatus, BatchSummary
from siptui.runs.state import BatchRecord, RunState


def own_ids(state: RunState) -> frozenset[str]:
    """The service's ids of all batches of this run that have one."""
    return frozenset(b.batch_id.casefold() for b in state.batches.values() if b.batch_id)


def candidates(
    state: RunState, batch: BatchRecord, summaries: Iterable[BatchSummary]
) -> list[BatchSummary]:
    """The tenant's batches that may be `batch`: not known before, nobody's yet, not elsewhere."""
    mine = own_ids(state)
    known = {i.casefold() for i in batch.known}
    return [
        s
        for s in summaries
        if s.batch_id.casefold() not in known
        and s.batch_id.casefold() not in mine
        and s.region in (None, batch.region)
    ]


def same_batch(state: RunState, batch: BatchRecord, status: BatchStatus) -> bool:
    """Whether `status` is of exactly the devices of `batch`, in its region."""
    if status.region not in (None, batch.region):
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
