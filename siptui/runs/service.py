"""Runs in one journal: plans them, writes down orders, reads the history, has workers started.

Over 400 lines because every order a view can give stands in this one class: each looks at other
runs and writes to the journal under one lock, and views are handed one object for all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.list_options import NOT_KNOWN, ReadFrom
from siptui.domain.plan import Batch
from siptui.host.locks import HeldError, Holder
from siptui.runs import conflicts
from siptui.runs.batch_time import BatchTime, batch_time
from siptui.runs.conflicts import NewOnly, Overlap
from siptui.runs.engine.scheduler import waiting
from siptui.runs.engine.status_changes import finished
from siptui.runs.events import (
    Actor,
    DeviceCorrected,
    Event,
    Note,
    Options,
    OptionsChanged,
    Order,
    RunPlanned,
)
from siptui.runs.first_events import plan_events
from siptui.runs.follower import Follower
from siptui.runs.forecast import Forecast, forecast
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of, lock_path
from siptui.runs.left_pipes import remove_left_pipes
from siptui.runs.orders import SUBMITTING, UNCHANGED, Changed, Reason, hold, ordered
from siptui.runs.other_runs import OtherRuns
from siptui.runs.run_head import RunHead, head_of
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from siptui.runs.this_actor import this_actor


def _personal_held(state: RunState, personal: Sequence[Device]) -> list[Event]:
    """What keeps back devices whose accounts may be personal until these are named."""
    places = {r.device: r.index for r in waiting(state)}
    reason = Reason("personal", decide=True)
    return hold(state, {places[one]: reason for one in personal if one in places})


def _cut(state: RunState, changes: Changed) -> list[Event]:
    return changes.cut(state) if changes.cuts else []


class RunService:
    """The runs of one tenant in one journal. `start_work` is called with a run that no process
    works on, `hand_over` with one whose worker needs the sign-in, which no journal may hold."""

    def __init__(
        self,
        path: Path,
        *,
        tenant: str,
        account: str = "",
        start_work: Callable[[str], None] | None = None,
        hand_over: Callable[[str], object] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._tenant = tenant
        #: The tenant for people, its own name included where that is known.
        self.label = tenant
        #: What else this host has of the tenant: devices may be in hand there as well.
        self.host = HostTenant.alone(path, tenant)
        #: What an operator should know of the worker before a submit, if anything.
        self.worker_note: Callable[[], str] = str
        self._deciding = False
        self._account = account
        self._start_work = start_work
        self._hand_over = hand_over
        self._now = now
        self._journal = Journal(path)
        self._others = OtherRuns(self._journal, lambda: self.host)
        remove_left_pipes(path)

    @property
    def journal(self) -> Journal:
        """This run service's own connection to the journal."""
        return self._journal

    @property
    def notice(self) -> str:
        """The damage that was found and not acknowledged yet, for people; or nothing."""
        return self._journal.notice

    def acknowledge(self) -> str:
        """The operator has read the notice, which is not told any more; what it was."""
        actor = self.actor
        return self._journal.acknowledge(actor.account or actor.os_user)

    @property
    def tenant(self) -> str:
        """Name of the tenant, for people."""
        return self._tenant

    @property
    def account(self) -> str:
        """The account signed in, or nothing."""
        return self._account

    def known_as(self, account: str) -> None:
        """An operator signed in: orders from now on are given as `account`."""
        self._account = account

    @property
    def actor(self) -> Actor:
        """Who gives the orders of this run service."""
        return this_actor(self._account)

    def create(
        self,
        devices: Sequence[Device],
        *,
        file: str,
        sha256: str,
        skipped: int,
        options: Options,
        again: bool = False,
        read_from: ReadFrom = NOT_KNOWN,
        notes: Sequence[str] = (),
        plan: str = "",
        planned_by: str = "",
    ) -> str:
        """Plan a run and write it down; the run's id. Nothing is submitted yet. `read_from` says
        from where the list was read.

        Raises `BusyDevicesError` for devices that another run has at the service, they or others
        of their accounts, and `SignedInError` for those that are signed in as the list wants it.
        With `again` these may be submitted once more, and those of unknown outcome, too. `notes`
        are kept with it. Have it started in one `deciding` with this, so that no other process
        plans the same in between.
        """
        if not devices:
            raise UsageError("There is no device to sign in.", remedy="Open another device list.")
        run = self.new_run_id()
        options = replace(options, again=again or options.again)
        events = plan_events(
            devices,
            file=file,
            sha256=sha256,
            tenant=self._tenant,
            skipped=skipped,
            options=options,
            actor=self.actor,
            read_from=read_from,
            plan=plan,
            planned_by=planned_by,
        )
        events += [Note(level="info", text=text) for text in notes]

        def refuse() -> None:
            if plan and (before := self.run_of_plan(plan)):
                raise UsageError(
                    f"This plan was submitted already, as run {before}. Nothing was submitted.",
                    code="plan_used",
                    remedy=f"See it with: siptui attach {before}",
                )
            known = self._others.free(devices, again=options.again)
            if not options.again:
                conflicts.refuse_signed_in(self._others.done(known, devices, None))

        with self.deciding():
            self._journal.create(run, devices, events, self._now(), unless=refuse)
        return run

    def now(self) -> datetime:
        """The time by this run service's clock."""
        return self._now()

    def batch_time(self) -> BatchTime:
        """How long the last batches of this tenant took, by the runs of this journal."""
        return batch_time(self._journal, self._tenant)

    def forecast(self, batches: Sequence[Batch], options: Options) -> Forecast:
        """When these batches of a new run will probably have ended, by those of this tenant."""
        return forecast(batches, options, self.batch_time(), self._now())

    def run_of_plan(self, plan: str) -> str:
        """The run that submitted the plan with this digest, forgotten since perhaps, or nothing."""
        for run in self._journal.runs():
            planned = self._journal.first_and_last(run)[0].event
            if isinstance(planned, RunPlanned) and planned.plan == plan:
                return run
        return self._journal.forgotten_run_of_plan(plan)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """While the block runs, no other process of this host decides what goes out in the tenant.

        Raises `HeldError` when another one takes too long about it.
        """
        if self._deciding:
            yield
            return
        with self.host.deciding():
            self._deciding = True
            try:
                yield
            finally:
                self._deciding = False

    def notes(self, devices: Sequence[Device], *, run: str = "", again: bool = False) -> list[str]:
        """What runs other than `run` say of these devices, for the operator who confirms.

        With `again` what is signed in goes out once more, else it is left out. Raises
        `BusyDevicesError` as submitting them would.
        """
        with self.deciding():  # a run that is about to start is seen once it holds its devices
            state = load(self._journal, run) if run else None
            known = self._others.free(devices, state, again=again)
        told = conflicts.notes(known, self._others.done(known, devices, state), again=again)
        return [*filter(None, [self.worker_note()]), *told]

    def done(self, devices: Sequence[Device], *, run: str = "") -> list[Overlap]:
        """Those that another run signed in as the list wants it since `run` last submitted them,
        and of which no word was given that they go out once more."""
        state = load(self._journal, run) if run else None
        return self._others.done(self._others.seen(devices, run), devices, state)

    def new_only(self, devices: Sequence[Device]) -> NewOnly:
        """`devices` by what the history says of them."""
        with self.deciding():
            return conflicts.new_only(self._others.seen(devices), devices)

    def new_run_id(self) -> str:
        """An id for a run that begins now: ids sort by time and are short enough to type."""
        import secrets  # what it brings along is not for the start of every command

        return f"{self._now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    @property
    def starts(self) -> bool:
        """Whether this run service can find a process to work on a run; a viewer's cannot."""
        return self._start_work is not None

    def start(self, run: str) -> None:
        """Have a process work on the run."""
        self._journal.check()
        if self._start_work and holder_of(self._path, run) is None:
            self._start_work(run)

    def resume(
        self,
        run: str,
        changes: Changed = UNCHANGED,
        *,
        now: bool = False,
        again: bool = False,
        personal: Sequence[Device] = (),
    ) -> None:
        """Have the run go on, and submit what waits in it, with other options perhaps; with
        `now` without waiting any longer for what the service asked it to wait.

        What another run has signed in since is left out, unless `again` it is to go out once
        more; `personal` are devices whose accounts may be personal, which wait until these are
        named. Raises `BusyDevicesError` before that when another run has taken some of it, and
        `HeldError` for changes to a run that a process works on.
        """
        with self.deciding():
            while not self._resumed(run, changes, again=again, personal=personal):
                pass  # another process wrote to it in between
            if now:
                self.try_now(run)
            self.start(run)

    def _resumed(
        self, run: str, changes: Changed, *, again: bool, personal: Sequence[Device] = ()
    ) -> bool:
        state = load(self._journal, run)
        holder = holder_of(self._path, run)
        if holder is not None and changes.cuts:
            raise HeldError(lock_path(self._path, run), holder)
        events: list[Event] = []
        if holder is None or state.stopping:
            devices = [r.device for r in waiting(state)]
            known = self._others.free(devices, state, again=again)
            if not again:
                events += conflicts.left_out(state, self._others.done(known, devices, state))
        events += self._changed(state, changes)
        steps: list[Callable[[RunState], list[Event]]] = [
            partial(_personal_held, personal=personal),
            partial(_cut, changes=changes),
        ]
        for step in steps:  # each goes by what the one before it left
            if events:
                if not self._journal.append(run, events, self._now(), after=state.last_seq):
                    return False
                state = load(self._journal, run)
            events = step(state)
        if state.paused or state.stopping or again:
            events.append(Order(what="go_on", actor=self.actor, how="resume", again=again))
        return self._journal.append(run, events, self._now(), after=state.last_seq)

    def _changed(self, state: RunState, changes: Changed) -> list[Event]:
        if state.plan and (options := changes.apply(state.plan.options)) != state.plan.options:
            return [OptionsChanged(options=options, actor=self.actor)]
        return []

    def hold_back(self, run: str) -> None:
        """Hold back what waits in a run that no process works on: only new orders go out.

        What waits in it was interrupted; going on with it needs a confirmation of its own.
        """
        if events := self._held_back(load(self._journal, run)):
            self._journal.append(run, events, self._now())

    def _held_back(self, state: RunState) -> list[Event]:
        if holder_of(self._path, state.run) is not None:
            return []
        if not state.queued_batches() or state.stopping:
            return []
        return [Order(what="stop", actor=self.actor, how="what waited in it was interrupted")]

    def pause(self, run: str, *, how: str = "") -> None:
        """Stop submitting for a while; following goes on. `how` tells people by what it was
        ordered, as below."""
        self._order(run, Order(what="pause", actor=self.actor, how=how))

    def go_on(self, run: str, *, how: str = "") -> None:
        """Go on submitting. In a run that was stopped other runs are looked at, as in `resume`."""
        if load(self._journal, run).stopping:
            with self.deciding():
                while not self._resumed(run, UNCHANGED, again=False):
                    pass
        else:
            self._order(run, Order(what="go_on", actor=self.actor, how=how))

    def stop(self, run: str, *, how: str = "") -> None:
        """Stop submitting for good; what is live is followed to its end."""
        self._order(run, Order(what="stop", actor=self.actor, how=how))

    def try_now(self, run: str) -> None:
        """End the waits of the run and of the service: what is due is tried at once."""
        self._order(run, Order(what="now", actor=self.actor))

    def signed_in(self, run: str) -> None:
        """Tell the worker that there is a new sign-in."""
        if self._hand_over:
            self._hand_over(run)
        self._order(run, Order(what="new_token", actor=self.actor))

    def retry(
        self,
        run: str,
        devices: Sequence[int],
        changes: Changed = UNCHANGED,
        *,
        again: bool = False,
    ) -> None:
        """Submit these failed devices once more, and start the run if no process works on it.

        What another run has signed in since is left out, unless `again` it is to go out once
        more. Raises `BusyDevicesError` when another run has some of them; so does `resubmit`.
        """
        order = Order(
            what="retry",
            actor=self.actor,
            devices=list(devices),
            size=changes.batch_size or 0,
            first=changes.first or 0,
            again=again,
            region=changes.region,
        )
        self._order_alone(run, order, changes)

    def correct(self, run: str, device: int, user_name: str, hardware_id: str) -> None:
        """By the operator's word, a failed device is called so from now on, whatever its list says.
        Nothing is submitted by it. Raises `UsageError` where that cannot be done now."""
        with self.deciding():
            written = False
            while not written:  # another process wrote to the run in between
                state = load(self._journal, run)
                before = state.devices[device].device
                if why := state.why_not_corrected(device):
                    raise UsageError(
                        f"{before.user_name} cannot be corrected: {why}. Nothing was changed.",
                        code="not_correctable",
                        remedy="Look at its row, and try again then.",
                    )
                event = DeviceCorrected(
                    device=device,
                    user_name=str(user_name),
                    hardware_id=str(hardware_id),
                    old_user_name=str(before.user_name),
                    old_hardware_id=str(before.hardware_id),
                    actor=self.actor,
                )
                written = self._journal.append(run, [event], self._now(), after=state.last_seq)

    def adopt(self, run: str, batch: int, batch_id: str) -> None:
        """By the operator's decision, the lost batch is the one the service calls `batch_id`."""
        order = Order(what="adopt", actor=self.actor, batch=batch, batch_id=batch_id)
        self._order_alone(run, order)

    def give_up(self, run: str, batch: int) -> None:
        """By the operator's decision, this live batch is not followed any more."""
        self._order_alone(run, Order(what="give_up", actor=self.actor, batch=batch))

    def resubmit(
        self,
        run: str,
        batch: int | None = None,
        devices: Sequence[int] = (),
        changes: Changed = UNCHANGED,
        *,
        again: bool = False,
    ) -> None:
        """By the operator's decision, submit an unsettled batch or unknown devices once more.

        `again` is as in `retry`.
        """
        order = Order(
            what="resubmit",
            actor=self.actor,
            batch=batch,
            devices=list(devices),
            size=changes.batch_size or 0,
            first=changes.first or 0,
            again=again,
        )
        self._order_alone(run, order, changes)

    def _order_alone(self, run: str, order: Order, changes: Changed = UNCHANGED) -> None:
        """Leave an order, beside which nothing else of the run begins to go out."""
        # Looked at and written while no other process decides: of two that want a device at the
        # same moment the second finds the first.
        with self.deciding():
            state = load(self._journal, run)
            submitted = ordered(state, order) if order.what in SUBMITTING else []
            events: list[Event] = []
            if submitted:
                devices = [r.device for r in submitted]
                known = self._others.free(devices, state, again=order.again)
                done = [] if order.again else self._others.done(known, devices, state)
                if done:
                    gone = {one.device.hardware_id for one in done}
                    rest = [r.index for r in submitted if r.device.hardware_id not in gone]
                    order = replace(order, devices=rest, batch=None)
                    events += conflicts.left_out(state, done)
                if done and not order.devices:  # nothing is left to be ordered
                    self._journal.append(run, events, self._now())
                    self._end_if_over(run)
                    return
            events += [*self._held_back(state), *self._changed(state, changes), order]
            self._journal.append(run, events, self._now())
            self.start(run)

    def _end_if_over(self, run: str) -> None:
        """Write down the end of a run that no process works on and that has nothing left to do."""
        state = load(self._journal, run)
        nothing_left = state.over and not state.open_orders and not state.unsettled_batches()
        if nothing_left and holder_of(self._path, run) is None:
            end = finished(state, self._now())
            self._journal.append(run, [end], self._now(), after=state.last_seq)

    def _order(self, run: str, order: Order) -> None:
        self._journal.append(run, [order], self._now())

    def follow(self, run: str) -> Follower:
        """Read the run from its beginning, then what is new at each poll."""
        return Follower(self._path, run)

    def holder(self, run: str) -> Holder | None:
        """The process that works on the run, or none. A glance at its lock."""
        holder = holder_of(self._path, run)
        if holder is None:
            remove_left_pipes(self._path)
        return holder

    def find(self, name: str) -> str:
        """The run that goes by `name`; `NoSuchRunError` otherwise."""
        return self._journal.find(name)

    def newest_unfinished(self) -> str | None:
        """The newest run that has something left to do, or none."""
        return next((head.run for head in self.runs() if head.state != "finished"), None)

    def runs(self) -> list[RunHead]:
        """The runs in the journal, newest first."""
        self._journal.check()
        return [self.head(run) for run in self._journal.runs()]

    def head(self, run: str) -> RunHead:
        """One line of the history."""
        return head_of(self._journal, self._path, run)

    def close(self) -> None:
        """Let go of the journal. Work that a worker process does goes on."""
        self._journal.close()
