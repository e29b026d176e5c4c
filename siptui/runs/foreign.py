"""Other people's batches: they take slots too."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from siptui.domain.region import Region
from siptui.gateway.errors import GatewayError
from siptui.gateway.protocol import BatchStatus, BatchSummary, Phase
from siptui.runs.doubt import own_ids
from siptui.runs.state import RunState
from siptui.runs.times import parse_when

#: A batch older than this is not counted as live, whatever word the service has for it: words
#: for "over" that nobody has seen must not block a region for the 30 days they are listed.
_OLD = timedelta(hours=6)
#: Seconds a batch whose devices all have an outcome is waited for the word that it is over. It
#: keeps its slot that long; but what that word is has not been seen for certain.
ALL_DECIDED = 30.0


class ForeignBatches:
    """Counts the live batches that are not this run's. Remembers which ones are over."""

    def __init__(self, status: Callable[[str], Awaitable[BatchStatus]]) -> None:
        self._status = status
        self._over: set[str] = set()
        self._decided: dict[str, datetime] = {}

    async def live(
        self, state: RunState, region: Region, summaries: Sequence[BatchSummary], now: datetime
    ) -> int:
        """How many batches of others are alive in `region`.

        A batch in doubt may be among the tenant's own already; it is not counted twice.
        """
        open_now = state.open_batches()
        mine = own_ids(state)
        doubts = [b for b in open_now if not b.batch_id and b.region is region]
        old = new = 0
        for summary in summaries:
            name = summary.batch_id.casefold()
            if name in mine or summary.region not in (None, region):
                continue
            if not await self._alive(summary, now):
                continue
            if doubts and all(name not in {i.casefold() for i in d.known} for d in doubts):
                new += 1
            else:
                old += 1
        return old + max(0, new - len(doubts))

    async def _alive(self, summary: BatchSummary, now: datetime) -> bool:
        if summary.phase is not Phase.RUNNING or summary.batch_id in self._over:
            return False
        when = parse_when(summary.request_time)
        if when is not None and now - when > _OLD:
            return False
        with contextlib.suppress(GatewayError):
            status = await self._status(summary.batch_id)
            going_on = not status.items or any(i.phase is Phase.RUNNING for i in status.items)
            if going_on or status.gap:
                self._decided.pop(summary.batch_id, None)
            else:
                self._decided.setdefault(summary.batch_id, now)
            since = self._decided.get(summary.batch_id, now)
            decided = (now - since).total_seconds() >= ALL_DECIDED
            if status.phase is not Phase.RUNNING or decided:
                self._over.add(summary.batch_id)
                return False
        return True
