"""`siptui resume`: continue a run that stopped, or decide what became of a lost batch."""

import json
from collections.abc import Sequence

import click
from msgspec import Struct

from siptui.app.invocation import Invocation
from siptui.app.session import select_for
from siptui.app.sign_in_handoff import waiting_runs
from siptui.app.worker_start import signed_in_account
from siptui.cli import options
from siptui.cli.command import Command
from siptui.cli.completion import complete_runs
from siptui.cli.dry_run import show_plan
from siptui.cli.give_up import confirm_give_up, live_batch
from siptui.cli.passing_rows import Accounts
from siptui.cli.profile_hint import named
from siptui.cli.profile_rules import refuse_besides_plan, refuse_without_plan
from siptui.cli.submit_flow import Part, SubmitFlow, again_part, submit_flow, submit_part
from siptui.cli.submit_options import SubmitOptions, changes, submit_options
from siptui.cli.wording import ways_on
from siptui.domain.errors import ExitCode, UsageError
from siptui.domain.plan import Batch
from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.host.locks import HeldError, Holder
from siptui.runs.engine.scheduler import waiting
from siptui.runs.events import Event, Order, Stored
from siptui.runs.journal.locks import holder_of, lock_path
from siptui.runs.orders import ADOPTABLE, Changed
from siptui.runs.output.json_lines import exit_code, lines
from siptui.runs.run_batches import batches_in, queued_batches
from siptui.runs.service import RunService
from siptui.runs.state import BatchRecord, DeviceRecord, RunState
from siptui.runs.state_load import load


class Decision(Struct, frozen=True):
    """What the options decide about a run: nothing by default, so that it goes on."""

    adopt: str | None = None
    give_up: str | None = None
    resubmit: bool = False
    now: bool = False
    batch: int | None = None

    def check(self, changes: Changed) -> None:
        """Raises `UsageError` for options that contradict each other."""
        if sum(map(bool, (self.adopt, self.resubmit, self.give_up))) > 1:
            raise UsageError(
                "One of --adopt, --resubmit and --give-up, not more.",
                remedy="--adopt follows what the service has, --resubmit submits once more, "
                "--give-up follows no longer.",
            )
        if self.now and (self.adopt or self.resubmit or self.give_up):
            raise UsageError(
                "--now ends a wait and decides nothing.",
                remedy="Decide first, then: siptui resume RUN --now",
            )
        if changes != Changed() and (self.adopt or self.give_up):
            chosen = "--adopt follows a batch" if self.adopt else "--give-up ends one"
            raise UsageError(f"{chosen}; there is nothing to submit otherwise.")


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_runs, required=False)
@click.option(
    "--adopt",
    metavar="BATCH",
    help="The lost batch is the batch of this id at the service: follow it. Submits nothing.",
)
@click.option(
    "--give-up",
    metavar="BATCH",
    help="The batch never ends: free its slot at once. Its number in the run, or its id at the "
    "service. Its devices without an outcome become unknown.",
)
@click.option(
    "--resubmit",
    is_flag=True,
    help="Submit the devices of unknown outcome once more. Resets their passwords again.",
)
@click.option(
    "--now",
    is_flag=True,
    help="End the wait that the service asked for: ask it again at once.",
)
@click.option(
    "--batch",
    type=int,
    metavar="N",
    help="With --adopt or --resubmit: the number of the batch in the run. Needed where several "
    "wait for a decision.",
)
@changes
@submit_options
@options.quiet
@options.as_json
@options.common
@options.grouped(Decision, "decision")
def command(
    run: str | None,
    decision: Decision,
    changes: Changed,
    submit: SubmitOptions,
    quiet: bool,
    call: Invocation,
) -> int:
    """Continue RUN, or the newest unfinished run.

    A batch whose answer was lost and that was not found again waits for your decision: --adopt
    says which batch of the service it is (“siptui batches” lists them), --resubmit submits its
    devices once more, which resets their passwords again. A batch that never ends, or that the
    service no longer knows, is given up with --give-up: its slot is free at once, its devices
    without an outcome are unknown, and only --resubmit submits them again.

    Devices that another run has signed in since are left out, unless you give --again; accounts
    that may be personal wait until you name them. A run whose worker waits for a sign-in gets the
    present one, or the token in SIPTUI_ACCESS_TOKEN. A wait that the service asked for is kept, for
    15 minutes at most before it is asked again; --now ends it, also in a run that a worker has.
    Where the profile has require_plan, only the run of a plan goes on, and as it was planned.
    """
    decision.check(changes)
    selected = select_for(call)
    with submit_flow(selected, submit, quiet=quiet) as flow:
        service = flow.run_service
        state = load(service.journal, _which(service, run, decision))
        if decision.give_up:
            return _give_up(flow, state, decision.give_up)
        if holder := holder_of(selected.journal, state.run):
            return _held(flow, state, decision, holder)
        deciding = decision.adopt or decision.resubmit
        if not deciding and state.finished and not state.open_orders:
            _tell_end(state, call.as_json)
            return exit_code(state)
        if decision.adopt:
            return _adopt(flow, state, decision)
        if decision.resubmit:
            if not submit.dry_run:
                refuse_without_plan(selected)
            return submit_part(flow, _resubmitted(service, state, decision, changes))
        if not submit.dry_run and state.queued_batches():
            refuse_besides_plan(selected, state, changes, submit.again)
        return submit_part(flow, _waiting(service, state, decision, changes))


