"""Fifteen profiles followed at once, a worker each: memory and processor of each worker."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from tests.benchmarks.figure import Figure, limit
from tests.benchmarks.measure_worker import processor
from tests.worker.installation import Installation, installed, until, write_list

PROFILES, LIVE = 15, 100
SECONDS = 40.0


def figures() -> Iterator[Figure]:
    """Each in a tenant of its own, with a batch that is live, over real HTTP on loopback."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        found = []
        for number in range(PROFILES):
            place = Path(folder) / str(number)
            place.mkdir()
            found.append(stack.enter_context(installed(place, speed=1, quick=1)))
        viewers = [stack.enter_context(_started(one)) for one in found]
        pids = [_worker(one) for one in found]
        for viewer in viewers:
            viewer.kill()
        time.sleep(5)
        before, began = [processor(pid) for pid in pids], time.monotonic()
        time.sleep(SECONDS)
        took = time.monotonic() - began
        used = [100 * (processor(pid) - b) / took for pid, b in zip(pids, before, strict=True)]
        memory = [_memory(pid) for pid in pids]
    what = f"{PROFILES} profiles at once, a worker each with {LIVE} live devices"
    all_ = f"{sum(memory):,.0f} MB together; {SECONDS:.0f} s"
    yield limit(f"{what}: memory of the largest", max(memory), "MB", 60, all_)
    together = f"{sum(used):.1f} % together"
    yield limit(f"{what}: processor of the busiest", max(used), "% of a core", 1, together)


def _started(installation: Installation) -> "subprocess.Popen[str]":
    phones = write_list(installation.folder / "phones.csv", range(LIVE), lambda _: Region.EMEA)
    return installation.process("run", str(phones), "--yes", "--json", stderr=subprocess.DEVNULL)


def _worker(installation: Installation) -> int:
    """The process id of its worker, once all is at the service."""
    run = until(lambda: next(iter(installation.runs()), ""), "the run")
    until(
        lambda: installation.state(run).counts[DeviceState.RUNNING] >= LIVE * 0.9,
        f"{LIVE} devices at the service",
    )
    holder = installation.holder(run)
    assert holder is not None
    return holder.pid


def _memory(pid: int) -> float:
    """Megabytes that a process holds alone, and its part of what it shares."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    (line,) = (one for one in path.read_text().splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024
