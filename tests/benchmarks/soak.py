"""A long run under faults in emulated time: `python -m tests.benchmarks.soak [DEVICES]`.

Prints memory at quarters of the run, the journal's size, processor time per event, and whether
every device ended as the service has it with nothing submitted twice.
"""

import asyncio
import gc
import resource
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs.events import Options
from tests.runs.bench import Bench, devices
from tests.support.emulated_time import now, run


async def soak(folder: Path, count: int) -> int:
    """One run of `count` devices in three regions on the `lossy` tenant; its number of events."""
    bench = Bench(folder, "lossy")
    name = bench.create(devices(count, list(Region)), Options(settle_seconds=120))
    began, cpu = now(), time.process_time()
    work = bench.start(name)
    marks: list[tuple[int, float, float]] = []
    while not work.ended:
        done = bench.ledger.calls["createbatch"]
        if len(marks) < 4 and done >= (len(marks) + 1) * count / 400:
            gc.collect()
            size = tracemalloc.get_traced_memory()[0] / 1e6
            marks.append((done, size, (now() - began).total_seconds()))
        await asyncio.sleep(5)
    end = await work.end()
    cpu = time.process_time() - cpu
    state = bench.state(name)
    events = state.last_seq
    truths = {"signed_in": DeviceState.SUCCEEDED, "failed": DeviceState.FAILED}
    wrong = unknown = 0
    for record in state.devices:
        truth = bench.tenant.truth(record.device.user_name, record.device.hardware_id).state
        if record.state is DeviceState.UNKNOWN:
            unknown += 1
        elif truths.get(truth) is not record.state:
            wrong += 1
    twice = sum(n > 1 for n in bench.ledger.times.values())
    print(f"devices {count}, batches {len(state.batches)}, ended with {end}")
    print(f"emulated {(now() - began).total_seconds() / 3600:.1f} h, processor {cpu:.1f} s")
    print(f"states that differ from the service's: {wrong}; unknown: {unknown}; twice: {twice}")
    print(f"violations: {len(bench.ledger.violations)}; most live: {dict(bench.ledger.max_live)}")
    for done, size, seconds in marks:
        print(f"after {done:>4} submits ({seconds / 60:6.1f} min): {size:.1f} MB of Python objects")
    print(f"processor per event: {1e3 * cpu / events:.2f} ms (engine and emulator together)")
    return events


def main() -> None:
    """Run it in a folder of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    tracemalloc.start()
    with tempfile.TemporaryDirectory() as folder:
        events = run(soak(Path(folder), count))
        size = sum(path.stat().st_size for path in Path(folder).glob("journal.db*"))
    print(f"journal {size / 1e6:.2f} MB, {events} events, {size / events:.0f} bytes an event")
    print(f"peak resident: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
