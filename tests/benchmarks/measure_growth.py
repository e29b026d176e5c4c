"""How the parts grow from 100 to 1,000 to 10,000 devices: the exponent of each."""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

from siptui.devicelist import read
from siptui.devicelist.writing import csv_text
from siptui.domain.region import Region
from siptui.runs.journal.journal import Journal
from siptui.runs.output.export_rows import result_rows
from siptui.runs.state_load import load
from tests.benchmarks.figure import Figure
from tests.benchmarks.measure_journal import least, long_run, open_again, plan
from tests.benchmarks.measure_lists import write_list
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support.emulated_time import run

SIZES = (100, 1_000, 10_000)


def figures() -> Iterator[Figure]:
    """Processor time by size; the exponent between the last two is the judged one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lists = {size: folder / f"{size}.csv" for size in SIZES}
        runs: dict[int, str] = {}
        for size, path in lists.items():
            write_list(path, size)
            runs[size] = long_run(folder / f"run{size}.db", size * 6, size)
        acts: dict[str, tuple[int, Callable[[int, int], object]]] = {
            "reading a list": (5, lambda size, _: read(lists[size], region=Region.EMEA)),
            "plan and journal": (
                3,
                lambda size, turn: plan(
                    folder / f"plan{size}-{turn}.db", devices(size, list(Region))
                ),
            ),
            "opening a run": (3, lambda size, _: open_again(folder / f"run{size}.db", runs[size])),
            "results as CSV": (3, lambda size, _: _results(folder / f"run{size}.db", runs[size])),
            "a whole run, emulated service included": (
                1,
                lambda size, _: _whole_run(folder, size),
            ),
        }
        for what, (times, act) in acts.items():
            # Not by the clock on the wall: a commit waits for the disk, whoever else writes to it.
            took = [least(times, partial(act, size), time.process_time) for size in SIZES]
            yield _grown(what, took)


def _grown(what: str, seconds: list[float]) -> Figure:
    steps = [math.log10(b / a) for a, b in pairwise(seconds)]
    shown = ", ".join(f"{1e3 * s:,.0f}" for s in seconds)
    last = steps[-1]
    return Figure(
        f"growth of {what}, 100 to 1,000 to 10,000 devices",
        f"exponents {steps[0]:.2f}, {last:.2f}",
        f"linear: 1; {shown} ms",
        None,
        "≤ 1.1",
        last <= 1.1,
    )


def _results(path: Path, name: str) -> str:
    with Journal(path, read_only=True) as journal:
        state = load(journal, name)
    return csv_text(result_rows(state, state.devices))


def _whole_run(folder: Path, size: int) -> None:
    below = Path(tempfile.mkdtemp(dir=folder))
    harness = EngineHarness(below, "healthy")

    async def work() -> None:
        await harness.work(harness.create(devices(size, list(Region))))

    run(work())
