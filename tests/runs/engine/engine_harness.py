"""A run on the emulated tenant in emulated time, for tests of the engine."""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from siptui.domain.device import Device
from siptui.domain.errors import SignInNeededError
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.domain.text import visible
from siptui.domain.user_name import UserName
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import FaultRule, Scenario, TimingTable
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.host.locks import FileLock
from siptui.logs.audit import AuditLog
from siptui.runs.audit_trail import AuditTrail
from siptui.runs.engine.engine import Engine
from siptui.runs.events import Actor, Event, Note, Options, RunFinished, RunStopped
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import audited_path
from siptui.runs.journal.sqlite_file import COPY, with_suffix
from siptui.runs.run_log import RunLog
from siptui.runs.service import RunService
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from siptui.runs.worker import leave_to_others, take
from siptui.transport.http import open_client
from siptui.transport.throttle import Throttle
from tests.support.emulated_time import START, now

E = TypeVar("E", bound=Event)
#: Every device is signed in, in a third of the usual time: with a third of the looks at a run.
QUICK = Scenario(timing=TimingTable(device=(6, 30), start=(1, 3), finish=(1, 2)))
#: Fewer looks for orders than a real worker takes: emulated hours are made of them.
_ORDER_SECONDS = 4.0


def device(number: int, region: Region = Region.EMEA, user: str = "") -> Device:
    """A phone that differs from every other by its number."""
    digits = f"0004F2{number:06X}"
    mac = "-".join(digits[i : i + 2] for i in range(0, 12, 2))
    name = user or f"room{number}@contoso.example"
    return Device(number + 2, UserName.parse(name), HardwareId.parse(mac), region)


def devices(count: int, regions: Sequence[Region] = (Region.EMEA,)) -> list[Device]:
    """`count` phones, the regions in turn."""
    return [device(i, regions[i % len(regions)]) for i in range(count)]


class KilledError(BaseException):
    """What the code of a process that is no more would meet, if it still ran."""


class _Process(Journal):
    """The journal in the hand of one process. Once killed, nothing of it reaches the disk.

    `dies_at` is the write, counted from 1, right before or `dies_after` which it is killed.
    """

    killed = False
    writes = 0
    dies_at = 0
    dies_after = False

    def append(
        self, run: str, events: Iterable[Event], at: datetime, *, after: int | None = None
    ) -> bool:
        self.writes += 1
        if self.writes == self.dies_at:
            if self.dies_after and not self.killed:
                super().append(run, events, at, after=after)
            self.killed = True
        if self.killed:
            raise KilledError
        return super().append(run, events, at, after=after)


