"""How often the service is asked, in which order, and how little time a free slot stays empty."""

import asyncio
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import (
    DeviceRule,
    ForeignBatch,
    LagTable,
    LimitsTable,
    Scenario,
    TimingTable,
)
from siptui.runs.engine.backoff import Pace
from siptui.runs.events import BatchDeferred, BatchRejected, Options, RunFinished
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

#: Batches that take about ten seconds, and about sixty.
TEN = TimingTable(device=(6, 8), start=(1, 2), finish=(0.5, 1.5))
SIXTY = TimingTable(device=(40, 52), start=(2, 6), finish=(1, 5))
BATCHES, SIZE, SLOTS = 24, 5, 3


def test_turns_are_a_second_apart_and_those_before_a_submit_come_first() -> None:
    async def main() -> None:
        pace, taken = Pace(), []
        loop = asyncio.get_running_loop()

        async def take(name: str, *, first: bool = False) -> None:
            await pace.turn(first=first)
            taken.append((name, loop.time()))

        waiting = [asyncio.create_task(take(name)) for name in ("a", "b", "c")]
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(take("submit", first=True)))
        await asyncio.sleep(0.5)
        waiting[2].cancel()  # its turn goes to the next
        waiting.append(asyncio.create_task(take("d")))
        await asyncio.gather(*waiting, return_exceptions=True)
        assert [name for name, _ in taken] == ["a", "submit", "b", "d"]
        began = taken[0][1]
        assert [round(at - began, 6) for _, at in taken] == [0, 1, 2, 3]
        await asyncio.sleep(10)
        await take("late")
        assert round(taken[-1][1] - taken[-2][1], 6) == 10

    emulated_time.run(main())


def _heard(lab: EngineHarness) -> dict[str, list[float]]:
    """The moments of all reads, by region; those of the whole tenant's list for themselves."""
    inner, heard = lab.emulator.app, defaultdict(list)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path, query = scope["path"].casefold(), scope["query_string"].decode()
        if path.endswith("batchstatus"):
            region = lab.tenant.region_of(query.partition("=")[2])
            heard[str(region)].append(asyncio.get_running_loop().time())
        elif path.endswith("batchsummaries"):
            heard["all"].append(asyncio.get_running_loop().time())
        await inner(scope, receive, send)

    lab.emulator.app = app
    return heard


@pytest.mark.parametrize("foreign", [0, 2])
def test_one_read_a_second_and_region(tmp_path: Path, foreign: int) -> None:
    """In one region the reads of the tenant's list count as well."""

    async def main() -> None:
        others = tuple(
            ForeignBatch(at=-1, region=Region.EMEA, devices=40, user=f"u{n}@contoso.example")
            for n in range(foreign)
        )
        lab = EngineHarness(tmp_path, Scenario(timing=TEN, foreign=others))
        heard = _heard(lab)
        lab.fault("cut", moment="after", nth=3)  # one is looked for
        lab.fault("status", "batchstatus", status=500, every=7)
        run = lab.create(devices(60), Options(batch_size=5))
        assert isinstance(await lab.work(run), RunFinished)
        moments = sorted(heard["EMEA"] + heard["all"])
        assert len(moments) > 30
        assert all(b - a > 1 - 1e-6 for a, b in pairwise(moments))

    emulated_time.run(main(), limit=6 * 3600)


