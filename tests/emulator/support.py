"""Talking to an emulator in emulated time, without the product's own client."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from typing import Any

from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.emulator.scenario import Scenario, read_scenario
from tests.support import emulated_time
from tests.transport import web

BULK = "/Teams.SipDevicesGatewayManagement/v1"
TOKEN = {"Authorization": "Bearer anything"}


def scenario(text: str = "") -> Scenario:
    """The scenario in this TOML."""
    return read_scenario(text, "test.toml")


def mac(number: int) -> str:
    """The hardware id of the nth test phone."""
    return f"00-15-65-{number >> 16 & 255:02X}-{number >> 8 & 255:02X}-{number & 255:02X}"


def devices(count: int, start: int = 0) -> list[tuple[str, str]]:
    """So many devices with an account each."""
    return [(f"room-{n}@contoso.com", mac(n)) for n in range(start, start + count)]


class Caller:
    """A careless client: calls the emulator and hands back what came."""

    def __init__(self, emulator: Emulator, client: web.AsyncClient) -> None:
        self.emulator = emulator
        self.tenant = emulator.tenant
        self.ledger = emulator.tenant.ledger
        self.client = client

    async def submit(
        self, items: Iterable[tuple[str, str]], region: str = "EMEA", **more: Any
    ) -> web.Response:
        """createbatch."""
        body = [{"UserName": user, "HardwareId": hardware_id} for user, hardware_id in items]
        return await self.client.post(
            f"{BULK}/createbatch?TargetRegion={region}", json=body, **more
        )

    async def status(self, batch_id: str) -> Any:
        """batchstatus, as JSON."""
        answer = await self.client.get(f"{BULK}/batchstatus", params={"batchid": batch_id})
        return answer.raise_for_status().json()

    async def summaries(self) -> Any:
        """batchsummaries, as JSON."""
        answer = await self.client.get(f"{BULK}/batchsummaries")
        return answer.raise_for_status().json()

    def pass_time(self, seconds: float) -> None:
        """Set the tenant's time forward."""
        self.tenant.advance(seconds)

    async def errors(self, items: list[tuple[str, str]], region: str = "EMEA") -> list[str | None]:
        """Submit, wait for the end; the error of each item."""
        answer = await self.submit(items, region)
        self.pass_time(7200)
        status = await self.status(answer.json()["batchId"])
        assert status["batchStatus"] == "Completed"
        return [item["error"] for item in status["batchItems"]]


@contextlib.asynccontextmanager
async def calling(text: str | Scenario = "", **options: Any) -> AsyncIterator[Caller]:
    """A caller of an in-process emulator of this scenario."""
    options.setdefault("epoch", emulated_time.START)
    emulator = Emulator(text if isinstance(text, Scenario) else scenario(text), **options)
    async with web.client_of(emulator, base_url=BASE_URL, headers=TOKEN, timeout=30) as client:
        yield Caller(emulator, client)
