"""Submitting batches in one region: intent first, request once, and every answer taken for
exactly what it says."""

import asyncio
import random
from datetime import datetime

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.region import Region
from siptui.gateway.errors import AccessDeniedError, GatewayError, TokenRefusedError
from siptui.gateway.listed import Listed
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn
from siptui.runs import answers
from siptui.runs.bell import Bell
from siptui.runs.book import Book
from siptui.runs.events import (
    BatchDeferred,
    BatchInDoubt,
    BatchSubmitting,
    Waiting,
)
from siptui.runs.foreign import ForeignBatches
from siptui.runs.pace import Backoff, Pace
from siptui.runs.reader import Reader, SignInGate, stopped_by
from siptui.runs.schedule import Hold, next_batch
from siptui.runs.state import BatchRecord
from siptui.transport.retry import honoured

#: Seconds between two looks for a free slot while others hold them.
_LOOK_SOONEST, _LOOK_LATEST = 5.0, 30.0
_IDLE = 3600.0


class Submitter:
    """Fills the slots of one region."""

    def __init__(
        self,
        region: Region,
        book: Book,
        service: BulkSignIn,
        reader: Reader,
        pace: Pace,
        bell: Bell,
        rng: random.Random,
        gate: SignInGate,
    ) -> None:
        self._region = region
        self._book = book
        self._service = service
        self._reader = reader
        self._pace = pace
        self._bell = bell
        self._rng = rng
        self._gate = gate
        self._foreign = ForeignBatches(self._status)
        self._refused = Backoff(rng, 5.0, 60.0)
        self._told = ""

    async def _status(self, batch_id: str) -> BatchStatus:
        try:
            return await self._reader.once(self._pace, lambda: self._service.batch_status(batch_id))
        except AccessDeniedError as error:
            raise stopped_by(error) from error

    async def run(self) -> None:
        """Submit whatever may be submitted, for ever."""
        look = Backoff(self._rng, _LOOK_SOONEST, _LOOK_LATEST)
        while True:
            choice = self._choose(foreign=0)
            if not isinstance(choice, BatchRecord):
                await self._hold(choice, _IDLE)
                continue
            await self._reader.ready(self._service.ready)
            summaries = await self._reader.read(
                "the tenant's batches", self._pace, self._service.batch_summaries
            )
            self._tell_of_odd(summaries)
            foreign = await self._foreign.live(
                self._book.state, self._region, summaries, self._book.clock()
            )
            # Nothing is awaited between this choice and its entry in the journal, and the entry is
            # made only if no other process wrote anything in between.
            choice = self._choose(foreign=foreign)
            if self._service.throttle.current():
                continue  # a wait began since these answers came
            if isinstance(choice, BatchRecord):
                look.reset()
                if self._intend(choice, [s.batch_id for s in summaries]):
                    await self._submit(choice)
            else:
                await self._hold(choice, look.next(), tell=foreign > 0)

    def _tell_of_odd(self, summaries: Listed[BatchSummary]) -> None:
        if isinstance(summaries, Listed) and summaries.odd:
            text = f"the tenant's batches: {summaries.odd[0]}"
            more = f", and {len(summaries.odd) - 1} more" if len(summaries.odd) > 1 else ""
            self._book.note_once(f"{text}{more}; passed over", kind="summaries")

    def _choose(self, *, foreign: int) -> BatchRecord | Hold | None:
        state = self._book.state
        slots = state.plan.options.slots if state.plan else 1
        return next_batch(state, self._region, foreign=foreign, slots=slots, now=self._book.now())

    async def _hold(
        self, hold: Hold | BatchRecord | None, seconds: float, *, tell: bool = False
    ) -> None:
        if isinstance(hold, Hold):
            if tell and hold.why != self._told:
                self._book.write(Waiting(why=hold.why, until=hold.until))
            self._told = hold.why if tell else ""
            if hold.until:
                wait = datetime.fromisoformat(hold.until) - self._book.clock()
                seconds = min(seconds, max(0.05, wait.total_seconds()))
        await self._bell.wait(seconds)

    def _intend(self, batch: BatchRecord, known: list[str]) -> bool:
        return self._book.decide(
            BatchSubmitting(
                batch=batch.number,
                region=batch.region,
                devices=len(batch.devices),
                known=sorted(known),
            )
        )

    async def _submit(self, batch: BatchRecord) -> None:
        request = asyncio.ensure_future(self._request(batch))
        try:
            no_sign_in = await asyncio.shield(request)
        except asyncio.CancelledError:
            # The process is asked to end; the answer is worth waiting for all the same.
            await asyncio.wait([request])
            if not request.cancelled():
                request.exception()  # what the journal has of it is enough
            raise
        if no_sign_in:
            await self._gate.wait(no_sign_in)

    async def _request(self, batch: BatchRecord) -> SiptuiError | None:
        """Send it and write down what came of it; the error if it was for want of a sign-in."""
        self._book.check()  # nothing is sent that nobody will find in the journal
        devices = [self._book.state.devices[i].device for i in batch.devices]
        try:
            answer = await self._service.create_batch(batch.region, devices)
        except (SignInNeededError, GatewayError) as error:
            return self._failed(batch, error)
        except BaseException as error:
            # Ended, or an error of ours: what the service did is not known either way.
            why = f"siptui was interrupted before the answer came ({type(error).__name__})"
            self._book.write(BatchInDoubt(batch=batch.number, why=why))
            raise
        else:
            self._refused.reset()
            self._gate.passed()
            self._book.write(*answers.accepted(self._book.state, batch, answer))
            return None

    def _failed(
        self, batch: BatchRecord, error: SignInNeededError | GatewayError
    ) -> SiptuiError | None:
        if isinstance(error, SignInNeededError):  # there was no token to send it with
            self._book.write(BatchDeferred(batch=batch.number, why=error.message))
            return error
        until = self._book.now(max(self._refused.next(), honoured(error.retry_after or 0.0)))
        event = answers.refused_or_lost(batch, error, until)
        self._book.write(event)
        if isinstance(event, BatchDeferred) and error.retry_after is None:
            self._book.write(Waiting(why=error.message, until=until))
        if isinstance(error, AccessDeniedError):
            raise stopped_by(error)
        return error if isinstance(error, TokenRefusedError) else None
