"""What a batch's status says that the journal does not say yet: pure rules."""

from datetime import datetime

from siptui.domain.state import DeviceState
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.runs.events import DeviceChanged, RunFinished
from siptui.runs.state import BatchRecord, DeviceRecord, RunState

#: Words that only say "not over yet"; they are not shown beside the row.
_PLAIN = frozenset(
    {
        "",
        "accepted",
        "inprogress",
        "notstarted",
        "pending",
        "processing",
        "queued",
        "running",
        "started",
        "submitted",
    }
)
_STATES = {Phase.SUCCEEDED: DeviceState.SUCCEEDED, Phase.FAILED: DeviceState.FAILED}


def members(state: RunState, batch: BatchRecord) -> list[DeviceRecord]:
    """The devices that are in `batch` now (a device that was retried is in another)."""
    return [state.devices[i] for i in batch.devices if state.devices[i].batch == batch.number]


def undecided(state: RunState, batch: BatchRecord) -> list[DeviceRecord]:
    """The devices of `batch` that have no outcome."""
    return [r for r in members(state, batch) if r.state is DeviceState.RUNNING]


def without_outcome(state: RunState, batch: BatchRecord) -> list[DeviceRecord]:
    """The devices of `batch` that are unknown once it is given up: those without an outcome, and
    of one that is in doubt all."""
    over = (DeviceState.SUCCEEDED, DeviceState.FAILED)
    return [r for r in members(state, batch) if r.state not in over]


def news(state: RunState, batch: BatchRecord, status: BatchStatus) -> list[DeviceChanged]:
    """The changes in `status`, in the order of the list.

    Items are matched by user name and hardware id. An unknown word is shown as it came and
    decides nothing. Until the batch is finished the service may correct an outcome.
    """
    by_key = {record.device.key: record for record in members(state, batch)}
    said: dict[int, ItemStatus] = {}
    for item in status.items:
        record = by_key.get(item.key)
        if record and (record.index not in said or item.phase is not Phase.RUNNING):
            said[record.index] = item
    changes = []
    for index in sorted(said):
        item, record = said[index], state.devices[index]
        new = _STATES.get(item.phase, DeviceState.RUNNING)
        if new is DeviceState.RUNNING and record.state is not DeviceState.RUNNING:
            continue  # once decided, only another decision counts
        word = item.word
        if new is DeviceState.RUNNING and _plain(word):
            word = ""
        error = item.error if new is not DeviceState.SUCCEEDED else ""
        if (new, word, error) != (record.state, record.word, record.error):
            changes.append(
                DeviceChanged(device=index, batch=batch.number, state=new, word=word, error=error)
            )
    return changes


def _plain(word: str) -> bool:
    return word.casefold().replace(" ", "").replace("_", "").replace("-", "") in _PLAIN


def tally(state: RunState, batch: BatchRecord) -> tuple[int, int, int]:
    """How many devices of `batch` succeeded, failed, and are unknown."""
    states = [r.state for r in members(state, batch)]
    return (
        states.count(DeviceState.SUCCEEDED),
        states.count(DeviceState.FAILED),
        states.count(DeviceState.UNKNOWN),
    )


def finished(state: RunState, now: datetime) -> RunFinished:
    """The end of a run in which nothing is left to do."""
    planned = datetime.fromisoformat(state.planned_at)
    return RunFinished(
        succeeded=state.counts[DeviceState.SUCCEEDED],
        failed=state.counts[DeviceState.FAILED],
        unknown=state.counts[DeviceState.UNKNOWN],
        skipped=state.plan.skipped if state.plan else 0,
        seconds=round((now - planned).total_seconds(), 1),
    )
