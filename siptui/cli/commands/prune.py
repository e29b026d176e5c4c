"""`siptui prune`: forgets the runs that are old enough."""

import re
from datetime import timedelta
from typing import Any

import click

from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.removal_command import RemovalFlags, removal_options, remove
from siptui.domain.errors import UsageError

_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


class Age(click.ParamType[timedelta]):
    """`90d`: hours, days, weeks or years."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """`value` as a length of time; a usage error otherwise."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"(\d{1,6})\s*([hdwy])", str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is no age such as 12h, 90d, 8w or 2y.", param, ctx)
        return timedelta(hours=int(found[1]) * _HOURS[found[2]])


@click.command(cls=Command)
@click.option(
    "--older-than",
    type=Age(),
    metavar="AGE",
    help="Forget runs whose last entry is that old: 12h, 90d, 8w, 2y. Default: keep_days of the "
    "profile.",
)
@click.option(
    "--keep-last",
    type=click.IntRange(min=0),
    metavar="N",
    help="Keep the newest N runs, however old. Without an age, forget all others.",
)
@removal_options
@options.profile
def command(
    older_than: timedelta | None,
    keep_last: int | None,
    profile: str | None,
    flags: RemovalFlags,
) -> None:
    """Forget the runs that are old enough, as “siptui forget” does.

    Runs that a process works on, that the service has batches of, that are not finished or of
    unknown outcome, or with changes of accounts that can still be undone, are kept, and named. So
    are such changes. A profile with keep_days is pruned automatically when nothing runs.
    """
    selected = select(profile)
    if older_than is None and keep_last is None:
        if not selected.profile.keep_days:
            raise UsageError(
                "Say what is to be kept: --older-than AGE, --keep-last N, or both.",
                code="option",
                remedy="Or set keep_days in the profile. --dry-run shows what would go.",
            )
        older_than = timedelta(days=selected.profile.keep_days)
    remove(selected, flags, lambda removal: removal.prune(older_than, keep_last))
