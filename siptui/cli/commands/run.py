"""`siptui run`: the whole job without a console."""

import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from click.core import ParameterSource
from msgspec import Struct, structs
from msgspec.structs import replace

from siptui.app.failed_start import told_without_sign_in
from siptui.app.invocation import Invocation
from siptui.app.list_input import left_out, read_how, read_list, whole_and_part
from siptui.app.role_end import read_role_end
from siptui.app.session import Selected, select_for, select_offline
from siptui.app.worker_start import signed_in_account
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.dry_run import show_plan
from siptui.cli.dry_run_accounts import Foreseen, foresee_accounts, foresee_preflight
from siptui.cli.dry_run_conflicts import Compared, compare, planned_state
from siptui.cli.faulty_list import refuse_faults
from siptui.cli.journal_notice import told
from siptui.cli.new_rows import new_rows, refuse_seen_signed_in
from siptui.cli.passing_rows import Checked, PreflightFailedError
from siptui.cli.plan_file import write_plan
from siptui.cli.preflight_gate import attended, preflighted
from siptui.cli.preflight_handover import hand_over
from siptui.cli.preflight_options import refuse_unlisted
from siptui.cli.profile_rules import refuse_without_plan
from siptui.cli.run_options import RunOptions, run_options
from siptui.cli.submit_flow import SubmitFlow, submit_flow
from siptui.cli.submit_options import SubmitOptions, submit_options
from siptui.cli.submit_plan import submit_plan
from siptui.devicelist import DeviceList
from siptui.domain.deadline import deadlines_note
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import plural, visible
from siptui.runs.batch_time import BatchTime, batch_time
from siptui.runs.conflicts import SignedInError
from siptui.runs.events import Actor
from siptui.runs.first_events import plan_events, planned_batches
from siptui.runs.forecast import forecast
from siptui.runs.output.plan_notes import (
    by_note,
    forecast_field,
    forecast_notes,
    role_end_notes,
    window_note,
)
from siptui.runs.same_list import refuse_same_list
from siptui.runs.service import RunService

#: What may be given with --plan: who decides and what is told; and how a list beside it is read.
_BESIDE_PLAN = frozenset(
    (
        *("file", "plan", "yes", "foreground", "dry_run", "include_personal", "no_account_check"),
        *("quiet", "verify", "as_json", "profile", "no_input", "log_level", "record"),
    )
)
_OF_THE_LIST = frozenset(("region", "columns", "sheet", "timezone", "day_first"))


class _Plan(Struct, frozen=True):
    """The devices to be submitted, notes about them, and whether those signed in are among them."""

    devices: Sequence[Device]
    notes: list[str]
    again: bool = False


@click.command(cls=Command)
@click.argument("file", type=options.FILE, required=False)
@options.region
@options.list_options
@run_options
@submit_options
@options.as_json
@options.common
def command(
    file: Path | None,
    region: Region | None,
    list_options: ListOptions,
    how: RunOptions,
    submit: SubmitOptions,
    call: Invocation,
) -> int:
    """Plan, submit, follow and report the device list FILE, without a console.

    FILE is CSV, a workbook, or “-” for standard input. A worker process does the work: the run
    goes on when this terminal closes. Before it submits, the command shows what it will do and asks
    you to type the number of devices; --yes confirms beforehand.

    A list with faults submits nothing, unless --skip-invalid leaves the faulty rows out. With
    --preflight nothing is submitted while a prerequisite fails. An account without a common area
    phone policy may be a person's: it is left out unless you type its name, or give it with
    --include-personal. Devices that are signed in as the list wants it are submitted once more only
    with --again, or when you say so at a terminal; a script that has them in its list gives --again
    or --new-only.

    The exit code is 0 when every device is signed in, 3 when some failed, 5 when the outcome of
    some is unknown, 7 when some wait for your confirmation (siptui help exit-codes).
    """
    if how.plan is not None:
        _refuse_beside_plan(with_list=file is not None)
        listed = file and read_list(file, call.profile, region=region, options=list_options)
        return submit_plan(
            select_for(call),
            submit,
            how.plan,
            listed=listed or None,
            quiet=how.quiet,
            verify=how.verify,
        )
    if file is None:
        raise UsageError(
            "Name a device list, or a plan with --plan.",
            title="Wrong usage",
            remedy="Try “siptui run --help”.",
        )
    whole, found = whole_and_part(file, call.profile, region=region, options=list_options)
    refuse_unlisted(submit.include_personal, whole.user_names, whole.file)
    refuse_faults(found, how.skip_invalid)
    selected = select_offline(call) if submit.dry_run else select_for(call)
    if not (submit.dry_run or how.plan_to):
        refuse_without_plan(selected)
    if submit.again and how.new_only:
        raise UsageError(
            "Either --again or --new-only, not both.",
            remedy="--again takes what is signed in once more, --new-only leaves it out.",
        )
    how.of_run(selected.profile, found)  # a wrong column is told before anything is asked
    if (how.passing and not how.preflight) or (how.handover and not how.passing):
        raise UsageError(
            "--passing goes with --preflight, and --handover with --passing.",
            title="Wrong usage",
            remedy="Give --preflight --passing.",
        )
    if submit.dry_run:
        return _dry(selected, found, how, submit)
    watched = attended(call, submit.yes)
    with told_without_sign_in(selected, found.file, watched=watched):
        account = signed_in_account(selected)
    with submit_flow(selected, submit, account=account) as flow:
        if how.new_only:
            refuse_same_list(flow.run_service.journal, found.read_from.path)
        with told_without_sign_in(selected, found.file, watched=watched):
            plan = _chosen(flow, found.devices, new_only=how.new_only, refuse=True)
        if not plan.devices:
            if how.new_only:  # one that was started meanwhile may be why
                refuse_same_list(flow.run_service.journal, found.read_from.path)
            _nothing_to_do(found, plan, call.as_json)
            return ExitCode.OK
        run = _ordered(flow, found, plan, how)
        return flow.follow(run, quiet=how.quiet, verify=how.verify) if run else ExitCode.OK


