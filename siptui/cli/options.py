"""The options that mean the same in every command, each written down once.

Over 400 lines because each of them is one short decorator.

A decorator adds one option; the comment above it says which parameter it fills. Nothing here
imports the HTTP client: commands that open no connection use it, too.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem
from msgspec import Struct

from siptui.app.invocation import Invocation
from siptui.app.recording_file import RecordingFile
from siptui.cli.command import ListFile
from siptui.cli.completion import (
    complete_columns,
    complete_parts,
    complete_profiles,
    complete_themes,
)
from siptui.domain.columns import Mapped, named_headers
from siptui.domain.limits import MAX_BATCH_SIZE, MAX_LIVE_BATCHES
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.row_filter import Condition, conditions

F = TypeVar("F", bound=Callable[..., Any])

LOG_LEVELS = ("debug", "info", "warning", "error")


class RegionType(click.ParamType[Region]):
    """A region in any case: `emea` is `Region.EMEA`."""

    name = "region"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Region:
        """`value` as a `Region`; a usage error that names the three regions otherwise."""
        try:
            return value if isinstance(value, Region) else Region.parse(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The three names, since there are only three."""
        return "|".join(Region)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """The regions that begin with what was typed, in any case."""
        return [CompletionItem(r.value) for r in Region if r.startswith(incomplete.upper())]


REGION = RegionType()
#: A file to read that need not exist yet as far as click is concerned: the command says what is
#: wrong with it in its own words. `-` is left to the command.
FILE = ListFile(path_type=Path, allow_dash=True)


# profile: str | None
def profile(command: F) -> F:
    """`--profile NAME`. Settings resolve what stands for it when it is not given."""
    return click.option(
        "--profile",
        metavar="NAME",
        shell_complete=complete_profiles,
        help="Profile of config.toml to use. Default: SIPTUI_PROFILE, else its default_profile.",
    )(command)


# as_json: bool
def as_json(command: F) -> F:
    """`--json`: JSON on standard output and nothing else there, errors included."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print JSON on standard output, errors included (siptui help json).",
    )(command)


# no_input: bool
def no_input(command: F) -> F:
    """`--no-input`: never ask; what would have been asked is an error that says so."""
    return click.option(
        "--no-input", is_flag=True, help="Never ask a question; fail where one would be asked."
    )(command)


# log_level: str | None
def log_level(command: F) -> F:
    """`--log-level LEVEL` of the log file."""
    return click.option(
        "--log-level",
        type=click.Choice(LOG_LEVELS, case_sensitive=False),
        help="Least level that is written to the log file. Default: log_level of config.toml, "
        "else info.",
    )(command)


def log_format(command: F) -> F:
    """`--log-format FORMAT` of standard error; see `log_format.py`, which looks for it itself."""
    return click.option(
        "--log-format",
        type=click.Choice(("text", "json"), case_sensitive=False),
        default="text",
        expose_value=False,
        help="What is said on standard error: text, or the log and all else as JSON, one object "
        "a line. Default: text.",
    )(command)


def _recording(
    context: click.Context, parameter: click.Parameter, path: Path | None
) -> RecordingFile | None:
    return None if path is None else RecordingFile(path)


# record: RecordingFile | None
def record(command: F) -> F:
    """`--record FILE`: the exchanges with the service, scrubbed, as JSON lines."""
    return click.option(
        "--record",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_recording,
        metavar="FILE",
        help="Write all requests and responses to FILE as JSON lines, without tokens and with "
        "pseudonyms for names and addresses.",
    )(command)


def grouped(into: type, name: str) -> Callable[[F], F]:
    """Give a command its options as one parameter `name`: an object of the class `into`, of
    all parameters that are called like its fields."""

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def with_group(*args: Any, **given: Any) -> Any:
            taken = {name: given.pop(name) for name in into.__annotations__ if name in given}
            return command(*args, **{name: into(**taken)}, **given)

        return cast("F", with_group)

    return decorate


# call: Invocation
def common(command: F) -> F:
    """`--profile`, `--no-input`, `--log-level`, `--log-format`, `--record`, of all that meet the
    service: with `--json`, where the command has it, one `Invocation`."""
    return profile(no_input(log_level(log_format(record(grouped(Invocation, "call")(command))))))


# region: Region | None
def region(command: F) -> F:
    """`--region R` in any case. There is no default region."""
    return click.option(
        "--region",
        type=REGION,
        help="Region of the rows that name none. Default: region of the profile; without it such "
        "rows are faulty.",
    )(command)


def _where(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[Condition, ...]:
    return conditions(given)


# where: tuple[Condition, ...]
def where(command: F) -> F:
    """`--where 'COLUMN=VALUE'`, `!=`, repeatable: a part of the list."""
    return click.option(
        "--where",
        multiple=True,
        callback=_where,
        metavar="COLUMN=VALUE",
        shell_complete=complete_parts,
        help="Only the rows with this value in that column (!= for all others; several values: "
        "A,B). Can be repeated: all must match.",
    )(command)


def _columns(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Mapped:
    return named_headers(given)


# list_options: ListOptions
def list_options(command: F) -> F:
    """How this list is read: `--column NAME=HEADER`, repeatable, `--sheet NAME`, `--timezone ZONE`,
    `--day-first`, `--month-first`, and `--where COLUMN=VALUE` for a part of it."""
    named = click.option(
        "--column",
        "columns",
        multiple=True,
        callback=_columns,
        metavar="NAME=HEADER",
        shell_complete=complete_columns,
        help="Read NAME (username, hardware_id, region, …) from the column HEADER of this list; "
        "NAME= reads it from no column. Can be repeated.",
    )
    sheet = click.option(
        "--sheet",
        metavar="NAME",
        default="",
        help="Sheet of the workbook that holds the list. Default: the only sheet with a list.",
    )
    zone = click.option(
        "--timezone",
        metavar="ZONE",
        default="",
        help="Time zone of dates that name none, such as Europe/Berlin or +02:00. Default: that of "
        "this computer.",
    )
    order = click.option(
        "--day-first/--month-first",
        "day_first",
        default=None,
        help="How dates such as 3/4/2026 are written, where the list does not show it.",
    )
    return named(sheet(zone(order(where(grouped(ListOptions, "list_options")(command))))))


# yes: bool
def yes(command: F) -> F:
    """`--yes`: no confirmation."""
    return click.option(
        "--yes",
        "-y",
        is_flag=True,
        help="Confirm beforehand: do not ask. Needed where no terminal can be asked.",
    )(command)


# quiet: bool
def quiet(command: F) -> F:
    """`--quiet`: say less of what happens to a run."""
    return click.option(
        "--quiet", is_flag=True, help="Print a line for each batch, none for each device."
    )(command)


# dry_run: bool
def dry_run(command: F) -> F:
    """`--dry-run`: say what would be done, do nothing."""
    return click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")(
        command
    )


# output: Path | None
def output(command: F) -> F:
    """`-o/--output FILE`."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write to FILE instead of standard output.",
    )(command)


