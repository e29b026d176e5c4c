"""Where rows stand, for the console: asked in a loop of their own, told in the screen's."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from msgspec import Struct

from siptui.background_loop import BackgroundLoop
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.gateway.operator_names import NamesById, OperatorNames
from siptui.gateway.tenant_model import Inventory
from siptui.runs.host_tenant import HostTenant
from siptui.runs.rollout.evidence import Evidence, RowStanding, Seen, SourceRead
from siptui.runs.rollout.history import read_history
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import (
    BatchReads,
    OnProgress,
    read_evidence,
    read_inventory,
    unreadable,
    with_names,
)


class StatusSources(Struct, frozen=True):
    """What a standing is read from, beside the journals of this host."""

    client: BatchReads
    inventory: Inventory | None
    #: Where the names of those who submitted batches are looked up, if anywhere.
    directory: NamesById | None = None


#: Opens the sources, and closes them.
Opening = Callable[[], AbstractAsyncContextManager[StatusSources]]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ConsoleStatus:
    """The `StatusReads` of one tenant on this host."""

    def __init__(
        self,
        host: Callable[[], HostTenant],
        opening: Opening,
        background: BackgroundLoop,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._host = host
        self._opening = opening
        self._background = background
        self._now = now
        self._names = OperatorNames()

    async def read(
        self, devices: Sequence[Device], listed: Collection[str], on_progress: OnProgress
    ) -> tuple[list[RowStanding], Evidence]:
        """Where each of `devices` stands and what is gone, and what was read for it. A source that
        cannot be read is told in the evidence; nothing is raised for it."""
        loop = asyncio.get_running_loop()

        def tell(done: int, of: int) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(on_progress, done, of)

        return await self._background.ask(self._read(devices, listed, tell))

    async def _read(
        self, devices: Sequence[Device], listed: Collection[str], tell: OnProgress
    ) -> tuple[list[RowStanding], Evidence]:
        now = self._now
        # In a thread: a long history would hold up what else this loop does.
        history = await asyncio.to_thread(read_history, self._host(), now(), devices)
        try:
            async with self._opening() as sources:
                evidence = await read_evidence(
                    history,
                    sources.client,
                    sources.inventory,
                    now=now,
                    rows=len(devices),
                    on_progress=tell,
                )
                evidence = await with_names(evidence, self._names, sources.directory)
        except SiptuiError as error:
            evidence = unreadable(history, error, now())
        rows = await asyncio.to_thread(reconcile, devices, evidence, now(), listed=listed)
        return rows, evidence

    async def inventory(self) -> tuple[Mapping[str, Seen], SourceRead]:
        """The phones of the device inventory as they are now; an error is told in the source."""

        async def work() -> tuple[Mapping[str, Seen], SourceRead]:
            try:
                async with self._opening() as sources:
                    return await read_inventory(sources.inventory, self._now())
            except SiptuiError as error:
                why = f"{error.title}: {error.message}"
                return {}, SourceRead("inventory", self._now(), error=why, cause=error)

        return await self._background.ask(work())
