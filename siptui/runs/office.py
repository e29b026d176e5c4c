"""The desk over the journal: plans runs, leaves orders, reads history, finds somebody to work.

Over 400 lines because every order a view can give stands in this one class.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.plan import make_batches
from siptui.domain.state import DeviceState
from siptui.posix import HeldError, Holder, lock_holder, user_name
from siptui.runs.bulk import collected_later
from siptui.runs.changes import UNCHANGED, Changed
from siptui.runs.desk import NO_COLUMNS, RunHead
from siptui.runs.events import (
    Actor,
    BatchPlanned,
    Event,
    Options,
    OptionsChanged,
    Order,
    RunFinished,
    RunPlanned,
)
from siptui.runs.follower import Follower
from siptui.runs.journal import Journal
from siptui.runs.journal_file import HELD
from siptui.runs.orders import SUBMITTING, ordered
from siptui.runs.schedule import waiting
from siptui.runs.state import RunState

if TYPE_CHECKING:
    from siptui.runs.overlap import Overlap


def lock_path(journal: Path, run: str) -> Path:
    """The file whose lock says that a process works on `run`."""
    return journal.parent / HELD / f"{run}.lock"


def hand_path(journal: Path, run: str) -> Path:
    """The pipe through which whoever works on `run` takes a new sign-in."""
    return journal.parent / HELD / f"{run}.hand"


def holder_of(journal: Path, run: str) -> Holder | None:
    """The process that works on `run`, or none."""
    return lock_holder(lock_path(journal, run))


def load(journal: Journal, run: str) -> RunState:
    """The run as its events tell it, from the beginning."""
    with collected_later():
        state = RunState(run, journal.devices(run))
        for stored in journal.read(run):
            state.apply(stored)
    return state


def this_actor(account: str = "") -> Actor:
    """Who is at this computer, signed in to the tenant as `account`."""
    return Actor(account=account, os_user=user_name(), host=socket.gethostname())


def plan_events(
    devices: Sequence[Device],
    *,
    file: str,
    sha256: str,
    tenant: str,
    skipped: int,
    options: Options,
    actor: Actor,
    columns: Mapping[str, str] = NO_COLUMNS,
) -> list[Event]:
    """The first events of a run: what is to be done, cut into batches. Pure."""
    batches = make_batches(devices, size=options.batch_size, first=options.first)
    tried = {device.hardware_id for device in devices[: options.first]}
    index = {device.hardware_id: i for i, device in enumerate(devices)}
    return [
        RunPlanned(
            file=file,
            sha256=sha256,
            tenant=tenant,
            devices=len(devices),
            skipped=skipped,
            batches=len(batches),
            actor=actor,
            options=options,
            columns=dict(columns),
        ),
        *(
            BatchPlanned(
                batch=batch.number,
                region=batch.region,
                devices=[index[d.hardware_id] for d in batch.devices],
                trial=int(tried.issuperset(d.hardware_id for d in batch.devices)),
            )
            for batch in batches
        ),
    ]


def _again(state: RunState) -> bool:
    return state.plan is not None and state.plan.options.again


class Office:
    """A `Desk` over one journal. `start_work` is called with a run that nobody works on,
    `hand_over` with one whose worker is to have the sign-in, which the journal must never hold."""

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
        #: Journals of other profiles, where devices of this tenant may be in hand as well.
        self.beside: Sequence[Path] = ()
        self._account = account
        self._start_work = start_work
        self._hand_over = hand_over
        self._now = now
        self._journal = Journal(path)

    @property
    def journal(self) -> Journal:
        """This desk's own connection to the journal."""
        return self._journal

    @property
    def notice(self) -> str:
        """What befell the journal when it was opened, such as a repair, for people; or nothing."""
        return self._journal.notice

    @property
    def tenant(self) -> str:
        """Name of the tenant, for people."""
        return self._tenant

    @property
    def account(self) -> str:
        """The account signed in, or nothing."""
        return self._account

    def known_as(self, account: str) -> None:
        """Somebody signed in: the orders from here on are given as `account`."""
        self._account = account

    @property
    def actor(self) -> Actor:
        """Who gives the orders of this desk."""
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
        columns: Mapping[str, str] = NO_COLUMNS,
    ) -> str:
        """Plan a run and write it down; the run's id. Nothing is submitted yet. `columns` are the
        headers of the list that were read, by key.

        Raises `BusyDevicesError` for devices that another run has at the service, they or others
        of their accounts; with `again` those of unknown outcome may be submitted once more.
        """
        if not devices:
            raise UsageError("There is no device to sign in.", remedy="Open another device list.")
        run = self.new_run_id()
        events = plan_events(
            devices,
            file=file,
            sha256=sha256,
            tenant=self._tenant,
            skipped=skipped,
            options=replace(options, again=again or options.again),
            actor=self.actor,
            columns=columns,
        )
        # Looked at and written in one piece: no two plans take the same device.
        self._journal.create(
            run, devices, events, self._now(), unless=lambda: self._refuse(devices, again=again)
        )
        return run

    def notes(self, devices: Sequence[Device], *, run: str = "", again: bool = False) -> list[str]:
        """What runs other than `run` say of these devices, for whoever is asked to confirm.

        Raises `BusyDevicesError` as submitting them would.
        """
        from siptui.runs.overlap import notes

        return notes(self._refuse(devices, run=run, again=again))

    def _refuse(
        self, devices: Sequence[Device], *, run: str = "", again: bool = False
    ) -> "list[Overlap]":
        from siptui.runs.overlap import beside, overlaps, refuse_busy  # which read from here

        known = overlaps(self._journal, devices, besides=run)
        known += beside(self.beside, devices, tenant=self._tenant)
        refuse_busy(known, again=again)
        return known

    def new_run_id(self) -> str:
        """An id for a run that begins now: ids sort by time and are short enough to type."""
        import secrets  # what it brings along is not for the start of every command

        return f"{self._now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def start(self, run: str) -> None:
        """See to it that somebody works on the run."""
        self._journal.check()
        if self._start_work and holder_of(self._path, run) is None:
            self._start_work(run)

    def resume(self, run: str, changes: Changed = UNCHANGED, *, now: bool = False) -> None:
        """Have the run go on, and submit what waits in it, with other options perhaps; with
        `now` without waiting any longer for what the service asked it to wait.

        Raises `BusyDevicesError` before that when another run has taken some of it, and
        `HeldError` for changes to a run that somebody works on.
        """
        state = load(self._journal, run)
        holder = holder_of(self._path, run)
        if holder is None:
            self._refuse([r.device for r in waiting(state)], run=run, again=_again(state))
        elif changes.cuts:
            raise HeldError(lock_path(self._path, run), holder)
        if changed := self._changed(state, changes):
            self._journal.append(run, changed, self._now())
        if changes.cuts:
            self._journal.append(run, changes.cut(state), self._now())
        if state.paused or state.stopping:
            self.go_on(run, how="resume")
        if now:
            self.try_now(run)
        self.start(run)

    def _changed(self, state: RunState, changes: Changed) -> list[Event]:
        if state.plan and (options := changes.apply(state.plan.options)) != state.plan.options:
            return [OptionsChanged(options=options, actor=self.actor)]
        return []

    def hold_back(self, run: str) -> None:
        """See to it that in a run nobody works on only what is ordered from now on goes out.

        What waits in it was interrupted; that it goes on needs a word of its own.
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
        """Go on submitting."""
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

    def retry(self, run: str, devices: Sequence[int], changes: Changed = UNCHANGED) -> None:
        """Submit these failed devices once more, and start the run if nobody works on it.

        Raises `BusyDevicesError` when another run has some of them; so does `resubmit`.
        """
        order = Order(
            what="retry",
            actor=self.actor,
            devices=list(devices),
            size=changes.batch_size or 0,
            first=changes.first or 0,
        )
        self._order_alone(run, order, changes)

    def adopt(self, run: str, batch: int, batch_id: str) -> None:
        """The operator's word: the lost batch is the one the service calls `batch_id`."""
        order = Order(what="adopt", actor=self.actor, batch=batch, batch_id=batch_id)
        self._order_alone(run, order)

    def give_up(self, run: str, batch: int) -> None:
        """The operator's word: this live batch never ends; it is not followed any more."""
        self._order_alone(run, Order(what="give_up", actor=self.actor, batch=batch))

    def resubmit(
        self,
        run: str,
        batch: int | None = None,
        devices: Sequence[int] = (),
        changes: Changed = UNCHANGED,
    ) -> None:
        """The operator's word: submit an unsettled batch, or devices without result, once more."""
        order = Order(
            what="resubmit",
            actor=self.actor,
            batch=batch,
            devices=list(devices),
            size=changes.batch_size or 0,
            first=changes.first or 0,
        )
        self._order_alone(run, order, changes)

    def _order_alone(self, run: str, order: Order, changes: Changed = UNCHANGED) -> None:
        """Leave an order, beside which nothing else of the run begins to go out."""
        state = load(self._journal, run)
        submitted = ordered(state, order) if order.what in SUBMITTING else []

        def refuse() -> None:
            if submitted:
                self._refuse([r.device for r in submitted], run=run, again=_again(state))

        # Looked at and written in one piece, as in `create`: of two that want a device at the same
        # moment the second finds the first.
        events = [*self._held_back(state), *self._changed(state, changes), order]
        self._journal.append(run, events, self._now(), unless=refuse)
        self.start(run)

    def _order(self, run: str, order: Order) -> None:
        self._journal.append(run, [order], self._now())

    def follow(self, run: str) -> Follower:
        """Read the run from its beginning, then what is new at each poll."""
        return Follower(self._path, run)

    def holder(self, run: str) -> Holder | None:
        """The process that works on the run, or none. A glance at its lock."""
        return holder_of(self._path, run)

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
        events = self._journal.first_and_last(run)
        planned, last = events[0].event, events[-1].event
        assert isinstance(planned, RunPlanned)
        holder = holder_of(self._path, run)
        if isinstance(last, RunFinished):
            finished, counts = True, (last.succeeded, last.failed, last.unknown)
        else:
            # An order that came too late does not open a finished run again.
            state = load(self._journal, run)
            tally = state.counts
            finished = state.finished is not None
            counts = (
                tally[DeviceState.SUCCEEDED],
                tally[DeviceState.FAILED],
                tally[DeviceState.UNKNOWN],
            )
        return RunHead(
            run=run,
            started=events[0].at,
            file=planned.file,
            tenant=planned.tenant,
            devices=planned.devices,
            succeeded=counts[0],
            failed=counts[1],
            unknown=counts[2],
            skipped=planned.skipped,
            state="finished" if finished else "running" if holder else "stopped",
            held_by=str(holder) if holder else "",
        )

    def close(self) -> None:
        """Let go of the journal. Work that a worker process does goes on."""
        self._journal.close()
