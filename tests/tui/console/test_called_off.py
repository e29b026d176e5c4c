"""Escape calls off what a thread works on: the console goes on."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.tui.console import list_flow, run_flow
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices


async def _until(seen: Callable[[], bool]) -> None:
    for _ in range(2000):
        if seen():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("key", ["r", "h", "o"])
async def test_escape_while_a_thread_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Before the question of a retry, before the page of runs, while a list is read."""
    asked, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> str:
        asked.set()
        go_on.wait(20)
        return ""

    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        if key == "r":
            await harness.submit(3)
            harness.runs.accept(1)
            harness.runs.finish([0, 1, 2], error="User not found in tenant")
            harness.runs.end_batch(1, succeeded=0, failed=3)
            await harness.look()
        service = harness.console.session.run_service
        monkeypatch.setattr(service, "worker_note", wait)
        monkeypatch.setattr(run_flow, "run_groups", wait)
        monkeypatch.setattr(list_flow, "read_list", wait)

        async def again() -> None:
            assert harness.console.session.path is not None
            await harness.console.list_flow.read(harness.console.session.path, None)

        try:
            if key == "o":
                harness.console.start(again)
            else:
                await harness.pilot.press(key)
            await _until(asked.is_set)
            await harness.pilot.press("escape")
            await _until(lambda: all(one.is_finished for one in harness.app.workers))
        finally:
            go_on.set()
        await harness.settle()
        assert harness.app.is_running
        assert "lobby.00001" in harness.text
        await harness.press("question_mark")
        assert len(harness.app.screen_stack) == 2