def _refuse_beside_plan(*, with_list: bool) -> None:
    """Raise for options that say what is submitted, or how: a plan says that itself."""
    context = click.get_current_context()
    allowed = _BESIDE_PLAN | (_OF_THE_LIST if with_list else frozenset())
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in allowed:
            raise UsageError(
                f"{max(option.opts, key=len)} does not go with --plan, which submits the plan as "
                "it is.",
                title="Wrong usage",
                remedy="Leave it out, or have it planned anew: siptui run LIST --plan-to FILE",
            )


def _ordered(flow: SubmitFlow, found: DeviceList, plan: _Plan, how: RunOptions) -> str:
    """Check the accounts, ask for the confirmation, and start a run; its id. With --plan-to the
    plan is written instead; nothing then."""
    service, call = flow.run_service, flow.selected.call
    notes = [*read_how(found), *left_out(found), *plan.notes]
    if note := deadlines_note(plan.devices, datetime.now(UTC)):
        notes.append(note)
    devices, named, kept_notes = plan.devices, tuple[str, ...](), list(plan.notes)
    if found.part:
        kept_notes.append(f"Part of the list: {found.part}.")
    if how.preflight:
        checked = preflighted(
            flow.selected,
            devices,
            public_ip=how.public_ip,
            named=flow.submit.include_personal,
            may_ask=flow.may_ask,
            passing=how.passing,
        )
        devices, named = checked.kept, checked.named
        given_over = _given_over(checked, how)
        notes += [*checked.notes, *given_over]
        kept_notes += [*checked.notes[:1], *given_over] if given_over else []
    else:
        accounts = flow.accounts(devices)
        devices, named = accounts.kept, accounts.named
        notes += accounts.notes
        kept_notes += accounts.findings
    kept = structs.replace(how.of_run(flow.selected.profile, found), personal=list(named))
    planned = planned_batches(devices, kept)
    batches = len(planned)
    notes += [*by_note(devices, kept), *window_note(kept)]
    foreseen = service.forecast(planned, kept)
    role, now = read_role_end(flow.selected), datetime.now(UTC)
    ending = [*forecast_notes(foreseen, now), *role_end_notes(role, foreseen.end, now)]
    skipped = found.rows_invalid + len(found.devices) - len(devices)
    if how.plan_to is not None:
        write_plan(
            how.plan_to,
            devices,
            structs.replace(kept, again=plan.again or flow.submit.again),
            tenant=service.tenant,
            file=found.file,
            sha256=found.sha256,
            skipped=skipped,
            by=service.actor,
            findings=notes,
            columns=found.headers_read,
            estimate=forecast_field(foreseen, role),
            force=how.force,
        )
        said = f"{plural(len(devices), 'device')} in {plural(batches, 'batch')}"
        click.echo("\n".join(ending), err=True)
        click.echo(f"{said}: plan written to {visible(str(how.plan_to))}. Nothing was submitted.")
        return ""
    flow.confirm(
        devices,
        batches=batches,
        skipped=skipped,
        columns=found.headers_read,
        first=0 if kept.by else kept.first,
        notes=[*notes, *ending],
    )
    with service.deciding():  # until it is held, so that of two that start at once one does
        if how.new_only:
            refuse_same_list(service.journal, found.read_from.path)
        run = service.create(
            devices,
            file=found.file,
            sha256=found.sha256,
            skipped=skipped,
            options=kept,
            again=plan.again,
            notes=kept_notes,
            read_from=found.read_from,
        )
        if not call.as_json:
            click.echo(f"run {run}: {plural(len(devices), 'device')} in {plural(batches, 'batch')}")
        service.start(run)
    return run


