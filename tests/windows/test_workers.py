"""Workers that are terminated."""

import contextlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.app.worker_start import start_worker
from siptui.devicelist.reading import read
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from siptui.runs.service import RunService
from tests.worker.installation import KILL, Installation, installed, until, write_list

_KILLS = int(os.environ.get("WINDOWS_TESTS_KILLS", "3"))
_MOMENTS = (
    ev.BatchSubmitting,
    ev.BatchAccepted,
    ev.DeviceChanged,
    ev.WorkerStarted,
    ev.BatchFinished,
)
_SCENARIO = """
[timing]
device = [40, 400]
[[faults]]
kind = "slow"
call = "createbatch"
moment = "after"
probability = 0.5
seconds = 60
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _SCENARIO, quick=10) as found:
        for name in ("SIPTUI_QUICK", "PYTHONPATH", "SIPTUI_CONFIG_DIR", "SIPTUI_STATE_DIR"):
            monkeypatch.setenv(name, found.env[name])
        found.selected.journal.parent.mkdir(parents=True, exist_ok=True)
        yield found


def _planned(lab: Installation, numbers: range) -> str:
    file = write_list(lab.folder / f"phones-{numbers[0]}.csv", numbers)
    devices = read(file, region=Region.EMEA).devices
    service = RunService(lab.journal, tenant="contoso.example")
    try:
        options = ev.Options(batch_size=2, settle_seconds=2)
        return service.create(devices, file=str(file), sha256="", skipped=0, options=options)
    finally:
        service.close()


def test_a_worker_that_is_terminated_loses_nothing_and_repeats_nothing(lab: Installation) -> None:
    rng, killed, runs = random.Random(1), 0, []
    while killed < _KILLS:
        run = _planned(lab, range(len(runs) * 8, len(runs) * 8 + 8))
        runs.append(run)
        while killed < _KILLS and lab.state(run).finished is None:
            moment = _MOMENTS[killed % len(_MOMENTS)]
            if _terminated_behind(lab, run, moment, rng.uniform(1, 10)):
                killed += 1
        if lab.state(run).finished is None:
            start_worker(lab.selected, run)
            assert lab.over(run).finished
    print(f"{killed} terminated in {len(runs)} runs")
    times = lab.times()
    assert {h: n for h, n in times.items() if n > 1} == {}
    for run in runs:
        state = lab.state(run)
        assert lab.differences(state) == []
        unknown = [r for r in state.devices if r.state is DeviceState.UNKNOWN]
        assert [r for r in unknown if times.get(r.device.hardware_id)] == []


def _terminated_behind(lab: Installation, run: str, moment: type[ev.Event], seconds: float) -> bool:
    """Start a worker and end it right behind such an entry, or after so many seconds; False if it
    was done before."""
    with Journal(lab.journal) as journal:
        seen = journal.first_and_last(run)[1].seq
        start_worker(lab.selected, run)
        until_then = time.monotonic() + seconds
        while time.monotonic() < until_then and (holder := lab.holder(run)):
            if any(isinstance(one.event, moment) for one in journal.read(run, seen)):
                break
            time.sleep(0.005)
    if holder is None:
        return False
    with contextlib.suppress(OSError):
        os.kill(holder.pid, KILL)
    until(lambda: lab.holder(run) is None, "the lock of the dead")
    return True
