"""A look at the tenant's batches before a submit, held against what this host's journals say."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct

from siptui.domain.region import Region
from siptui.gateway.protocol import BatchSummary, BulkSignIn
from siptui.runs.engine.batch_conflicts import Sorted, Tenant, sort_out
from siptui.runs.engine.other_batches import OtherBatches, Others, ReadStatus
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.known_batches import KnownBatches
from siptui.runs.state import RunState

#: Batches of others that are over are read if they are no older than this when the run is planned:
#: a journal that was lost, or a colleague, may have signed its devices in.
_RECENT = timedelta(hours=24)


class Reading(Protocol):
    """The run that the tenant is looked at for. `clock` is the time by which it is written."""

    @property
    def run(self) -> str: ...

    @property
    def state(self) -> RunState: ...

    @property
    def journal(self) -> Journal | None: ...

    def clock(self) -> datetime: ...


class Preview(Struct, frozen=True):
    """A run that is only planned, or not gone on with yet: nothing is written of it."""

    run: str
    state: RunState
    journal: Journal | None
    at: datetime

    def clock(self) -> datetime:
        """The moment of the look."""
        return self.at


class TenantLook:
    """Shared by all regions of a run: what one of them read the others need not read again."""

    def __init__(self, run_log: Reading, service: BulkSignIn, host: HostTenant) -> None:
        self._run_log = run_log
        self._service = service
        self._known = KnownBatches(run_log.journal, lambda: host.beside)
        self._others = OtherBatches()
        self._here: frozenset[str] | None = None
        self._last_here: dict[str, str] = {}

    @property
    def ahead(self) -> timedelta | None:
        """How far the service's clock is ahead of the run's, by its last answer; None where that
        had no date. To be asked right after an answer."""
        there = self._service.service_date
        return there - self._run_log.clock() if there is not None else None

    def submitted_elsewhere(self) -> frozenset[str]:
        """The ids, in lower case, of batches that other runs of this host submitted."""
        return self._known.of_others(self._run_log.run)

    async def look(
        self, region: Region, summaries: Sequence[BatchSummary], read: ReadStatus
    ) -> tuple[Others, Sorted]:
        """What the tenant's batches, which were listed just now, mean for what is queued."""
        run_log, ahead = self._run_log, self.ahead
        here = self.submitted_elsewhere()
        last_here = self._last_submits(run_log.state, here)
        others = await self._others.look(
            run_log.state,
            region,
            summaries,
            run_log.clock() + (ahead or timedelta()),
            read,
            here=here,
            since=_since(run_log.state, region, ahead, last_here),
            planned=_planned(run_log.state, ahead),
        )
        return others, sort_out(run_log.state, region, Tenant(others.batches, ahead, last_here))

    def _last_submits(self, state: RunState, here: frozenset[str]) -> dict[str, str]:
        """When other runs of this host last submitted the run's hardware ids. All of their runs are
        read for it: only when there is a batch more of them (`here`)."""
        if self._here != here:
            ids = {str(record.device.hardware_id) for record in state.devices}
            self._last_here = self._known.last_submits(ids, self._run_log.run)
            self._here = here
        return self._last_here


def _planned(state: RunState, ahead: timedelta | None) -> datetime | None:
    """When the run was planned, by the service's clock."""
    if not state.planned_at:
        return None
    return datetime.fromisoformat(state.planned_at) + (ahead or timedelta())


def _since(
    state: RunState, region: Region, ahead: timedelta | None, last_here: Mapping[str, str]
) -> datetime | None:
    """From when on batches of others count for what is queued, by the service's clock."""
    moments = []
    for batch in state.queued_batches():
        if batch.region is not region:
            continue
        for record in (state.devices[i] for i in batch.devices):
            if record.submitted_at:
                moments.append(datetime.fromisoformat(record.earliest_submit))
                continue
            since = datetime.fromisoformat(batch.planned_at) - _RECENT
            last = last_here.get(str(record.device.hardware_id))
            moments.append(max(since, datetime.fromisoformat(last)) if last else since)
    return min(moments) + (ahead or timedelta()) if moments else None
