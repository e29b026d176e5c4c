"""Planning and writing down 50,000 devices; opening a run of 50,000 events again."""

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.follower import Follower
from siptui.runs.service import RunService
from tests.benchmarks.figure import Figure, limit, ratio
from tests.runs.engine.engine_harness import devices

DEVICES = 50_000
EVENTS = 50_000


def least(
    times: int, act: Callable[[int], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """The least of some times that `act` took, in seconds; it is given the number of its turn."""
    found = []
    for turn in range(times):
        began = clock()
        act(turn)
        found.append(clock() - began)
    return min(found)


def figures() -> Iterator[Figure]:
    """Beside bare SQLite; and on its own."""
    wanted = devices(DEVICES, list(Region))
    with tempfile.TemporaryDirectory() as folder:
        ours = least(3, lambda turn: plan(Path(folder) / f"ours{turn}.db", wanted))
        bare = least(3, lambda turn: insert(Path(folder) / f"bare{turn}.db", wanted))
        name = f"plan and journal of {DEVICES:,} devices"
        beside = f"bare SQLite inserts of as many rows, {bare:.2f} s"
        yield ratio(name, f"{ours:.2f} s", beside, ours / bare, 2)
        path = Path(folder) / "long.db"
        run = long_run(path, EVENTS)
        seconds = least(5, lambda _: open_again(path, run))
        yield limit(f"states of a run of {EVENTS:,} events at hand", 1e3 * seconds, "ms", 300)


def plan(path: Path, wanted: Sequence[Device]) -> str:
    """Write a run down; its id."""
    run_service = RunService(path, tenant="Contoso")
    run = run_service.create(
        wanted, file="list.csv", sha256="0" * 64, skipped=0, options=ev.Options()
    )
    run_service.close()
    return run


def insert(path: Path, wanted: Sequence[Device]) -> None:
    """The same devices in a table, by the shortest way there is."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(
        "CREATE TABLE devices (run TEXT, device INT, line INT, user_name TEXT,"
        " hardware_id TEXT, region TEXT, extra TEXT, PRIMARY KEY (run, device)) WITHOUT ROWID"
    )
    with db:
        db.executemany(
            "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                ("run", n, d.line, d.user_name, d.hardware_id, d.region, json.dumps(dict(d.extra)))
                for n, d in enumerate(wanted)
            ),
        )
    db.close()


def long_run(path: Path, count: int, size: int = 9_000) -> str:
    """A run of `size` devices with `count` events or a few more; its id."""
    run_service = RunService(path, tenant="Contoso")
    wanted = devices(size, list(Region))
    options = ev.Options()
    run = run_service.create(wanted, file="list.csv", sha256="0" * 64, skipped=0, options=options)
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    journal, state = run_service.journal, run_service.follow(run).state
    batches = [s.event for s in journal.read(run) if isinstance(s.event, ev.BatchPlanned)]
    written = len(batches) + 1
    for batch in batches:
        head: list[ev.Event] = [
            ev.BatchSubmitting(batch=batch.batch, region=batch.region, devices=len(batch.devices)),
            ev.BatchAccepted(batch=batch.batch, batch_id=f"id-{batch.batch}"),
        ]
        journal.append(run, head, at)
        written += len(head)
    words = 0
    while written < count:
        words += 1
        for batch in batches:
            last = written + len(batch.devices) * 2 >= count
            told = [
                ev.DeviceChanged(
                    device=index,
                    batch=batch.batch,
                    state=(DeviceState.SUCCEEDED if index % 9 else DeviceState.FAILED)
                    if last or words == 5
                    else DeviceState.RUNNING,
                    word=f"Step{words}",
                    error="Device is offline." if (last or words == 5) and not index % 9 else "",
                )
                for index in batch.devices
            ]
            journal.append(run, told, at)
            written += len(told)
            if written >= count:
                break
    assert len(state.devices) == size
    run_service.close()
    return run


def open_again(path: Path, run: str) -> None:
    """What a console does before its first frame with states."""
    follower = Follower(path, run)
    follower.poll()
    assert follower.state.counts[DeviceState.SUCCEEDED]
    follower.close()
