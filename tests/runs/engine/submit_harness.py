"""The submitter of one region on the emulated tenant, without the rest of the engine."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.emulator.scenario import ForeignBatch, Scenario, TimingTable
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.host.locks import CountedLock
from siptui.host.unused_locks import TURNS
from siptui.runs.engine.backoff import Pace
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.service_reads import Reader, SignInGate
from siptui.runs.engine.submit_turns import SubmitTurns
from siptui.runs.engine.submitter import Submitter
from siptui.runs.engine.summaries import Summaries
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import (
    BatchAccepted,
    BatchFinished,
    BatchSubmitting,
    Event,
    Options,
    Waiting,
)
from siptui.runs.host_tenant import HostTenant
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.http import open_client
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.state_builder import EMEA
from tests.support import emulated_time

E = TypeVar("E", bound=Event)
#: Batches that last for hours, unless a test says otherwise.
LASTING_TIMES = TimingTable(device=(9000, 9000), start=(0, 0), finish=(0, 0))
LASTING = Scenario(timing=LASTING_TIMES)


class Longest(random.Random):
    """Of what may be drawn always the most."""

    def uniform(self, a: float, b: float) -> float:
        """The upper end."""
        return b


class NotedWakeup(Wakeup):
    """Notes how many seconds the submitter meant to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def wait(self, seconds: float | None = None) -> None:
        """Wait."""
        self.waits.append(-1.0 if seconds is None else seconds)
        await super().wait(seconds)


