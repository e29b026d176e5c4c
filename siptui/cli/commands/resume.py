"""`siptui resume`: go on with a run that stopped, or decide what became of a lost batch.

Over 400 lines because every decision about a stopped run is an option of this one command.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import click

from siptui.app.recording_file import RecordingFile
from siptui.app.session import Selected, select
from siptui.app.sign_in_handoff import waiting_runs
from siptui.app.worker_start import signed_in_account
from siptui.cli import options
from siptui.cli.confirm import confirm
from siptui.cli.dry_run import planned_batches, queued_batches, show_plan
from siptui.cli.dry_run_conflicts import Compared, compare, planned_state
from siptui.cli.follow_run import tell_news, watch
from siptui.cli.give_up import confirm_give_up, live_batch
from siptui.cli.journal_notice import heeded
from siptui.cli.preflight_gate import (
    NOT_CHECKED_AGAIN,
    Accounts,
    again_wanted,
    attended,
    checked_accounts,
    named_before,
)
from siptui.cli.preflight_options import include_personal as include_personal_option
from siptui.cli.profile_hint import named
from siptui.cli.submit_flow import run_service_for
from siptui.cli.wording import ways_on
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.plan import Batch
from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.host.locks import HeldError
from siptui.runs.conflicts import BusyDevicesError
from siptui.runs.engine.scheduler import waiting
from siptui.runs.events import Event, Order, Stored
from siptui.runs.journal.locks import holder_of, lock_path
from siptui.runs.orders import ADOPTABLE, Changed, plan_again
from siptui.runs.output.json_lines import exit_code, lines
from siptui.runs.service import RunService
from siptui.runs.state import BatchRecord, DeviceRecord, RunState
from siptui.runs.state_load import load

#: Looks for personal accounts and has them named: devices, and whether they are what waits in the
#: run. Of that at a terminal all must be named; a script's wait in the run until they are.
Checked = Callable[[Sequence[Device], bool], "Accounts"]


@click.command()
@click.argument("run", required=False)
@click.option("--adopt", metavar="BATCH", help="The lost batch is the service's BATCH; follow it.")
@click.option(
    "--give-up",
    metavar="BATCH",
    help="The batch never ends: free its slot. Its number in the run, or the service's id.",
)
@click.option("--resubmit", is_flag=True, help="Submit what is unknown once more.")
@click.option(
    "--now",
    is_flag=True,
    help="Wait no longer: ask the service at once, whatever it asked to wait.",
)
@click.option(
    "--batch", type=int, metavar="N", help="Which batch of the run, where several are unsettled."
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
    run: str | None,
    adopt: str | None,
    give_up: str | None,
    resubmit: bool,
    now: bool,
    batch: int | None,
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
    """Go on with RUN, or with the newest unfinished one.

    A batch whose answer was lost and that was not found again waits for your word: --adopt says
    which batch of the service it is (“siptui batches” lists them), --resubmit submits its devices
    once more, which resets their passwords again. A batch that never ends, or that the service
    knows no more, is given up with --give-up: its slot is free at once, its devices without an
    outcome are unknown, and only --resubmit submits them again. What another run has signed in
    since is left out, unless --again says otherwise; accounts that may be personal wait until they
    are named. A run whose worker waits for a sign-in is given the one at hand, a new
    SIPTUI_ACCESS_TOKEN included. What the service asks to wait is waited, 15 minutes at most before
    it is asked again; --now ends the wait, also of a run that a worker has.
    """
    if sum(map(bool, (adopt, resubmit, give_up))) > 1:
        raise UsageError(
            "One of --adopt, --resubmit and --give-up, not more.",
            remedy="--adopt follows what the service has, --resubmit submits once more, --give-up "
            "follows no longer.",
        )
    if now and (adopt or resubmit or give_up):
        raise UsageError(
            "--now ends a wait and decides nothing.",
            remedy="Decide first, then: siptui resume RUN --now",
        )
    changes = Changed(batch_size, slots, first, max_failures)
    if changes != Changed() and (adopt or give_up):
        chosen = "--adopt follows a batch" if adopt else "--give-up ends one"
        raise UsageError(f"{chosen}; there is nothing to submit otherwise.")
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
        found = _which(run_service, run, deciding=bool(adopt or resubmit))
        state = load(run_service.journal, found)
        looked = partial(_compared, selected, run_service, record, log_level)
        if give_up:
            target = live_batch(state, give_up)
            if dry_run:
                _show(
                    run_service,
                    state,
                    None,
                    changes,
                    "-",
                    again=again,
                    as_json=as_json,
                    compare=looked,
                )
                return 0
            held = holder_of(selected.journal, found) is not None
            if not held and len(state.open_batches()) > 1:  # the others are followed on
                signed_in_account(selected, record, log_level)
            notes = [] if held else _left_waiting(state)
            confirm_give_up(
                state, target, tenant=run_service.label, notes=notes, yes=yes, no_input=no_input
            )
            run_service.give_up(found, target.number)
            return watch(
                run_service,
                selected.journal,
                found,
                as_json=as_json,
                after=state.last_seq,
                may_ask=not (no_input or as_json or foreground),
            )
        if holder := holder_of(selected.journal, found):
            needy = found in waiting_runs(run_service, selected.journal)
            if adopt or resubmit or not (now or needy):
                raise HeldError(
                    lock_path(selected.journal, found),
                    holder,
                    remedy=f"It is at work already: siptui attach {found}. A decision about a lost "
                    "batch is taken there, too.",
                )
            if now:
                run_service.try_now(found)
            if needy:
                signed_in_account(selected, record, log_level)
                run_service.signed_in(found)
            may_ask = not (no_input or as_json)
            return watch(
                run_service,
                selected.journal,
                found,
                as_json=as_json,
                after=state.last_seq,
                may_ask=may_ask,
            )
        if not (adopt or resubmit) and state.finished and not state.open_orders:
            _tell_end(state, as_json)
            return exit_code(state)
        if dry_run:
            wanted = _wanted(state, batch) if resubmit else None
            _show(
                run_service,
                state,
                wanted,
                changes,
                adopt,
                again=again,
                as_json=as_json,
                compare=looked,
            )
            return 0
        signed_in_account(selected, record, log_level)

        may_ask = attended(yes, no_input, as_json)

        def checked(devices: Sequence[Device], waiting: bool) -> Accounts:
            return checked_accounts(
                selected,
                devices,
                named=[*include_personal, *([] if may_ask else named_before(state))],
                may_ask=may_ask,
                record=record,
                log_level=log_level,
                skip=no_account_check,
                needed=not waiting,
                whole=waiting and may_ask,
                not_checked=NOT_CHECKED_AGAIN,
            )

        word = _Word(yes=yes, no_input=no_input, may_ask=may_ask, again=again)
        if resubmit:
            if not _resubmit(run_service, state, batch, changes, checked, word):
                return tell_news(run_service, found, as_json=as_json, after=state.last_seq)
        elif adopt:
            target = _unsettled(state, batch, adopt)
            confirm(
                [state.devices[i].device for i in target.devices],
                tenant=run_service.label,
                batches=1,
                instead=f"Nothing is submitted: batch {target.number} of {run_service.label} is "
                f"taken for {adopt}, with {plural(len(target.devices), 'device')}.",
                notes=_left_waiting(state),
                yes=yes,
                no_input=no_input,
            )
            run_service.adopt(found, target.number, adopt)
        else:
            _go_on(run_service, state, changes, checked, word, now=now)
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


def _columns(state: RunState) -> dict[str, str]:
    """The headers that the list of the run was read from, by key."""
    return state.plan.columns if state.plan else {}


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


def _compared(
    selected: Selected,
    run_service: RunService,
    record: RecordingFile | None,
    log_level: str | None,
    preview: RunState,
) -> Compared:
    return compare(selected, preview, run_service.journal, record=record, log_level=log_level)


def _show(
    run_service: RunService,
    state: RunState,
    wanted: list[DeviceRecord] | None,
    changes: Changed,
    adopt: str | None,
    *,
    again: bool,
    as_json: bool,
    compare: Callable[[RunState], Compared],
) -> None:
    if adopt:
        show_plan([], as_json=as_json, columns=_columns(state), run=state.run)
        return
    records = waiting(state) if wanted is None else wanted
    devices = [r.device for r in records]
    done = set() if again else _ids(one.device for one in run_service.done(devices, run=state.run))
    try:
        notes = run_service.notes(devices, run=state.run, again=again)
    except BusyDevicesError as error:
        notes = [f"It would be refused: {error.message}", error.remedy]
    if wanted is not None:
        wanted = [r for r in wanted if r.device.hardware_id not in done]
    batches = _batches(state, wanted, changes, done)
    preview = _preview(run_service, state, wanted, changes, again=again)
    compared = compare(preview)
    show_plan(
        batches,
        as_json=as_json,
        notes=[*notes, *compared.notes],
        columns=_columns(state),
        run=state.run,
        held=compared.held,
    )


def _preview(
    run_service: RunService,
    state: RunState,
    wanted: list[DeviceRecord] | None,
    changes: Changed,
    *,
    again: bool,
) -> RunState:
    """The run as it would be if it went on so."""
    events: list[Event] = [Order(what="go_on", again=again)]
    if wanted is not None:
        size = changes.batch_size or (state.plan.options.batch_size if state.plan else 100)
        events += plan_again(state, wanted, size=size, first=changes.first or 0)
    elif changes.cuts:
        events += changes.cut(state)
    return planned_state(run_service, (), events, state.run)


def _batches(
    state: RunState,
    again: list[DeviceRecord] | None,
    changes: Changed,
    without: Collection[str] = (),
) -> list[Batch]:
    """What goes out: the devices submitted `again`, or all that waits, but for the hardware ids
    `without`."""
    if again is not None:
        size = changes.batch_size or (state.plan.options.batch_size if state.plan else 100)
        planned = plan_again(state, again, size=size, first=changes.first or 0)
        return planned_batches(state, planned)
    cut = changes.cut(state) if changes.cuts else None
    batches = queued_batches(state, state.queued_batches())
    if cut is not None:
        batches = planned_batches(state, cut)
    rest = [tuple(d for d in b.devices if d.hardware_id not in without) for b in batches]
    return [Batch(b.number, b.region, some) for b, some in zip(batches, rest, strict=True) if some]


@dataclass(frozen=True)
class _Word:
    """How the operator gives the word: `again` is that what is signed in goes out, too."""

    yes: bool
    no_input: bool
    may_ask: bool
    again: bool


def _go_on(
    run_service: RunService,
    state: RunState,
    changes: Changed,
    checked: Checked,
    word: _Word,
    *,
    now: bool,
) -> None:
    """Ask for what is still to be submitted, and have the run go on.

    Another run may have taken it in the meantime, or have signed it in.
    """
    queued = waiting(state)
    devices = [r.device for r in queued]
    done = [] if word.again else run_service.done(devices, run=state.run)
    again = word.again or again_wanted(done, may_ask=word.may_ask)
    notes = run_service.notes(devices, run=state.run, again=again) if devices else []
    gone = set() if again else {one.device.hardware_id for one in done}
    rest = [r for r in queued if r.device.hardware_id not in gone]
    accounts = checked([r.device for r in rest], True)
    rest = [r for r in rest if r.device in accounts.kept]
    changes = replace(changes, personal=accounts.named)
    if rest:
        confirm(
            [r.device for r in rest],
            tenant=run_service.label,
            batches=len(_batches(state, None, changes, gone | _ids(accounts.left_out))),
            first=changes.first or 0,
            columns=_columns(state),
            notes=[*notes, *accounts.notes],
            yes=word.yes,
            no_input=word.no_input,
        )
    else:  # nothing but following is left
        for note in [*notes, *accounts.notes] if queued else ():
            click.echo(note, err=True)
    run_service.resume(state.run, changes, now=now, again=again, personal=accounts.left_out)


def _ids(devices: Iterable[Device]) -> set[str]:
    return {str(device.hardware_id) for device in devices}


def _which(run_service: RunService, run: str | None, *, deciding: bool) -> str:
    if run is not None:
        return run_service.find(run)
    heads = run_service.runs()
    for head in heads:
        if head.state != "finished" or (deciding and head.unknown):
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


def _resubmit(
    run_service: RunService,
    state: RunState,
    number: int | None,
    changes: Changed,
    checked: Checked,
    word: _Word,
) -> bool:
    """Ask for what is submitted once more, and order it; False when nothing was left of it."""
    wanted = _wanted(state, number)
    devices = [record.device for record in wanted]
    done = [] if word.again else run_service.done(devices, run=state.run)
    again = word.again or again_wanted(done, may_ask=word.may_ask)
    notes = run_service.notes(devices, run=state.run, again=again)
    gone = set() if again else {one.device.hardware_id for one in done}
    left_out = [record.index for record in wanted if record.device.hardware_id in gone]
    wanted = [record for record in wanted if record.index not in left_out]
    if not wanted:
        run_service.resubmit(state.run, devices=left_out)  # which writes down that they are done
        return False
    accounts = checked([record.device for record in wanted], False)
    wanted = [record for record in wanted if record.device in accounts.kept]
    confirm(
        [record.device for record in wanted],
        tenant=run_service.label,
        batches=len(_batches(state, wanted, changes)),
        first=changes.first or 0,
        columns=_columns(state),
        notes=[
            "Whether the service acted on them before is not known.",
            *_left_waiting(state),
            *notes,
            *accounts.notes,
        ],
        yes=word.yes,
        no_input=word.no_input,
    )
    places = [record.index for record in wanted] + left_out
    changes = replace(changes, personal=accounts.named)
    run_service.resubmit(state.run, devices=places, changes=changes, again=again)
    return True
