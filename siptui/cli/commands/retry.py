"""`siptui retry`: submit the failed devices of a run again."""

import click

from siptui.app.recording_file import RecordingFile
from siptui.app.session import select
from siptui.app.worker_start import signed_in_account
from siptui.cli import options
from siptui.cli.confirm import confirm
from siptui.cli.dry_run import planned_batches, show_plan
from siptui.cli.dry_run_conflicts import compare, planned_state
from siptui.cli.follow_run import tell_news, watch
from siptui.cli.journal_notice import heeded
from siptui.cli.preflight_gate import (
    NOT_CHECKED_AGAIN,
    again_wanted,
    attended,
    checked_accounts,
    named_before,
)
from siptui.cli.preflight_options import include_personal as include_personal_option
from siptui.cli.submit_flow import run_service_for
from siptui.domain.errors import UsageError
from siptui.domain.outcome import Cause
from siptui.domain.state import DeviceState
from siptui.runs.events import Order
from siptui.runs.orders import Changed, plan_again
from siptui.runs.state import RunState
from siptui.runs.state_load import load


@click.command()
@click.argument("run")
@click.option(
    "--cause", type=click.Choice([str(c) for c in Cause]), help="Only those that failed for CAUSE."
)
@options.changes
@options.again
@include_personal_option
@options.no_account_check
@options.yes
@options.foreground
@options.dry_run
@options.as_json
@options.common
def command(
    run: str,
    cause: str | None,
    batch_size: int | None,
    slots: int | None,
    first: int | None,
    max_failures: float | None,
    again: bool,
    include_personal: tuple[str, ...],
    no_account_check: bool,
    yes: bool,
    foreground: bool,
    dry_run: bool,
    as_json: bool,
    profile: str | None,
    no_input: bool,
    log_level: str | None,
    record: RecordingFile | None,
) -> int:
    """Submit the devices of RUN that failed once more; resets their passwords again.

    What another run has signed in since is left out, unless --again says otherwise, and so are
    accounts that may be personal, unless they are named.
    """
    selected = select(profile)
    run_service = run_service_for(
        selected,
        foreground=foreground,
        record=record,
        log_level=log_level,
        wait_for_sign_in=not no_input,
    )
    try:
        heeded(run_service, attended=dry_run or not (yes or no_input))
        found = run_service.find(run)
        state = load(run_service.journal, found)
        failed = [
            r
            for r in state.devices
            if r.state is DeviceState.FAILED
            and (cause is None or (r.outcome is not None and r.outcome.cause == cause))
        ]
        if not failed:
            named = f" for {cause}" if cause else ""
            raise UsageError(
                f"No device of run {found} failed{named}.",
                code="nothing_failed",
                remedy=_instead(state, cause),
            )
        size = batch_size or (state.plan.options.batch_size if state.plan else 100)
        may_ask = attended(yes, no_input, as_json)
        done = [] if again else run_service.done([r.device for r in failed], run=found)
        again = again or (not dry_run and again_wanted(done, may_ask=may_ask))
        notes = run_service.notes([r.device for r in failed], run=found, again=again)
        gone = set() if again else {one.device.hardware_id for one in done}
        left_out = [r for r in failed if r.device.hardware_id in gone]
        failed = [r for r in failed if r not in left_out]
        batches = planned_batches(state, plan_again(state, failed, size=size, first=first or 0))
        columns = state.plan.columns if state.plan else {}
        if dry_run:
            again_now = [Order(what="go_on", again=True)] if again else []
            planned = plan_again(state, failed, size=size, first=first or 0)
            preview = planned_state(run_service, (), [*again_now, *planned], found)
            compared = compare(
                selected, preview, run_service.journal, record=record, log_level=log_level
            )
            notes += compared.notes
            show_plan(
                batches,
                as_json=as_json,
                notes=notes,
                columns=columns,
                run=found,
                held=compared.held,
            )
            return 0
        if not failed:  # nothing is submitted; that the others are done is written down
            run_service.retry(found, [r.index for r in left_out])
            return tell_news(run_service, found, as_json=as_json, after=state.last_seq)
        signed_in_account(selected, record, log_level)
        accounts = checked_accounts(
            selected,
            [r.device for r in failed],
            named=[*include_personal, *([] if may_ask else named_before(state))],
            may_ask=may_ask,
            record=record,
            log_level=log_level,
            skip=no_account_check,
            not_checked=NOT_CHECKED_AGAIN,
        )
        failed = [r for r in failed if r.device in accounts.kept]
        notes += accounts.notes
        batches = planned_batches(state, plan_again(state, failed, size=size, first=first or 0))
        confirm(
            [r.device for r in failed],
            tenant=run_service.label,
            batches=len(batches),
            first=first or 0,
            columns=columns,
            notes=notes,
            yes=yes,
            no_input=no_input,
        )
        changes = Changed(batch_size, slots, first, max_failures, accounts.named)
        run_service.retry(found, [r.index for r in [*failed, *left_out]], changes, again=again)
        return watch(
            run_service,
            selected.journal,
            found,
            as_json=as_json,
            after=state.last_seq,
            may_ask=not (no_input or as_json or foreground),
        )
    finally:
        run_service.close()


def _instead(state: RunState, cause: str | None) -> str:
    """What may be retried, or done, when nothing failed for `cause`."""
    causes = sorted(
        {str(r.outcome.cause) for r in state.devices if r.state is DeviceState.FAILED and r.outcome}
    )
    if cause and causes:
        return f"Some failed for: {', '.join(causes)}."
    if state.counts[DeviceState.UNKNOWN]:
        return (
            "Devices of unknown outcome are not retried; you decide: siptui resume "
            f"{state.run} --adopt BATCH, or --resubmit"
        )
    return f"See how it stands: siptui attach {state.run}"
