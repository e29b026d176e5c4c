"""The run service that works itself, on the demo tenant, by the real client and engine."""

import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from siptui.app.demo_tenant import demo_run_service
from siptui.app.in_process_runs import InProcessRunService
from siptui.devicelist import read
from siptui.domain.errors import SignInNeededError
from siptui.domain.state import DeviceState
from siptui.domain.times import passed
from siptui.emulator.demo import demo_list
from siptui.runs.events import Options, WorkerStarted


def _devices(folder: Path) -> Any:
    path = folder / "list.csv"
    path.write_bytes(demo_list())
    return read(path).devices


def _create(run_service: InProcessRunService, folder: Path) -> str:
    return run_service.create(
        _devices(folder), file="list.csv", sha256="", skipped=0, options=Options()
    )


@pytest.mark.slow
def test_the_demo_runs_to_its_end_and_retries(tmp_path: Path) -> None:
    run_service = demo_run_service(tmp_path, speed=2_000)
    try:
        run = _create(run_service, tmp_path)
        run_service.start(run)
        run_service.start(run)  # twice is once
        following = run_service.follow(run)
        run_service.wait(60)
        following.poll()
        assert following.state.finished is not None
        failed = [r.index for r in following.state.devices if r.state is DeviceState.FAILED]
        assert failed
        assert len(failed) < 60
        run_service.retry(run, failed[:2])
        run_service.start(run)
        run_service.wait(60)
        following.poll()
        assert {following.state.devices[i].attempt for i in failed[:2]} == {2}
        assert run_service.runs()[0].state == "finished"
        following.close()
    finally:
        run_service.close()


def test_the_worker_says_when_the_service_last_answered(tmp_path: Path) -> None:
    run_service = demo_run_service(tmp_path, speed=1)
    try:
        run = _create(run_service, tmp_path)
        run_service.start(run)
        end = time.monotonic() + 30
        while not ((held := run_service.holder(run)) and held.asked) and time.monotonic() < end:
            time.sleep(0.02)
        assert held is not None
        ago = passed(held.asked, run_service.now())
        assert ago is not None
        assert ago < 60
        assert held.pid
    finally:
        run_service.close()


def test_closing_stops_the_run_so_that_it_can_be_resumed(tmp_path: Path) -> None:
    run_service = demo_run_service(tmp_path, speed=1)
    run = _create(run_service, tmp_path)
    run_service.start(run)
    run_service.close()
    again = demo_run_service(tmp_path, speed=2_000)
    try:
        assert again.runs()[0].state == "stopped"
        again.start(run)
        until = time.monotonic() + 30
        while _workers(again, run) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        # Another process has it now; its tenant is another, so what was sent is not followed.
        assert _workers(again, run) == 2
    finally:
        again.close()


def _workers(run_service: InProcessRunService, run: str) -> int:
    return sum(isinstance(s.event, WorkerStarted) for s in run_service.journal.read(run))


def test_what_keeps_the_work_from_beginning_is_written_down(tmp_path: Path) -> None:
    @asynccontextmanager
    async def connect() -> Any:
        raise SignInNeededError("no one is signed in", remedy="siptui auth login")
        yield

    run_service = InProcessRunService(tmp_path / "journal.db", connect, tenant="Contoso")
    try:
        run = _create(run_service, tmp_path)
        run_service.start(run)
        run_service.wait(60)
        following = run_service.follow(run)
        following.poll()
        assert following.state.stopped is not None
        assert following.state.stopped.remedy == "siptui auth login"
        following.close()
    finally:
        run_service.close()
