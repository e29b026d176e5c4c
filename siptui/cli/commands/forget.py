"""`siptui forget`: runs or a person out of all that siptui keeps on this host."""

import click

from siptui.app.data_removal import DataRemoval, Removed
from siptui.app.session import select
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.removal_command import RemovalFlags, removal_options, remove
from siptui.domain.errors import UsageError


@click.command(cls=Command)
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=complete_runs)
@click.option(
    "--user",
    metavar="NAME",
    help="Make the rows of this user name unreadable in all runs of the profile that have ended, "
    "instead of forgetting runs; how many devices had which outcome stays known.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also forget named runs that are not finished or of unknown outcome, and changes of "
    "accounts that can still be undone.",
)
@removal_options
@options.profile
def command(
    runs: tuple[str, ...],
    user: str | None,
    force: bool,
    profile: str | None,
    flags: RemovalFlags,
) -> None:
    """Forget each RUN, or the person called NAME, for good.

    The names are gone from the journal, its copy, journals set aside, logs and the record of
    changes. Exports, recordings and backups that you wrote elsewhere stay. A run that a process
    works on is never forgotten (exit code 11). Others are refused without --force (exit code 2):
    those that the service has batches of, that are not finished, or of unknown outcome.
    """
    if bool(runs) == bool(user):
        raise UsageError(
            "Name one run or more, or a person with --user.",
            code="option",
            remedy="“siptui runs” lists the runs; “siptui prune” forgets those of a certain age.",
        )
    selected = select(profile)

    def act(removal: DataRemoval) -> Removed:
        if user:
            return removal.forget_user(user, force=force)
        return removal.forget([removal.find(name) for name in runs], force=force)

    remove(selected, flags, act)
