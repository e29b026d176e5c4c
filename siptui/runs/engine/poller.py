"""Following the accepted batches of one region until each device has its outcome."""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.gateway.errors import AccessDeniedError, AnswerUnreadableError, GatewayError
from siptui.gateway.protocol import BatchStatus, BulkSignIn, Phase
from siptui.runs.engine.backoff import Backoff, Pace
from siptui.runs.engine.other_batches import ALL_DECIDED
from siptui.runs.engine.run_stop import RunStop, stopped_by
from siptui.runs.engine.service_reads import TELL_AFTER, Reader
from siptui.runs.engine.status_changes import news, tally, undecided
from siptui.runs.engine.text_changes import TextChanges, kept, other_cause
from siptui.runs.events import BatchFinished, DeviceChanged, Event, Note
from siptui.runs.run_log import RunLog
from siptui.runs.state import BatchRecord
from siptui.runs.wakeup import Wakeup

#: Seconds a batch that is over is read on for devices it said nothing about.
_GRACE = ALL_DECIDED
#: Seconds a batch whose devices all have an outcome is followed on while the service calls it
#: running. A submit into a slot that is not free yet costs all regions a wait, which is worse.
_STILL_RUNNING = 2 * ALL_DECIDED
#: Minutes without a change after which the operator is told, what, and what may be done next.
_STALE = (
    (
        60,
        "no change for 60 minutes; it may be stuck. It cannot be cancelled: it keeps its slot and "
        "is followed on, other batches go on. Look at its phones' power and network; if “siptui "
        "batch {batch_id}” stays as it is, give that id to Microsoft's support. What frees its "
        "slot and leaves its devices unknown: siptui resume {run} --give-up {number}",
    ),
    (
        10,
        "no change for 10 minutes. It is followed on; there is nothing to do yet. What the service "
        "says of it: siptui batch {batch_id}",
    ),
)
_IDLE = 3600.0
#: Seconds after its acceptance at which a batch is looked at first.
_YOUNG = 2.0
#: Seconds without a right to read anything after which following ends.
_DENIED = 120.0


class _Watch:
    """What is remembered of one batch between two reads."""

    def __init__(self, rng: random.Random, now: float) -> None:
        self.backoff = Backoff(rng)
        self.due = now
        self.last_change = now
        self.over_since: float | None = None
        self.told_minutes = 0
        self.lost = 0
        self.lost_since = 0.0
        self.told_lost = False
        self.strangers = False
        self.texts = TextChanges()
        self.over_told = False


