"""A run on the emulated tenant in emulated time, for tests of the engine."""

import random
from collections.abc import Sequence
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import Scenario
from siptui.gateway.client import BulkSignInClient
from siptui.runs.book import Book
from siptui.runs.engine import Engine
from siptui.runs.events import Options, RunFinished, RunStopped
from siptui.runs.office import Office, load
from siptui.runs.state import RunState
from siptui.transport.http import open_client
from tests.support.emulated_time import START, now


def device(number: int, region: Region = Region.EMEA, user: str = "") -> Device:
    """A phone that differs from every other by its number."""
    digits = f"0004F2{number:06X}"
    mac = "-".join(digits[i : i + 2] for i in range(0, 12, 2))
    name = user or f"room{number}@contoso.example"
    return Device(number + 2, UserName.parse(name), HardwareId.parse(mac), region)


def devices(count: int, regions: Sequence[Region] = (Region.EMEA,)) -> list[Device]:
    """`count` phones, the regions in turn."""
    return [device(i, regions[i % len(regions)]) for i in range(count)]


class _Token:
    async def token(self, *, refresh: bool = False) -> str:
        return "test-token"


class Bench:
    """A journal, an emulated tenant and engines between them. Use inside `emulated_time.run`."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario | str = "healthy",
        *,
        seed: int = 1,
        journal: str = "journal.db",
    ) -> None:
        self.path = folder / journal
        self.emulator = Emulator(scenario, seed=seed, epoch=START)
        self.tenant = self.emulator.tenant
        self.ledger = self.tenant.ledger
        self.office = Office(self.path, tenant="Contoso", now=now)
        self.seed = seed

    def create(self, wanted: Sequence[Device], options: Options | None = None) -> str:
        """A planned run."""
        return self.office.create(
            wanted, file="list.csv", sha256="0" * 64, skipped=0, options=options or Options()
        )

    def engine(self, run: str, *, sign_in_wait: float = 0.0) -> Engine:
        """An engine of its own process, as far as it can tell."""
        http = open_client(transport=self.emulator.transport())
        client = BulkSignInClient(http, "https://emulator.invalid", _Token())
        book = Book(self.office.journal, run, now)
        return Engine(book, client, rng=random.Random(self.seed), sign_in_wait=sign_in_wait)

    async def work(self, run: str, *, sign_in_wait: float = 0.0) -> RunFinished | RunStopped:
        """Carry the run out to its end."""
        return await self.engine(run, sign_in_wait=sign_in_wait).run()

    def state(self, run: str) -> RunState:
        """The run as the journal tells it."""
        return load(self.office.journal, run)
