"""The demo tenant as a run service: the emulator, the real client and the real engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from siptui.app.console_preflight import ConsoleChecks
from siptui.app.console_status import ConsoleStatus, StatusSources
from siptui.app.in_process_runs import InProcessRunService
from siptui.emulator.demo import DEMO_SCENARIO
from siptui.emulator.emulator import Emulator
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.protocol import BulkSignIn
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.preflight.change_log import Record, Who
from siptui.preflight.read import Sources
from siptui.runs.tenant_batches import TenantBatches
from siptui.transport import open_client
from siptui.transport.throttle import Throttle

#: How much faster than a real tenant the demo's phones sign in.
SPEED = 4.0
_BASE = "https://emulator.invalid"  # any host: nothing leaves the process


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return "demo"


class Demo(Struct, frozen=True):
    """The emulated tenant as a console needs it."""

    run_service: InProcessRunService
    tenant_batches: TenantBatches
    checks: ConsoleChecks
    status: ConsoleStatus
    tenant_id: str


def demo_run_service(folder: Path, *, speed: float = SPEED) -> InProcessRunService:
    """A run service in the emulated tenant; journal and all in `folder`."""
    return demo_tenant(folder, speed=speed).run_service


def demo_tenant(folder: Path, scenario: str = DEMO_SCENARIO, *, speed: float = SPEED) -> Demo:
    """The emulated tenant; journal and all in `folder`."""
    emulator = Emulator(scenario, speed=speed)
    throttle = Throttle()

    @asynccontextmanager
    async def connect() -> AsyncIterator[BulkSignIn]:
        async with open_client(transport=emulator.transport()) as http:
            yield BulkSignInClient(http, _BASE, _Token(), throttle=throttle)

    @asynccontextmanager
    async def sources() -> AsyncIterator[Sources]:
        async with open_client(transport=emulator.transport()) as http:
            token = _Token()
            yield Sources(
                TenantAdminClient(http, _BASE, token, throttle=throttle),
                DirectoryClient(http, _BASE, token),
                InventoryClient(http, _BASE, token),
            )

    @asynccontextmanager
    async def status_sources() -> AsyncIterator[StatusSources]:
        async with open_client(transport=emulator.transport()) as http:
            token = _Token()
            yield StatusSources(
                BulkSignInClient(http, _BASE, token, throttle=throttle),
                InventoryClient(http, _BASE, token),
                DirectoryClient(http, _BASE, token),
            )

    @asynccontextmanager
    async def directory() -> AsyncIterator[DirectoryClient]:
        async with sources() as opened:
            assert isinstance(opened.directory, DirectoryClient)
            yield opened.directory

    def record() -> Record:
        return Record(folder, tenant=tenant.name, who=Who("demo operator"))

    path = folder / "journal.db"
    tenant = emulator.scenario.tenant
    run_service = InProcessRunService(
        path, connect, tenant=f"{tenant.name} (emulated)", account="demo operator"
    )
    # One loop for all who ask the emulator: it lives in one.
    tenant_batches = TenantBatches(
        path, run_service, connect, run_service.background, directory=directory
    )
    return Demo(
        run_service,
        tenant_batches,
        ConsoleChecks(sources, run_service.background, record),
        ConsoleStatus(lambda: run_service.host, status_sources, run_service.background),
        tenant.id,
    )
