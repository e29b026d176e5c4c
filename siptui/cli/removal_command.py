"""What `forget` and `prune` have in common: their options, and how they are carried out."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from msgspec import Struct

from siptui.app.data_removal import DataRemoval, Removed
from siptui.app.session import Selected
from siptui.cli import options
from siptui.cli.journal_notice import told
from siptui.cli.removal_output import confirm_removal, removal_lines, removal_object
from siptui.domain.errors import UsageError
from siptui.runs.service import RunService

F = TypeVar("F", bound=Callable[..., Any])


class RemovalFlags(Struct, frozen=True):
    """How something is to be forgotten."""

    dry_run: bool = False
    yes: bool = False
    no_input: bool = False
    no_fingerprints: bool = False
    as_json: bool = False


# flags: RemovalFlags
def removal_options(command: F) -> F:
    """`--dry-run`, `--no-fingerprints`, `--yes`, `--no-input` and `--json` as `RemovalFlags`."""
    dry_run = click.option("--dry-run", is_flag=True, help="Show what would go; change nothing.")
    no_fingerprints = click.option(
        "--no-fingerprints",
        is_flag=True,
        help="Keep no fingerprints of signed-in devices, nor those of before. A later run then "
        "signs the same devices in again without a question.",
    )
    grouped = options.grouped(RemovalFlags, "flags")(command)
    named = options.no_input(options.as_json(grouped))
    return dry_run(no_fingerprints(options.yes(named)))


def remove(selected: Selected, flags: RemovalFlags, act: Callable[[DataRemoval], Removed]) -> None:
    """Do `act`, after it was shown and confirmed, and print what it did."""
    if not (selected.store_folder / "journal.db").exists():
        raise UsageError(
            f"Profile {selected.profile.name} has no journal, so there is nothing to forget.",
            code="no_journal",
        )
    run_service = told(RunService(selected.journal, tenant=selected.profile.tenant))
    try:
        journal = run_service.journal

        def removal(*, dry_run: bool) -> DataRemoval:
            return DataRemoval(
                selected, journal, dry_run=dry_run, no_fingerprints=flags.no_fingerprints
            )

        found = act(removal(dry_run=True))
        if not flags.dry_run:
            confirm_removal(
                found,
                yes=flags.yes,
                no_input=flags.no_input,
                no_fingerprints=flags.no_fingerprints,
            )
            found = act(removal(dry_run=False))
    finally:
        run_service.close()
    if flags.as_json:
        click.echo(removal_object(found, dry_run=flags.dry_run))
        return
    for line in removal_lines(found, dry_run=flags.dry_run, no_fingerprints=flags.no_fingerprints):
        click.echo(line)
