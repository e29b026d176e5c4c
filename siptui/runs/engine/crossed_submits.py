"""Batches that others submitted at the same time as the run, with devices of its own in them.

The service has nothing by which two hosts could exclude each other: within the seconds for which a
list of batches holds, both may submit a device. It cannot be undone, so it is told.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from siptui.domain.region import Region
from siptui.domain.state import BatchState
from siptui.gateway.errors import GatewayError
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn
from siptui.runs.engine.backoff import Pace
from siptui.runs.engine.batch_matching import items_of, own_ids
from siptui.runs.engine.run_stop import RunStop
from siptui.runs.engine.service_reads import Reader
from siptui.runs.engine.summaries import Summaries
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.run_log import RunLog
from siptui.runs.state import BatchRecord
from siptui.runs.wakeup import Wakeup

#: Seconds after a submit at which a list is read for it, and how old one may be that was read for
#: free slots: what another host submitted at the same time is in it, as a rule. How far the list
#: lags behind is not known.
_LOOK, _RECENT = 60.0, 30.0


class CrossedSubmits:
    """Looks for them once after each submit of a run, while its batch is live."""

    def __init__(
        self,
        run_log: RunLog,
        service: BulkSignIn,
        reader: Reader,
        paces: Mapping[Region, Pace],
        wakeup: Wakeup,
        summaries: Summaries,
        tenant: TenantLook,
    ) -> None:
        self._run_log = run_log
        self._service = service
        self._reader = reader
        self._paces = paces
        self._wakeup = wakeup
        self._summaries = summaries
        self._tenant = tenant
        #: Numbers of the run's batches that need no look any more.
        self._done: set[int] = set()

    async def run(self) -> None:
        """Look whenever it is time, for ever."""
        while True:
            ages = {batch.number: self._age(batch) for batch in self._waiting()}
            due = [number for number, age in ages.items() if age >= _LOOK]
            if not due:
                await self._wakeup.wait(_LOOK - max(ages.values()) if ages else None)
                continue
            self._done.update(due)
            try:
                for number in due:
                    await self._look(self._run_log.state.batches[number])
            except RunStop:
                return  # those who follow the batches meet it, too

    async def _look(self, batch: BatchRecord) -> None:
        pace = self._paces[batch.region]
        try:
            summaries = await self._summaries.recent(pace, _RECENT)
        except GatewayError:
            return  # it is only to tell; the batches are followed all the same
        before = {name.casefold() for name in batch.known}
        mine = own_ids(self._run_log.state) | self._tenant.submitted_elsewhere()
        for summary in summaries:
            if summary.batch_id.casefold() not in before | mine:
                # One that cannot be read hides none of the others.
                with suppress(GatewayError):
                    self._tell(batch, summary, await self._status(pace, summary.batch_id))

    async def _status(self, pace: Pace, batch_id: str) -> BatchStatus:
        return await self._reader.once(pace, lambda: self._service.batch_status(batch_id))

    def _tell(self, batch: BatchRecord, summary: BatchSummary, status: BatchStatus) -> None:
        devices = (self._run_log.state.devices[i].device for i in batch.devices)
        both = [device for device in devices if items_of(device, status.items)]
        if not both:
            return
        by = f" of {summary.user_id}" if summary.user_id else ""
        at = f", submitted at {summary.request_time}," if summary.request_time else ""
        count = "1 of its devices" if len(both) == 1 else f"{len(both)} of its devices"
        self._run_log.note_once(
            f"batch {summary.batch_id}{by}{at} has {count} or their accounts, too, first "
            f"{both[0].user_name} on {both[0].hardware_id}. Both batches reset their passwords, "
            "and the one that gets to a phone last counts: check these phones when both are over",
            kind=f"crossed {summary.batch_id}",
            batch=batch.number,
        )

    def _waiting(self) -> Sequence[BatchRecord]:
        return [
            batch
            for batch in self._run_log.state.batches.values()
            if batch.state is BatchState.RUNNING
            and not batch.adopted
            and batch.number not in self._done
        ]

    def _age(self, batch: BatchRecord) -> float:
        since = self._run_log.clock() - datetime.fromisoformat(batch.submitted_at)
        return since.total_seconds()
