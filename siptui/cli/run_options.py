"""The options of `run` alone, as one object: how a list is submitted, and which of its devices."""

from datetime import UTC, datetime
from pathlib import Path

import click
from click.core import ParameterSource
from msgspec import Struct

from siptui.cli import options
from siptui.cli.completion import complete_headers
from siptui.cli.options import F, grouped
from siptui.devicelist import DeviceList
from siptui.runs.events import Options
from siptui.runs.waves import MAX_FAILURES, Waves
from siptui.settings.model import Profile


class RunOptions(Struct, frozen=True):
    """How the devices of a list are submitted, and which of them."""

    batch_size: int
    slots: int
    settle: float
    first: int | None
    max_failures: float
    auto_retry: int
    skip_invalid: bool
    new_only: bool
    by: str
    not_before: str
    until: str
    quiet: bool
    verify: float | None
    plan_to: Path | None
    plan: Path | None
    force: bool
    preflight: bool
    passing: bool
    handover: Path | None
    public_ip: tuple[str, ...]

    def of_run(self, profile: Profile, found: DeviceList) -> Options:
        """The options that the run of `found` keeps; what the profile allows is the most.

        Raises `NoSuchColumnError` for a column to go by that the list does not have.
        """
        waves = Waves(self.by, self.first or 0, self.max_failures, self.not_before, self.until)
        options = Options(
            batch_size=min(self.batch_size, profile.batch_size),
            slots=min(self.slots, profile.slots),
            settle_seconds=self.settle,
            auto_retry=self.auto_retry,
        )
        return waves.over(options, found, datetime.now(UTC))


def _told(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """The value; wrong usage where it is given but empty, as a variable of a script that is not
    set: nothing may go out outside a window since its end was not told."""
    given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if given and not value.strip():
        raise click.UsageError(f"{parameter.opts[0]} is empty.", ctx=context)
    return value


_OPTIONS = (
    options.batch_size,
    options.slots,
    options.settle,
    click.option(
        "--skip-invalid",
        is_flag=True,
        help="Leave rows with faults out, and say so. Default: a list with faults submits nothing.",
    ),
    options.first,
    click.option(
        "--max-failures",
        type=click.FloatRange(0, 100),
        default=MAX_FAILURES,
        show_default=True,
        metavar="PERCENT",
        help="With --first: stop when more than this share of the first devices fails. With --by: "
        "stop a site when more than this share of it failed.",
    ),
    click.option(
        "--by",
        callback=_told,
        metavar="COLUMN",
        shell_complete=complete_headers,
        default="",
        help="Go by the values of this column, such as Site: a batch has devices of one of them, "
        "--first N tries N of each, --max-failures stops only the one that fails.",
    ),
    click.option(
        "--not-before",
        callback=_told,
        metavar="TIME",
        default="",
        help="Submit nothing before TIME: 22:00 (the next one), 2026-11-27 22:00, or RFC 3339.",
    ),
    click.option(
        "--until",
        callback=_told,
        metavar="TIME",
        default="",
        help="Submit nothing from TIME on. What is live is followed; the rest can be resumed.",
    ),
    click.option(
        "--auto-retry",
        type=click.IntRange(0, 5),
        default=0,
        show_default=True,
        metavar="N",
        help="Submit devices with a temporary failure (offline, throttled directory) again, N "
        "times at most. Each time resets their passwords again.",
    ),
    click.option(
        "--new-only",
        is_flag=True,
        help="Only devices that are to do by “siptui status LIST”: new, failed, or not signed in.",
    ),
    click.option(
        "--preflight",
        is_flag=True,
        help="Check the prerequisites first (siptui preflight LIST); submit nothing when one "
        "fails.",
    ),
    click.option(
        "--passing",
        is_flag=True,
        help="With --preflight: submit the rows that pass, and write hand-over lists of the others "
        "(--handover).",
    ),
    click.option(
        "--handover",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="With --passing: write the hand-over lists, one for each addressee, to FOLDER. "
        "Default: handover-TIME in the current folder.",
    ),
    click.option(
        "--plan-to",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write what would be submitted to FILE, for another person to look at; submit "
        "nothing.",
    ),
    click.option(
        "--plan",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Submit exactly this plan, once, or say what differs since. It needs no list "
        "beside it.",
    ),
    options.force,
    click.option(
        "--verify",
        type=click.FloatRange(min=0),
        is_flag=False,
        flag_value=600.0,
        metavar="[SECONDS]",
        help="After the run follow the device inventory until the phones are seen signed in, for "
        "SECONDS at most (600).",
    ),
    options.quiet,
    options.public_ip,
)


# how: RunOptions
def run_options(command: F) -> F:
    """The options of `run`, as one `RunOptions`."""
    command = grouped(RunOptions, "how")(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