def test_regions_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path, Scenario(timing=TEN))
        heard = _heard(lab)
        run = lab.create(devices(90, list(Region)), Options(batch_size=5))
        assert isinstance(await lab.work(run), RunFinished)
        for region in Region:
            moments = heard[region]
            assert all(b - a > 1 - 1e-6 for a, b in pairwise(moments))
        took = asyncio.get_running_loop().time()
        assert sum(map(len, heard.values())) / took / len(Region) <= 1
        assert sum(map(len, heard.values())) / took > 1

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize(
    ("regions", "seed", "timing", "most"),
    [
        ((Region.EMEA,), 1, TEN, 1.15),
        ((Region.EMEA,), 2, SIXTY, 1.08),
        (tuple(Region), 1, TEN, 1.15),
    ],
)
def test_a_freed_slot_is_filled_first(
    tmp_path: Path, regions: tuple[Region, ...], seed: int, timing: TimingTable, most: float
) -> None:
    """The time to the last phone beside what three slots a region need at least."""

    async def main() -> None:
        lab = EngineHarness(tmp_path, Scenario(timing=timing), seed=seed)
        run = lab.create(devices(BATCHES * SIZE * len(regions), regions), Options(batch_size=SIZE))
        assert isinstance(await lab.work(run), RunFinished)
        took = asyncio.get_running_loop().time()
        batches = [batch for i in lab.ids() if (batch := lab.tenant.batch(i))]
        least = max(
            sum(b.ends - b.accepted for b in batches if b.region is region) / SLOTS
            for region in regions
        )
        assert took / least <= most
        calls = lab.ledger.calls
        assert (calls["batchstatus"] + calls["batchsummaries"]) / took / len(regions) <= 1
        assert max(lab.ledger.max_live.values()) == SLOTS
        assert lab.ledger.violations == []
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_a_list_that_lags_costs_no_more_than_a_read(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path, Scenario(timing=TEN, lag=LagTable(summaries=3600)))
        run = lab.create(devices(BATCHES * SIZE), Options(batch_size=SIZE))
        assert isinstance(await lab.work(run), RunFinished)
        least = sum(
            batch.ends - batch.accepted for i in lab.ids() if (batch := lab.tenant.batch(i))
        )
        assert asyncio.get_running_loop().time() / (least / SLOTS) < 1.5
        assert max(lab.ledger.max_live.values()) == SLOTS
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("over", ["400", "429"])
def test_a_list_that_calls_batches_over_too_early_is_not_believed_for_long(
    tmp_path: Path, over: Any
) -> None:
    """What its words mean has not been seen; a refused submit says that they mean another thing."""

    async def main() -> None:
        lab = EngineHarness(tmp_path, Scenario(timing=TEN, limits=LimitsTable(over=over)))
        inner = lab.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            early = scope["path"].casefold().endswith("batchsummaries")

            async def told(message: Any) -> None:
                if early and message["type"] == "http.response.start":
                    headers = [(k, v) for k, v in message["headers"] if k != b"content-length"]
                    message = {**message, "headers": headers}
                elif early and "body" in message:
                    body = message["body"].replace(b'"InProgress"', b'"Completed" ')
                    message = {**message, "body": body.replace(b'"Queued"', b'"Completed"')}
                await send(message)

            await inner(scope, receive, told)

        lab.emulator.app = app
        run = lab.create(devices(BATCHES * SIZE), Options(batch_size=SIZE))
        assert isinstance(await lab.work(run), RunFinished)
        assert lab.events(run, BatchRejected) == []
        assert 1 <= len(lab.events(run, BatchDeferred)) <= 3
        assert max(lab.ledger.max_live.values()) == SLOTS
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("over", ["400", "429"])
def test_a_batch_without_a_slot_is_put_back_so_often_and_no_more(tmp_path: Path, over: Any) -> None:
    """A refusal that looks like want of a slot may be another; a 429 certainly is none."""

    async def main() -> None:
        scenario = Scenario(
            limits=LimitsTable(live=1, over=over, retry_after=0),
            devices=(DeviceRule(match="00-04-F2-00-00-00", stuck=True),),
        )
        lab = EngineHarness(tmp_path, scenario)
        run = lab.create(devices(2), Options(batch_size=1))
        work = lab.start(run)
        await asyncio.sleep(2400)
        state = lab.state(run)
        deferred = lab.events(run, BatchDeferred)
        if over == "400":
            assert len(deferred) == 30
            assert [event.batch for event in lab.events(run, BatchRejected)] == [2]
            assert state.devices[1].state is DeviceState.FAILED
        else:
            assert len(deferred) > 50
            assert state.batches[2].state is BatchState.QUEUED
        await work.terminate()

    emulated_time.run(main(), limit=6 * 3600)
