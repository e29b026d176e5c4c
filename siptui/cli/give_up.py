"""Giving up a batch that never ends: which one is meant, and the word for it."""

from collections.abc import Iterable

from siptui.cli.confirm import confirm
from siptui.domain.errors import UsageError
from siptui.domain.text import plural, visible
from siptui.runs.engine.status_changes import without_outcome
from siptui.runs.orders import may_be_given_up
from siptui.runs.state import BatchRecord, RunState


def live_batch(state: RunState, name: str) -> BatchRecord:
    """The live batch that goes by `name`: its number in the run, the service's id, or the
    beginning of that. Raises `UsageError` where there is not exactly one."""
    key = name.strip().casefold()
    known = [
        b
        for b in state.batches.values()
        if key == str(b.number) or (b.batch_id and key == b.batch_id.casefold())
    ] or [
        b for b in state.batches.values() if len(key) > 5 and b.batch_id.casefold().startswith(key)
    ]
    live = may_be_given_up(state)
    found = [b for b in known if b in live]
    if len(found) == 1:
        return found[0]
    if found:
        text = f"{visible(name)} is the beginning of several batches."
    elif known:
        text = f"Batch {known[0].number} is {str(known[0].state).replace('_', ' ')}, not live."
    else:
        text = f"This run has no batch {visible(name)}."
    numbers = ", ".join(str(b.number) for b in live)
    raise UsageError(
        text,
        code="no_batch",
        remedy=f"Live are: {numbers}." if live else "No batch of this run is live.",
    )


def confirm_give_up(
    state: RunState,
    batch: BatchRecord,
    *,
    tenant: str,
    notes: Iterable[str],
    yes: bool,
    no_input: bool,
) -> None:
    """Ask for the number of its devices without an outcome to be typed; see `confirm`."""
    unknown = [r.device for r in without_outcome(state, batch)]
    one = len(unknown) == 1
    confirm(
        unknown,
        tenant=tenant,
        batches=1,
        instead=f"Nothing is submitted: batch {batch.number} of {tenant} is not followed any more, "
        f"and its slot is free. {plural(len(unknown), 'device')} of it {'is' if one else 'are'} "
        f"unknown from then on; the service may still be working on {'it' if one else 'them'}.",
        notes=notes,
        yes=yes,
        no_input=no_input,
    )
