"""The contract over the client: with the emulator in this process, and over a loopback port;
and over recordings of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.emulator.emulator import BASE_URL, Emulator
from siptui.emulator.recording import load_recording
from siptui.emulator.replay import replaying
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.protocol import BulkSignIn
from siptui.transport import open_client
from siptui.transport.recorder import Recorder
from tests.gateway.contract import BulkSignInContract, Open
from tests.gateway.service import Tokens
from tests.support import emulated_time
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
            with running_emulator("healthy", speed=1000, until_ended=False) as emulator:
                async with open_client() as http:
                    yield BulkSignInClient(http, emulator.url, Tokens())

        return opened


class TestOverARecording(BulkSignInContract):
    """Each test is met by the emulator and recorded, and then met by the recording alone."""

    @pytest.fixture
    def backend(self, request: pytest.FixtureRequest, tmp_path: Path) -> Open:
        path = tmp_path / "contract.jsonl"

        @contextlib.asynccontextmanager
        async def recorded(devices: list[Device]) -> AsyncIterator[BulkSignIn]:
            transport = Emulator("healthy").transport()
            with Recorder(path) as recorder:
                async with open_client(transport=transport, watchers=[recorder]) as http:
                    yield BulkSignInClient(http, BASE_URL.replace("http:", "https:"), Tokens())

        getattr(self, request.node.originalname)(recorded, emulated_time.run)
        asked = path.read_text().splitlines()

        @contextlib.asynccontextmanager
        async def replayed(devices: list[Device]) -> AsyncIterator[BulkSignIn]:
            emulator = replaying(load_recording(path), Emulator("healthy"))
            async with open_client(transport=emulator.transport()) as http:
                yield BulkSignInClient(http, BASE_URL.replace("http:", "https:"), Tokens())
            assert len(asked) > 1
            assert not emulator.tenant.ledger.submits, "nothing but the recording answered"

        return replayed
