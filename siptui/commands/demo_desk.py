"""The demo tenant as a desk: the emulator, the real client and the real engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from siptui.commands.local_desk import LocalDesk
from siptui.emulator.demo import DEMO_SCENARIO
from siptui.emulator.emulator import Emulator
from siptui.gateway.client import BulkSignInClient
from siptui.gateway.protocol import BulkSignIn
from siptui.transport import open_client

#: How much faster than a real tenant the demo's phones sign in.
SPEED = 4.0
_BASE = "https://emulator.invalid"  # any host: nothing leaves the process


class _Token:
    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        return "demo"


def demo_desk(folder: Path, *, speed: float = SPEED) -> LocalDesk:
    """A desk in the emulated tenant; journal and all in `folder`."""
    emulator = Emulator(DEMO_SCENARIO, speed=speed)

    @asynccontextmanager
    async def connect() -> AsyncIterator[BulkSignIn]:
        async with open_client(transport=emulator.transport()) as http:
            yield BulkSignInClient(http, _BASE, _Token())

    return LocalDesk(
        folder / "journal.db",
        connect,
        tenant=f"{emulator.scenario.tenant.name} (emulated)",
        account="demo operator",
    )
