"""`siptui status` of 10,000 rows as a process, and its joins by dictionaries and by polars."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from siptui.domain.region import Region
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import Scenario, TimingTable
from siptui.runs.rollout.evidence import Attempt, Evidence, Result, Seen, SourceRead
from siptui.runs.rollout.reconcile import reconcile
from tests.benchmarks.figure import Figure, limit, ratio
from tests.runs.engine.engine_harness import devices
from tests.support.emulator import serving
from tests.worker.installation import TOKEN, hardware_id, profile_of, write_list

ROWS, SUBMITTED, BATCH = 10_000, 9_000, 100
_POLARS = """
import time
began = time.process_time()
import polars
print(time.process_time() - began)
"""


def figures() -> Iterator[Figure]:
    """For an operator without a history: all of it is told by the service."""
    with tempfile.TemporaryDirectory() as folder, serving(_tenant()) as running:
        place = Path(folder)
        env = profile_of(place, running, "https://localhost:1", quick=1)
        config = place / "config" / "config.toml"
        more = f'graph = "{running.url}"\ndevices = "{running.url}"\n'
        config.write_text(config.read_text() + more)
        env |= {f"SIPTUI_{name}_TOKEN": TOKEN for name in ("ACCESS", "GRAPH", "DEVICES")}
        file, out = write_list(place / "list.csv", range(ROWS)), place / "status.json"
        seconds, memory = min(_status(file, out, env) for _ in range(3))
        said = json.loads(out.read_text())
    assert said["counts"]["done"] == SUBMITTED, said["counts"]
    what = f"`siptui status` of {ROWS:,} rows"
    yield limit(
        f"{what}, processor of the whole process",
        seconds,
        "s",
        2,
        f"beside the service's answers; {memory:.0f} MB at most",
    )
    yield limit(f"{what}, calls", said["calls"], "", ROWS // 50, "1 call per 50 rows")
    yield _joins()


def _tenant() -> Emulator:
    quick = TimingTable(device=(1, 2), start=(0, 0), finish=(0, 0), lanes=BATCH)
    emulator = Emulator(Scenario(timing=quick), epoch=datetime.now(UTC) - timedelta(hours=2))
    for first in range(0, SUBMITTED, BATCH):
        items = [(f"room{n}@contoso.example", hardware_id(n)) for n in range(first, first + BATCH)]
        emulator.tenant.submit(Region.EMEA, items, "admin@contoso.example")
        emulator.tenant.advance(10)
    emulator.tenant.advance(3600)
    return emulator


def _status(file: Path, out: Path, env: dict[str, str]) -> tuple[float, float]:
    """Seconds of the processor, and megabytes of memory at most."""
    argv = [sys.executable, "-m", "siptui", "status", str(file), "--region", "EMEA", "--json"]
    with out.open("w") as stdout:
        process = subprocess.Popen(argv, stdout=stdout, env={**os.environ, **env})
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 2**20


def _joins() -> Figure:
    """All of it by dictionaries, reasons included, beside what polars needs for the joins alone."""
    now, wanted = datetime.now(UTC), devices(ROWS)
    then = now - timedelta(hours=2)
    attempts = {
        str(d.hardware_id): [
            Attempt(str(d.user_name), str(d.hardware_id), Result.SUCCEEDED, then, "run 1")
        ]
        for d in wanted[:SUBMITTED]
    }
    seen = {str(d.hardware_id): Seen(str(d.user_name), True) for d in wanted[:SUBMITTED]}
    evidence = Evidence(attempts, seen, (SourceRead("batches", now),))
    loaded = subprocess.run([sys.executable, "-c", _POLARS], check=True, capture_output=True)

    import polars

    def joined() -> None:
        rows = polars.DataFrame(
            {
                "line": [d.line for d in wanted],
                "id": [str(d.hardware_id) for d in wanted],
                "user": [d.user_name.casefold() for d in wanted],
            }
        )
        last = polars.DataFrame(
            [
                (one.hardware_id, one.user_name.casefold(), str(one.result), one.at, one.where)
                for some in attempts.values()
                for one in some
            ],
            schema=["id", "as", "result", "at", "where"],
            orient="row",
        )
        inventory = polars.DataFrame(
            [(key, one.user_name.casefold(), one.signed_in) for key, one in seen.items()],
            schema=["id", "seen", "signed_in"],
            orient="row",
        )
        live = last.filter(polars.col("result") == "live").select("as", "where")
        newest = last.sort("at").group_by("id").last()
        found = rows.join(newest, on="id", how="left").join(inventory, on="id", how="left")
        found.join(live, left_on="user", right_on="as", how="left").sort("line").rows()

    ours, theirs = _least(lambda: reconcile(wanted, evidence, now)), _least(joined)
    loading = float(loaded.stdout)
    return ratio(
        f"{ROWS:,} rows held against history, batches and inventory, by dictionaries",
        f"{ours * 1000:.0f} ms",
        f"joins of polars alone, {theirs * 1000:.0f} ms, and {loading * 1000:.0f} ms to load it",
        ours / (theirs + loading),
        1,
    )


def _least(act: Callable[[], object]) -> float:
    took = []
    for _ in range(5):
        began = time.process_time()
        act()
        took.append(time.process_time() - began)
    return min(took)
