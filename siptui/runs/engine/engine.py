"""The engine: carries a run out. An ordinary asyncio library; a worker process is its usual home.

It reads nothing but the journal and the service and writes nothing but the journal. Whatever
happens to its process, the journal says what may be on its way, and the next engine goes on.
Over 400 lines because the engine is one class, and what it looks after at each look one list.
"""

import asyncio
import os
import random
from collections.abc import Callable, Collection, Sequence
from datetime import UTC

from siptui.domain.errors import SiptuiError
from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.gateway.errors import GatewayError
from siptui.gateway.protocol import BulkSignIn
from siptui.runs import orders
from siptui.runs.engine.backoff import Pace
from siptui.runs.engine.batch_matching import in_doubt
from siptui.runs.engine.crossed_submits import CrossedSubmits
from siptui.runs.engine.deadlines import too_late
from siptui.runs.engine.groups import closed_groups, newly_stopped
from siptui.runs.engine.lost_answers import Settler
from siptui.runs.engine.poller import Poller
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.run_stop import RunStop, stopped_by
from siptui.runs.engine.scheduler import (
    awaits_decision,
    blocking,
    first_batches,
    first_failures,
    may_go_out,
    window_closed,
)
from siptui.runs.engine.service_reads import Reader, SignInGate
from siptui.runs.engine.service_waits import ServiceWaits
from siptui.runs.engine.status_changes import finished, members
from siptui.runs.engine.submit_turns import SubmitTurns
from siptui.runs.engine.submitter import Submitter
from siptui.runs.engine.summaries import Summaries
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import (
    Actor,
    BatchAccepted,
    BatchDeferred,
    BatchInDoubt,
    Event,
    Note,
    Order,
    RunFinished,
    RunStopped,
    WorkerStarted,
)
from siptui.runs.host_tenant import HostTenant
from siptui.runs.run_log import RunLog
from siptui.runs.state import BatchRecord, RunState
from siptui.runs.wakeup import Wakeup
from siptui.transport.retry import MAX_HONOURED

#: Seconds between two looks for orders.
_ORDERS = 0.5
#: Seconds between two looks at the deadlines of what is queued.
_DEADLINES = 60.0
#: Seconds before a passing failure is submitted again without an order.
_OFFLINE_WAIT, _THROTTLED_WAIT = 600.0, 300.0