def _give_up(flow: SubmitFlow, state: RunState, name: str) -> ExitCode:
    """End a batch that never ends, once that was confirmed."""
    selected, call = flow.selected, flow.selected.call
    target = live_batch(state, name)
    if flow.submit.dry_run:
        return _show_nothing(flow, state)
    held = holder_of(selected.journal, state.run) is not None
    if not held and len(state.open_batches()) > 1:  # the others are followed on
        signed_in_account(selected)
    confirm_give_up(
        state,
        target,
        tenant=flow.run_service.label,
        notes=[] if held else _left_waiting(state),
        yes=flow.submit.yes,
        no_input=call.no_input,
    )
    flow.run_service.give_up(state.run, target.number)
    return flow.follow(state.run, state.last_seq)


def _held(flow: SubmitFlow, state: RunState, decision: Decision, holder: Holder) -> ExitCode:
    """What can be ordered of a run that a worker works on: an end of its wait, a new sign-in."""
    run, journal = state.run, flow.selected.journal
    needs_sign_in = run in waiting_runs(flow.run_service, journal)
    if decision.adopt or decision.resubmit or not (decision.now or needs_sign_in):
        raise HeldError(
            lock_path(journal, run),
            holder,
            remedy=f"A worker works on it: siptui attach {run}. Decide about a lost batch there, "
            "too.",
        )
    if decision.now:
        flow.run_service.try_now(run)
    if needs_sign_in:
        signed_in_account(flow.selected)
        flow.run_service.signed_in(run)
    return flow.follow(run, state.last_seq)


def _adopt(flow: SubmitFlow, state: RunState, decision: Decision) -> ExitCode:
    """Follow a batch of the service as the lost one, once that was confirmed."""
    assert decision.adopt
    if flow.submit.dry_run:
        return _show_nothing(flow, state)
    signed_in_account(flow.selected)
    target = _unsettled(state, decision.batch, decision.adopt)
    flow.confirm(
        [state.devices[i].device for i in target.devices],
        batches=1,
        instead=f"Nothing is submitted: batch {target.number} of {flow.run_service.label} is "
        f"taken for {decision.adopt}, with {plural(len(target.devices), 'device')}.",
        notes=_left_waiting(state),
    )
    flow.run_service.adopt(state.run, target.number, decision.adopt)
    return flow.follow(state.run, state.last_seq)


def _show_nothing(flow: SubmitFlow, state: RunState) -> ExitCode:
    columns = state.plan.columns if state.plan else {}
    show_plan([], as_json=flow.selected.call.as_json, columns=columns, run=state.run)
    return ExitCode.OK


