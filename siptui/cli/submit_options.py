"""The options that `run`, `retry` and `resume` share, as two objects."""

import click
from msgspec import Struct

from siptui.cli import options
from siptui.cli.options import F, grouped
from siptui.cli.preflight_options import include_personal
from siptui.domain.limits import MAX_BATCH_SIZE, MAX_LIVE_BATCHES
from siptui.runs.orders import Changed


class SubmitOptions(Struct, frozen=True):
    """What is to be submitted, who decides, and where the work is done."""

    yes: bool = False
    dry_run: bool = False
    foreground: bool = False
    again: bool = False
    include_personal: tuple[str, ...] = ()
    no_account_check: bool = False


# submit: SubmitOptions
def submit_options(command: F) -> F:
    """`--again`, `--include-personal`, `--no-account-check`, `--yes`, `--foreground` and
    `--dry-run` as one `SubmitOptions`."""
    for option in (
        options.dry_run,
        options.foreground,
        options.yes,
        options.no_account_check,
        include_personal,
        options.again,
    ):
        command = option(command)
    return grouped(SubmitOptions, "submit")(command)


# changes: Changed
def changes(command: F) -> F:
    """`--batch-size`, `--slots`, `--first`, `--max-failures` of an existing run, as one `Changed`;
    what is not given stays as it is."""
    size = click.option(
        "--batch-size",
        type=click.IntRange(1, MAX_BATCH_SIZE),
        metavar="N",
        help="Devices in a batch. Default: as in the run.",
    )
    several = click.option(
        "--slots",
        type=click.IntRange(1, MAX_LIVE_BATCHES),
        metavar="N",
        help="Batches at the same time in a region. Default: as in the run.",
    )
    most = click.option(
        "--max-failures",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="With --first: stop when more than this share of them fails. Default: as in the run "
        "(10).",
    )
    return size(several(options.first(most(grouped(Changed, "changes")(command)))))
