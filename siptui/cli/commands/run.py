"""`siptui run`: the whole job without a console."""

import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from siptui.app.list_input import left_out, read_how, read_list
from siptui.app.recording_file import RecordingFile
from siptui.app.session import Selected, select
from siptui.app.worker_start import signed_in_account
from siptui.cli import options
from siptui.cli.confirm import confirm
from siptui.cli.dry_run import show_plan
from siptui.cli.dry_run_conflicts import Compared, compare, planned_state
from siptui.cli.follow_run import watch
from siptui.cli.journal_notice import heeded, told
from siptui.cli.preflight_gate import again_wanted, checked_accounts, preflighted
from siptui.cli.preflight_options import include_personal as include_personal_option
from siptui.cli.preflight_options import public_ip as public_ip_option
from siptui.cli.submit_flow import run_service_for
from siptui.devicelist import DeviceList
from siptui.domain.deadline import deadlines_note
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.plan import make_batches
from siptui.domain.region import Region
from siptui.domain.text import plural
from siptui.runs.conflicts import BusyDevicesError, SignedInError, refuse_signed_in
from siptui.runs.events import Actor, Options
from siptui.runs.journal.journal import Journal
from siptui.runs.service import RunService, plan_events

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
@options.again
@click.option(
    "--new-only",
    is_flag=True,
    help="Only what earlier runs have not signed in and do not have at the service.",
)
@click.option(
    "--preflight",
    is_flag=True,
    help="Check the prerequisites first; submit nothing when something fails.",
)
@public_ip_option
@include_personal_option
@options.no_account_check
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
    new_only: bool,
    preflight: bool,
    public_ip: tuple[str, ...],
    include_personal: tuple[str, ...],
    no_account_check: bool,
    as_json: bool,
    profile: str | None,
    no_input: bool,
    log_level: str | None,
    record: RecordingFile | None,
) -> int:
    """Plan, submit, follow and report the device list FILE, without a console.

    A worker process does the work: the run goes on when this terminal closes. A list with faults
    submits nothing, unless --skip-invalid leaves the faulty rows out. With --preflight it submits
    nothing while a prerequisite fails. An account without a common area phone policy may be a
    person's: it is left out unless you type its name, or give it with --include-personal. Devices
    that are signed in as the list wants it go out once more only with --again, or when you say so
    at a terminal; a script that has them in its list says --again or --new-only.
    """
    found = read_list(file, profile, region=region, options=list_options)
    _refuse_faults(found, skip_invalid)
    selected = select(profile)
    size = min(batch_size, selected.profile.batch_size)
    if again and new_only:
        raise UsageError(
            "Either --again or --new-only, not both.",
            remedy="--again takes what is signed in once more, --new-only leaves it out.",
        )
    if dry_run:
        plan = _dry(selected, found, again=again, new_only=new_only)
        planned = Options(batch_size=size, first=first or 0, again=again)
        compared = _compared(selected, plan, planned, record=record, log_level=log_level)
        show_plan(
            make_batches(plan.devices, size=size, first=first or 0),
            as_json=as_json,
            skipped=found.rows_invalid + len(found.devices) - len(plan.devices),
            notes=[*read_how(found), *left_out(found), *plan.notes, *compared.notes],
            columns=found.headers_read,
            file=found.file,
            sha256=found.sha256,
            held=compared.held,
        )
        return ExitCode.OK
    account = signed_in_account(selected, record, log_level)
    run_service = run_service_for(
        selected,
        foreground=foreground,
        account=account,
        record=record,
        log_level=log_level,
        wait_for_sign_in=not no_input,
    )
    try:
        attended = sys.stdin.isatty() and not (yes or no_input or as_json)
        heeded(run_service, attended=attended)
        plan = _chosen(run_service, found.devices, again=again, new_only=new_only, may_ask=attended)
        notes = [*read_how(found), *left_out(found), *plan.notes]
        if not plan.devices:
            _nothing_to_do(found, plan, as_json)
            return ExitCode.OK
        if note := deadlines_note(plan.devices, datetime.now(UTC)):
            notes.append(note)
        devices, named = plan.devices, tuple[str, ...]()
        kept_notes = list(plan.notes)
        if found.part:
            kept_notes.append(f"Part of the list: {found.part}.")
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
        else:
            accounts = checked_accounts(
                selected,
                devices,
                named=include_personal,
                may_ask=attended,
                record=record,
                log_level=log_level,
                skip=no_account_check,
            )
            devices, named = accounts.kept, accounts.named
            notes += accounts.notes
            kept_notes += accounts.findings
        skipped = found.rows_invalid + len(found.devices) - len(devices)
        batches = make_batches(devices, size=size, first=first or 0)
        confirm(
            devices,
            tenant=run_service.label,
            batches=len(batches),
            skipped=skipped,
            columns=found.headers_read,
            first=first or 0,
            notes=notes,
            yes=yes,
            no_input=no_input,
        )
        with run_service.deciding():  # until it is held, so that of two that start at once one does
            run = run_service.create(
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
                    personal=list(named),
                ),
                again=plan.again,
                notes=kept_notes,
                read_from=found.read_from,
            )
            if not as_json:
                some = plural(len(batches), "batch")
                click.echo(f"run {run}: {plural(len(devices), 'device')} in {some}")
            run_service.start(run)
        return watch(
            run_service,
            selected.journal,
            run,
            as_json=as_json,
            may_ask=not (no_input or as_json or foreground),
        )
    finally:
        run_service.close()


