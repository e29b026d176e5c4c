"""Faults of siptui's own, and a journal that was damaged: said where people look."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from siptui.cli import follow_run
from siptui.cli.follow_run import watch
from siptui.runs.events import Options, RunStopped
from siptui.runs.journal.locks import holder_of
from siptui.runs.service import RunService
from siptui.runs.worker import take
from tests.runs.engine.engine_harness import devices
from tests.support import emulated_time
from tests.support.late_start import AFTER_IMPORTS
from tests.worker.installation import TOKEN, installed, until, write_list
from tests.worker.terminal import Terminal

_BROKEN = """
from siptui.runs.{module} import {name}
def broken(self, *args, **more):
    raise RuntimeError("Bearer {token} \\x1b[2J")
{name}.{method} = broken
"""


@pytest.mark.parametrize(
    ("module", "name", "method"),
    [("engine.engine", "Engine", "_warn_of_deadlines"), ("run_log", "RunLog", "__init__")],
)
def test_an_error_in_a_worker_is_in_the_log(
    tmp_path: Path, module: str, name: str, method: str
) -> None:
    with installed(tmp_path / "lab") as installation:
        broken = tmp_path / "broken"
        broken.mkdir()
        text = _BROKEN.format(module=module, name=name, method=method, token=TOKEN)
        (broken / "sitecustomize.py").write_text(AFTER_IMPORTS + text)
        file = write_list(tmp_path / "list.csv", range(2))
        how = ("--region", "EMEA", "--yes", "--json")
        done = installation.run("run", str(file), *how, PYTHONPATH=str(broken))
        assert done.exit_code == 1, done.output
        last = json.loads(done.stdout.splitlines()[-1])
        assert (last["type"], last["code"]) == ("run_stopped", "internal_error")
        assert "RuntimeError" in last["message"]
        (run,) = installation.runs()
        assert run in last["next"]
        log = next(installation.folder.rglob("siptui.log")).read_text()
        (line,) = [line for line in map(json.loads, log.splitlines()) if "trace" in line]
        assert line["level"] == "error"
        assert line["run"] == run
        assert any(frame.endswith(" broken") for frame in line["trace"])
        assert TOKEN not in log
        assert "\x1b" not in line["error"]
        # Whole again, it goes on.
        done = installation.run("resume", run, "--yes", "--json")
        assert done.exit_code in (0, 3), done.output
        assert set(installation.times().values()) == {1}


@pytest.mark.slow
def test_a_journal_that_was_repaired_is_told_of(tmp_path: Path) -> None:
    with installed(tmp_path / "lab", "healthy") as installation:
        file = write_list(tmp_path / "list.csv", range(2))
        assert installation.run("run", str(file), "--region", "EMEA", "--yes").exit_code == 0
        good = installation.journal.read_bytes()
        bad = good[:4096] + b"\xff" * 4096 + good[8192:]
        for args in (("runs", "--json"), ("run", str(file), "--region", "EMEA", "--no-input")):
            installation.journal.write_bytes(bad)
            done = installation.run(*args)
            assert "was damaged" in done.stderr, done.output
            assert "set aside" in done.stderr
            if "--json" in args:
                assert json.loads(done.stdout)["runs"] is not None
        # A yes that was given before anybody could know of it does not count.
        installation.journal.write_bytes(bad)
        before = installation.times()
        done = installation.run("run", str(file), "--region", "EMEA", "--yes", "--json")
        assert done.exit_code == 1
        assert json.loads(done.stdout)["error"]["code"] == "journal_repaired"
        assert installation.run("runs", "--acknowledge").exit_code == 0
        assert installation.times() == before
        again = ("--region", "EMEA", "--yes", "--again")  # that they are signed in was kept
        assert installation.run("run", str(file), *again).exit_code == 0
        installation.journal.write_bytes(bad)
        window = Terminal(installation)
        try:
            until(lambda: window.shows("was damaged"), "the notice")
        finally:
            window.close()


_REFUSED = """
import errno, os
from siptui.host.locks import FileLock
def refused(self, *args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
FileLock.__init__ = refused
"""


def test_what_the_system_refuses_a_worker_is_no_fault_of_siptui(tmp_path: Path) -> None:
    with installed(tmp_path / "lab") as installation:
        (tmp_path / "sitecustomize.py").write_text(AFTER_IMPORTS + _REFUSED)
        file = write_list(tmp_path / "list.csv", range(2))
        how = ("--region", "EMEA", "--yes", "--json")
        done = installation.run("run", str(file), *how, PYTHONPATH=str(tmp_path))
        assert done.exit_code == 1, done.output
        (run,) = installation.runs()
        error = json.loads(done.stdout.splitlines()[-1])["error"]
        assert "No space left on device" in error["message"]
        assert f"siptui resume {run}" in error["next"]
        assert installation.times() == {}


def test_a_worker_gone_from_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_service = RunService(tmp_path / "journal.db", tenant="contoso.example")
    try:
        run = run_service.create(devices(1), file="l", sha256="", skipped=0, options=Options())
        usage = shutil.disk_usage(tmp_path)._replace(free=0)
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        assert watch(run_service, run_service.journal.path, run, as_json=False) == 1
    finally:
        run_service.close()
    said = capsys.readouterr().err
    assert "is full" in said
    assert f"siptui resume {run}" in said


def test_who_follows_waits_until_a_worker_that_said_its_last_words_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`resume`, which may be the next command of a script, would find the run held."""
    path, slept = tmp_path / "journal.db", [0.0]
    run_service = RunService(path, tenant="contoso.example")
    try:
        run = run_service.create(devices(1), file="l", sha256="", skipped=0, options=Options())
        run_service.journal.append(run, [RunStopped(code="x", message="y")], emulated_time.START)
        held = take(path, run)

        def sleep(seconds: float) -> None:
            slept[0] += seconds
            if slept[0] > 8:
                held.release()

        clock = SimpleNamespace(monotonic=lambda: slept[0], sleep=sleep)
        monkeypatch.setattr(follow_run, "time", clock)
        assert watch(run_service, path, run, as_json=True) == 1
        assert holder_of(path, run) is None
        assert slept[0] < 9
    finally:
        held.release()
        run_service.close()
