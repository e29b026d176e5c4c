"""`run --plan FILE`: exactly what was planned, once, or what differs since."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from siptui.app.role_end import read_role_end
from siptui.app.session import Selected
from siptui.app.worker_start import signed_in_account
from siptui.cli.dry_run import show_plan
from siptui.cli.dry_run_accounts import foresee_accounts
from siptui.cli.new_rows import refuse_seen_signed_in
from siptui.cli.plan_file import PlanError, PlanFile, read_plan
from siptui.cli.preflight_options import refuse_unlisted
from siptui.cli.submit_flow import SubmitFlow, submit_flow
from siptui.cli.submit_options import SubmitOptions
from siptui.devicelist.model import DeviceList
from siptui.domain.errors import ExitCode
from siptui.domain.list_options import ReadFrom
from siptui.domain.plan import Batch
from siptui.domain.text import plural, visible
from siptui.domain.times import minute, zone
from siptui.runs.batch_time import BatchTime, batch_time
from siptui.runs.conflicts import SignedInError, refuse_signed_in
from siptui.runs.events import Options
from siptui.runs.first_events import planned_batches
from siptui.runs.forecast import Forecast, forecast
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.journal import Journal
from siptui.runs.output.plan_notes import forecast_field, forecast_notes, role_end_notes

_ANEW = "Have it planned anew: siptui run LIST --plan-to FILE"


def submit_plan(
    selected: Selected,
    submit: SubmitOptions,
    path: Path,
    *,
    listed: DeviceList | None,
    quiet: bool,
    verify: float | None = None,
) -> ExitCode:
    """Submit the plan in the file at `path`; the exit code. `listed` is the list, where it was
    named beside it. With `verify` the inventory is followed after that for so many seconds.

    Raises `PlanError` that says what differs since it was planned.
    """
    plan = read_plan(path)
    _refuse_other(selected, plan, listed)
    batches = planned_batches(plan.devices, plan.options)
    notes = [
        f"Planned by {visible(plan.planner)}, {minute(plan.planned_at)} {zone(plan.planned_at)}.",
        *(visible(text) for text in plan.findings),
    ]
    refuse_unlisted(submit.include_personal, [d.user_name for d in plan.devices], "the plan")
    if submit.dry_run:
        foreseen, role = _foreseen(selected, batches, plan.options), read_role_end(selected)
        now = datetime.now(UTC)
        found = foresee_accounts(selected, plan.devices, submit, named=plan.options.personal)
        show_plan(
            batches,
            as_json=selected.call.as_json,
            skipped=plan.skipped,
            notes=[
                *notes,
                *forecast_notes(foreseen, now),
                *role_end_notes(role, foreseen.end, now),
                *found.notes,
            ],
            held=found.held,
            columns=plan.columns,
            file=plan.file,
            sha256=plan.sha256,
            estimate=forecast_field(foreseen, role),
        )
        return ExitCode.OK
    with submit_flow(selected, submit, account=signed_in_account(selected)) as flow:
        notes += _refuse_changed(flow, plan)
        foreseen = flow.run_service.forecast(batches, plan.options)
        now = datetime.now(UTC)
        notes += forecast_notes(foreseen, now)
        notes += role_end_notes(read_role_end(selected), foreseen.end, now)
        flow.confirm(
            plan.devices,
            batches=len(batches),
            skipped=plan.skipped,
            columns=plan.columns,
            first=0 if plan.options.by else plan.options.first,
            notes=list(dict.fromkeys(notes)),
        )
        service = flow.run_service
        with service.deciding():
            run = service.create(
                plan.devices,
                file=plan.file,
                sha256=plan.sha256,
                skipped=plan.skipped,
                options=plan.options,
                again=plan.options.again,
                read_from=ReadFrom(plan.columns),
                notes=[f"Planned by {plan.planner}, {plan.planned_at}."],
                plan=plan.digest,
                planned_by=plan.planner,
            )
            if not selected.call.as_json:
                click.echo(
                    f"run {run}: {plural(len(plan.devices), 'device')} in "
                    f"{plural(len(batches), 'batch')}"
                )
            service.start(run)
        return flow.follow(run, quiet=quiet, verify=verify)


def _foreseen(selected: Selected, batches: Sequence[Batch], options: Options) -> Forecast:
    """When the plan will probably have been carried out, by the journal where there is one."""
    time = BatchTime()
    if selected.journal.exists():
        with Journal(selected.journal, read_only=True) as journal:
            time = batch_time(journal, selected.profile.tenant)
    return forecast(batches, options, time, datetime.now(UTC))


def _refuse_other(selected: Selected, plan: PlanFile, listed: DeviceList | None) -> None:
    profile = selected.profile
    if plan.tenant.casefold() != profile.tenant.casefold():
        raise PlanError(
            f"The plan is for the tenant {visible(plan.tenant)}; profile {profile.name} is for "
            f"{profile.tenant}.",
            remedy="Name the profile of that tenant with --profile.",
        )
    if listed is not None and listed.sha256 != plan.sha256:
        raise PlanError(
            f"{listed.file} is not the list as it was planned: {_difference(plan, listed)}.",
            remedy=_ANEW,
        )
    if plan.options.batch_size > profile.batch_size or plan.options.slots > profile.slots:
        raise PlanError("The profile allows smaller or fewer batches by now.", remedy=_ANEW)
    if plan.options.until and plan.options.until <= timestamp(datetime.now(UTC)):
        raise PlanError("The window of the plan has closed.", remedy=_ANEW)


def _difference(plan: PlanFile, listed: DeviceList) -> str:
    """What of the planned devices the list has otherwise by now."""
    there = {device.key: device for device in listed.devices}
    gone = [d for d in plan.devices if d.key not in there]
    if gone:
        more = f" and {len(gone) - 1:,} more planned devices are" if len(gone) > 1 else " is"
        one = gone[0]
        return f"{one.user_name} on {one.hardware_id} (line {one.line}){more} not in it"
    other = [d for d in plan.devices if there[d.key].region != d.region]
    if other:
        one, now = other[0], there[other[0].key].region
        more = f", and {len(other) - 1:,} more" if len(other) > 1 else ""
        return f"{one.user_name} on {one.hardware_id} was for {one.region}, not {now}{more}"
    return "all planned devices are in it, and other cells or rows differ"


def _refuse_changed(flow: SubmitFlow, plan: PlanFile) -> list[str]:
    """What is told of other runs; `PlanError` for what changed since it was planned."""
    service, again = flow.run_service, plan.options.again
    if before := service.run_of_plan(plan.digest):
        raise PlanError(
            f"This plan was submitted already, as run {before}.",
            remedy=f"See it with: siptui attach {before}",
            code="plan_used",
        )
    notes = service.notes(plan.devices, again=again)
    try:
        if not again:
            refuse_signed_in(service.done(plan.devices))
            refuse_seen_signed_in(flow.selected, plan.devices)
    except SignedInError as error:
        raise PlanError(f"Since it was planned: {error.message}", remedy=_ANEW) from error
    accounts = flow.accounts(plan.devices, named=plan.options.personal)
    if len(accounts.kept) != len(plan.devices):
        left = len(plan.devices) - len(accounts.kept)
        raise PlanError(
            f"Since it was planned: the accounts of {plural(left, 'device')} may be personal. "
            "Nothing was submitted.",
            remedy=_ANEW,
        )
    return [*notes, *accounts.notes]
