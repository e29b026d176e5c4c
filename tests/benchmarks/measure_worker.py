"""What a worker process costs while it follows 900 live devices at the service's own pace."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from tests.benchmarks.figure import Figure, limit
from tests.worker.installation import installed, until, write_list

LIVE = 900
SECONDS = 40.0


def figures() -> Iterator[Figure]:
    """Nine batches of a hundred, three in each region, over real HTTP on loopback."""
    regions = list(Region)
    with (
        tempfile.TemporaryDirectory() as folder,
        installed(Path(folder), speed=1, quick=1) as found,
    ):
        phones = write_list(
            Path(folder) / "phones.csv", range(LIVE), lambda n: regions[n % len(regions)]
        )
        with found.process("run", str(phones), "--yes", "--json") as viewer:
            run = until(lambda: next(iter(found.runs()), ""), "the run")
            until(
                lambda: found.state(run).counts[DeviceState.RUNNING] >= LIVE * 0.9,
                "900 devices at the service",
            )
            viewer.kill()
            holder = found.holder(run)
            assert holder is not None
            time.sleep(5)
            before, began, seen = processor(holder.pid), time.monotonic(), _seen(found.journal)
            time.sleep(SECONDS)
            took = time.monotonic() - began
            used = processor(holder.pid) - before
            more = _seen(found.journal) - seen
            name = f"processor of a worker that follows {LIVE} live devices"
            beside = f"{took:.0f} s, {more} bytes of journal meanwhile"
            yield limit(name, 100 * used / took, "% of a core", 3, beside)


def processor(pid: int) -> float:
    """Seconds of processor a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seen(journal: Path) -> int:
    return sum(path.stat().st_size for path in journal.parent.glob(journal.name + "*"))