def _given_over(checked: Checked, how: RunOptions) -> list[str]:
    """Write the hand-over lists of what does not pass; where they are.

    Raises `PreflightFailedError` when nothing passes.
    """
    if not checked.left_out:
        return []
    files = hand_over(how.handover, checked.left_out, checked.rows, force=how.force)
    said = ["Hand-over lists of the rows left out:", *(f"  {line}" for line in files)]
    if not checked.kept:
        raise PreflightFailedError(
            "\n".join(["No row passes, so nothing was submitted.", *said]),
            remedy="“siptui preflight LIST” shows all findings with their remedies.",
        )
    return said


def _chosen(flow: SubmitFlow, devices: Sequence[Device], *, new_only: bool, refuse: bool) -> _Plan:
    """The devices of the list that are to be submitted, by what earlier runs came to.

    Raises `BusyDevicesError` for what is at the service, and `SignedInError` for what is signed in
    where neither an option nor an answer says whether it is submitted once more.
    """
    if new_only:
        return _new(flow.selected, devices, flow.run_service)
    found = flow.conflicts(devices, refuse=refuse)
    kept = [d for d in devices if d.hardware_id not in found.left_out]
    notes = [*found.notes, *_seen_elsewhere(flow.selected, devices, flow.submit, flow.may_ask)]
    return _Plan(kept, notes, found.again)


def _new(
    selected: Selected, devices: Sequence[Device], run_service: RunService | None = None
) -> _Plan:
    new = new_rows(selected, devices, run_service)
    return _Plan(new.devices, new.notes, new.again)


def _seen_elsewhere(
    selected: Selected, devices: Sequence[Device], submit: SubmitOptions, may_ask: bool
) -> list[str]:
    """Stop a script for what the inventory has signed in, by any operator; in a dry run a note."""
    if submit.again or may_ask:
        return []
    try:
        refuse_seen_signed_in(selected, devices)
    except SignedInError as error:
        if not submit.dry_run:
            raise
        return [f"It would be refused: {error.message}", error.remedy]
    return []


def _nothing_to_do(found: DeviceList, plan: _Plan, as_json: bool) -> None:
    for note in plan.notes:
        click.echo(note, err=True)
    if as_json:
        body = {"schema": 1, "type": "nothing_to_do", "file": found.file, "notes": plan.notes}
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        click.echo(f"{found.file}: nothing to do. Nothing was submitted.")


def _dry(selected: Selected, found: DeviceList, how: RunOptions, submit: SubmitOptions) -> int:
    """Show what would be submitted, and what else a plan says: other runs' devices, deadlines, the
    tenant's own batches. Changes nothing."""
    plan, compared = _Plan(found.devices, []), Compared()
    kept = structs.replace(how.of_run(selected.profile, found), again=submit.again)
    with contextlib.ExitStack() as opened:
        journal, time = None, BatchTime()
        if selected.journal.exists():
            service = told(RunService(selected.journal, tenant=selected.profile.tenant))
            opened.callback(service.close)
            service.host = selected.host
            flow = SubmitFlow(selected, submit, service)
            plan = _chosen(flow, found.devices, new_only=how.new_only, refuse=True)
            journal = service.journal
            time = batch_time(journal, selected.profile.tenant)
        elif how.new_only:
            plan = _new(selected, found.devices)
        else:
            plan.notes.extend(_seen_elsewhere(selected, found.devices, submit, False))
        if note := deadlines_note(plan.devices, datetime.now(UTC)):
            plan.notes.append(note)
        accounts = Foreseen(plan.devices)
        if how.preflight and plan.devices:
            accounts = foresee_preflight(
                selected, plan.devices, submit, how.public_ip, passing=how.passing
            )
        else:
            accounts = foresee_accounts(selected, plan.devices, submit)
        plan = replace(plan, devices=accounts.kept)
        if plan.devices:
            events = plan_events(
                plan.devices,
                file="",
                sha256="",
                tenant=selected.profile.tenant,
                skipped=0,
                options=kept,
                actor=Actor(),
            )
            compared = compare(selected, planned_state(None, plan.devices, events), journal)
    now, batches = datetime.now(UTC), planned_batches(plan.devices, kept)
    foreseen = forecast(batches, kept, time, now) if batches else None
    role = read_role_end(selected) if batches else None
    show_plan(
        batches,
        as_json=selected.call.as_json,
        skipped=found.rows_invalid + len(found.devices) - len(plan.devices),
        notes=[
            *read_how(found),
            *left_out(found),
            *plan.notes,
            *by_note(plan.devices, kept),
            *window_note(kept),
            *(forecast_notes(foreseen, now) if foreseen else ()),
            *(role_end_notes(role, foreseen.end, now) if foreseen else ()),
            *accounts.notes,
            *compared.notes,
        ],
        columns=found.headers_read,
        file=found.file,
        sha256=found.sha256,
        held=[*accounts.held, *compared.held],
        estimate=forecast_field(foreseen, role) if foreseen else None,
    )
    return compared.exit_code