class Engine:
    """Works on one run until nothing is left to do or it cannot go on.

    `host` is what else this host has of the tenant, if not the run's journal alone.
    `sign_in_wait` is how many seconds a lost sign-in is waited for (0: the run stops at once),
    `role_wait` the same for a role that ends; of the latter a run that has submitted nothing waits
    only where it would wait for a sign-in as well.
    """

    def __init__(
        self,
        run_log: RunLog,
        service: BulkSignIn,
        *,
        host: HostTenant | None = None,
        actor: Actor | None = None,
        rng: random.Random | None = None,
        sign_in_wait: float = 0.0,
        role_wait: float = 0.0,
        order_seconds: float = _ORDERS,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._run_log = run_log
        self._service = service
        self._actor = actor or Actor()
        self._rng = rng or random.Random()  # noqa: S311 - jitter, not secrets
        self._wakeup = Wakeup()
        self._patience = sign_in_wait
        self._order_seconds = order_seconds
        self._host = host or HostTenant.alone(run_log.journal.path, "")
        self._tenant = TenantLook(run_log, service, self._host)
        self._throttle = service.throttle
        self._waits = ServiceWaits(run_log, self._throttle)
        self._roles = RoleGate(
            run_log,
            self._wakeup,
            self._throttle,
            service.batch_summaries,
            patience=role_wait,
            attended=sign_in_wait > 0,
        )
        parts = (run_log, self._rng, self._gate, self._throttle, self._roles)
        self._reader = Reader(*parts, answered)
        self._paces = {region: Pace() for region in Region}
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._looked_at: set[int] = set()
        self._late: set[int] = set()
        self._deadlines_due = 0.0
        self._adopting: dict[int, asyncio.Task[None]] = {}
        self._submitters: list[asyncio.Task[None]] = []
        self._refused: RunStop | None = None
        self._not_settled: set[int] = set()
        run_log.changed = self._wakeup.wake

    def _gate(self) -> SignInGate:
        return SignInGate(self._run_log, self._wakeup, self._patience)

    async def run(self) -> RunFinished | RunStopped:
        """Carry the run out; what it ended with is also the journal's last event of it."""
        self._recover()
        try:
            end = await self._work()
        except asyncio.CancelledError:
            self._run_log.write(
                RunStopped(
                    code="interrupted",
                    message="siptui was asked to end",
                    remedy=f"Go on with: siptui resume {self._run_log.run}",
                )
            )
            raise
        except SiptuiError as error:
            end = stopped_by(error).event
        except Exception as error:
            self._run_log.write(internal_error(self._run_log.run, error))
            raise
        self._run_log.write(end)
        return end

    async def _work(self) -> RunFinished | RunStopped:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._supervise(group))
                summaries = Summaries(self._service, self._reader, SubmitTurns(self._host.turns))
                for region in Region:
                    over: set[int] = set()
                    parts = (
                        region,
                        self._run_log,
                        self._service,
                        self._reader,
                        self._paces[region],
                    )
                    submitter = Submitter(
                        *parts,
                        self._wakeup,
                        self._rng,
                        self._gate(),
                        self._roles,
                        summaries,
                        over,
                        self._tenant,
                    )
                    self._submitters.append(group.create_task(self._submit(submitter)))
                    poller = Poller(
                        *parts, self._wakeup, self._rng, refused=self.submit_no_more, over=over
                    )
                    group.create_task(poller.run())
                crossed = CrossedSubmits(
                    *(self._run_log, self._service, self._reader, self._paces),
                    *(self._wakeup, summaries, self._tenant),
                )
                group.create_task(crossed.run())
        except BaseExceptionGroup as errors:
            stops, others = errors.split(RunStop)
            if others:
                raise others.exceptions[0] from errors
            assert stops
            return _first(stops).event
        raise AssertionError("the workers never return")

    async def _submit(self, submitter: Submitter) -> None:
        try:
            await submitter.run()
        except RunStop as stop:
            self.submit_no_more(stop)
        except GatewayError as error:
            self.submit_no_more(stopped_by(error))

    def submit_no_more(self, stop: RunStop) -> None:
        """The service refused the work as such. Nothing more is submitted, what is live is
        followed to its end, and then the run ends with `stop`."""
        if self._refused is not None:
            return
        self._refused = stop
        for task in self._submitters:
            if task is not asyncio.current_task():
                task.cancel()  # a request that is on its way is waited for
        if self._run_log.state.open_batches():
            said = getattr(stop.event, "message", "").rstrip(".")
            text = f"nothing more is submitted: {said}; what is live is followed to its end"
            self._run_log.note(text, level="error")
        self._wakeup.wake()

    def _recover(self) -> None:
        """Take the run over: what may have been on its way when the last process ended is in
        doubt."""
        events: list[Event] = [WorkerStarted(pid=os.getpid(), actor=self._actor)]
        events += [
            BatchInDoubt(batch=b.number, why="siptui was ended before the answer came")
            for b in self._run_log.state.batches.values()
            if b.state is BatchState.SUBMITTING
        ]
        # Earlier versions put batches back for as long as the service asked, for years even.
        latest = self._run_log.now(MAX_HONOURED)
        events += [
            BatchDeferred(batch=b.number, why=b.why, until=latest)
            for b in self._run_log.state.queued_batches()
            if b.not_before > latest
        ]
        self._run_log.write(*events)

    async def _supervise(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._run_log.look()
            self._carry_out_orders(group)
            self._waits.tell()
            self._settle_doubts(group)
            self._retry_what_passes()
            self._stop_if_first_failed()
            self._stop_groups()
            self._warn_of_deadlines()
            self._end_when_over()
            await self._wakeup.wait(self._order_seconds)

    def _carry_out_orders(self, group: asyncio.TaskGroup) -> None:
        state = self._run_log.state
        size = state.options.batch_size
        for seq, order in list(state.open_orders.items()):
            if order.what == "now":
                self._throttle.lift()
                self._service.renew_when_denied()
                self._roles.look_now()
                self._run_log.write(
                    Note(level="info", text="no wait any more: asking now", order=seq)
                )
            elif order.what == "give_up":
                if not self._run_log.decide(*orders.give_up(state, seq, order)):
                    return  # something else was ordered; again at the next look
            elif order.what != "adopt":
                carry_out = orders.retry if order.what == "retry" else orders.resubmit
                if not self._run_log.decide(*carry_out(state, seq, order, size=size)):
                    return
            elif seq not in self._adopting:
                # The service must be asked, which may take; other orders do not wait for that.
                self._adopting[seq] = group.create_task(self._adopt(seq, order))

    async def _adopt(self, seq: int, order: Order) -> None:
        state = self._run_log.state
        if not (why := orders.not_adoptable(state, order)):
            pace = self._paces[state.batches[order.batch or 0].region]
            try:
                status = await self._reader.read(
                    f"batch {order.batch_id}",
                    pace,
                    lambda: self._service.batch_status(order.batch_id),
                )
            except GatewayError as error:
                why = f"batch {order.batch_id} was not adopted: {error.message}"
            else:
                # In the meantime it may have been found without the operator.
                why = orders.not_adoptable(state, order, status)
        if why:
            self._run_log.write(Note(level="error", text=why, batch=order.batch, order=seq))
            return
        number = order.batch or 0
        self._run_log.write(
            BatchAccepted(batch=number, batch_id=order.batch_id, adopted=True, order=seq)
        )

    def _settle_doubts(self, group: asyncio.TaskGroup) -> None:
        for number in [n for n, task in self._settling.items() if task.done()]:
            del self._settling[number]
        for batch in in_doubt(self._run_log.state):
            if batch.number not in self._settling and batch.number not in self._not_settled:
                self._settling[batch.number] = group.create_task(self._settle(batch))

    async def _settle(self, batch: BatchRecord) -> None:
        pace = self._paces[batch.region]
        try:
            parts = (self._run_log, self._service, self._reader, pace, self._rng, self._tenant)
            await Settler(*parts).settle(batch)
        except RunStop as stop:
            self._not_settled.add(batch.number)  # the next worker of the run looks for it
            self.submit_no_more(stop)
        except GatewayError as error:
            self._not_settled.add(batch.number)
            self.submit_no_more(stopped_by(error))

    def _retry_what_passes(self) -> None:
        """Plan passing failures again, as often as the operator allowed beforehand."""
        state = self._run_log.state
        most = state.options.auto_retry
        if not most or state.stopping:
            return
        for batch in list(state.batches.values()):
            if batch.state is not BatchState.FINISHED or batch.number in self._looked_at:
                continue
            for cause, wait in _PASSES.items():
                again = [
                    r
                    for r in members(state, batch)
                    if r.state is DeviceState.FAILED
                    and r.outcome
                    and r.outcome.cause is cause
                    and r.attempt <= most
                ]
                if not again:
                    continue
                size = state.options.batch_size
                until = self._run_log.now(wait)
                why = f"{len(again)} devices: {OUTCOMES[cause].short}"
                planned = orders.plan_again(state, again, size=size, grouped=True)
                deferred = [BatchDeferred(batch=p.batch, why=why, until=until) for p in planned]
                if not self._run_log.decide(*planned, *deferred):
                    return  # again at the next look
            self._looked_at.add(batch.number)

    def _stop_if_first_failed(self) -> None:
        state = self._run_log.state
        if state.queued_batches() and (bad := first_failures(state)):
            tried = sum(len(b.devices) for b in first_batches(state))
            raise RunStop(
                RunStopped(
                    code="canary",
                    message=f"{bad} of the first {tried} devices {'was' if bad == 1 else 'were'} "
                    f"not signed in; {_waiting(state)}",
                    remedy="Look into their causes; go on with the rest with: "
                    f"siptui resume {state.run}",
                )
            )

    def _stop_groups(self) -> None:
        """Write down the groups of which too many failed; the others go on."""
        state = self._run_log.state
        if state.group_of and (news := newly_stopped(state)):
            self._run_log.decide(*news)

    def _warn_of_deadlines(self) -> None:
        """Say once a batch that the queue will probably not be through before a deadline in it."""
        time = asyncio.get_running_loop().time()
        if time < self._deadlines_due:
            return
        self._deadlines_due = time + _DEADLINES
        late = too_late(self._run_log.state, self._run_log.clock(), self._late)
        for number, (count, first) in late.items():
            self._late.add(number)
            self._run_log.note(
                f"{count} of its devices will probably not be signed in before their deadline, "
                f"the first {first.astimezone(UTC):%m-%d %H:%M} UTC. Sooner: with --slots 3 and "
                "full batches, or with a list of their own that is run first. Past it a phone must "
                "be reset to factory settings and provisioned again",
                level="warning",
                batch=number,
            )

    def _end_when_over(self) -> None:
        state = self._run_log.state
        if self._refused is not None and not self._looked_after():
            raise self._refused
        if state.open_orders or state.open_batches():
            return
        if not state.queued_batches():
            raise RunStop(finished(state, self._run_log.clock()))
        going = [b for b in state.queued_batches() if may_go_out(state, b)]
        if going and window_closed(state, self._run_log.now()):
            raise RunStop(closed_window(state))
        if state.group_of and going:
            stopped = closed_groups(state).stopped
            if all(b.group in stopped for b in going):
                if newly_stopped(state):
                    return  # it is written down first
                raise RunStop(groups_stopped(state, {b.group for b in going}))
        if awaits_decision(state):
            raise RunStop(held_back(state))
        if not going:
            raise RunStop(
                RunStopped(
                    code="stopped",
                    message=f"submitting was stopped; {_waiting(state)}",
                    remedy=f"Go on with: siptui resume {state.run}",
                )
            )
        if lost := blocking(state):
            raise RunStop(_undecided(state, lost))

    def _looked_after(self) -> bool:
        """Whether there is a batch of which more can be learned by this engine."""
        return any(b.number not in self._not_settled for b in self._run_log.state.open_batches())


def internal_error(run: str, error: Exception) -> RunStopped:
    """The end of the work that a fault of siptui's own means."""
    return RunStopped(
        code="internal_error",
        message=f"an error in siptui itself: {type(error).__name__}",
        remedy="Nothing further was submitted; the log says where it happened. "
        f"Go on with: siptui resume {run}",
    )


def _waiting(state: RunState) -> str:
    count = sum(len(b.devices) for b in state.queued_batches())
    return "1 device waits" if count == 1 else f"{count} devices wait"


def closed_window(state: RunState) -> RunStopped:
    """The end of the work where the window for submits is over and something is left."""
    return RunStopped(
        code="window_closed",
        message=f"the window for submits has closed; {_waiting(state)}",
        remedy=f"Go on with the rest, at once, with: siptui resume {state.run}",
    )


def groups_stopped(state: RunState, stopped: Collection[str]) -> RunStopped:
    """The end of the work where all that is left is of groups that were stopped."""
    column = state.options.by
    names = sorted(stopped)
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return RunStopped(
        code="groups_stopped",
        message=f"too many devices failed in {column} {shown}; {_waiting(state)}",
        remedy=f"Look into their causes; go on with the rest with: siptui resume {state.run}",
    )


def held_back(state: RunState) -> RunStopped:
    """The end of the work where what is left needs the operator's decision."""
    waiting = [state.held[i] for b in state.queued_batches() for i in b.devices if i in state.held]
    personal = sum(held.why == "personal" for held in waiting)
    elsewhere = len(waiting) - personal
    whys, ways = [], []
    if elsewhere:
        found = list(dict.fromkeys(h.batch_id for h in waiting if h.why == "other_batch"))
        ids = ", ".join(found)
        whys.append(f"{_devices(elsewhere)} in a batch that is not of this run ({ids})")
        ways.append(
            f"see what it says: siptui batch {found[0]}; to submit them all the same: --again"
        )
    if personal:
        whys.append(f"{_devices(personal)} of accounts that may be personal")
        ways.append("to submit one all the same: --include-personal USER")
    return RunStopped(
        code="held_back",
        message=f"not submitted: {'; '.join(whys)}",
        remedy=f"You decide ({'; '.join(ways)}): siptui resume {state.run}",
    )


def _devices(count: int) -> str:
    return "1 device" if count == 1 else f"{count} devices"


def _undecided(state: RunState, lost: Sequence[BatchRecord]) -> RunStopped:
    names = ", ".join(str(b.number) for b in lost)
    which = f"batch {names}" if len(lost) == 1 else f"batches {names}"
    return RunStopped(
        code="undecided",
        message=f"{_waiting(state)}: accounts among them are in {which}, and it is not "
        "known whether the service has it",
        remedy="You decide: siptui resume "
        f"{state.run} --batch {lost[0].number} --adopt BATCH, or siptui resume {state.run} "
        f"--batch {lost[0].number} --resubmit; what waits goes out after that with: "
        f"siptui resume {state.run}",
    )


def _first(group: BaseExceptionGroup[RunStop]) -> RunStop:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group is never empty")


_PASSES = {Cause.OFFLINE: _OFFLINE_WAIT, Cause.AD_THROTTLING: _THROTTLED_WAIT}
