"""Where a run stands, as one object for programs and as the parts of a page for people. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.state import BatchState, DeviceState
from siptui.runs import events as ev
from siptui.runs.output.json_lines import groups_field
from siptui.runs.output.sentences import cause_name, held_back, order_words
from siptui.runs.run_head import RunHead
from siptui.runs.state import BatchRecord, RunState
from siptui.runs.time_left import TimeLeft

_STATES = (
    *(DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN),
    *(DeviceState.RUNNING, DeviceState.SUBMITTING, DeviceState.QUEUED),
)


class BatchStanding(Struct, frozen=True):
    """A batch and what came of its devices in it: one that was retried since counts in both."""

    batch: int
    batch_id: str
    region: str
    state: str
    attempt: int
    devices: int
    succeeded: int
    failed: int
    unknown: int
    why: str


class CauseStanding(Struct, frozen=True):
    """Why devices failed or are unknown, how many, and what to do about it."""

    cause: str
    devices: int
    text: str
    remedy: str


class Wait(Struct, frozen=True):
    """What the run, or one batch of it, waits for. `until` is RFC 3339 in UTC, or nothing; `kind`
    is that of the run's own waits (`Waiting.kind`)."""

    why: str
    until: str = ""
    batch: int | None = None
    kind: str = ""


def batch_standings(state: RunState, events: Iterable[ev.Stored]) -> list[BatchStanding]:
    """The batches of the run in their order; `events` are the run's, which know the results of
    batches whose devices are in another one by now."""
    ends = {e.event.batch: e.event for e in events if isinstance(e.event, ev.BatchFinished)}
    found = []
    for batch in state.batches.values():
        counts = _counts(state, batch, ends.get(batch.number))
        found.append(
            BatchStanding(
                batch=batch.number,
                batch_id=batch.batch_id,
                region=str(batch.region),
                state=str(batch.state),
                attempt=batch.attempt,
                devices=len(batch.devices),
                succeeded=counts[DeviceState.SUCCEEDED],
                failed=counts[DeviceState.FAILED],
                unknown=counts[DeviceState.UNKNOWN],
                why=batch.why,
            )
        )
    return found


def _counts(
    state: RunState, batch: BatchRecord, end: ev.BatchFinished | None
) -> Counter[DeviceState]:
    records = [state.devices[i] for i in batch.devices]
    own = [r.state for r in records if r.batch == batch.number]
    if len(own) < len(records) and end is not None:
        return Counter(
            {
                DeviceState.SUCCEEDED: end.succeeded,
                DeviceState.FAILED: end.failed,
                DeviceState.UNKNOWN: end.unknown,
            }
        )
    if batch.state is BatchState.REJECTED:
        return Counter({DeviceState.FAILED: len(records)})
    return Counter(own)


def cause_standings(state: RunState) -> list[CauseStanding]:
    """The causes of what failed or is unknown, the most common first."""
    return [
        CauseStanding(cause, count, cause_name(cause), _remedy(cause))
        for cause, count in state.causes().most_common()
    ]


def _remedy(cause: str) -> str:
    try:
        return OUTCOMES[Cause(cause)].remedy
    except (KeyError, ValueError):
        return ""


def waits(state: RunState, *, worked_on: bool, locked: str = "") -> list[Wait]:
    """What the run waits for. Only a run that is `worked_on` waits for the service; `locked` is
    what its worker cannot write into the journal."""
    if state.finished is not None:
        return []
    found = [Wait(locked)] if locked else []
    if state.paused or state.stopping:
        word = "paused" if state.paused else "stopped"
        by = f": order {order_words(state.held_by)}" if state.held_by else ""
        found.append(Wait(f"submitting is {word}{by}"))
    if worked_on and (wait := state.waiting) is not None:
        found.append(Wait(wait.why, wait.until, kind=wait.known_kind))
    found += [
        Wait(batch.why or "the service asked to wait", batch.not_before, batch.number)
        for batch in state.queued_batches()
        if batch.not_before
    ]
    held = {id(event): event for event in state.held.values()}
    return found + [Wait(held_back(state, event), batch=event.batch) for event in held.values()]


def run_object(
    state: RunState,
    head: RunHead,
    *,
    batches: Sequence[BatchStanding],
    waiting_for: Sequence[Wait],
    needs: str,
    following: Sequence[str],
    left: TimeLeft,
) -> dict[str, Any]:
    """The run as `show --json` has it: the fields of `runs --json`, and more. `left` is the time
    left of a run that is worked on."""
    stopped, finished = state.stopped, state.finished is not None
    return {
        **asdict(head),
        "last_at": state.last_at,
        "counts": {str(one): state.counts[one] for one in _STATES},
        "paused": state.paused and not finished,
        "stopping": state.stopping and not finished,
        "stopped": {"code": stopped.code, "message": stopped.message, "next": stopped.remedy}
        if stopped
        else None,
        "batches": [
            asdict(one) | {"batch_id": one.batch_id or None, "why": one.why or None}
            for one in batches
        ],
        "causes": [asdict(one) for one in cause_standings(state)],
        "waits": [
            asdict(one) | {"until": one.until or None, "kind": one.kind or None}
            for one in waiting_for
        ],
        "needs": needs or None,
        "next": list(following),
        "wait_seconds": _rounded(left.next_attempt),
        "seconds_left": _rounded(left.seconds),
    } | groups_field(state, left)


def _rounded(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def shown_counts(state: RunState) -> list[tuple[DeviceState, int]]:
    """How many devices stand where, without the states that none has."""
    return [(one, state.counts[one]) for one in _STATES if state.counts[one]]