class Work:
    """An engine at work, as in a process of its own."""

    def __init__(self, engine: Engine, journal: _Process, lock: FileLock) -> None:
        self._journal = journal
        self._task = asyncio.create_task(engine.run())
        self._task.add_done_callback(lambda _: lock.release())

    async def end(self) -> RunFinished | RunStopped:
        """What it ended with."""
        return await self._task

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self._task.done()

    async def kill(self) -> None:
        """End it as SIGKILL does. A request that is on its way arrives all the same."""
        self._journal.killed = True
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
        self._journal.close()

    def dies(self, write: int, *, after: bool) -> None:
        """It is killed at this write to the journal, before or `after` the entry is on the disk.
        Then `kill` sees to what is left of it."""
        self._journal.dies_at, self._journal.dies_after = write, after

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return self._journal.killed

    @property
    def writes(self) -> int:
        """How often it wrote to the journal."""
        return self._journal.writes

    async def terminate(self) -> None:
        """Ask it to end, as SIGTERM does."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


class EngineHarness:
    """A journal, an emulated tenant, and engines that work on runs of it in emulated time.

    Use inside `emulated_time.run`.

    `emulator` is the tenant of another harness, for a second operator with a folder of his own.
    `token` is what engines sign in with from now on; nothing stands for none.
    """

    def __init__(
        self,
        folder: Path,
        scenario: Scenario | str = QUICK,
        *,
        seed: int = 1,
        journal: str = "journal.db",
        emulator: Emulator | None = None,
        tenant: str = "Contoso",
    ) -> None:
        self.path = folder / journal
        self.emulator = emulator or Emulator(scenario, seed=seed, epoch=START)
        self.tenant = self.emulator.tenant
        self.ledger = self.tenant.ledger
        self.run_service = RunService(self.path, tenant=tenant, now=now)
        self.seed = seed
        self.token_now = "test-token"
        self.audit: AuditLog | None = None

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """A token, as a `TokenSource` gives it."""
        if not self.token_now:
            raise SignInNeededError("No one is signed in.", remedy="siptui auth login")
        return self.token_now

    def create(self, wanted: Sequence[Device], options: Options | None = None) -> str:
        """A planned run."""
        return self.run_service.create(
            wanted, file="list.csv", sha256="0" * 64, skipped=0, options=options or Options()
        )

    def start(self, run: str, *, sign_in_wait: float = 0.0, role_wait: float = 0.0) -> Work:
        """An engine of its own process, as far as it can tell, at work on `run`."""
        lock = take(self.path, run)
        leave_to_others(self.run_service.journal, run, now(), self.run_service.host)
        http = open_client(transport=self.emulator.transport())
        throttle = Throttle(self.path.parent / ".waits" / "admin_api.json", now)
        client = BulkSignInClient(http, "https://emulator.invalid", self, throttle=throttle)
        journal = _Process(self.path)
        trail = AuditTrail(self.audit, audited_path(self.path, run)) if self.audit else None
        run_log = RunLog(journal, run, now, audit=trail)
        rng = random.Random(self.seed)
        engine = Engine(
            run_log,
            client,
            host=self.run_service.host,
            rng=rng,
            actor=Actor(account="admin@contoso.example", os_user="anna", host="jump1"),
            sign_in_wait=sign_in_wait,
            role_wait=role_wait,
            order_seconds=_ORDER_SECONDS,
        )
        return Work(engine, journal, lock)

    async def work(
        self, run: str, *, sign_in_wait: float = 0.0, role_wait: float = 0.0
    ) -> RunFinished | RunStopped:
        """Carry the run out to its end."""
        return await self.start(run, sign_in_wait=sign_in_wait, role_wait=role_wait).end()

    def forget(self, run: str, *kinds: type[Event]) -> None:
        """Lose the tail of the journal from the first event of these kinds on, in its copy, too."""
        first = min(s.seq for s in self.run_service.journal.read(run) if isinstance(s.event, kinds))
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM events WHERE run = ? AND seq >= ?", (run, first))
        with_suffix(self.path, COPY).unlink(missing_ok=True)

    def fault(self, kind: str, call: str = "createbatch", **more: Any) -> None:
        """From now on something goes wrong on the way."""
        self.emulator.faults.add(
            msgspec.convert({"kind": kind, "call": call, **more}, FaultRule, strict=False)
        )

    def state(self, run: str) -> RunState:
        """The run as the journal tells it."""
        return load(self.run_service.journal, run)

    def events(self, run: str, kind: type[E]) -> list[E]:
        """The run's events of one kind, in order."""
        stored = self.run_service.journal.read(run)
        return [s.event for s in stored if isinstance(s.event, kind)]

    def notes(self, run: str) -> list[str]:
        """What operators were told."""
        return [note.text for note in self.events(run, Note)]

    def differences(self, run: str) -> list[str]:
        """Devices that stand otherwise than the tenant knows; unknown ones are left out."""
        found = []
        for record in self.state(run).devices:
            if record.state is DeviceState.UNKNOWN:
                continue
            truth = self.tenant.truth(record.device.user_name, record.device.hardware_id)
            said = (_TRUTHS.get(truth.state), visible(truth.error))
            if (record.state, record.error) != said:
                found.append(f"{record.device.hardware_id}: {record.state} {record.error}, {truth}")
        return found

    def ids(self) -> list[str]:
        """The service's ids of the batches it accepted from us, in order."""
        return [submit.batch_id for submit in self.ledger.submits]


_TRUTHS = {
    "never_submitted": DeviceState.QUEUED,
    "running": DeviceState.RUNNING,
    "signed_in": DeviceState.SUCCEEDED,
    "failed": DeviceState.FAILED,
}
