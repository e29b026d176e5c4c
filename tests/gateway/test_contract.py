"""The contract over the client: with the emulator in this process, and over a loopback port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from siptui.domain.device import Device
from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.gateway.client import BulkSignInClient
from siptui.gateway.protocol import BulkSignIn
from siptui.transport import open_client
from tests.gateway.contract import BulkSignInContract, Open
from tests.gateway.service import Tokens
from tests.support.emulator import running_emulator


class TestInProcess(BulkSignInContract):
    """The emulator behind an in-process transport, in emulated time."""

    @pytest.fixture
    def backend(self) -> Open:
        @contextlib.asynccontextmanager
        async def opened(devices: list[Device]) -> AsyncIterator[BulkSignIn]:
            emulator = Emulator("healthy")
            async with open_client(transport=emulator.transport()) as http:
                yield BulkSignInClient(http, BASE_URL.replace("http:", "https:"), Tokens())

        return opened


class TestOverLoopback(BulkSignInContract):
    """The emulator on a port, a thousand times as fast."""

    PAUSE = 0.02

    @pytest.fixture
    def run(self) -> Callable[..., object]:
        return asyncio.run

    @pytest.fixture
    def backend(self) -> Open:
        @contextlib.asynccontextmanager
        async def opened(devices: list[Device]) -> AsyncIterator[BulkSignIn]:
            with running_emulator("healthy", speed=1000) as emulator:
                async with open_client() as http:
                    yield BulkSignInClient(http, emulator.url, Tokens())

        return opened
