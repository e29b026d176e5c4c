"""Submitting batches in one region: intent first, request once, and every answer taken for
exactly what it says."""

import asyncio
import math
import random
from collections.abc import Mapping
from datetime import datetime, timedelta

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.region import Region
from siptui.gateway.errors import (
    AccessDeniedError,
    GatewayError,
    RejectedError,
    TokenRefusedError,
)
from siptui.gateway.json_lists import Listed
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn
from siptui.runs.engine import submit_outcome
from siptui.runs.engine.backoff import LATEST, SPACING, Backoff, Pace
from siptui.runs.engine.batch_conflicts import Sorted
from siptui.runs.engine.batch_matching import own_ids
from siptui.runs.engine.other_batches import Others
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.run_stop import stopped_by
from siptui.runs.engine.scheduler import NOTHING_HELD, Hold, looks_for_slot, next_batch
from siptui.runs.engine.service_reads import Reader, SignInGate
from siptui.runs.engine.submit_turns import TurnsTaken
from siptui.runs.engine.summaries import Summaries, over
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import (
    SERVICE,
    TURN,
    BatchDeferred,
    BatchInDoubt,
    BatchSubmitting,
    Waiting,
)
from siptui.runs.journal.journal import JournalGoneError
from siptui.runs.run_log import LockGoneError, RunLog
from siptui.runs.state import BatchRecord
from siptui.runs.wakeup import Wakeup
from siptui.transport.retry import honoured

#: Seconds between two looks for a free slot while others hold them.
_LOOK_SOONEST, _LOOK_LATEST = 5.0, 30.0
_IDLE = 3600.0
#: Seconds for which nothing is missed in a list of the tenant's batches that matters: what others
#: submit within them cannot be seen.
_FRESH = 3.0
#: Seconds that are not worth a wait.
_TICK = 0.01


