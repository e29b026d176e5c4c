"""How `run`, `retry` and `resume` submit, each step the same for all three.

What other runs have of the devices, whether accounts are personal, the confirmation, the order,
and the run followed to its end.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import click
from msgspec import Struct
from msgspec.structs import replace

from siptui.app.in_process_runs import in_process_run_service
from siptui.app.role_end import read_role_end
from siptui.app.session import Selected
from siptui.app.worker_start import can_be_renewed, signed_in_account, worker_run_service
from siptui.cli.confirm import confirm
from siptui.cli.dry_run import show_plan
from siptui.cli.dry_run_accounts import foresee_accounts
from siptui.cli.dry_run_conflicts import compare, planned_state
from siptui.cli.follow_run import tell_news, watch
from siptui.cli.journal_notice import heeded, told
from siptui.cli.passing_rows import NOT_CHECKED, NOT_CHECKED_AGAIN, Accounts
from siptui.cli.preflight_gate import again_wanted, attended, checked_accounts, named_before
from siptui.cli.preflight_options import refuse_unlisted
from siptui.cli.profile_rules import refuse_read_only
from siptui.cli.submit_options import SubmitOptions
from siptui.cli.verify import verify as verify_run
from siptui.domain.device import Device
from siptui.domain.errors import ExitCode
from siptui.domain.plan import Batch
from siptui.runs.conflicts import BusyDevicesError, SignedInError, refuse_signed_in
from siptui.runs.events import BatchPlanned, Event, Order
from siptui.runs.orders import Changed, plan_again
from siptui.runs.output.plan_notes import forecast_notes, role_end_notes
from siptui.runs.run_batches import batches_in, foreseen
from siptui.runs.service import RunService
from siptui.runs.state import DeviceRecord, RunState


class Conflicts(Struct, frozen=True):
    """What other runs have of devices: notes for the confirmation, whether those signed in are
    submitted again, and the hardware ids of those that are left out because they are."""

    notes: list[str]
    again: bool
    left_out: frozenset[str] = frozenset()


class SubmitFlow(Struct, frozen=True):
    """The steps of one submit."""

    selected: Selected
    submit: SubmitOptions
    run_service: RunService
    quiet: bool = False

    @property
    def may_ask(self) -> bool:
        """Whether questions can be asked."""
        return attended(self.selected.call, self.submit.yes)

    def conflicts(
        self, devices: Sequence[Device], run: str = "", *, refuse: bool = False
    ) -> Conflicts:
        """What runs other than `run` have of `devices`. What they signed in as the list wants it
        is left out, unless --again was given or is answered.

        Raises `BusyDevicesError` for what is at the service, and with `refuse` `SignedInError` for
        what is signed in where no terminal can be asked; in a dry run that is a note.
        """
        again, asking = self.submit.again, self.may_ask and not self.submit.dry_run
        done = [] if again else self.run_service.done(devices, run=run)
        left_out = frozenset(str(one.device.hardware_id) for one in done)
        try:
            notes = self._notes(devices, run, again)
            if refuse and not asking:
                refuse_signed_in(done)
        except (BusyDevicesError, SignedInError) as error:
            if not self.submit.dry_run:
                raise
            kept = left_out if isinstance(error, BusyDevicesError) else frozenset[str]()
            return Conflicts([f"It would be refused: {error.message}", error.remedy], again, kept)
        if again_wanted(done, may_ask=asking):
            return Conflicts(self._notes(devices, run, True), True)
        return Conflicts(notes, again, left_out)

    def _notes(self, devices: Sequence[Device], run: str, again: bool) -> list[str]:
        return self.run_service.notes(devices, run=run, again=again) if devices else []

    def accounts(
        self,
        devices: Sequence[Device],
        *,
        named: Iterable[str] = (),
        waiting: bool = False,
        not_checked: str = NOT_CHECKED,
    ) -> Accounts:
        """Look for personal accounts among `devices`; those that are `named`, or named now, are
        kept. With `waiting` devices that are left out wait in the run until they are named."""
        return checked_accounts(
            self.selected,
            devices,
            named=[*self.submit.include_personal, *named],
            may_ask=self.may_ask,
            skip=self.submit.no_account_check,
            needed=not waiting,
            whole=waiting and self.may_ask,
            not_checked=not_checked,
        )

    def confirm(
        self,
        devices: Iterable[Device],
        *,
        batches: int,
        notes: Iterable[str],
        skipped: int = 0,
        first: int = 0,
        instead: str = "",
        columns: Mapping[str, str] | None = None,
    ) -> None:
        """Ask for the confirmation, see `confirm`."""
        confirm(
            devices,
            tenant=self.run_service.label,
            batches=batches,
            skipped=skipped,
            first=first,
            instead=instead,
            columns=columns,
            notes=notes,
            yes=self.submit.yes,
            no_input=self.selected.call.no_input,
        )

    def follow(
        self, run: str, after: int = 0, *, quiet: bool = False, verify: float | None = None
    ) -> ExitCode:
        """Print what happens to the run until its work ends; the exit code. With `verify` the
        inventory is followed after that for so many seconds."""
        call = self.selected.call
        ended = watch(
            self.run_service,
            self.selected.journal,
            run,
            as_json=call.as_json,
            after=after,
            may_ask=not (call.no_input or call.as_json or self.submit.foreground),
            quiet=quiet or self.quiet,
            tell_end=verify is None,
        )
        if verify is None:
            return ended
        return verify_run(self.selected, self.selected.journal, run, verify, ended)


#: Orders what was decided: the places of the devices, the changes of the run's options, whether
#: those signed in are submitted again, and the accounts.
OrderPart = Callable[[list[int], Changed, bool, Accounts], None]


class Part(Struct, frozen=True):
    """What of a run is to be submitted, and how.

    `batches` makes the batches of those records that remain, `events` the same as events for a dry
    run. With `waiting` the devices wait in the run, and what is left out goes on waiting.
    """

    state: RunState
    records: Sequence[DeviceRecord]
    changes: Changed
    batches: Callable[[Sequence[DeviceRecord]], list[Batch]]
    events: Callable[[Sequence[DeviceRecord], bool], list[Event]]
    order: OrderPart
    waiting: bool = False
    notes: Sequence[str] = ()

    @property
    def columns(self) -> Mapping[str, str]:
        """The headers that the list of the run was read from, by key."""
        return self.state.plan.columns if self.state.plan else {}


def again_part(
    state: RunState,
    records: Sequence[DeviceRecord],
    changes: Changed,
    order: OrderPart,
    notes: Sequence[str] = (),
) -> Part:
    """Devices of a run that are submitted once more, in batches of their own."""
    size = changes.batch_size or (state.plan.options.batch_size if state.plan else 100)

    def planned(rest: Sequence[DeviceRecord]) -> list[BatchPlanned]:
        return plan_again(state, rest, size=size, first=changes.first or 0, region=changes.region)

    def batches(rest: Sequence[DeviceRecord]) -> list[Batch]:
        return batches_in(state, planned(rest))

    def events(rest: Sequence[DeviceRecord], again: bool) -> list[Event]:
        word = [Order(what="go_on", again=True)] if again else []
        return [*word, *planned(rest)]

    return Part(state, records, changes, batches, events, order, notes=notes)


def submit_part(flow: SubmitFlow, part: Part) -> ExitCode:
    """Submit a part of an existing run, or with --dry-run show it; the exit code."""
    state = part.state
    run, after = state.run, state.last_seq
    names = [r.device.user_name for r in state.devices]
    refuse_unlisted(flow.submit.include_personal, names, f"run {run}")
    found = flow.conflicts([r.device for r in part.records], run)
    rest = [r for r in part.records if r.device.hardware_id not in found.left_out]
    if flow.submit.dry_run:
        return _show(flow, part, rest, found)
    left_out = [r.index for r in part.records if r.device.hardware_id in found.left_out]
    if not (rest or part.waiting):  # nothing is submitted; that the others are done is written down
        part.order(left_out, Changed(), False, Accounts(()))
        return tell_news(flow.run_service, run, as_json=flow.selected.call.as_json, after=after)
    signed_in_account(flow.selected)
    accounts = flow.accounts(
        [r.device for r in rest],
        named=[] if flow.may_ask else named_before(state),
        waiting=part.waiting,
        not_checked=NOT_CHECKED_AGAIN,
    )
    rest = [r for r in rest if r.device in accounts.kept]
    notes = [*part.notes, *found.notes, *accounts.notes]
    if rest:
        batches = part.batches(rest)
        flow.confirm(
            [device for batch in batches for device in batch.devices],
            batches=len(batches),
            first=part.changes.first or 0,
            columns=part.columns,
            notes=[*notes, *_ending(flow, part, batches)],
        )
    else:  # the run is only followed
        for note in notes if part.records else ():
            click.echo(note, err=True)
    changes = replace(part.changes, personal=accounts.named)
    part.order([*(r.index for r in rest), *left_out], changes, found.again, accounts)
    return flow.follow(run, after)


def _ending(flow: SubmitFlow, part: Part, batches: Sequence[Batch]) -> list[str]:
    """When these batches of the run will probably have ended."""
    service = flow.run_service
    found = foreseen(part.state, batches, service.batch_time(), service.now(), part.changes)
    if found is None:
        return []
    role = read_role_end(flow.selected)
    return [
        *forecast_notes(found, service.now()),
        *role_end_notes(role, found.end, service.now()),
    ]


def _show(flow: SubmitFlow, part: Part, rest: Sequence[DeviceRecord], found: Conflicts) -> ExitCode:
    run, service = part.state.run, flow.run_service
    accounts = foresee_accounts(
        flow.selected,
        [r.device for r in rest],
        flow.submit,
        named=[] if flow.may_ask else named_before(part.state),
        waiting=part.waiting,
    )
    rest = [r for r in rest if r.device in accounts.kept]
    preview = planned_state(service, (), part.events(rest, found.again), run)
    compared = compare(flow.selected, preview, service.journal)
    batches = part.batches(rest)
    show_plan(
        batches,
        as_json=flow.selected.call.as_json,
        notes=[
            *(*found.notes, *accounts.notes),
            *(*_ending(flow, part, batches), *compared.notes),
        ],
        columns=part.columns,
        run=run,
        held=[*accounts.held, *compared.held],
    )
    return compared.exit_code


@contextlib.contextmanager
def submit_flow(
    selected: Selected, submit: SubmitOptions, account: str = "", *, quiet: bool = False
) -> Iterator[SubmitFlow]:
    """The flow of a submit, with the run service open until the end.

    Raises `JournalRepairedError` where the journal was found damaged, that was not
    acknowledged, and --yes or --no-input was given.
    """
    if not submit.dry_run:
        refuse_read_only(selected)
    run_service = run_service_for(selected, foreground=submit.foreground, account=account)
    try:
        asked = submit.dry_run or not (submit.yes or selected.call.no_input)
        heeded(run_service, attended=asked)
        yield SubmitFlow(selected, submit, run_service, quiet)
    finally:
        run_service.close()


def run_service_for(selected: Selected, *, foreground: bool, account: str = "") -> RunService:
    """The run service with worker processes, or with `foreground` the one that works here."""
    if foreground:
        return told(in_process_run_service(selected, account=account))
    patient = not selected.call.no_input and can_be_renewed(selected)
    return told(worker_run_service(selected, account=account, wait_for_sign_in=patient))