class Poller:
    """Reads the batches of one region in turn, those soonest that are due first."""

    def __init__(
        self,
        region: Region,
        run_log: RunLog,
        service: BulkSignIn,
        reader: Reader,
        pace: Pace,
        wakeup: Wakeup,
        rng: random.Random,
        *,
        refused: Callable[[RunStop], None] = lambda _: None,
        over: Collection[int] = (),
    ) -> None:
        self._region = region
        self._run_log = run_log
        self._service = service
        self._reader = reader
        self._pace = pace
        self._wakeup = wakeup
        self._rng = rng
        self._refused = refused
        #: Batches that the tenant's list calls over.
        self._over = over
        self._denied_since: float | None = None
        self._watches: dict[int, _Watch] = {}

    async def run(self) -> None:
        """Follow whatever is accepted, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            batches = self._running()
            for number in set(self._watches) - {b.number for b in batches}:
                del self._watches[number]
            for batch in batches:
                watch = self._watches.get(batch.number)
                if watch is None:
                    watch = _Watch(self._rng, loop.time() + self._still_young(batch))
                    self._watches[batch.number] = watch
                if batch.number in self._over and not watch.over_told:
                    watch.over_told, watch.due = True, 0.0  # before all others
            if not batches:
                await self._wakeup.wait(_IDLE)
                continue
            batch = min(batches, key=lambda b: self._watches[b.number].due)
            wait = self._watches[batch.number].due - loop.time()
            if wait > 0:
                await self._wakeup.wait(wait)
            else:
                await self._look(batch, self._watches[batch.number])

    def _still_young(self, batch: BatchRecord) -> float:
        """Seconds before which a look at `batch` tells nothing new."""
        if not batch.accepted_at or batch.adopted:
            return 0.0
        age = self._run_log.clock() - datetime.fromisoformat(batch.accepted_at)
        return max(0.0, _YOUNG - age.total_seconds())

    def _running(self) -> Sequence[BatchRecord]:
        return [
            b
            for b in self._run_log.state.batches.values()
            if b.state is BatchState.RUNNING and b.region is self._region
        ]

    async def _look(self, batch: BatchRecord, watch: _Watch) -> None:
        loop = asyncio.get_running_loop()
        try:
            status = await self._reader.once(self._pace, lambda: self._status(batch))
        except GatewayError as error:
            # A lost look is no verdict on a phone, and one batch that cannot be read must not
            # keep the others from being read.
            self._lost(batch, watch, error, loop.time())
            if isinstance(error, AccessDeniedError) and not self._reader.waits_for_role:
                self._denied(error, loop.time())
            return
        self._denied_since = None
        watch.lost, watch.told_lost = 0, False
        if batch.state is not BatchState.RUNNING:
            return  # given up in the meantime
        devices = self._run_log.state.devices
        changes = [
            change
            for change in map(kept, news(self._run_log.state, batch, status))
            if watch.texts.worth(devices[change.device], change, loop.time())
        ]
        if changes:
            watch.backoff.reset()
            watch.last_change, watch.told_minutes = loop.time(), 0
            self._run_log.write(*changes)
        else:
            self._warn_when_stale(batch, watch, loop.time())
        self._tell_of_odd(batch, status)
        self._tell_of_strangers(batch, watch, status)
        if not self._finish(batch, watch, status, loop.time()):
            watch.due = loop.time() + watch.backoff.next()

    def _lost(self, batch: BatchRecord, watch: _Watch, error: GatewayError, now: float) -> None:
        if not watch.lost:
            watch.lost_since = now
        watch.lost += 1
        if not error.passing or watch.lost >= TELL_AFTER:
            if error.passing and self._reader.answered_at <= watch.lost_since:
                self._reader.tell(f"batch {batch.number}", error)  # no batch gets an answer
            elif not watch.told_lost:
                watch.told_lost = True
                gone = (
                    ". What the service still has: siptui batches; if it has this one no more, "
                    f"give it up: siptui resume {self._run_log.run} --give-up {batch.number}"
                    if error.status == 404
                    else ""
                )
                self._run_log.note(
                    f"its status cannot be read: {error.message.rstrip('.')}; still trying{gone}",
                    level="warning",
                    batch=batch.number,
                )
        watch.due = now + watch.backoff.next()

    def _denied(self, error: AccessDeniedError, now: float) -> None:
        """Following goes on for a while: a role may have run out and be activated again."""
        self._refused(stopped_by(error))
        if self._denied_since is None:
            self._denied_since = now
        if now - self._denied_since >= _DENIED:
            raise stopped_by(error) from error

    async def _status(self, batch: BatchRecord) -> BatchStatus:
        status = await self._service.batch_status(batch.batch_id)
        if status.batch_id and status.batch_id.casefold() != batch.batch_id.casefold():
            raise AnswerUnreadableError(
                f"asked for batch {batch.batch_id}, the service answered of {status.batch_id}"
            )
        return status

    def _finish(self, batch: BatchRecord, watch: _Watch, status: BatchStatus, now: float) -> bool:
        open_devices = undecided(self._run_log.state, batch)
        said = {item.key: item for item in status.items}
        ended = {key for key, item in said.items() if item.ended}
        if status.phase is Phase.RUNNING and any(r.device.key not in ended for r in open_devices):
            watch.over_since = None
            return False
        if status.phase is Phase.RUNNING or open_devices:
            # Only one of the two is known to be over. The other may lag behind.
            if watch.over_since is None:
                watch.over_since = max(now, watch.last_change)
            grace = _GRACE if open_devices else _STILL_RUNNING
            if now - max(watch.over_since, watch.last_change) < grace:
                return False
        records = self._run_log.state.devices
        # A device that failed keeps the text it failed with, unless its cause became another.
        events: list[Event] = [
            change
            for change in news(self._run_log.state, batch, status)
            if other_cause(records[change.device], change)
        ]
        for record in open_devices:
            item = said.get(record.device.key)
            words = " ".join(filter(None, (item.word, item.error))) if item else ""
            why = f"the batch ended with the word {words!r}" if words else "the batch ended without"
            events.append(
                DeviceChanged(
                    device=record.index,
                    batch=batch.number,
                    state=DeviceState.UNKNOWN,
                    word=item.word if item else "",
                    error=f"{why} a result for this device" if not words else why,
                )
            )
        if events:
            self._run_log.write(*events)
        succeeded, failed, unknown = tally(self._run_log.state, batch)
        self._run_log.write(
            BatchFinished(
                batch=batch.number,
                batch_id=batch.batch_id,
                succeeded=succeeded,
                failed=failed,
                unknown=unknown,
            )
        )
        return True

    def _warn_when_stale(self, batch: BatchRecord, watch: _Watch, now: float) -> None:
        minutes = (now - watch.last_change) / 60
        for limit, text in _STALE:
            if minutes >= limit > watch.told_minutes:
                watch.told_minutes = limit
                said = text.format(
                    batch_id=batch.batch_id, run=self._run_log.run, number=batch.number
                )
                self._run_log.note(said, level="warning", batch=batch.number)
                return

    def _tell_of_odd(self, batch: BatchRecord, status: BatchStatus) -> None:
        if not status.odd and not status.gap:
            return
        said = [*status.odd[:1], status.gap]
        more = f", and {len(status.odd) - 1} more" if len(status.odd) > 1 else ""
        self._run_log.note_once(
            f"a part of its status cannot be read{more}: {'; '.join(filter(None, said))}",
            kind="status",
            batch=batch.number,
        )

    def _tell_of_strangers(self, batch: BatchRecord, watch: _Watch, status: BatchStatus) -> None:
        mine = {self._run_log.state.devices[i].device.key for i in batch.devices}
        others = [item for item in status.items if item.named and item.key not in mine]
        if others and not watch.strangers:
            watch.strangers = True
            self._run_log.write(
                Note(
                    level="warning",
                    batch=batch.number,
                    text=f"the service lists {len(others)} devices in it that were not sent, "
                    f"first {others[0].user_name} {others[0].hardware_id}",
                )
            )
