"""Processes that start at the same instant: one of them submits, the others name it."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.runs.conflicts import BusyDevicesError
from siptui.runs.journal.journal import Journal, JournalError
from tests.worker.installation import Installation, installed, until, write_list

_SLOW = "[timing]\ndevice = [3000, 3000]\n"


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Installation]:
    """A tenant in which nothing comes to an end, and two profiles for it."""
    with installed(tmp_path / "lab", _SLOW, speed=1) as found:
        config = found.folder / "config" / "config.toml"
        text = config.read_text()
        second = text[: text.index("[clouds")].replace("profiles.lab", "profiles.second")
        config.write_text(second + text)
        yield found


def _started(slow: Installation, profiles: list[str], file: Path) -> list["subprocess.Popen[str]"]:
    args = ("run", str(file), "--region", "EMEA", "--yes", "--json")
    return [slow.process(*args, "--profile", profile) for profile in profiles]


def _all_runs(slow: Installation) -> list[str]:
    found = []
    for path in sorted((slow.folder / "state").glob("*/journal.db")):
        with contextlib.suppress(JournalError), Journal(path, read_only=True) as journal:
            found += journal.runs()  # one that is just being made has no table yet
    return found


@pytest.mark.slow
@pytest.mark.parametrize("profiles", [["lab"] * 6, ["lab", "second"], ["second", "lab"] * 2])
def test_one_wins_and_the_others_leave_nothing_behind(
    slow: Installation, tmp_path: Path, profiles: list[str]
) -> None:
    file = write_list(tmp_path / "list.csv", range(4))
    processes = _started(slow, profiles, file)
    (run,) = until(lambda: _all_runs(slow), "a run")
    until(slow.times, "the submit")
    until(lambda: sum(p.poll() is not None for p in processes) == len(profiles) - 1, "the losers")
    (winner,) = (p for p in processes if p.poll() is None)
    for loser in (p for p in processes if p is not winner):
        out, _ = loser.communicate()
        error = json.loads(out)["error"]
        assert (loser.returncode, error["code"]) == (2, BusyDevicesError.code)
        assert run in error["message"]
    winner.kill()
    winner.communicate()
    assert _all_runs(slow) == [run]
    assert set(slow.times().values()) == {1}
    assert slow.emulator.ask("ledger")["violations"] == []


@pytest.mark.slow
def test_of_two_that_resume_at_once_one_goes_on(slow: Installation, tmp_path: Path) -> None:
    """Two stopped runs of one list in two profiles, both resumed at the same instant."""
    file = write_list(tmp_path / "list.csv", range(4))
    args = ("run", str(file), "--region", "EMEA", "--yes", "--json")
    for profile in ("lab", "second"):
        refused = slow.run(*args, "--profile", profile, SIPTUI_ACCESS_TOKEN="")
        assert refused.exit_code == 4
    config = slow.folder / "config" / "config.toml"
    good = config.read_text()
    config.write_text(good.replace(slow.emulator.url, "http://127.0.0.1:1"))
    hurried = {**slow.env, "SIPTUI_QUICK": "200"}
    for profile in ("lab", "second"):  # planned, and given up before anything was sent
        done = slow.process(*args, "--no-account-check", "--profile", profile, env=hurried)
        done.communicate()
    assert len(_all_runs(slow)) == 2
    config.write_text(good)
    resumed = [slow.process("resume", "--yes", "--profile", p) for p in ("lab", "second")]
    until(lambda: any(p.poll() is not None for p in resumed), "the loser")
    until(slow.times, "the submit")
    assert set(slow.times().values()) == {1}
    assert slow.emulator.ask("ledger")["violations"] == []
    for one in resumed:
        one.kill()
        one.communicate()