class Submitter:
    """Fills the slots of one region."""

    def __init__(
        self,
        region: Region,
        run_log: RunLog,
        service: BulkSignIn,
        reader: Reader,
        pace: Pace,
        wakeup: Wakeup,
        rng: random.Random,
        gate: SignInGate,
        roles: RoleGate,
        summaries: Summaries,
        over: set[int],
        tenant: TenantLook,
    ) -> None:
        self._region = region
        self._run_log = run_log
        self._service = service
        self._reader = reader
        self._pace = pace
        self._wakeup = wakeup
        self._rng = rng
        self._gate = gate
        self._roles = roles
        self._tenant = tenant
        self._refused = Backoff(rng, 5.0, 60.0)
        #: The wait that was told of last; a submit ends it.
        self._told = ""
        self._summaries = summaries
        #: Live batches that the service calls over; their poller reads those first.
        self._over = over
        self._over_frees = True
        self._looked = -math.inf
        self._others, self._others_until = 0, -math.inf
        self._held: Mapping[int, str] = NOTHING_HELD

    async def _status(self, batch_id: str) -> BatchStatus:
        try:
            return await self._reader.once(
                self._pace, lambda: self._service.batch_status(batch_id), first=True
            )
        except AccessDeniedError as error:
            if self._roles.patient:
                raise  # the role is there: this batch alone cannot be read
            raise stopped_by(error) from error

    async def run(self) -> None:
        """Submit whatever may be submitted, for ever."""
        look = Backoff(self._rng, _LOOK_SOONEST, _LOOK_LATEST)
        loop = asyncio.get_running_loop()
        while True:
            left = self._others_until - loop.time()
            waits = left > 0
            choice = self._choose(
                foreign=self._others if waits else 0, held=self._held if waits else NOTHING_HELD
            )
            if not isinstance(choice, BatchRecord):
                wait = left if waits else self._until_look(choice)
                if wait > _TICK:
                    tell = isinstance(choice, Hold) and choice.tell
                    await self._hold(choice, wait, tell=tell)
                    continue
            await self._reader.ready(self._service.ready)
            summaries, turns = await self._summaries.read(self._pace)
            self._looked = loop.time()
            self._tell_of_odd(summaries)
            ahead = self._tenant.ahead
            self._take_over(summaries)
            if not isinstance(self._choose(foreign=0), BatchRecord):
                continue
            others, found = await self._tenant.look(self._region, summaries, self._status)
            self._tell_of_untold(others)
            if found.events:
                self._run_log.decide(*found.events)
                continue  # what is left is looked at anew
            if others.news:
                continue  # what came into the list meanwhile is seen as well
            choice = self._choose(foreign=others.slots, held=found.held)
            if isinstance(choice, BatchRecord):
                look.reset()
                if (listed := await self._listed_still(summaries, turns)) is not None:
                    await self._in_turn(*listed, others, found, ahead)
            elif others.slots or found.held:
                wait = look.next()
                self._others, self._held = others.slots, found.held
                self._others_until = loop.time() + wait
                await self._hold(choice, wait, tell=True)

    async def _listed_still(
        self, summaries: Listed[BatchSummary], turns: TurnsTaken
    ) -> tuple[Listed[BatchSummary], TurnsTaken] | None:
        """The list as it is now; None where others' batches came in while it was looked at. That
        takes as long as the service asks to wait, or as a lost sign-in is waited for."""
        if self._summaries.age < _FRESH:
            return summaries, turns
        again, turns = await self._summaries.read(self._pace)
        known = {s.batch_id.casefold() for s in summaries} | own_ids(self._run_log.state)
        if any(s.batch_id.casefold() not in known for s in again):
            return None
        return again, turns

    async def _in_turn(
        self,
        summaries: Listed[BatchSummary],
        listed: TurnsTaken,
        others: Others,
        found: Sorted,
        ahead: timedelta | None,
    ) -> None:
        """Submit what may be submitted, if no other process of the host did since `summaries` were
        `listed`."""
        turns = self._summaries.turns
        before = self._summaries.age
        if not await turns.take(self._region, listed):
            self._summaries.forget()
            return
        try:
            if self._summaries.age - before >= _FRESH:
                return  # what others did during the wait for the turn is not known
            # Nothing is awaited between this choice and its entry in the journal, and the entry is
            # made only if no other process wrote anything in between.
            choice = self._choose(foreign=others.slots, held=found.held)
            if self._service.throttle.current() or not isinstance(choice, BatchRecord):
                return  # a wait began, or an order came, since these answers
            if not self._intend(choice, [s.batch_id for s in summaries], ahead):
                return
            self._told = ""
            not_let_in = await self._submit(choice)
        finally:
            turns.give_back(self._region)
        if isinstance(not_let_in, AccessDeniedError):
            await self._roles.submit_denied(self._region, not_let_in)
        elif not_let_in:
            await self._gate.wait(not_let_in)

    def _until_look(self, choice: Hold | None) -> float:
        """Seconds until it is worth asking whether a slot became free."""
        if choice is None or not choice.full or not self._over_frees:
            return _IDLE
        state, now = self._run_log.state, self._run_log.clock()
        if (looks := looks_for_slot(state, self._region, now, self._over)) is None:
            return _IDLE
        wait, apart = looks
        again = self._looked + min(max(apart, SPACING), LATEST)
        return max(wait, again - asyncio.get_running_loop().time())

    def _take_over(self, summaries: Listed[BatchSummary]) -> None:
        found = over(self._run_log.state, self._region, summaries)
        if new := found - self._over:
            self._over |= new
            self._wakeup.wake()
        self._over &= {b.number for b in self._run_log.state.open_batches()}

    def _tell_of_odd(self, summaries: Listed[BatchSummary]) -> None:
        if summaries.odd:
            text = f"the tenant's batches: {summaries.odd[0]}"
            more = f", and {len(summaries.odd) - 1} more" if len(summaries.odd) > 1 else ""
            self._run_log.note_once(f"{text}{more}; passed over", kind="summaries")

    def _tell_of_untold(self, others: Others) -> None:
        for other in others.batches:
            if other.untold:
                by = f" of {other.by}" if other.by else ""
                self._run_log.note_once(
                    f"batch {other.batch_id}{by} is live, and the service does not say which "
                    "devices it has; what is submitted now may be among them",
                    kind=f"untold {other.batch_id}",
                )

    def _choose(
        self, *, foreign: int, held: Mapping[int, str] = NOTHING_HELD
    ) -> BatchRecord | Hold | None:
        state = self._run_log.state
        return next_batch(
            state,
            self._region,
            foreign=foreign,
            slots=state.options.slots,
            now=self._run_log.now(),
            held=held,
            over=self._over if self._over_frees else (),
        )

    async def _hold(self, hold: Hold | BatchRecord | None, seconds: float, *, tell: bool) -> None:
        if isinstance(hold, Hold):
            if tell and hold.why != self._told:
                self._run_log.write(Waiting(why=hold.why, until=hold.until, kind=TURN))
                self._told = hold.why
            if hold.until:
                wait = datetime.fromisoformat(hold.until) - self._run_log.clock()
                seconds = min(seconds, max(0.05, wait.total_seconds()))
        await self._wakeup.wait(seconds)

    def _intend(self, batch: BatchRecord, known: list[str], ahead: timedelta | None) -> bool:
        return self._run_log.decide(
            BatchSubmitting(
                batch=batch.number,
                region=batch.region,
                devices=len(batch.devices),
                known=sorted(known),
                service_ahead=None if ahead is None else round(ahead.total_seconds(), 1),
            )
        )

    async def _submit(self, batch: BatchRecord) -> SiptuiError | None:
        """Send it; the error if it was for want of a sign-in, or of a role."""
        request = asyncio.ensure_future(self._request(batch))
        try:
            return await asyncio.shield(request)
        except asyncio.CancelledError:
            # The process is asked to end; the answer is worth waiting for all the same.
            await asyncio.wait([request])
            request.exception()  # what the journal has of it is enough
            raise

    async def _request(self, batch: BatchRecord) -> SiptuiError | None:
        """Send it and write down what came of it; the error if it was for want of a sign-in, or
        of a role that is waited for."""
        devices = [self._run_log.state.devices[i].device for i in batch.devices]
        try:
            # Nothing is sent that could not be found in the journal afterwards.
            answer = await self._service.create_batch(
                batch.region, devices, leaving=self._run_log.check
            )
        except (SignInNeededError, GatewayError) as error:
            return self._failed(batch, error)
        except LockGoneError as error:
            self._run_log.write(BatchDeferred(batch=batch.number, why=error.message))
            raise
        except JournalGoneError:
            raise  # there is nowhere to write it
        except BaseException as error:
            # Ended, or an error of ours: what the service did is not known either way.
            why = f"siptui was interrupted before the answer came ({type(error).__name__})"
            self._run_log.write(BatchInDoubt(batch=batch.number, why=why))
            raise
        else:
            self._refused.reset()
            self._gate.passed()
            self._roles.submit_allowed(self._region)
            self._run_log.write(*submit_outcome.accepted(self._run_log.state, batch, answer))
            return None

    def _failed(
        self, batch: BatchRecord, error: SignInNeededError | GatewayError
    ) -> SiptuiError | None:
        if isinstance(error, SignInNeededError):  # there was no token to send it with
            self._run_log.write(BatchDeferred(batch=batch.number, why=error.message))
            return error
        until = self._run_log.now(max(self._refused.next(), honoured(error.retry_after or 0.0)))
        event = submit_outcome.refused_or_lost(batch, error, until)
        self._run_log.write(event)
        if isinstance(event, BatchDeferred) and error.status is not None and self._over:
            # There was no slot, though the list called a batch over that is still followed:
            # its word for "over" may mean something else.
            self._over_frees = False
        if isinstance(event, BatchDeferred) and error.retry_after is None:
            self._run_log.write(Waiting(why=error.message, until=until, kind=SERVICE))
        if isinstance(error, RejectedError):
            self._roles.submit_allowed(self._region)
        return error if isinstance(error, TokenRefusedError | AccessDeniedError) else None
