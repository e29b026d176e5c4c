"""A run and the session it was started in: OpenSSH's, Windows Terminal's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from siptui.host.processes import process_lives
from siptui.host.user import user_name
from tests.windows.jobs import Session
from tests.windows.service import service
from tests.worker.installation import TOKEN, Installation, installed, until, write_list

#: Four seconds a batch at the speed of `lab`; longer than any test in `slow`.
_DEVICES = "[timing]\ndevice = [240, 240]\n"
_PHONES = int(os.environ.get("WINDOWS_TESTS_PHONES", "300"))


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _DEVICES, speed=60, quick=8) as found:
        yield found


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", _DEVICES, speed=1, quick=1) as found:
        yield found


def _run(
    lab: Installation,
    session: Session,
    *more: str,
    phones: int = _PHONES,
    environ: Mapping[str, str] | None = None,
) -> "subprocess.Popen[str]":
    file = write_list(lab.folder / "phones.csv", range(phones))
    command = [sys.executable, "-m", "siptui", "run", str(file), "--region", "EMEA", "--yes"]
    env = {**os.environ, **lab.env, **(environ or {})}
    return session.start(
        [*command, *more],
        env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_a_run_goes_on_when_an_ssh_session_ends(lab: Installation) -> None:
    session = Session(leave=True)
    process = _run(lab, session, "--json")
    run = until(lab.runs, "the run")[0]
    until(lambda: lab.state(run).batches and lab.state(run).batches[1].batch_id, "a batch")
    worker = until(lambda: lab.holder(run), "a worker")
    session.close()
    process.wait(30)
    assert process.stdout
    assert "closing its window" not in process.stdout.read()
    assert process_lives(worker.pid)
    state = lab.over(run)
    assert state.finished
    assert state.finished.succeeded == _PHONES
    assert set(lab.times().values()) == {1}


def test_where_a_terminal_ends_all_the_service_starts_the_worker(
    lab: Installation, tmp_path: Path
) -> None:
    session = Session(leave=False)
    with service(tmp_path) as wmi:
        process = _run(lab, session, "--json", environ=wmi.environ)
        run = until(lab.runs, "the run")[0]
        until(lambda: lab.state(run).batches and lab.state(run).batches[1].batch_id, "a batch")
        worker = until(lambda: lab.holder(run), "a worker")
        session.close()
        process.wait(30)
    assert process.stdout
    assert "closing its window" not in process.stdout.read()
    assert process_lives(worker.pid)
    assert worker.user == user_name()
    state = lab.over(run)
    assert state.finished
    assert state.finished.succeeded == _PHONES
    assert set(lab.times().values()) == {1}
    assert len(wmi.asked) == 2
    assert TOKEN not in "".join(wmi.asked)


def test_where_a_terminal_ends_all_it_is_told_and_resume_goes_on(lab: Installation) -> None:
    session = Session(leave=False)
    process = _run(lab, session)
    run = until(lab.runs, "the run")[0]
    until(lambda: lab.state(run).batches and lab.state(run).batches[1].batch_id, "a batch")
    worker = until(lambda: lab.holder(run), "a worker")
    session.close()
    process.wait(30)
    assert process.stdout
    assert "closing its window ends the worker" in process.stdout.read()
    until(lambda: not process_lives(worker.pid), "the end of the worker")
    until(lambda: lab.holder(run) is None, "the lock of the dead")
    resumed = lab.run("resume", run, "--yes", "--json")
    assert resumed.exit_code == 0, resumed.output
    state = lab.state(run)
    assert state.finished
    assert state.finished.succeeded == _PHONES
    assert set(lab.times().values()) == {1}


def test_of_two_processes_on_a_run_the_second_names_the_first(slow: Installation) -> None:
    process = _run(slow, Session(leave=True), phones=2)
    run = until(slow.runs, "the run")[0]
    holder = until(lambda: slow.holder(run), "a worker")
    arguments = ("resume", run, "--yes", "--foreground", "--json")
    second = slow.process(*arguments, stderr=subprocess.DEVNULL)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 11
    error = json.loads(said.splitlines()[-1])["error"]
    assert error["code"] == "held"
    assert f"process {holder.pid} of {user_name()}" in error["message"]
    process.kill()
    process.communicate()
