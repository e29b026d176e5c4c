"""Telling the operator that something is waited for."""

from datetime import datetime

import click


def say_wait(why: str, until: datetime) -> None:
    """One line on standard error: why there is a wait and until when, in local time."""
    click.echo(f"{why} Trying again at {until.astimezone():%H:%M:%S}.", err=True)
