"""Looking for a batch whose answer was lost."""

import asyncio
import random
from functools import partial

from siptui.domain.state import BatchState
from siptui.gateway.errors import GatewayError
from siptui.gateway.json_lists import gap_of
from siptui.gateway.protocol import BulkSignIn
from siptui.runs.engine.backoff import Backoff, Pace
from siptui.runs.engine.batch_matching import candidates, may_be, same_batch
from siptui.runs.engine.service_reads import Reader
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import BatchAccepted, BatchUnsettled
from siptui.runs.run_log import RunLog
from siptui.runs.state import BatchRecord

#: Looks that must have succeeded before "it is not there" counts.
_LOOKS = 3


class Settler:
    """Settles doubts of one region by the rule: one exact match is adopted, else the operator."""

    def __init__(
        self,
        run_log: RunLog,
        service: BulkSignIn,
        reader: Reader,
        pace: Pace,
        rng: random.Random,
        tenant: TenantLook,
    ) -> None:
        self._run_log = run_log
        self._service = service
        self._reader = reader
        self._pace = pace
        self._rng = rng
        self._tenant = tenant

    async def settle(self, batch: BatchRecord) -> None:
        """Look for `batch` until it is found or the time for it is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._run_log.state.options.settle_seconds
        backoff = Backoff(self._rng, 2.0, 15.0)
        looks = 0
        while _open(batch):
            matches, unread, gap = await self._look(batch)
            looks += 1
            if not _open(batch):
                return  # the operator was quicker
            if len(matches) == 1 and not unread:
                self._run_log.write(
                    BatchAccepted(batch=batch.number, batch_id=matches[0], adopted=True)
                )
            elif len(matches) > 1:
                self._unsettled(batch, f"{len(matches)} batches have exactly its devices", matches)
            elif loop.time() >= until and looks >= _LOOKS:
                found = matches + unread
                self._unsettled(batch, _why(found, gap), found)
            else:
                await asyncio.sleep(backoff.next())

    def _unsettled(self, batch: BatchRecord, why: str, found: list[str]) -> None:
        self._run_log.write(BatchUnsettled(batch=batch.number, why=why, candidates=found))

    async def _look(self, batch: BatchRecord) -> tuple[list[str], list[str], str]:
        """The ids of new batches with exactly the same devices, and of those not readable; and
        what of the tenant's batches could not be looked at, for people, or nothing."""
        summaries = await self._reader.read(
            "the tenant's batches", self._pace, self._service.batch_summaries
        )
        matches, unread, partly = [], [], []
        elsewhere = self._tenant.submitted_elsewhere()
        for summary in candidates(self._run_log.state, batch, summaries, elsewhere):
            batch_id = summary.batch_id
            try:
                status = await self._reader.once(
                    self._pace, partial(self._service.batch_status, batch_id)
                )
            except GatewayError:
                unread.append(batch_id)
                continue
            if same_batch(self._run_log.state, batch, status):
                matches.append(batch_id)
            elif may_be(self._run_log.state, batch, summary, status):
                partly.append(batch_id)
        gaps = [gap_of(summaries)]
        if partly:
            gaps.append(f"batch {', '.join(partly)} does not list all of its devices")
        return matches, unread, "; ".join(filter(None, gaps))


def _why(found: list[str], gap: str) -> str:
    """Why the operator must decide: `found` cannot be read, `gap` was not looked at."""
    if found:
        return "a new batch of the tenant cannot be read, so it may be this one"
    if gap:
        return f"it may be in what the service did not show of the tenant's batches: {gap}"
    return "no new batch of the tenant has exactly its devices"


def _open(batch: BatchRecord) -> bool:
    return batch.state is BatchState.IN_DOUBT
