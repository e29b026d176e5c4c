"""The emulated tenant behind a console in a test, asked by the real client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from siptui.app.console_preflight import ConsoleChecks
from siptui.app.console_status import ConsoleStatus, StatusSources
from siptui.background_loop import BackgroundLoop
from siptui.domain.region import Region
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import Scenario
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.operator_names import NamesById
from siptui.gateway.protocol import BulkSignIn
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.preflight.change_log import Record, Who
from siptui.preflight.read import Sources
from siptui.runs import events as ev
from siptui.runs.tenant_batches import TenantBatches
from siptui.transport import open_client
from tests.tui.scripted_runs import START, ScriptedRuns, make_devices


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return "t"


class Service:
    """The demo tenant, in which somebody else has submitted two batches, and its memory."""

    def __init__(
        self, folder: Path, runs: ScriptedRuns | None = None, *, scenario: str | Scenario = "demo"
    ) -> None:
        self.now = 0.0
        self.runs = runs or ScriptedRuns(folder)
        self.error: Exception | None = None
        self.before: Callable[[], Awaitable[object]] | None = None
        self.emulator = emulator = Emulator(scenario, clock=lambda: self.now, epoch=START)

        @asynccontextmanager
        async def connect() -> AsyncIterator[BulkSignIn]:
            if self.before:
                await self.before()
            if self.error:
                raise self.error
            async with open_client(transport=emulator.transport()) as http:
                yield BulkSignInClient(http, "https://emulator.invalid", _Token())

        self._connect = connect

        @asynccontextmanager
        async def sources() -> AsyncIterator[Sources]:
            if self.error:
                raise self.error
            base, token = "https://emulator.invalid", _Token()
            async with open_client(transport=emulator.transport()) as http:
                yield Sources(
                    TenantAdminClient(http, base, token),
                    DirectoryClient(http, base, token),
                    InventoryClient(http, base, token),
                )

        @asynccontextmanager
        async def status_sources() -> AsyncIterator[StatusSources]:
            if self.before:
                await self.before()
            if self.error:
                raise self.error
            base, token = "https://emulator.invalid", _Token()
            async with open_client(transport=emulator.transport()) as http:
                yield StatusSources(
                    BulkSignInClient(http, base, token), InventoryClient(http, base, token)
                )

        @asynccontextmanager
        async def directory() -> AsyncIterator[NamesById | None]:
            async with sources() as opened:
                assert isinstance(opened.directory, DirectoryClient)
                yield opened.directory

        self.background = BackgroundLoop("service")
        self.status = ConsoleStatus(
            lambda: self.runs.host,
            status_sources,
            self.background,
            lambda: START + timedelta(seconds=self.now),
        )
        self.record = Record(folder, tenant="Contoso Ltd", who=Who("admin@contoso.com"))
        self.checks = ConsoleChecks(sources, self.background, lambda: self.record)
        self.tenant_batches = TenantBatches(
            folder / "journal.sqlite", self.runs, connect, self.background, directory=directory
        )

    def submit(self, count: int) -> str:
        """Submit a run as a worker would: in the journal and at the service."""
        devices = make_devices(count)
        run = self.runs.create(
            devices, file="/lists/lobby.csv", sha256="", skipped=0, options=ev.Options()
        )

        async def create() -> str:
            async with self._connect() as service:
                return (await service.create_batch(Region.EMEA, devices)).batch_id

        batch_id = self.background.begin(create()).result(10)
        self.runs.accept(1, batch_id)
        return run
