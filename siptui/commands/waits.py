"""Telling the operator that something is waited for."""

from datetime import UTC, datetime

import click

from siptui.domain.times import local_time


def say_wait(why: str, until: datetime) -> None:
    """One line on standard error: why there is a wait and until when, in local time, with the
    date where it is not today's."""
    click.echo(f"{why} Trying again at {local_time(until, datetime.now(UTC))}.", err=True)
