"""`siptui overview`: all profiles of this host, one line each."""

import json
from datetime import UTC, datetime

import click

from siptui.app.all_profiles import overview
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.wording import columns
from siptui.domain.text import visible
from siptui.domain.times import local_time, zone
from siptui.runs.overview import ProfileOverview


@click.command(cls=Command)
@options.as_json
def command(as_json: bool) -> int:
    """Show all profiles of this host: what is live, what waits, what needs a person, the last run.

    Reads the journals of this host and asks no network. “siptui attach RUN” finds a run by its id,
    whatever profile it is of.
    """
    found = overview()
    if as_json:
        body = {"profiles": [one.as_object() for one in found]}
        click.echo(json.dumps(body, ensure_ascii=False))
        return 0
    if not found:
        click.echo("The configuration has no profile yet.")
        return 0
    head = ("PROFILE", "TENANT", "LIVE", "WAITING", f"LAST RUN ({zone()})", "NEEDS")
    for line in columns(head, [_row(one) for one in found]):
        click.echo(line)
    return 0


def _row(one: ProfileOverview) -> tuple[str, ...]:
    last = "-"
    if head := one.last_run:
        when = local_time(head.started, datetime.now(UTC))
        counts = f"{head.succeeded} of {head.devices} signed in, {head.failed} failed"
        last = f"{head.run} {head.state} {when}, {counts}"
    live = f"{one.live_devices} in {one.live_batches}" if one.live_batches else "-"
    return (
        *(visible(one.profile), visible(one.tenant), live, str(one.waiting or "-"), last),
        visible(one.needs) or "-",
    )
