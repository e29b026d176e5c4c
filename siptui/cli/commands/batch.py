"""`siptui batch ID`: the devices of one batch, as the service itself remembers it."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import click

from siptui.app.invocation import Invocation
from siptui.app.session import Selected, open_session, select_for
from siptui.app.worker_start import signed_in_account, worker_run_service
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.follow_run import watch
from siptui.cli.journal_notice import told
from siptui.cli.wording import columns, say_wait, submitted
from siptui.domain.outcome import explain
from siptui.domain.region import Region
from siptui.domain.state import SYMBOLS, DeviceState
from siptui.domain.times import zone
from siptui.gateway.errors import RejectedError
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.gateway.times import parse_when
from siptui.runs.tenant_batches import adopt_foreign


@click.command("batch", cls=Command)
@click.argument("batch_id", metavar="ID")
@click.option("--follow", is_flag=True, help="Make a run of it and follow it to its end.")
@options.region
@options.common
@options.as_json
def command(
    batch_id: str,
    follow: bool,
    region: Region | None,
    call: Invocation,
) -> int:
    """Show the devices of the batch ID, as the service remembers it (30 days).

    “siptui batches” lists the ids. With --follow the batch becomes a run and is followed,
    of any operator; “siptui attach --batch ID” does so in the console.
    """
    selected = select_for(call)
    batch = read_batch(batch_id, selected)
    if follow:
        return _follow(batch, region, selected)
    if call.as_json:
        click.echo(json.dumps(as_object(batch)))
        return 0
    when = submitted(batch.request_time)
    when += f" {zone(batch.request_time)}" if parse_when(batch.request_time) else ""
    about = [batch.word or "no status", batch.region or "", when.strip(), batch.user_id]
    click.echo(f"Batch {batch.batch_id}: {', '.join(part for part in about if part)}")
    if batch.gap:
        click.echo(f"Its devices may be incomplete: {batch.gap}.", err=True)
    for text in batch.odd:
        click.echo(f"Not readable: {text}", err=True)
    rows = [
        (
            f"{SYMBOLS[_state(item)]} {item.word or '-'}",
            item.user_name or "-",
            item.hardware_id or "-",
            item.error or "-",
        )
        for item in batch.items
    ]
    for line in columns(("STATUS", "USER NAME", "HARDWARE ID", "ERROR"), rows):
        click.echo(line)
    return 0


def read_batch(batch_id: str, selected: Selected) -> BatchStatus:
    """The batch as the service has it."""

    async def main() -> BatchStatus:
        async with open_session(selected, on_wait=say_wait) as opened:
            return await opened.client.batch_status(batch_id, retry=True)

    try:
        return asyncio.run(main())
    except RejectedError as error:
        if error.status == 404:
            error.remedy = "It remembers 30 days of this tenant's batches: siptui batches"
        raise


def _follow(batch: BatchStatus, region: Region | None, selected: Selected) -> int:
    call = selected.call
    run_service = told(
        worker_run_service(
            selected,
            account=signed_in_account(selected),
            wait_for_sign_in=not call.no_input,
        )
    )
    try:
        run = adopt_foreign(
            run_service, batch, region or selected.profile.region, datetime.now(UTC)
        )
        run_service.hold_back(run)  # it may be one of our own, with more to submit
        run_service.start(run)
        may_ask = not (call.no_input or call.as_json)
        return watch(run_service, selected.journal, run, as_json=call.as_json, may_ask=may_ask)
    finally:
        run_service.close()


def as_object(batch: BatchStatus) -> dict[str, Any]:
    """What `batch --json` prints."""
    return {
        "batch_id": batch.batch_id,
        "region": batch.region,
        "status": batch.word,
        "state": batch.phase,
        "submitted": batch.request_time,
        "submitted_by": batch.user_id,
        "devices": [_device(item) for item in batch.items],
        "incomplete": batch.gap or None,
        "unread": list(batch.odd),
    }


def _device(item: ItemStatus) -> dict[str, Any]:
    outcome = explain(item.error) if item.phase is Phase.FAILED else None
    return {
        "username": item.user_name,
        "hardware_id": item.hardware_id,
        "status": item.word,
        "state": _state(item),
        "error": item.error or None,
        "cause": outcome.cause if outcome else None,
        "remedy": outcome.remedy if outcome else None,
    }


def _state(item: ItemStatus) -> Any:
    return {
        Phase.SUCCEEDED: DeviceState.SUCCEEDED,
        Phase.FAILED: DeviceState.FAILED,
    }.get(item.phase, DeviceState.RUNNING)
