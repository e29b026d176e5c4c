"""An emulated tenant with clients of its three services, in emulated time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.public_address import parse_public
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import Scenario, read_scenario
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.protocol import Phase
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.preflight.change_log import Record, Who
from siptui.preflight.check import Preflight, check
from siptui.preflight.fix_runner import Fixer, OnOutcome
from siptui.preflight.read import Sources
from siptui.transport.http import open_client
from tests.support.emulated_time import START, now

_URL = "https://emulator.invalid"


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return "t"


@dataclass(frozen=True)
class EmulatedServices:
    """An emulated tenant, and clients of the services that a preflight reads."""

    emulator: Emulator
    sources: Sources
    bulk: BulkSignInClient

    async def preflight(
        self, devices: Sequence[Device], *, public_ips: Iterable[str] = ()
    ) -> Preflight:
        networks = [parse_public(ip) for ip in public_ips]
        return await check(devices, self.sources, public_ips=networks, now=now)

    async def errors(self, devices: Sequence[Device]) -> dict[str, str]:
        """What bulk sign-in itself says of each device: hardware id → error text, or nothing."""
        found: dict[str, str] = {}
        for at in range(0, len(devices), 100):
            part = devices[at : at + 100]
            accepted = await self.bulk.create_batch(part[0].region, part)
            while True:
                await asyncio.sleep(60)
                status = await self.bulk.batch_status(accepted.batch_id)
                if status.phase is not Phase.RUNNING:
                    break
            found |= {item.hardware_id: item.error for item in status.items}
        return found

    def fixer(self, folder: Path, on_outcome: OnOutcome | None = None) -> Fixer:
        return Fixer(self.sources, self.record(folder), on_outcome=on_outcome)

    def record(self, folder: Path) -> Record:
        def clock() -> datetime:
            return now()

        return Record(folder, tenant="contoso", who=Who("admin@contoso.com"), now=clock)


@contextlib.asynccontextmanager
async def emulated_services(scenario: Scenario | str) -> AsyncIterator[EmulatedServices]:
    """A tenant of this scenario (TOML, or a name). Use inside `emulated_time.run`."""
    if isinstance(scenario, str) and "\n" in scenario:
        scenario = read_scenario(scenario, "test")
    emulator = Emulator(scenario, epoch=START)
    async with open_client(transport=emulator.transport()) as http:
        tokens = _Token()
        sources = Sources(
            TenantAdminClient(http, _URL, tokens),
            DirectoryClient(http, _URL, tokens),
            InventoryClient(http, _URL, tokens),
        )
        yield EmulatedServices(emulator, sources, BulkSignInClient(http, _URL, tokens))
