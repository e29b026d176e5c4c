"""`siptui batches`: the batches of the tenant that the service itself remembers, 30 days."""

import asyncio
import json

import click

from siptui.app.invocation import Invocation
from siptui.app.session import open_session, select_for
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.wording import columns, say_wait, submitted
from siptui.domain.times import zone
from siptui.gateway.json_lists import Listed
from siptui.gateway.operator_names import OperatorNames
from siptui.gateway.protocol import BatchSummary


@click.command("batches", cls=Command)
@options.common
@options.as_json
def command(call: Invocation) -> None:
    """List the batches of the tenant that the service remembers (30 days), of all operators.

    “siptui batch ID” shows the devices of one. Status words are the service's own.
    """

    names = OperatorNames()

    async def main() -> tuple[str, Listed[BatchSummary], str]:
        async with open_session(select_for(call), on_wait=say_wait) as session:
            found = await session.client.batch_summaries(retry=True)
            why = await names.look_up([one.user_id for one in found], session.directory)
            return session.profile.tenant, found, why

    tenant, batches, why = asyncio.run(main())
    if call.as_json:
        rows = [
            {
                "batch_id": batch.batch_id,
                "region": batch.region,
                "status": batch.word,
                "state": batch.phase,
                "devices": batch.count,
                "submitted": batch.request_time,
                "submitted_by": batch.user_id,
                "submitted_by_name": names.name(batch.user_id) or None,
            }
            for batch in batches
        ]
        about = {"incomplete": batches.gap or None, "unread": list(batches.odd)}
        click.echo(json.dumps({"tenant": tenant, "batches": rows, **about}))
        return
    if batches.gap:
        click.echo(f"The list may be incomplete: {batches.gap}.", err=True)
    for text in batches.odd:
        click.echo(f"Not readable: {text}", err=True)
    if why:
        click.echo(why, err=True)
    if not batches:
        click.echo(f"The service remembers no batch of {tenant} (30 days).")
        return
    head = ("BATCH", "REGION", "DEVICES", "STATUS", f"SUBMITTED ({zone()})", "BY")
    for line in columns(
        head,
        [
            (
                batch.batch_id,
                batch.region or "-",
                "-" if batch.count is None else str(batch.count),
                batch.word or "-",
                submitted(batch.request_time) or "-",
                names.of(batch.user_id) or "-",
            )
            for batch in batches
        ],
    ):
        click.echo(line)
