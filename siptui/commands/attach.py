"""`siptui attach [RUN]`: the console on a run, running or ended."""

from pathlib import Path

import click

from siptui.commands import options
from siptui.domain.errors import UsageError


@click.command()
@click.argument("run", required=False)
@click.option("--theme", metavar="NAME", help="Theme of the console (else the profile's).")
@click.option("--read-only", is_flag=True, help="Hide everything that changes anything.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@options.common
def command(
    run: str | None,
    theme: str | None,
    read_only: bool,
    no_mouse: bool,
    profile: str | None,
    no_input: bool,
    log_level: str | None,
    record: Path | None,
) -> int:
    """Open the console on RUN, running or ended; on the newest unfinished one, or else the
    newest, if none is named."""
    from siptui.commands.open import console_options, open_console
    from siptui.commands.session import select
    from siptui.runs.office import Office

    selected = select(profile)
    office = Office(selected.journal, tenant=selected.profile.tenant)
    try:
        if run is None:
            newest: list[str] = office.journal.runs()[:1]
            found = office.newest_unfinished() or (newest[0] if newest else None)
        else:
            found = office.find(run)
    finally:
        office.close()
    if found is None:
        raise UsageError(
            "There is no run to attach to yet.",
            code="no_run",
            remedy="Start one: siptui FILE opens the console, siptui run FILE does without.",
        )
    console = console_options(
        selected, theme=theme, read_only=read_only, no_mouse=no_mouse, run=found
    )
    return open_console(selected, console, record=record, log_level=log_level)
