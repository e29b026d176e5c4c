"""`siptui run`: the whole job without a console."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from siptui.commands import options
from siptui.commands.prerequisites import include_personal as include_personal_option
from siptui.commands.prerequisites import public_ip as public_ip_option
from siptui.domain.deadline import deadlines_note
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.plan import make_batches
from siptui.domain.region import Region

if TYPE_CHECKING:
    from siptui.commands.session import Selected
    from siptui.commands.tape import Tape
    from siptui.devicelist import DeviceList

_SHOWN = 20


class FaultyListError(UsageError):
    """The list has rows that cannot be submitted."""

    title = "The list has faults"
    code = "faulty_list"


@click.command()
@click.argument("file", type=options.FILE)
@options.region
@options.list_options
@options.yes
@options.foreground
@options.batch_size
@options.slots
@options.settle
@options.dry_run
@click.option("--skip-invalid", is_flag=True, help="Leave faulty rows out and say so.")
@options.first
@click.option(
    "--max-failures",
    type=click.FloatRange(0, 100),
    default=10.0,
    show_default=True,
    metavar="P",
    help="With --first: stop when more than P % of them fail.",
)
@click.option(
    "--auto-retry",
    type=click.IntRange(0, 5),
    default=0,
    show_default=True,
    metavar="N",
    help="Submit what passes by itself (offline, AD throttling) again, N times at most. "
    "Each time resets the password again.",
)
@click.option("--again", is_flag=True, help="Also devices whose outcome in another run is unknown.")
@click.option(
    "--preflight",
    is_flag=True,
    help="Check the prerequisites first; submit nothing when something fails.",
)
@public_ip_option
@include_personal_option
@options.as_json
@options.common
def command(
    file: Path,
    region: Region | None,
    list_options: ListOptions,
    yes: bool,
    foreground: bool,
    batch_size: int,
    slots: int,
    settle: float,
    dry_run: bool,
    skip_invalid: bool,
    first: int | None,
    max_failures: float,
    auto_retry: int,
    again: bool,
    preflight: bool,
    public_ip: tuple[str, ...],
    include_personal: tuple[str, ...],
    as_json: bool,
    profile: str | None,
    no_input: bool,
    log_level: str | None,
    record: "Tape | None",
) -> int:
    """Plan, submit, follow and report the device list FILE, without a console.

    A worker process does the work: the run goes on when this terminal closes. A list with faults
    submits nothing, unless --skip-invalid leaves the faulty rows out. With --preflight it submits
    nothing while a prerequisite fails. An account without a common area phone policy may be
    somebody's own: with --preflight, or when you are asked on a terminal, it goes on only when
    you type its name (or give it with --include-personal).
    """
    from siptui.commands.confirming import confirm
    from siptui.commands.guard import NOT_CHECKED, asked_about, preflighted
    from siptui.commands.launch import desk_for, signed_in_account
    from siptui.commands.lists import left_out, read_how, read_list
    from siptui.commands.phrasing import counted
    from siptui.commands.planning import show_plan
    from siptui.commands.session import select
    from siptui.commands.telling import heeded
    from siptui.commands.watching import watch
    from siptui.runs.events import Options

    found = read_list(file, profile, region=region, options=list_options)
    _refuse_faults(found, skip_invalid)
    selected = select(profile)
    size = min(batch_size, selected.profile.batch_size)
    if dry_run:
        show_plan(
            make_batches(found.devices, size=size, first=first or 0),
            as_json=as_json,
            skipped=found.rows_invalid,
            notes=[*read_how(found), *left_out(found), *_notes(selected, found, again)],
            columns=found.headers_read,
            file=found.file,
            sha256=found.sha256,
        )
        return ExitCode.OK
    account = signed_in_account(selected, record, log_level)
    desk = desk_for(
        selected,
        foreground=foreground,
        account=account,
        record=record,
        log_level=log_level,
        wait_for_sign_in=not no_input,
    )
    try:
        notes = [*read_how(found), *left_out(found), *desk.notes(found.devices, again=again)]
        if note := deadlines_note(found.devices, datetime.now(UTC)):
            notes.append(note)
        devices = found.devices
        attended = sys.stdin.isatty() and not (yes or no_input or as_json)
        heeded(desk, attended=attended)
        if preflight:
            notes += preflighted(
                selected,
                devices,
                public_ip=public_ip,
                named=include_personal,
                may_ask=attended,
                quiet=as_json,
                record=record,
                log_level=log_level,
            )
        elif attended:
            devices, more = asked_about(
                selected, devices, named=include_personal, record=record, log_level=log_level
            )
            notes += more
        else:
            notes.append(NOT_CHECKED)
        skipped = found.rows_invalid + len(found.devices) - len(devices)
        batches = make_batches(devices, size=size, first=first or 0)
        confirm(
            devices,
            tenant=desk.label,
            batches=len(batches),
            skipped=skipped,
            columns=found.headers_read,
            first=first or 0,
            notes=notes,
            yes=yes,
            no_input=no_input,
        )
        run = desk.create(
            devices,
            file=found.file,
            sha256=found.sha256,
            skipped=skipped,
            options=Options(
                batch_size=size,
                slots=min(slots, selected.profile.slots),
                settle_seconds=settle,
                first=first or 0,
                max_failures=max_failures,
                auto_retry=auto_retry,
            ),
            again=again,
            columns=found.headers_read,
        )
        if not as_json:
            click.echo(
                f"run {run}: {counted(len(devices), 'device')} in {counted(len(batches), 'batch')}"
            )
        desk.start(run)
        return watch(
            desk,
            selected.journal,
            run,
            as_json=as_json,
            may_ask=not (no_input or as_json or foreground),
        )
    finally:
        desk.close()


def _refuse_faults(found: "DeviceList", skip_invalid: bool) -> None:
    from siptui.commands.lists import left_out

    if found.rows_invalid and not skip_invalid:
        faults = [fault for fault in found.faults if fault.severity == "error"]
        shown = [f"  line {f.line}, {f.column}: {f.message}" for f in faults[:_SHOWN]]
        more = len(faults) - _SHOWN
        raise FaultyListError(
            f"{found.file}: {found.rows_invalid} rows cannot be submitted, so none was.\n"
            + "\n".join(shown)
            + (f"\n  and {more} more faults: siptui check {found.file}" if more > 0 else ""),
            remedy="Correct them, or leave them out with --skip-invalid.",
        )
    if not found.devices:
        raise UsageError(
            "\n".join([f"{found.file} has no device that can be submitted.", *left_out(found)]),
            remedy=f"See what is wrong with it: siptui check {found.file}",
        )


def _notes(selected: "Selected", found: "DeviceList", again: bool) -> list[str]:
    """What a plan says besides: other runs' devices, and deadlines. Changes nothing."""
    from siptui.commands.telling import told
    from siptui.runs.office import Office
    from siptui.runs.overlap import BusyDevicesError

    notes: list[str] = []
    if selected.journal.exists():
        office = told(Office(selected.journal, tenant=selected.profile.tenant))
        office.beside = selected.beside
        try:
            notes += office.notes(found.devices, again=again)
        except BusyDevicesError as error:
            notes += [f"It would be refused: {error.message}", error.remedy]
        finally:
            office.close()
    if note := deadlines_note(found.devices, datetime.now(UTC)):
        notes.append(note)
    return notes
