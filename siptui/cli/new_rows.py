"""What of a list is to do still, for `run --new-only`, and what a script is stopped for."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from siptui.app.list_status import read_status
from siptui.app.session import Selected, open_session
from siptui.cli.wording import say_wait
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.text import plural
from siptui.runs.conflicts import SignedInError
from siptui.runs.rollout.evidence import Evidence, RowStanding, Seen, SourceRead, Standing
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import read_inventory
from siptui.runs.service import RunService

_LEFT_OUT = {
    Standing.DONE: "signed in already",
    Standing.OTHER: "signed in as another account, which “siptui status LIST” names",
    Standing.LIVE: "at the service in another run or batch, or their accounts are",
    Standing.UNKNOWN: "where they stand is not known; “siptui status LIST” says why",
}


class InventoryUnreadError(SiptuiError):
    """The inventory is there and cannot be read, so what is to do is not known."""

    title = "The inventory cannot be read"
    code = "inventory_unread"


class NewRows(Struct, frozen=True):
    """The rows that are to do, what is said of the others, and whether earlier runs have signed in
    some of them that are no longer signed in."""

    devices: tuple[Device, ...]
    notes: list[str]
    again: bool = False


def new_rows(
    selected: Selected,
    devices: Sequence[Device],
    run_service: RunService | None,
) -> NewRows:
    """What of `devices` is to do by history, batches and inventory, and nothing else.

    Raises the error that keeps the tenant's batches from being read: without them it is not known
    what a colleague has at the service; and `InventoryUnreadError`.
    """
    rows, evidence = read_status(selected, devices, on_wait=say_wait)
    return to_do_of(devices, rows, evidence, run_service)


def to_do_of(
    devices: Sequence[Device],
    rows: Iterable[RowStanding],
    evidence: Evidence,
    run_service: RunService | None,
) -> NewRows:
    """What of `devices`, of which `rows` tell where they stand, is to do. Raises as `new_rows`."""
    if (error := _unread(evidence)) is not None:
        raise error
    inventory = evidence.source("inventory")
    if inventory is not None and inventory.fails_for_now:
        raise InventoryUnreadError(
            f"The device inventory cannot be read for now: {inventory.error} A phone that a person "
            "signed in, or a batch of more than 30 days ago, stands nowhere else. Nothing was "
            "submitted.",
            remedy="Run it again later; “siptui status LIST” shows whether it can be read.",
        )
    by_id = {row.hardware_id: row for row in rows if row.line is not None}
    wanted = [d for d in devices if by_id[str(d.hardware_id)].standing is Standing.TO_DO]
    again = {key for key, row in by_id.items() if row.again}
    gone: dict[str, Standing] = {}
    if run_service is not None:  # what this host decided since, and what is only planned
        split = run_service.new_only(wanted)
        gone = {str(d.hardware_id): Standing.LIVE for d in split.at_service}
        gone |= {
            str(d.hardware_id): Standing.DONE
            for d in split.signed_in
            if str(d.hardware_id) not in again
        }
    kept = tuple(d for d in wanted if str(d.hardware_id) not in gone)
    notes = _notes(by_id.values(), gone)
    history = evidence.source("history")
    if history is not None and history.error:
        notes.append(f"Not all runs of this host were read: {history.error}")
    if inventory is not None and inventory.error:
        notes.append(f"The inventory was not looked at: {inventory.error}")
    return NewRows(kept, notes, again=any(str(d.hardware_id) in again for d in kept))


def _unread(evidence: Evidence) -> SiptuiError | None:
    batches = evidence.source("batches")
    return batches.cause if batches is not None and not batches.partial else None


def _notes(rows: Iterable[RowStanding], gone: dict[str, Standing]) -> list[str]:
    counted = Counter(gone.get(row.hardware_id, row.standing) for row in rows)
    said = [(counted[one], why) for one, why in _LEFT_OUT.items()]
    return [
        f"{plural(number, 'device')} {'is' if number == 1 else 'are'} left out: {why}."
        for number, why in said
        if number
    ]


def refuse_seen_signed_in(selected: Selected, devices: Sequence[Device]) -> None:
    """Raise `SignedInError` for devices that the inventory has signed in as the list wants it,
    by any operator. An inventory that cannot be read stops no run."""
    now = datetime.now(UTC)

    async def read() -> dict[str, Seen]:
        async with open_session(selected, on_wait=say_wait) as session:
            if session.inventory is None:
                return {}
            return (await read_inventory(session.inventory, now))[0]

    try:
        seen = asyncio.run(read())
    except SiptuiError:
        return  # the run itself will say what is wrong with the sign-in
    whole = SourceRead("batches", now)
    rows = reconcile(devices, Evidence({}, seen, (whole,)), now)
    done = [row for row in rows if row.standing is Standing.DONE]
    if done:
        many = "1 device is" if len(done) == 1 else f"{len(done):,} devices are"
        raise SignedInError(
            f"{many} signed in as the list wants it by the device inventory, such as "
            f"{done[0].user_name} on {done[0].hardware_id}. Nothing was submitted.",
            remedy="Submit only the others with --new-only, or all of them once more with --again, "
            "which resets their passwords.",
        )
