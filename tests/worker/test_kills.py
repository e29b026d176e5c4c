"""SIGKILL to workers at every kind of moment: nothing lost, nothing submitted twice.

SIPTUI_KILLS says how many kills, SIPTUI_KILLS_SEED which ones; with SIPTUI_KILLS_COLD every
worker is started as users' are and not forked, which takes longer.
"""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from siptui.app.worker_start import start_worker
from siptui.devicelist.reading import read
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from siptui.runs.service import RunService
from tests.worker.installation import Installation, installed, json_lines, until, write_list

_KILLS = int(os.environ.get("SIPTUI_KILLS", "15"))
_SEED = int(os.environ.get("SIPTUI_KILLS_SEED", "1"))
pytestmark = [pytest.mark.own_python] if "SIPTUI_KILLS_COLD" in os.environ else []
_TELL = "SIPTUI_KILLS" in os.environ
_DEVICES, _BATCH = 9, 2
#: The entries right behind which a worker is killed. Nothing stands for a random moment.
_MOMENTS: tuple[type[ev.Event] | None, ...] = (
    ev.BatchSubmitting,
    ev.BatchAccepted,
    ev.BatchSubmitting,
    ev.DeviceChanged,
    ev.WorkerStarted,
    None,
    ev.BatchSubmitting,
    ev.BatchFinished,
    ev.BatchInDoubt,
    None,
)
_SCENARIO = """
[timing]
device = [40, 400]
[[devices]]
share = 0.2
online = false
# Some answers take so long that the kill comes between the act and its answer.
[[faults]]
kind = "slow"
call = "createbatch"
moment = "after"
probability = 0.5
seconds = 60
[[faults]]
kind = "slow"
call = "createbatch"
probability = 0.3
seconds = 60
"""


class _Killer:
    """Carries runs out in one region with workers that are killed again and again."""

    def __init__(
        self, installation: Installation, region: Region, numbers: range, kills: int, seed: int
    ) -> None:
        self.installation = installation
        self.region = region
        self.numbers = iter(numbers)
        self.left = kills
        self.rng = random.Random(seed)
        self.behind: Counter[str] = Counter()
        self.runs: list[str] = []

    def work(self) -> None:
        """Runs until all kills are used up; each is then carried to its end."""
        while self.left > 0:
            run = self._plan()
            self.runs.append(run)
            while self.left > 0 and not self._over(run):
                self._start_and_kill(run)
            self._start(run)
            assert self.installation.over(run).finished

    def _plan(self) -> str:
        numbers = [next(self.numbers) for _ in range(_DEVICES)]
        file = write_list(self.installation.folder / f"{self.region}-{numbers[0]}.csv", numbers)
        found = read(file, region=self.region)
        run_service = RunService(self.installation.journal, tenant="contoso.example")
        try:
            options = ev.Options(batch_size=_BATCH, settle_seconds=2)
            devices = found.devices
            return run_service.create(
                devices, file=str(file), sha256="", skipped=0, options=options
            )
        finally:
            run_service.close()

    def _start(self, run: str) -> int:
        start_worker(self.installation.selected, run, wait_for_sign_in=False)
        holder = self.installation.holder(run)
        return holder.pid if holder else 0

    def _over(self, run: str) -> bool:
        return self.installation.state(run).finished is not None

    def _start_and_kill(self, run: str) -> None:
        moment = self.rng.choice(_MOMENTS)
        with Journal(self.installation.journal) as journal:
            seen = journal.first_and_last(run)[1].seq
            pid = self._start(run)
            deadline = time.monotonic() + (self.rng.uniform(0, 1) if moment is None else 1.5)
            while time.monotonic() < deadline and self.installation.holder(run):
                new = [s.event for s in journal.read(run, seen)] if journal.changed() else []
                if moment and any(isinstance(event, moment) for event in new):
                    break
                if any(isinstance(event, ev.RunFinished) for event in new):
                    break
                time.sleep(0.004)
            if self.installation.holder(run) is None:
                return  # it was done before
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self.left -= 1
            until(lambda: self.installation.holder(run) is None, "the lock of the dead")
            last = journal.first_and_last(run)[1].event
        self.behind[type(last).__name__] += 1


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _SCENARIO, quick=20) as found:
        for name in ("SIPTUI_QUICK", "PYTHONPATH"):
            monkeypatch.setenv(name, found.env[name])
        found.selected.journal.parent.mkdir(parents=True, exist_ok=True)
        yield found


@pytest.mark.slow
def test_workers_killed_at_any_moment_lose_nothing_and_repeat_nothing(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    share = -(-_KILLS // 3)
    killers = [
        _Killer(installation, region, range(i * 100_000, (i + 1) * 100_000), share, _SEED + i)
        for i, region in enumerate(Region)
    ]
    with ThreadPoolExecutor(len(killers)) as pool:
        list(pool.map(_Killer.work, killers))
    behind = sum((killer.behind for killer in killers), Counter[str]())
    runs = [run for killer in killers for run in killer.runs]
    with capsys.disabled():
        if _TELL:
            print(f"\n{behind.total()} kills in {len(runs)} runs, last entries: {dict(behind)}")
    assert behind.total() >= _KILLS

    times = installation.times()
    assert {h: n for h, n in times.items() if n > 1} == {}
    in_doubt: list[str] = []
    for run in runs:
        state = installation.state(run)
        assert state.finished, run
        assert installation.differences(state) == []
        unknown = [r for r in state.devices if r.state is DeviceState.UNKNOWN]
        # Killed before the request left: the search found nothing, the operator decides.
        assert [r for r in unknown if times.get(r.device.hardware_id)] == []
        counted = {s: n for s, n in state.counts.items() if n}
        assert set(counted) <= {
            DeviceState.SUCCEEDED,
            DeviceState.FAILED,
            DeviceState.UNKNOWN,
        }
        in_doubt += [run] if unknown else []

    for run in in_doubt[:2]:
        _decide(installation, run)


def _decide(installation: Installation, run: str) -> None:
    """Submit what is unknown once more, by the operator's word; then nothing is unknown."""
    left = installation.run("resume", run, "--yes", "--json")
    assert left.exit_code == 5, left.output
    assert (
        installation.times()
        .keys()
        .isdisjoint(
            r.device.hardware_id
            for r in installation.state(run).devices
            if r.state is DeviceState.UNKNOWN
        )
    )
    again = installation.run("resume", run, "--resubmit", "--yes", "--json")
    assert again.exit_code in (0, 3), again.output
    assert json_lines(again.stdout)[-1]["type"] == "run_finished"
    state = installation.state(run)
    assert installation.differences(state) == []
    times = installation.times()
    assert {times[r.device.hardware_id] for r in state.devices} == {1}
