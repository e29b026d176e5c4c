"""The tenant's batches, read for all regions at once, and what they say of the run's own."""

import asyncio

from siptui.domain.region import Region
from siptui.domain.state import BatchState
from siptui.gateway.json_lists import Listed
from siptui.gateway.protocol import BatchSummary, BulkSignIn, Phase
from siptui.runs.engine.backoff import SPACING, Pace
from siptui.runs.engine.service_reads import Reader
from siptui.runs.engine.submit_turns import SubmitTurns, TurnsTaken
from siptui.runs.state import RunState


class Summaries:
    """Reads the list for the submitters. An answer serves all regions for as long as a region
    waits between two reads anyway, counted from when it was asked for; `turns` is told of each."""

    def __init__(self, service: BulkSignIn, reader: Reader, turns: SubmitTurns) -> None:
        self.turns = turns
        self._service = service
        self._reader = reader
        self._found: tuple[Listed[BatchSummary], TurnsTaken] | None = None
        self._asked = 0.0

    async def read(self, pace: Pace) -> tuple[Listed[BatchSummary], TurnsTaken]:
        """The list, before other reads of the region, and which turns to submit had been taken
        when it was asked for. Raises as `Reader.read`."""
        if self._found is None or asyncio.get_running_loop().time() - self._asked >= SPACING:
            self._found = await self._reader.read(
                "the tenant's batches", pace, self._ask, first=True
            )
        return self._found

    async def recent(self, pace: Pace, seconds: float) -> Listed[BatchSummary]:
        """The list as it was so many `seconds` ago at most. Raises as `Reader.read`."""
        if self._found is not None and self.age <= seconds:
            return self._found[0]
        return (await self.read(pace))[0]

    @property
    def age(self) -> float:
        """How many seconds ago the last answer was asked for."""
        return asyncio.get_running_loop().time() - self._asked

    def forget(self) -> None:
        """The last answer is too old for what happened since."""
        self._found = None

    async def _ask(self) -> tuple[Listed[BatchSummary], TurnsTaken]:
        taken = self.turns.taken()
        asked = asyncio.get_running_loop().time()
        found = await self._service.batch_summaries()
        self._asked = asked
        return found, taken


def over(state: RunState, region: Region, summaries: Listed[BatchSummary]) -> set[int]:
    """The run's live batches in `region` that are over at the service: their slots are free,
    though what became of their devices is still to be read."""
    done = {s.batch_id.casefold() for s in summaries if s.phase is not Phase.RUNNING}
    return {
        b.number
        for b in state.batches.values()
        if b.state is BatchState.RUNNING and b.region is region and b.batch_id.casefold() in done
    }
