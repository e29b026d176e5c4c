"""Two workers of one tenant under 200 random schedules of waits: what is sent while one holds."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from siptui.domain.region import Region
from siptui.emulator.scenario import Scenario, TimingTable
from siptui.runs.events import Options
from tests.benchmarks.figure import Figure, limit
from tests.runs.engine.engine_harness import EngineHarness, device
from tests.support.emulated_time import run

SCHEDULES, PHONES, SIZE = 200, 9, 3
_CALLS = ("createbatch", "batchstatus", "batchsummaries")
_TIMING = TimingTable(device=(20, 60), start=(1, 5), finish=(1, 5))


def figures() -> Iterator[Figure]:
    """In emulated time; the emulated tenant notes each request that came too early."""
    early = asked = requests = twice = 0
    for seed in range(SCHEDULES):
        with tempfile.TemporaryDirectory() as folder:
            first = run(_two_workers(Path(folder), random.Random(seed)))
        ledger = first.ledger
        early += sum(one.at > one.told for one in ledger.early)  # not on its way already
        asked += ledger.faults["status"]
        requests += sum(ledger.calls.values())
        twice += sum(times > 1 for times in ledger.times.values())
    assert asked >= SCHEDULES, asked
    assert not twice, twice
    yield limit(
        f"requests sent while a Retry-After holds, {SCHEDULES} schedules, two workers of a tenant",
        early,
        "",
        0,
        f"{requests:,} requests, {asked:,} of them told to wait",
    )


async def _two_workers(folder: Path, rng: random.Random) -> EngineHarness:
    first = EngineHarness(folder, Scenario(timing=_TIMING), seed=rng.randrange(1_000))
    second = EngineHarness(folder, journal="other.db", emulator=first.emulator)
    for _ in range(rng.randint(2, 6)):
        first.fault(
            "status",
            rng.choice(_CALLS),
            status=rng.choice((429, 429, 503)),
            retry_after=rng.choice((2, 10, 45, 120, 600)) * rng.uniform(0.5, 1.5),
            nth=rng.randint(1, 12),
        )
    work = []
    for place, harness in enumerate((first, second)):
        regions = rng.choice(([Region.EMEA], list(Region)))
        wanted = [device(100 * place + n, regions[n % len(regions)]) for n in range(PHONES)]
        run_id = harness.create(wanted, Options(batch_size=SIZE))
        work.append(harness.start(run_id))
    for one in work:
        await one.end()
    for harness in (first, second):
        harness.run_service.close()
    return first
