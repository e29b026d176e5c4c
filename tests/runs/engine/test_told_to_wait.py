"""Told to wait: nothing is asked meanwhile, by anybody, and no wait is without end."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import Scenario, WireTable
from siptui.runs.events import BatchDeferred, Options, RunFinished, Waiting
from siptui.transport.retry import MAX_HONOURED
from tests.runs.engine.engine_harness import QUICK, EngineHarness, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5)
_FOR_YEARS = (
    *("1000000000", "9" * 300),
    *("Fri, 31 Dec 9999 23:59:59 -1200", "2030-01-01T00:00:00Z"),
)
CALLS = ("createbatch", "batchstatus", "batchsummaries", "serviceDiscovery")


def _passed() -> float:
    return (emulated_time.now() - emulated_time.START).total_seconds()


def _told(rng: random.Random) -> dict[str, Any]:
    """A fault by which the service asks to wait, in one of its forms."""
    seconds = rng.choice([1, 7, 40, 300])
    forms: list[dict[str, Any]] = [
        {"retry_after": seconds},
        {"retry_after": seconds, "retry_after_form": "date"},
        {"retry_after_text": f"{seconds}.5"},
        {"retry_after_text": f"000000000{seconds}"},
    ]
    return {
        "kind": rng.choice(["status", "status", "html"]),
        "call": rng.choice(CALLS),
        "status": rng.choice([429, 503]),
        "nth": rng.randint(1, 15),
        **rng.choice(forms),
    }


@pytest.mark.parametrize("seed", range(8))
def test_no_request_while_a_wait_holds(tmp_path: Path, seed: int) -> None:
    """Two runs of one tenant in all regions, each worker killed and started again at times."""

    async def main() -> None:
        rng = random.Random(seed)
        ahead = rng.choice([0, 3600, -3600])
        scenario = Scenario(wire=WireTable(clock_ahead=ahead), timing=QUICK.timing)
        lab = EngineHarness(tmp_path, scenario, seed=seed)
        for _ in range(8):
            lab.fault(**_told(rng))
        wanted = devices(24, list(Region))
        runs = [lab.create(wanted[at::2], Options(batch_size=2)) for at in (0, 1)]

        async def worked(run: str) -> None:
            for _ in range(rng.randint(0, 4)):
                work = lab.start(run)
                await asyncio.sleep(rng.uniform(0, 60))
                if work.ended:
                    return
                await work.kill()
                await asyncio.sleep(rng.uniform(0, 30))
            assert isinstance(await lab.work(run), RunFinished)

        await asyncio.gather(*map(worked, runs))
        assert lab.ledger.early == []
        for run in runs:
            assert lab.differences(run) == []
        assert max(lab.ledger.times.values()) == 1

    emulated_time.run(main(), limit=24 * 3600)


def test_the_emulator_counts_who_comes_too_early(tmp_path: Path) -> None:
    """What the test above rests on."""

    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "batchsummaries", status=429, retry_after=60, nth=1)
        run = lab.create(devices(5), FIVE)
        work = lab.start(run)
        await asyncio.sleep(10)
        assert lab.ledger.early == []
        for path in (tmp_path / ".waits").glob("*.json"):
            path.unlink()
        await work.end()
        assert {early.call for early in lab.ledger.early} >= {"batchsummaries", "createbatch"}

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("call", ["createbatch", "batchstatus", "batchsummaries"])
def test_who_is_told_and_until_when_is_said_once(tmp_path: Path, call: str) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", call, status=429, retry_after=200, nth=1)
        run = lab.create(devices(20, list(Region)), FIVE)
        assert isinstance(await lab.work(run), RunFinished)
        (begun,) = [waiting for waiting in lab.events(run, Waiting) if not waiting.over]
        assert begun.until
        assert _passed() > 200

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        *(("createbatch", text) for text in _FOR_YEARS),
        ("batchstatus", _FOR_YEARS[0]),
        ("batchsummaries", _FOR_YEARS[2]),
    ],
)
def test_no_wait_is_without_end(tmp_path: Path, call: str, text: str) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", call, status=429, retry_after_text=text, nth=1)
        run = lab.create(devices(10), FIVE)
        assert isinstance(await lab.work(run), RunFinished)
        assert MAX_HONOURED < _passed() < MAX_HONOURED + 600
        assert any("--now" in note for note in lab.notes(run))
        assert all(e.until < "2026-03-02T08:20" for e in lab.events(run, BatchDeferred))
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("call", ["createbatch", "batchstatus", "batchsummaries"])
def test_an_order_ends_a_wait(tmp_path: Path, call: str) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", call, status=503, retry_after=800, times=1)
        run = lab.create(devices(10), FIVE)
        work = lab.start(run)
        await asyncio.sleep(60)
        lab.run_service.try_now(run)
        assert isinstance(await work.end(), RunFinished)
        assert _passed() < 500
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=24 * 3600)


def test_an_order_ends_a_wait_at_a_start_too(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "createbatch", status=429, retry_after=800, times=1)
        run = lab.create(devices(10), FIVE)
        work = lab.start(run)
        await asyncio.sleep(60)
        await work.kill()
        lab.run_service.resume(run, now=True)
        assert isinstance(await lab.work(run), RunFinished)
        assert _passed() < 500
        lab.run_service.try_now(run)  # too late, and no reason to open it again
        assert lab.state(run).finished

    emulated_time.run(main(), limit=24 * 3600)


def test_what_an_earlier_version_put_back_for_years_goes_out(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        run = lab.create(devices(10), FIVE)
        put_back = BatchDeferred(batch=1, why="slow down", until="2057-09-09T01:46:40.000Z")
        lab.run_service.journal.append(run, [put_back], emulated_time.now())
        assert isinstance(await lab.work(run), RunFinished)
        assert lab.state(run).counts[DeviceState.SUCCEEDED] == 10

    emulated_time.run(main(), limit=24 * 3600)
