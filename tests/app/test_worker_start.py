"""A worker gets its order once it is known what ends it; one that does not come up is gone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.app import surrounding_checks, worker_start
from siptui.app.worker_start import WorkerFailedError, start_worker, worker_run_service
from siptui.devicelist.reading import read
from siptui.domain.region import Region
from siptui.host.interpreter import module_command
from siptui.host.processes import (
    NEUTRAL_FOLDER,
    Detached,
    WorkerEnd,
    process_lives,
    start_detached,
)
from siptui.runs.events import Options
from siptui.runs.service import RunService
from tests.support.replace import replace
from tests.worker.installation import Installation, installed, write_list


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with installed(tmp_path / "lab", "healthy") as found:
        for name, value in found.env.items():
            monkeypatch.setenv(name, value)
        found.selected.journal.parent.mkdir(parents=True, exist_ok=True)
        yield found


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Detached]:
    """The processes that are started, each of which is said to end with the terminal."""
    found: list[Detached] = []

    def start(command: list[str], env: dict[str, str]) -> Detached:
        found.append(replace(start_detached(command, env), outlives_terminal=False))
        return found[-1]

    monkeypatch.setattr(worker_start, "start_detached", start)
    return found


def _planned(lab: Installation) -> str:
    file = write_list(lab.folder / "phones.csv", range(2))
    service = RunService(lab.journal, tenant="contoso.example")
    try:
        devices = read(file, region=Region.EMEA).devices
        return service.create(
            devices, file=str(file), sha256="", skipped=0, options=Options(settle_seconds=2)
        )
    finally:
        service.close()


def test_one_that_ends_with_the_terminal_gets_no_order_unless_that_was_told(
    lab: Installation, started: list[Detached], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _planned(lab)
    with pytest.raises(WorkerFailedError) as caught:
        start_worker(lab.selected, run)
    assert run in caught.value.remedy
    assert not process_lives(started[0].pid)
    assert lab.holder(run) is None
    assert lab.times() == {}
    monkeypatch.setattr(worker_start, "worker_end", lambda: WorkerEnd.TERMINAL)
    start_worker(lab.selected, run)
    assert lab.over(run).finished
    assert set(lab.times().values()) == {1}


def test_one_that_says_nothing_in_time_is_ended(
    lab: Installation, started: list[Detached], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = [sys.executable, "-c", "import sys, time; sys.stdin.read(); time.sleep(60)"]
    monkeypatch.setattr(worker_start, "module_command", lambda _: silent)
    monkeypatch.setattr(worker_start, "worker_end", lambda: WorkerEnd.TERMINAL)
    monkeypatch.setattr(worker_start, "_STARTING", 0.1)
    with pytest.raises(WorkerFailedError):
        start_worker(lab.selected, _planned(lab))
    assert not process_lives(started[0].pid)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(99)"])
def test_the_error_of_one_that_ended_with_a_code_of_the_system_is_told(
    lab: Installation, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    answer = '{"error": {"code": "full", "message": "No space.", "next": "Make some."}}'
    program = f"import os, signal, sys; sys.stdin.read(); print({answer!r}, flush=True); {end}"
    monkeypatch.setattr(worker_start, "module_command", lambda _: [sys.executable, "-c", program])
    with pytest.raises(WorkerFailedError) as caught:
        start_worker(lab.selected, _planned(lab))
    assert (caught.value.message, caught.value.exit_code) == ("No space.", 1)


def test_a_program_that_cannot_be_started_is_told_of(
    lab: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_start, "module_command", lambda _: [str(lab.folder / "none")])
    with pytest.raises(WorkerFailedError) as caught:
        start_worker(lab.selected, _planned(lab))
    assert "Nothing was submitted" in caught.value.message


def test_a_worker_without_an_order_ends() -> None:
    done = subprocess.run(
        module_command("siptui.app.worker_main"),
        cwd=NEUTRAL_FOLDER,
        input=b"",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout + done.stderr == b""


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (WorkerEnd.LOGOUT, "KillUserProcesses"),
        (WorkerEnd.LAST_LOGOUT, "enable-linger"),
        (WorkerEnd.TERMINAL, "closing its window"),
    ],
)
def test_what_ends_a_worker_is_said_before_the_submit(
    lab: Installation, monkeypatch: pytest.MonkeyPatch, end: WorkerEnd, word: str
) -> None:
    monkeypatch.setattr(worker_start, "worker_end", lambda: end)
    file = write_list(lab.folder / "phones.csv", range(2))
    service = worker_run_service(lab.selected)
    try:
        (said,) = service.notes(read(file, region=Region.EMEA).devices)
    finally:
        service.close()
    assert word in said
    monkeypatch.setattr(surrounding_checks, "worker_end", lambda: end)
    good, _, remedy = surrounding_checks.worker_found()
    assert (good, remedy) == (None, said)


def test_nothing_is_said_where_nothing_ends_it(
    lab: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_start, "worker_end", lambda: WorkerEnd.NOTHING)
    assert worker_start.worker_note() == ""
