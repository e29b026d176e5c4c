"""Rollouts in emulated time: how long they take, and how far behind their rows are."""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.batches import Batch
from siptui.emulator.scenario import Scenario, TimingTable, load_scenario
from siptui.runs.events import DeviceChanged, Options
from tests.benchmarks.figure import Figure, limit, ratio
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support.emulated_time import START, now, run

PHONES = 1_800
SLOTS = 3
#: Batches that take so many seconds, their size, and how much of the least time they may take.
LENGTHS = (
    (10, 10, TimingTable(device=(6, 8), start=(1, 2), finish=(0.5, 1.5)), 1.15),
    (60, 10, TimingTable(device=(40, 52), start=(2, 6), finish=(1, 5)), 1.08),
    (600, 50, TimingTable(device=(420, 540), start=(20, 50), finish=(10, 40), lanes=50), 1.02),
)
_OVER = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED})


def figures() -> Iterator[Figure]:
    """Beside the least that three slots a region allow, and beside one batch after the other."""
    with tempfile.TemporaryDirectory() as folder:
        harness = EngineHarness(Path(folder), load_scenario("healthy"))
        name, took = run(_roll_out(harness, devices(PHONES, list(Region))))
        batches = [harness.tenant.batch(batch_id) for batch_id in harness.ids()]
        lengths = {
            region: [b.ends - b.accepted for b in batches if b and b.region is region]
            for region in Region
        }
        bound = max(least_time(some, SLOTS) for some in lengths.values())
        one_by_one = sum(map(sum, lengths.values()))
        lags = sorted(_lags(harness, name, [b for b in batches if b]))
        reads = harness.ledger.calls["batchstatus"] + harness.ledger.calls["batchsummaries"]
    what = f"time to the last of {PHONES:,} phones"
    beside = f"the least with {SLOTS} slots a region, {bound / 60:.1f} min"
    yield ratio(what, f"{took / 60:.1f} min", beside, took / bound, 1.1)
    yield Figure(
        what,
        f"{took / 60:.1f} min",
        f"one batch after the other, {one_by_one / 60:.1f} min",
        one_by_one / took,
        "≥ 8 × faster",
        one_by_one / took >= 8,
    )
    p95 = lags[int(len(lags) * 0.95)]
    yield limit(
        "lag from a device's change to its row, p95",
        p95,
        "s",
        3,
        f"polling every second: 0.95 s; here median {lags[len(lags) // 2]:.1f} s",
    )
    yield limit("reads a second and region meanwhile", reads / took / len(Region), "", 1)
    for seconds, size, timing, most in LENGTHS:
        yield from _many(seconds, size, timing, most)


def _many(seconds: int, size: int, timing: TimingTable, most: float) -> Iterator[Figure]:
    """Many batches, so that the time in which a slot is empty shows."""
    with tempfile.TemporaryDirectory() as folder:
        harness = EngineHarness(Path(folder), Scenario(timing=timing))
        wanted = devices(PHONES, list(Region))
        _, took = run(_roll_out(harness, wanted, Options(batch_size=size)))
        batches = [b for i in harness.ids() if (b := harness.tenant.batch(i))]
        calls = harness.ledger.calls
        reads = calls["batchstatus"] + calls["batchsummaries"]
    least = max(
        sum(b.ends - b.accepted for b in batches if b.region is region) / SLOTS for region in Region
    )
    count = len(batches) // len(Region)
    what = f"time to the last of {PHONES:,} phones, {count} batches a region of {seconds} s"
    yield ratio(
        what, f"{took:.0f} s", f"the least with {SLOTS} slots, {least:.0f} s", took / least, most
    )
    yield limit("reads a second and region meanwhile", reads / took / len(Region), "", 1)


async def _roll_out(
    harness: EngineHarness, wanted: Sequence[Device], options: Options | None = None
) -> tuple[str, float]:
    name = harness.create(wanted, options)
    began = now()
    await harness.work(name)
    return name, (now() - began).total_seconds()


def least_time(lengths: Sequence[float], slots: int) -> float:
    """The least time in which `slots` at once can do jobs of these lengths, in any order."""
    return min(
        _time(order, slots) for order in itertools.permutations(lengths)
    )  # six jobs: 720 orders


def _time(order: Sequence[float], slots: int) -> float:
    free = [0.0] * slots
    for length in order:
        free[free.index(min(free))] += length
    return max(free)


def _lags(harness: EngineHarness, name: str, batches: Sequence[Batch]) -> Iterator[float]:
    """Seconds from each device's end at the service to its event in the journal."""
    ended = {item.key: item.ends for batch in batches for item in batch.items}
    state = harness.state(name)
    for stored in harness.run_service.journal.read(name):
        event = stored.event
        if isinstance(event, DeviceChanged) and event.state in _OVER:
            at = (datetime.fromisoformat(stored.at) - START).total_seconds()
            yield at - ended[state.devices[event.device].device.key]
