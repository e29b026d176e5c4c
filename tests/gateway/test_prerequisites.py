"""The contract of prerequisites over the clients: in this process, and over a loopback port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.emulator.scenario import Scenario, load_scenario
from siptui.gateway.graph_client import DirectoryClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.gateway.tenant_client import TenantAdminClient
from siptui.transport import Http, open_client
from tests.gateway.prerequisites_contract import Opened, PrerequisitesContract, Sources
from tests.gateway.service import Tokens
from tests.support.emulator import running_emulator


def scenario(roles: list[str] | None = None, **wire: object) -> Scenario:
    packed = load_scenario("prerequisites")
    auth = msgspec.structs.replace(packed.auth, roles=None if roles is None else tuple(roles))
    lag = msgspec.structs.replace(packed.lag, replicas=3)
    written = msgspec.structs.replace(packed.wire, **wire)
    return msgspec.structs.replace(packed, auth=auth, lag=lag, wire=written)


def sources(http: Http, address: str) -> Sources:
    return Sources(
        TenantAdminClient(http, address, Tokens()),
        DirectoryClient(http, address, Tokens()),
        InventoryClient(http, address, Tokens()),
    )


class InProcess(PrerequisitesContract):
    WIRE: dict[str, object] = {}  # noqa: RUF012 - read only

    @pytest.fixture
    def opened(self) -> Opened:
        @contextlib.asynccontextmanager
        async def opened(**more: list[str]) -> AsyncIterator[Sources]:
            emulator = Emulator(scenario(**more, **self.WIRE))  # type: ignore[arg-type] # passed on
            async with open_client(transport=emulator.transport()) as http:
                yield sources(http, BASE_URL.replace("http:", "https:"))

        return opened


class TestAsSeen(InProcess):
    """Answers as far as anybody saw them."""


class TestInSnakeCase(InProcess):
    """The same in snake_case."""

    WIRE = {"admin_casing": "snake"}  # noqa: RUF012


class TestOtherwise(InProcess):
    """The older shape of policies, other casing, and the other path of assignments."""

    WIRE = {"admin_casing": "lower", "policies": "older", "grants": "go-teams"}  # noqa: RUF012

    def test_accounts_are_read_from_both_sides(self, opened: Opened, run: Callable) -> None:
        async def main() -> None:
            async with opened() as found:
                (user,) = await found.admin.users(["man-reception@contoso.com"])
                assert user.calling_policy
                assert user.calling_policy.name == "SIPDevices"
                (inherits,) = await found.admin.users(["man-guard-post@contoso.com"])
                assert inherits.calling_policy
                assert inherits.calling_policy.how == "global"

        run(main())

    def test_policies_and_numbers_are_assigned_and_taken_back(
        self, opened: Opened, run: Callable
    ) -> None:
        async def main() -> None:
            from siptui.gateway.tenant_model import PolicyType

            async with opened() as found:
                (user,) = await found.admin.users(["man-reception@contoso.com"])
                await found.admin.grant_policy(user, PolicyType.CALLING, "Sales")

                async def now() -> str:
                    (user,) = await found.admin.users(["man-reception@contoso.com"])
                    return user.calling_policy.name if user.calling_policy else ""

                await self._until(now, lambda name: name == "Sales")

        run(main())


class TestOverLoopback(PrerequisitesContract):
    """The emulator on a port, a thousand times as fast."""

    PAUSE = 0.02

    @pytest.fixture
    def run(self) -> Callable[..., object]:
        return asyncio.run

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Opened:
        @contextlib.asynccontextmanager
        async def opened(**more: list[str]) -> AsyncIterator[Sources]:
            with running_emulator(scenario(**more), speed=1000, until_ended=False) as emulator:
                async with open_client() as http:
                    yield sources(http, emulator.url)

        return opened