# force: bool
def force(command: F) -> F:
    """`--force`: a file that is there already is replaced."""
    return click.option(
        "--force",
        is_flag=True,
        help="Replace FILE if it exists. Default: an existing file is an error.",
    )(command)


# batch_size: int
def batch_size(command: F) -> F:
    """`--batch-size N`, 1 to 100."""
    return click.option(
        "--batch-size",
        type=click.IntRange(1, MAX_BATCH_SIZE),
        metavar="N",
        default=MAX_BATCH_SIZE,
        show_default=True,
        help="Devices in a batch. The service takes 100 at most.",
    )(command)


# public_ip: tuple[str, ...]
def public_ip(command: F) -> F:
    """`--public-ip IP`, as often as there are sites."""
    return click.option(
        "--public-ip",
        multiple=True,
        metavar="IP",
        help="Public address (or range) of the phones, to look for among the trusted IPs. Default: "
        "public_ips of the profile. Can be repeated.",
    )(command)


# slots: int
def slots(command: F) -> F:
    """`--slots N`, 1 to 3 batches at once per region."""
    return click.option(
        "--slots",
        type=click.IntRange(1, MAX_LIVE_BATCHES),
        metavar="N",
        default=MAX_LIVE_BATCHES,
        show_default=True,
        help="Batches at the same time in a region. The service takes 3 at most.",
    )(command)


# foreground: bool
def foreground(command: F) -> F:
    """`--foreground`: no worker process; the run ends with this terminal."""
    return click.option(
        "--foreground",
        is_flag=True,
        help="Submit from this process instead of a worker: the run stops with this terminal.",
    )(command)


# settle: float
def settle(command: F) -> F:
    """`--settle SECONDS`: how long a batch in doubt is looked for."""
    return click.option(
        "--settle",
        type=click.FloatRange(min=0),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="How long a batch whose answer was lost is looked for at the service, in seconds, "
        "before you must decide about it.",
    )(command)


# first: int | None
def first(command: F) -> F:
    """`--first N`: a few devices before the others."""
    return click.option(
        "--first",
        type=click.IntRange(min=1),
        metavar="N",
        help="Submit the first N devices alone; submit the others only when enough of them were "
        "signed in (--max-failures). Default: all at once.",
    )(command)


# again: bool
def again(command: F) -> F:
    """`--again`: also what is signed in as the list wants it, and what may be."""
    return click.option(
        "--again",
        is_flag=True,
        help="Also submit devices that are signed in as the list wants it, and devices whose "
        "outcome in another run is unknown. Resets their passwords again.",
    )(command)


# no_account_check: bool
def no_account_check(command: F) -> F:
    """`--no-account-check`: do not look for accounts that may be personal."""
    return click.option(
        "--no-account-check",
        is_flag=True,
        help="Submit without looking for accounts that may be personal.",
    )(command)


class ConsoleFlags(Struct, frozen=True):
    """How the console looks, and whether it offers to change anything."""

    theme: str | None = None
    read_only: bool = False
    no_mouse: bool = False


NO_FLAGS = ConsoleFlags()


# flags: ConsoleFlags
def console_flags(command: F) -> F:
    """`--theme`, `--read-only` and `--no-mouse` as one `ConsoleFlags`."""
    theme = click.option(
        "--theme",
        metavar="NAME",
        shell_complete=complete_themes,
        help="Theme of the console. Default: the one last chosen in it, else theme of config.toml.",
    )
    read_only = click.option(
        "--read-only", is_flag=True, help="Offer no action that changes anything."
    )
    no_mouse = click.option(
        "--no-mouse",
        is_flag=True,
        help="Leave the mouse to the terminal, so that text can be selected.",
    )
    return theme(read_only(no_mouse(grouped(ConsoleFlags, "flags")(command))))