class Submitting:
    """A run of batches of five phones, and the submitter of its region."""

    def __init__(
        self,
        folder: Path,
        count: int = 5,
        *,
        options: Options | None = None,
        scenario: Scenario = LASTING,
        wanted: Sequence[Device] | None = None,
        sign_in_wait: float = 0.0,
        role_wait: float = 0.0,
        region: Region = EMEA,
    ) -> None:
        self.harness = EngineHarness(folder, scenario)
        self.wanted = wanted or devices(count)
        run = self.harness.create(self.wanted, options or Options(batch_size=5))
        self.run = run
        turns = folder / "turns"
        turns.mkdir()
        service = self.harness.run_service
        service.host = HostTenant("Contoso", folder, self.harness.path, turns)
        #: What is asked right before a request leaves: a test may raise what a lost lock does.
        self.leaving: Callable[[], None] = lambda: None
        self.log = RunLog(
            service.journal, run, emulated_time.now, still_mine=lambda: self.leaving()
        )
        #: When each call was heard, in seconds since the beginning.
        self.heard: list[tuple[str, float]] = []
        #: The service's answers have no date; its ids are in other letters while this says so.
        self.dateless = False
        self.signed_in = False
        self.shouting: Callable[[], bool] = lambda: False
        self._hear()
        self.wakeup = NotedWakeup()
        self.log.changed = self.wakeup.wake
        self.throttle = Throttle(None, emulated_time.now)
        rng = Longest()
        http = open_client(transport=self.harness.emulator.transport())
        self.client = BulkSignInClient(
            http, "https://emulator.invalid", self.harness, throttle=self.throttle
        )
        roles = RoleGate(
            self.log,
            self.wakeup,
            self.throttle,
            self.client.batch_summaries,
            patience=role_wait,
            attended=role_wait > 0,
        )
        gate = partial(SignInGate, self.log, self.wakeup, sign_in_wait)
        self.pace = Pace()
        reader = Reader(self.log, rng, gate, self.throttle, roles)
        self.over: set[int] = set()
        #: Another process of the host, which knows nothing of this run.
        self.beside = CountedLock(turns / TURNS)
        parts = (region, self.log, self.client, reader, self.pace, self.wakeup, rng)
        summaries = Summaries(self.client, reader, SubmitTurns(turns))
        look = TenantLook(self.log, self.client, service.host)
        self._parts = (*parts, gate(), roles, summaries, self.over, look)
        self.again()
        self.began = asyncio.get_running_loop().time()
        self.task: asyncio.Task[None] | None = None

    def again(self) -> None:
        """A submitter that knows nothing of what the last one saw."""
        self.over.clear()
        self.submitter = Submitter(*self._parts)

    def _hear(self) -> None:
        inner = self.harness.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            name = scope.get("path", "").casefold().rpartition("/")[2]
            self.heard.append((name, self.passed()))
            shouting = name == "batchsummaries" and self.shouting()

            async def changed(message: Any) -> None:
                if self.dateless and "headers" in message:
                    kept = [h for h in message["headers"] if h[0].lower() != b"date"]
                    message = {**message, "headers": kept}
                if shouting and "body" in message:
                    for other in self.harness.ledger.foreign:
                        old = other.batch_id.encode()
                        body = message["body"].replace(old, old.upper())
                        message = {**message, "body": body}
                await send(message)

            await inner(scope, receive, changed)

        self.harness.emulator.app = app

    def passed(self) -> float:
        """Seconds since the beginning."""
        return round(asyncio.get_running_loop().time() - self.began, 3)

    def calls(self, name: str) -> list[float]:
        """When the service heard this call."""
        return [at for called, at in self.heard if called == name]

    async def until(self, seconds: float) -> None:
        """Let it work until so many seconds have passed since the beginning; what it ends with is
        raised."""
        if self.task is None:
            self.task = asyncio.create_task(self.submitter.run())
        left = self.began + seconds - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait([self.task], timeout=left)
        for task in done:
            task.result()

    async def end(self) -> None:
        """It works no longer."""
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self.task

    def colleague(self, places: Sequence[int] = (), region: Region = EMEA, **more: Any) -> str:
        """A batch of the run's devices at these places begins, or of others; its id."""
        items = tuple(
            (str(self.wanted[i].user_name), str(self.wanted[i].hardware_id)) for i in places
        )
        batch = ForeignBatch(at=0, region=region, items=items, **more)
        self.harness.tenant.start_foreign(batch)
        return self.harness.ledger.foreign[-1].batch_id

    def stop(self) -> None:
        """The operator stops it; nothing has read that yet."""
        self.harness.run_service.stop(self.run)

    def pause(self, *, off: bool = False) -> None:
        """The operator has it paused, or going on; the run knows at once."""
        service = self.harness.run_service
        (service.go_on if off else service.pause)(self.run)
        self.log.look()

    def crowd(self, count: int) -> None:
        """So many other reads of the region wait for their turn."""

        async def read() -> None:
            for _ in range(count):
                await self.pace.turn()

        self._others = [asyncio.create_task(read()) for _ in range(count)]

    def finish(self, number: int) -> None:
        """The batch was followed to its end."""
        batch_id = self.log.state.batches[number].batch_id
        self.log.write(BatchFinished(batch=number, batch_id=batch_id, succeeded=5, failed=0))

    def events(self, kind: type[E]) -> list[E]:
        """The run's events of one kind, in order."""
        return self.harness.events(self.run, kind)

    def sent(self) -> list[int]:
        """The batches that were meant to be submitted, in order."""
        return [event.batch for event in self.events(BatchSubmitting)]

    def out(self) -> list[int]:
        """The devices, by their places, of the batches that were accepted."""
        return sorted(i for b in self.accepted() for i in self.log.state.batches[b].devices)

    def accepted(self) -> list[int]:
        """The batches that were accepted, in order."""
        return [event.batch for event in self.events(BatchAccepted)]

    def told(self, kind: str) -> list[Waiting]:
        """What was told of waits of one kind."""
        return [event for event in self.events(Waiting) if event.kind == kind]

    def violations(self) -> list[Any]:
        """What went wrong at the service for being submitted."""
        return list(self.harness.ledger.violations)


def submitting(
    folder: Path, test: Callable[[Submitting], Awaitable[None]], *args: Any, **more: Any
) -> None:
    """Run `test` in emulated time, which begins a quarter of a second after the full one."""

    async def main() -> None:
        await asyncio.sleep(0.25)
        one = Submitting(folder, *args, **more)
        try:
            await test(one)
        finally:
            await one.end()

    emulated_time.run(main(), limit=48 * 3600)
