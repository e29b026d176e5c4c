"""Looking for a batch whose answer was lost, without the rest of the engine."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.state import BatchState
from siptui.emulator.scenario import ForeignBatch
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.runs.engine.backoff import Pace
from siptui.runs.engine.lost_answers import Settler
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.run_stop import RunStop
from siptui.runs.engine.service_reads import Reader, SignInGate
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import (
    BatchAccepted,
    BatchInDoubt,
    BatchSubmitting,
    BatchUnsettled,
    Event,
    Options,
)
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.http import open_client
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.state_builder import EMEA
from tests.support import emulated_time


class Settling:
    """A run whose batch of five devices was submitted at the beginning, and its answer lost."""

    def __init__(self, folder: Path, settle_seconds: float = 60) -> None:
        self.harness = EngineHarness(folder)
        options = Options(settle_seconds=settle_seconds)
        run = self.harness.create(devices(5), options)
        service, log = (
            self.harness.run_service,
            RunLog(self.harness.run_service.journal, run, emulated_time.now),
        )
        self.log = log
        log.write(
            BatchSubmitting(batch=1, region=EMEA, devices=5), BatchInDoubt(batch=1, why="lost")
        )
        self.heard: list[float] = []
        inner = self.harness.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope.get("path", "").casefold().endswith("batchsummaries"):
                self.heard.append(asyncio.get_running_loop().time())
            await inner(scope, receive, send)

        self.harness.emulator.app = app
        throttle, wakeup, rng = Throttle(None, emulated_time.now), Wakeup(), random.Random(1)
        http = open_client(transport=self.harness.emulator.transport())
        client = BulkSignInClient(http, "https://emulator.invalid", self.harness, throttle=throttle)
        roles = RoleGate(log, wakeup, throttle, client.batch_summaries, patience=0, attended=False)
        gate = partial(SignInGate, log, wakeup, 0.0)
        reader = Reader(log, rng, gate, throttle, roles)
        tenant = TenantLook(log, client, service.host)
        self.settler = Settler(log, client, reader, Pace(), rng, tenant)
        self.batch = log.state.batches[1]
        self.began = asyncio.get_running_loop().time()

    def starts(self, places: Sequence[int] = range(5)) -> str:
        """A batch of the devices at these places begins; its id."""
        wanted = devices(9)
        items = tuple((str(wanted[i].user_name), str(wanted[i].hardware_id)) for i in places)
        self.harness.tenant.start_foreign(ForeignBatch(at=0, region=EMEA, items=items))
        return self.harness.ledger.foreign[-1].batch_id

    async def settle(self) -> tuple[list[Event], float]:
        """What was written of the end of the search, and after how many seconds."""
        await self.settler.settle(self.batch)
        loop = asyncio.get_running_loop()
        stored = self.harness.run_service.journal.read(self.log.run)
        ends = [s.event for s in stored if isinstance(s.event, BatchAccepted | BatchUnsettled)]
        return ends, loop.time() - self.began


def _run(tmp_path: Path, test: Callable[[Settling], Awaitable[None]], **more: float) -> None:
    async def main() -> None:
        await test(Settling(tmp_path, **more))

    emulated_time.run(main(), limit=3600)


def test_the_only_batch_with_its_devices_is_adopted_at_once(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        one.starts([0, 1, 2, 3])
        batch_id = one.starts()
        ends, took = await one.settle()
        assert ends == [BatchAccepted(batch=1, batch_id=batch_id, adopted=True)]
        assert took < 5

    _run(tmp_path, test)


@pytest.mark.parametrize("first", [1, 2])
def test_with_a_new_batch_that_cannot_be_read_none_is_adopted(tmp_path: Path, first: int) -> None:
    """Whichever of the two is read first, and whichever it is that cannot be read."""

    async def test(one: Settling) -> None:
        ids = {one.starts(), one.starts([5, 6])}
        nth = tuple(range(first, 200, 2))
        one.harness.fault("status", "batchstatus", status=500, nth=nth, until=120)
        ends, took = await one.settle()
        (unsettled,) = ends
        assert isinstance(unsettled, BatchUnsettled)
        assert took >= 60
        assert {*unsettled.candidates} <= ids
        assert "cannot be read" in unsettled.why

    _run(tmp_path, test)


def test_it_is_adopted_once_the_other_new_batch_can_be_read(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        batch_id = one.starts()
        one.starts([5, 6])
        one.harness.fault("status", "batchstatus", status=500, until=30)
        ends, took = await one.settle()
        assert ends == [BatchAccepted(batch=1, batch_id=batch_id, adopted=True)]
        assert 30 <= took < 60

    _run(tmp_path, test)


def test_between_two_alike_the_operator_is_to_choose_at_once(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        ids = {one.starts(), one.starts()}
        ends, took = await one.settle()
        (unsettled,) = ends
        assert isinstance(unsettled, BatchUnsettled)
        assert {*unsettled.candidates} == ids
        assert took < 10

    _run(tmp_path, test)


def test_that_it_is_not_there_counts_after_the_time_for_it(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        one.starts([0, 1, 2, 3])
        ends, took = await one.settle()
        (unsettled,) = ends
        assert isinstance(unsettled, BatchUnsettled)
        assert unsettled.candidates == []
        assert 60 <= took < 76

    _run(tmp_path, test)


def test_that_it_is_not_there_takes_three_looks(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        one.harness.fault("slow", "batchsummaries", seconds=20)
        ends, _ = await one.settle()
        assert [type(end) for end in ends] == [BatchUnsettled]
        assert one.harness.ledger.calls["batchsummaries"] == 3

    _run(tmp_path, test, settle_seconds=10)


def test_looks_come_further_apart(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        await one.settle()
        apart = [later - sooner for sooner, later in pairwise(one.heard)]
        assert apart[0] == pytest.approx(2.0, abs=0.1)
        assert 14 < max(apart) <= 15.1

    _run(tmp_path, test, settle_seconds=600)


@pytest.mark.parametrize("there", [True, False])
def test_an_operator_who_is_quicker_has_decided(tmp_path: Path, there: bool) -> None:
    async def test(one: Settling) -> None:
        if there:
            one.starts()
        one.harness.fault("slow", "batchsummaries", seconds=20)
        settling = asyncio.create_task(one.settle())
        await asyncio.sleep(5)
        given_up = BatchUnsettled(batch=1, why="given up", order=1)
        one.log.write(given_up)
        ends, took = await settling
        assert ends == [given_up]
        assert took == pytest.approx(20, abs=3)
        assert one.batch.state is BatchState.UNSETTLED

    _run(tmp_path, test, settle_seconds=0)


def test_without_a_sign_in_nothing_is_settled(tmp_path: Path) -> None:
    async def test(one: Settling) -> None:
        one.starts()
        one.harness.token_now = ""
        with pytest.raises(RunStop):
            await one.settle()
        assert one.batch.state is BatchState.IN_DOUBT

    _run(tmp_path, test)
