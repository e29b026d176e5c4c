"""`siptui retry`: submit the failed devices of a run again."""

import click

from siptui.app.invocation import Invocation
from siptui.app.session import select_for
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.passing_rows import Accounts
from siptui.cli.profile_rules import refuse_without_plan
from siptui.cli.submit_flow import again_part, submit_flow, submit_part
from siptui.cli.submit_options import SubmitOptions, changes, submit_options
from siptui.domain.errors import UsageError
from siptui.domain.outcome import Cause
from siptui.domain.state import DeviceState
from siptui.runs.orders import Changed
from siptui.runs.state import RunState
from siptui.runs.state_load import load


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--cause",
    type=click.Choice([str(c) for c in Cause]),
    metavar="CAUSE",
    help="Only devices that failed for this cause, such as offline or ad_throttling (“siptui show "
    "RUN --json” names those of a run). Default: all that failed.",
)
@click.option(
    "--region",
    type=options.REGION,
    help="Submit them in this region, for “device not found”. Default: as the list says.",
)
@changes
@submit_options
@options.quiet
@options.as_json
@options.common
def command(
    run: str,
    cause: str | None,
    changes: Changed,
    submit: SubmitOptions,
    quiet: bool,
    call: Invocation,
) -> int:
    """Submit the devices of RUN that failed once more. This resets their passwords again.

    Devices that another run has signed in since are left out, unless you give --again or answer
    “again”. Accounts that may be personal are left out, unless you name them. RUN is the id of a
    run or the beginning of one; “siptui runs” lists them.
    """
    selected = select_for(call)
    if not submit.dry_run:
        refuse_without_plan(selected)
    with submit_flow(selected, submit, quiet=quiet) as flow:
        service = flow.run_service
        state = load(service.journal, service.find(run))
        failed = [
            r
            for r in state.devices
            if r.state is DeviceState.FAILED
            and (cause is None or (r.outcome is not None and r.outcome.cause == cause))
        ]
        if not failed:
            named = f" for {cause}" if cause else ""
            raise UsageError(
                f"No device of run {state.run} failed{named}.",
                code="nothing_failed",
                remedy=_instead(state, cause),
            )

        def order(places: list[int], changed: Changed, again: bool, _: Accounts) -> None:
            service.retry(state.run, places, changed, again=again)

        return submit_part(flow, again_part(state, failed, changes, order))


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
            f"{state.run} --adopt BATCH, or siptui resume {state.run} --resubmit"
        )
    return f"See how it stands: siptui attach {state.run}"
