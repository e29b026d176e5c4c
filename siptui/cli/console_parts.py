"""What the console asks for beyond the list and its runs: batches, prerequisites, standings,
profiles. `Later` keeps this module, and all that it imports, out of the first frame."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from msgspec import Struct

from siptui.app.all_profiles import HostProfiles
from siptui.app.console_preflight import ConsoleChecks
from siptui.app.console_status import ConsoleStatus, StatusSources
from siptui.app.role_end import ask_role_end
from siptui.app.session import Selected, Session
from siptui.background_loop import BackgroundLoop
from siptui.cli.preflight_options import record_of, sources_of
from siptui.gateway.operator_names import NamesById
from siptui.gateway.protocol import BulkSignIn
from siptui.gateway.tenant_model import RoleEnd
from siptui.preflight.read import Sources
from siptui.runs.service import RunService
from siptui.runs.tenant_batches import TenantBatches

#: Opens a session with the tenant, and closes it.
Opening = Callable[[], AbstractAsyncContextManager[Session]]


class Parts(Struct, frozen=True):
    """Each under its name in `ConsoleOptions`."""

    tenant_batches: TenantBatches
    checks: ConsoleChecks
    status: ConsoleStatus
    role_end: Callable[[], Awaitable[RoleEnd | None]]
    profiles: HostProfiles


def parts(
    selected: Selected, run_service: RunService, session: Opening, background: BackgroundLoop
) -> Parts:
    """Those of a profile. Nothing is asked yet."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[BulkSignIn]:
        async with session() as opened:
            yield opened.client

    @asynccontextmanager
    async def sources() -> AsyncIterator[Sources]:
        async with session() as opened:
            yield sources_of(opened)

    @asynccontextmanager
    async def status_sources() -> AsyncIterator[StatusSources]:
        async with session() as opened:
            yield StatusSources(opened.client, opened.inventory, opened.directory)

    @asynccontextmanager
    async def directory() -> AsyncIterator[NamesById | None]:
        async with session() as opened:
            yield opened.directory

    return Parts(
        TenantBatches(selected.journal, run_service, connect, background, directory=directory),
        ConsoleChecks(sources, background, lambda: record_of(selected, run_service.account)),
        ConsoleStatus(lambda: run_service.host, status_sources, background),
        lambda: background.ask(ask_role_end(session)),
        HostProfiles(),
    )
