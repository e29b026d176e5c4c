"""Runs that are begun on one system and resumed on another, against one emulated tenant.

Each side begins one and ends its worker behind the first accepted batch; the folder of the profile
goes to the other side, which resumes it.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siptui.domain.text import visible
from tests.support.emulator import Running, running_emulator
from tests.windows.wine import windows_path
from tests.worker.installation import (
    TOKEN,
    Installation,
    hardware_id,
    none_left_at_work,
    profile_of,
    scenario_of,
    until,
)

#: Two seconds a batch.
_DEVICES = "[timing]\ndevice = [240, 240]\n"
_SPEED, _QUICK = 120, 8
_PHONES = 6
_SITE = "Łódź “Süd” 東京"
_HERE, _BACK = range(_PHONES), range(100, 100 + _PHONES)


@contextmanager
def lab(folder: Path, emulator: Running) -> Iterator[Installation]:
    """An installation for that tenant."""
    env = profile_of(folder, emulator, "https://localhost:1", quick=_QUICK)
    found = Installation(folder, emulator, {**env, "SIPTUI_ACCESS_TOKEN": TOKEN})
    with none_left_at_work(found):
        yield found


def begin(lab: Installation, numbers: range) -> str:
    """Begin a run of these phones and end its worker behind the first accepted batch."""
    rows = "".join(f"jörg{n}@contoso.example,{hardware_id(n)},{_SITE}\n" for n in numbers)
    file = lab.folder / "phönes.csv"
    file.write_text(f"Username,HardwareId,Site\n{rows}", encoding="utf-8")
    options = ("--region", "EMEA", "--yes", "--batch-size", "2", "--slots", "1")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = lab.process("run", str(file), *options, **quiet)
    run = until(lab.runs, "the run")[0]
    until(lambda: any(one.batch_id for one in lab.state(run).batches.values()), "a batch")
    lab.kill(run)
    process.kill()
    process.wait()
    return run


def resume(lab: Installation, numbers: range) -> None:
    """Look at the only run of the installation, which is of these phones, and resume it."""
    (run,) = lab.runs()
    (listed,) = json.loads(lab.run("runs", "--json").stdout)["runs"]
    assert listed["run"] == run
    shown = lab.run("show", run, "--json")
    assert json.loads(shown.stdout)["run"] == run, shown.output
    resumed = lab.run("resume", run, "--yes", "--json")
    assert resumed.exit_code == 0, resumed.output
    state = lab.state(run)
    assert state.finished
    assert state.finished.succeeded == len(numbers)
    assert lab.differences(state) == []
    assert {str(one.device.user_name) for one in state.devices} == {
        f"jörg{n}@contoso.example" for n in numbers
    }
    assert {one.device.extra["Site"] for one in state.devices} == {visible(_SITE)}
    times = lab.times()
    assert {times[hardware_id(n)] for n in numbers} == {1}


def copy_state(source: Path, target: Path) -> None:
    """Copy the state of a profile, but for the locks and pipes of processes."""
    # Not as `copytree` copies: Python 3.12 does that by a call that Wine 8 has not.
    for path in source.rglob("*"):
        if path.is_file() and "held" not in path.relative_to(source).parts:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


class BothSystems:
    """The side of Linux, with the tenant that both use."""

    def __init__(self, folder: Path, emulator: Running) -> None:
        self._folder = folder
        self.emulator = emulator
        self._returned = folder / "returned"

    def begin(self) -> dict[str, str]:
        """Begin a run here; what the side of Windows needs to know."""
        with lab(self._folder / "here", self.emulator) as here:
            begin(here, _HERE)
        return {
            "WINDOWS_TESTS_EMULATOR": self.emulator.url,
            "WINDOWS_TESTS_BEGUN": windows_path(here.journal.parent),
            "WINDOWS_TESTS_RETURNED": windows_path(self._returned),
        }

    def resume(self) -> None:
        """Resume what Windows began, and look at what it resumed."""
        with lab(self._folder / "back", self.emulator) as back:
            copy_state(self._returned, back.journal.parent)
            resume(back, _BACK)


@contextmanager
def both_systems(folder: Path) -> Iterator[BothSystems]:
    """The tenant is there while the block runs."""
    with running_emulator(scenario_of(_DEVICES), speed=_SPEED) as emulator:
        yield BothSystems(folder, emulator)


def on_windows(folder: Path) -> None:
    """The side of Windows: resume what Linux began, begin what Linux is to resume."""
    emulator = Running(os.environ["WINDOWS_TESTS_EMULATOR"])
    with lab(folder / "given", emulator) as given:
        copy_state(Path(os.environ["WINDOWS_TESTS_BEGUN"]), given.journal.parent)
        resume(given, _HERE)
    with lab(folder / "begun", emulator) as begun:
        begin(begun, _BACK)
        copy_state(begun.journal.parent, Path(os.environ["WINDOWS_TESTS_RETURNED"]))