def _refuse_faults(found: DeviceList, skip_invalid: bool) -> None:
    if found.rows_invalid and not skip_invalid:
        faults = [fault for fault in found.faults if fault.severity == "error"]
        shown = [f"  {f.place}, {f.column}: {f.message}" for f in faults[:_SHOWN]]
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


@dataclass(frozen=True)
class _Plan:
    """The devices that are to go out, whether those signed in are among them, and what is said."""

    devices: Sequence[Device]
    notes: list[str]
    again: bool = False


def _chosen(
    run_service: RunService,
    devices: Sequence[Device],
    *,
    again: bool,
    new_only: bool,
    may_ask: bool,
) -> _Plan:
    """What of the list goes out by what earlier runs came to.

    Raises `BusyDevicesError` for what is at the service, and `SignedInError` for what is signed in
    where nobody said, or may be asked, whether it goes out once more.
    """
    if new_only:
        split = run_service.new_only(devices)
        counts = [
            (len(split.signed_in), "signed in already"),
            (len(split.at_service), "at the service in another run, or their accounts are"),
        ]
        notes = [f"{_left(number)} left out: {why}." for number, why in counts if number]
        return _Plan(split.to_do, notes)
    done = [] if again else run_service.done(devices)
    notes = run_service.notes(devices, again=again)
    if not may_ask:
        refuse_signed_in(done)
    if again_wanted(done, may_ask=may_ask):
        return _Plan(devices, run_service.notes(devices, again=True), again=True)
    gone = {one.device.hardware_id for one in done}
    return _Plan([d for d in devices if d.hardware_id not in gone], notes, again)


def _left(number: int) -> str:
    return "1 device is" if number == 1 else f"{number} devices are"


def _nothing_to_do(found: DeviceList, plan: _Plan, as_json: bool) -> None:
    for note in plan.notes:
        click.echo(note, err=True)
    if as_json:
        body = {"schema": 1, "type": "nothing_to_do", "file": found.file, "notes": plan.notes}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        click.echo(f"{found.file}: nothing to do. Nothing was submitted.")


def _dry(selected: Selected, found: DeviceList, *, again: bool, new_only: bool) -> _Plan:
    """What would go out, and what a plan says besides: other runs' devices, and deadlines. Changes
    nothing."""
    plan = _Plan(found.devices, [])
    if selected.journal.exists():
        run_service = told(RunService(selected.journal, tenant=selected.profile.tenant))
        run_service.host = selected.host
        try:
            plan = _chosen(
                run_service, found.devices, again=again, new_only=new_only, may_ask=False
            )
        except (BusyDevicesError, SignedInError) as error:
            why = f"It would be refused: {error.message}"
            plan = _Plan(found.devices, [why, error.remedy])
        finally:
            run_service.close()
    if note := deadlines_note(plan.devices, datetime.now(UTC)):
        plan.notes.append(note)
    return plan


def _compared(
    selected: Selected,
    plan: _Plan,
    options: Options,
    *,
    record: RecordingFile | None,
    log_level: str | None,
) -> Compared:
    if not plan.devices:
        return Compared()
    events = plan_events(
        plan.devices,
        file="",
        sha256="",
        tenant=selected.profile.tenant,
        skipped=0,
        options=options,
        actor=Actor(),
    )
    state = planned_state(None, plan.devices, events)
    with contextlib.ExitStack() as opened:
        journal = None
        if selected.journal.exists():
            journal = opened.enter_context(Journal(selected.journal, read_only=True))
        return compare(selected, state, journal, record=record, log_level=log_level)
