"""`siptui overview`: all profiles of this host, one line each."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from siptui.app.all_profiles import overview
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.fitted_table import fits, fitted, short_last_run, terminal_width
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
    for line in _lines(found, terminal_width()):
        click.echo(line)
    return 0


def _lines(found: Sequence[ProfileOverview], width: int | None) -> Iterator[str]:
    head = ("PROFILE", "TENANT", "LIVE", "WAITING", f"LAST RUN ({zone()})", "NEEDS")
    rows = [_row(one) for one in found]
    if fits(head, rows, width):
        yield from fitted(head, rows, width, ())
        return
    # One line each: what a person must do is told in full below.
    short = ("PROFILE", "LIVE", "WAITING", f"LAST RUN ({zone()})", "NEEDS")
    yield from fitted(short, [_short(one) for one in found], width, ((4, 12), (0, 12), (3, 14)))
    if needed := [one for one in found if one.needs]:
        yield ""
        yield from (f"{visible(one.profile)}: {visible(one.needs)}" for one in needed)


def _row(one: ProfileOverview) -> tuple[str, ...]:
    last = "-"
    if head := one.last_run:
        when = local_time(head.started, datetime.now(UTC))
        counts = f"{head.succeeded} of {head.devices} signed in, {head.failed} failed"
        last = f"{head.run} {head.state} {when}, {counts}"
    return (
        *(visible(one.profile), visible(one.tenant), _live(one), str(one.waiting or "-"), last),
        visible(one.needs) or "-",
    )


def _short(one: ProfileOverview) -> tuple[str, ...]:
    last = short_last_run(one.last_run)
    return (
        *(visible(one.profile), _live(one), str(one.waiting or "-"), last),
        visible(one.what) or "-",
    )


def _live(one: ProfileOverview) -> str:
    return f"{one.live_devices} in {one.live_batches}" if one.live_batches else "-"