def _resubmitted(
    service: RunService, state: RunState, decision: Decision, changes: Changed
) -> Part:
    """The devices of unknown outcome, to be submitted once more."""
    notes = ["Whether the service acted on them before is not known.", *_left_waiting(state)]

    def order(places: list[int], changed: Changed, again: bool, _: Accounts) -> None:
        service.resubmit(state.run, devices=places, changes=changed, again=again)

    return again_part(state, _wanted(state, decision.batch), changes, order, notes)


def _waiting(service: RunService, state: RunState, decision: Decision, changes: Changed) -> Part:
    """What still waits in the run to be submitted."""

    def batches(rest: Sequence[DeviceRecord]) -> list[Batch]:
        goes = {r.device.hardware_id for r in rest}
        found = queued_batches(state, state.queued_batches())
        if changes.cuts:
            found = batches_in(state, changes.cut(state))
        kept = [tuple(d for d in b.devices if d.hardware_id in goes) for b in found]
        return [
            Batch(b.number, b.region, part) for b, part in zip(found, kept, strict=True) if part
        ]

    def events(_: Sequence[DeviceRecord], again: bool) -> list[Event]:
        return [Order(what="go_on", again=again), *(changes.cut(state) if changes.cuts else [])]

    def order(_: list[int], changed: Changed, again: bool, accounts: Accounts) -> None:
        service.resume(
            state.run, changed, now=decision.now, again=again, personal=accounts.left_out
        )

    return Part(state, waiting(state), changes, batches, events, order, waiting=True)


def _left_waiting(state: RunState) -> list[str]:
    """That a decision about lost batches sets nothing else going."""
    if not (count := len(waiting(state))):
        return []
    return [
        f"{plural(count, 'more device')} of this run {'waits' if count == 1 else 'wait'} and "
        f"{'is' if count == 1 else 'are'} not submitted by this; afterwards: "
        f"siptui resume {state.run}"
    ]


def _tell_end(state: RunState, as_json: bool) -> None:
    """Say that nothing is left to go on with, and what may still be done."""
    assert state.finished
    if as_json:
        last = Stored(state.last_seq, state.last_at, state.finished)
        for line in lines(state, last, ()):
            click.echo(json.dumps(line, ensure_ascii=False))
    click.echo(f"Run {state.run} is finished; there is nothing left to go on with.", err=True)
    for text in ways_on(state):
        click.echo(named(text), err=True)


def _which(service: RunService, run: str | None, decision: Decision) -> str:
    if run is not None:
        return service.find(run)
    decides = decision.adopt or decision.resubmit
    heads = service.runs()
    for head in heads:
        if head.state != "finished" or (decides and head.unknown):
            return head.run
    raise UsageError(
        "No run is unfinished.", code="no_run", remedy="See them all with: siptui runs"
    )


def _unsettled(state: RunState, number: int | None, batch_id: str) -> BatchRecord:
    waiting = [
        b
        for b in state.batches.values()
        if b.state in ADOPTABLE and (number is None or b.number == number)
    ]
    if len(waiting) > 1:
        named = [b for b in waiting if batch_id in (*b.candidates, b.batch_id)]
        waiting = named or waiting
    if len(waiting) != 1:
        names = ", ".join(str(b.number) for b in waiting)
        raise UsageError(
            f"Batches {names} wait for a decision."
            if waiting
            else "No batch waits for a decision.",
            remedy="Say which one with --batch N."
            if waiting
            else f"See how it stands: siptui attach {state.run}",
        )
    return waiting[0]


def _wanted(state: RunState, number: int | None) -> list[DeviceRecord]:
    wanted = [
        record
        for record in state.devices
        if record.state is DeviceState.UNKNOWN and (number is None or record.batch == number)
    ]
    if not wanted:
        raise UsageError(
            "No device of this run has an unknown outcome.",
            remedy=f"See how it stands: siptui attach {state.run}",
        )
    return wanted
