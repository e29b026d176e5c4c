"""Comparing a plan with the tenant's own batches before anything is done: what `--dry-run` adds."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from siptui.app.session import Selected, open_session, token_source
from siptui.cli.wording import say_wait
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, SignInNeededError, SiptuiError
from siptui.runs.engine.tenant_look import Preview, TenantLook
from siptui.runs.events import DevicesHeld, DevicesSignedIn, Event, Note, Stored
from siptui.runs.journal.journal import Journal, timestamp
from siptui.runs.output.sentences import held_back
from siptui.runs.service import RunService
from siptui.runs.state import RunState
from siptui.runs.state_load import load

#: Seconds that the look may take.
_PATIENCE = 120.0


class Compared(Struct, frozen=True):
    """What the tenant's batches mean for a plan: `notes` for people, and `held` for scripts, the
    devices that would be held back or left out, and for whose sake. The service may have `refused`
    the sign-in, as it would a submit."""

    notes: list[str] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    refused: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What a dry run ends with, so that a script need not read its notes."""
        return ExitCode.SIGN_IN if self.refused else ExitCode.OK


def compare(
    selected: Selected,
    state: RunState,
    journal: Journal | None,
) -> Compared:
    """Look at the tenant's batches as a worker does before it submits what waits in `state`.

    Needs a sign-in; that there is none, or that the look failed, is a note.
    """
    try:
        token_source(selected)
    except SignInNeededError:
        return Compared(["Not compared with the tenant's batches: no service was asked."])
    try:
        events = asyncio.run(_look(selected, state, journal))
    except TimeoutError:
        why = "the service took too long to answer."
    except SiptuiError as error:
        if error.exit_code is ExitCode.SIGN_IN:
            refused = f"It would be refused: {error.message} {error.remedy}".strip()
            return Compared([refused, "Not compared with the tenant's batches."], refused=True)
        why = error.message
    else:
        return _compared(state, events)
    return Compared([f"Could not compare with the tenant's batches: {why}"])


async def _look(
    selected: Selected,
    state: RunState,
    journal: Journal | None,
) -> list[Event]:
    opening = open_session(selected, on_wait=say_wait)
    async with asyncio.timeout(_PATIENCE), opening as session:
        client = session.client
        look = TenantLook(
            Preview(state.run, state, journal, datetime.now(UTC)), client, selected.host
        )
        summaries = await client.batch_summaries(retry=True)
        found: list[Event] = []
        for region in dict.fromkeys(batch.region for batch in state.queued_batches()):
            _, sorted_out = await look.look(region, summaries, client.batch_status)
            found += sorted_out.events
        return found


def _compared(state: RunState, events: Iterable[Event]) -> Compared:
    found = Compared()
    for event in events:
        if isinstance(event, DevicesHeld | DevicesSignedIn):
            found.notes.append(f"Would be {held_back(state, event)}")
            found.held.extend(
                {
                    "line": device.line,
                    "username": device.user_name,
                    "hardware_id": device.hardware_id,
                    "why": "signed_in" if isinstance(event, DevicesSignedIn) else event.why,
                    "batch_id": event.batch_id or None,
                    "by": event.by or None,
                }
                for device in (state.devices[i].device for i in event.devices)
            )
        elif isinstance(event, Note):
            found.notes.append(f"Batch {event.batch}: {event.text}")
    if not found.notes:
        found.notes.append("Compared with the tenant's batches: none has these devices.")
    return found


def planned_state(
    run_service: RunService | None,
    devices: Sequence[Device],
    events: Iterable[Event],
    run: str = "",
) -> RunState:
    """The run as it would be once `events` were written: the one that `run_service` has, or
    a new one of `devices`."""
    state = (
        load(run_service.journal, run) if run_service and run else RunState(run or "plan", devices)
    )
    at = timestamp(datetime.now(UTC))
    for event in events:
        # An event that was never written has the type of one that was read.
        state.apply(Stored(state.last_seq + 1, at, event))  # type: ignore[arg-type]
    return state
