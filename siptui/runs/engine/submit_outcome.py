"""What the answer to a submit means for the batch: pure rules.

The one distinction that counts is whether the service can have accepted it. Only a certain no
puts a batch back into the queue; everything else is in doubt until the tenant's own list of
batches settles it.
"""

import re

from siptui.gateway.errors import (
    AccessDeniedError,
    Fate,
    GatewayError,
    RejectedError,
    TokenRefusedError,
)
from siptui.gateway.protocol import BatchAccepted as Answer
from siptui.runs.engine.batch_matching import own_ids
from siptui.runs.events import (
    BatchAccepted,
    BatchDeferred,
    BatchInDoubt,
    BatchRejected,
    Event,
    Note,
)
from siptui.runs.state import BatchRecord, RunState

#: How the service may say that three batches are live already, or that a device or an account is
#: in a live one; its text is not known. It is a refusal either way, so a wrong guess costs a
#: wait and never a second submit.
_NO_SLOT = re.compile(
    r"concurren|conflict|another[\s_]*batch|batch\D{0,40}(?:limit|in progress|active|running)"
    r"|(?:too[\s_]*many|limit|max)\D{0,40}batch",
    re.I,
)
_TOO_BIG = re.compile(r"\b100\b|items?\b|devices? per|rows?\b", re.I)
#: How often a batch is put back for want of a slot before it counts as refused.
_MOST_DEFERRALS = 30


def accepted(state: RunState, batch: BatchRecord, answer: Answer) -> list[Event]:
    """The events of a submit that was answered with a batch id."""
    name = answer.batch_id.casefold()
    if name in own_ids(state) or name in {i.casefold() for i in batch.known}:
        return [
            BatchInDoubt(
                batch=batch.number,
                why=f"the service answered with an id it had given before: {answer.batch_id}",
            )
        ]
    events: list[Event] = [
        BatchAccepted(
            batch=batch.number,
            batch_id=answer.batch_id,
            count=answer.count,
            correlation_id=answer.correlation_id,
        )
    ]
    if answer.count is not None and answer.count != len(batch.devices):
        events.append(
            Note(
                level="warning",
                batch=batch.number,
                text=f"the service counts {answer.count} devices, {len(batch.devices)} were sent",
            )
        )
    return events


def refused_or_lost(batch: BatchRecord, error: GatewayError, until: str) -> Event:
    """The event of a submit that failed; `until` is when it may be tried again, RFC 3339."""
    if error.fate is Fate.UNKNOWN:
        return BatchInDoubt(batch=batch.number, why=error.message)
    if error.fate is Fate.NOT_SENT:
        return BatchDeferred(batch=batch.number, why=error.message, until=until)
    if isinstance(error, RejectedError) and _no_slot(error) and batch.deferrals < _MOST_DEFERRALS:
        return BatchDeferred(batch=batch.number, why=error.message, until=until)
    return BatchRejected(
        batch=batch.number,
        status=error.status,
        code=error.code,
        message=error.message,
        remedy=error.remedy,
        correlation_id=error.correlation_id,
        requeued=isinstance(error, TokenRefusedError | AccessDeniedError),
    )


def _no_slot(error: RejectedError) -> bool:
    text = f"{error.code} {error.message} {error.raw}"
    return bool(_NO_SLOT.search(text)) and not _TOO_BIG.search(text)
