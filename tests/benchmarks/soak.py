"""A long run under faults in emulated time: `python -m tests.benchmarks.soak [DEVICES]`.

Carried out twice: once for the time it takes, once with every allocation traced, to tell what
the engine keeps from what the emulated tenant beside it does. Prints processor time per event,
the journal's size, memory at quarters of the run, and whether every device ended as the service
has it with nothing submitted twice.
"""

import asyncio
import contextlib
import gc
import resource
import sqlite3
import sys
import tempfile
import time
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs.events import Options
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support.emulated_time import now, run

_TRUTHS = {"signed_in": DeviceState.SUCCEEDED, "failed": DeviceState.FAILED}
_ENGINE = tuple(
    tracemalloc.Filter(True, f"*/siptui/{room}/*") for room in ("runs", "gateway", "transport")
)


@dataclass
class Soaked:
    """What came of it. `marks`: submits so far, emulated seconds, MB of the engine's, MB of all."""

    end: object
    devices: int
    batches: int
    events: int
    wrong: int
    unknown: int
    twice: int
    violations: int
    most_live: int
    hours: float
    processor: float
    journal_bytes: int = 0
    marks: list[tuple[int, float, float, float]] = field(default_factory=list)


async def _soak(folder: Path, count: int, *, traced: bool) -> Soaked:
    harness = EngineHarness(folder, "lossy")
    name = harness.create(devices(count, list(Region)), Options(settle_seconds=120))
    began, cpu = now(), time.process_time()
    work = harness.start(name)
    marks: list[tuple[int, float, float, float]] = []
    while not work.ended:
        done = harness.ledger.calls["createbatch"]
        if traced and len(marks) < 4 and done >= (len(marks) + 1) * count / 400:
            marks.append((done, (now() - began).total_seconds(), *_megabytes()))
        await asyncio.sleep(5)
    end = await work.end()
    cpu = time.process_time() - cpu
    state = harness.state(name)
    wrong = 0
    for record in state.devices:
        truth = harness.tenant.truth(record.device.user_name, record.device.hardware_id).state
        if record.state is not DeviceState.UNKNOWN and _TRUTHS.get(truth) is not record.state:
            wrong += 1
    return Soaked(
        end=end,
        devices=len(state.devices),
        batches=len(state.batches),
        events=state.last_seq,
        wrong=wrong,
        unknown=state.counts[DeviceState.UNKNOWN],
        twice=sum(n > 1 for n in harness.ledger.times.values()),
        violations=len(harness.ledger.violations),
        most_live=max(harness.ledger.max_live.values()),
        hours=(now() - began).total_seconds() / 3600,
        processor=cpu,
        marks=marks,
    )


def _megabytes() -> tuple[float, float]:
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    engine = snapshot.filter_traces(_ENGINE)
    return tuple(  # type: ignore[return-value]  # two of them
        sum(s.size for s in taken.statistics("filename")) / 1e6 for taken in (engine, snapshot)
    )


def soak(count: int, *, traced: bool = False) -> Soaked:
    """A run of `count` devices in three regions on the `lossy` tenant, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        soaked = run(_soak(Path(folder), count, traced=traced))
        journal = Path(folder) / "journal.db"
        with contextlib.closing(sqlite3.connect(journal)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        soaked.journal_bytes = journal.stat().st_size
    return soaked


def main() -> None:
    """Say what came of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    done = soak(count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"devices {done.devices}, batches {done.batches}, ended with {done.end}")
    print(f"emulated {done.hours:.1f} h, processor {done.processor:.1f} s")
    print(f"states that differ from the service's: {done.wrong}; unknown: {done.unknown}")
    print(f"twice: {done.twice}; violations: {done.violations}; most live: {done.most_live}")
    each = 1e3 * done.processor / done.events
    print(f"processor per event: {each:.2f} ms (engine and emulator together)")
    size = done.journal_bytes
    print(f"journal {size / 1e6:.2f} MB, {done.events} events, {size / done.events:.0f} bytes each")
    print(f"peak resident: {peak:.0f} MB (emulator included)")
    tracemalloc.start()
    for submits, seconds, engine, everything in soak(count, traced=True).marks:
        print(
            f"after {submits:>4} submits ({seconds / 60:6.1f} min): engine {engine:.2f} MB, "
            f"with the emulated tenant {everything:.1f} MB"
        )


if __name__ == "__main__":
    main()
