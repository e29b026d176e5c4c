"""What is signed in goes out once more only where it is chosen in the console."""

from pathlib import Path

import pytest

from siptui.runs import events as ev
from siptui.runs.events import DevicesSignedIn
from siptui.runs.state_load import load
from siptui.tui.dialogs.ask import Choice, Confirm
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices


def _signed_in(runs: ScriptedRuns, count: int, *, all_of_it: bool = True) -> str:
    """A run that signed in the first `count` phones."""
    run = runs.create(
        make_devices(count), file="before.csv", sha256="", skipped=0, options=ev.Options()
    )
    runs.accept(1)
    runs.finish(range(count))
    runs.write(ev.BatchFinished(batch=1, batch_id="0000-batch-1", succeeded=count, failed=0))
    runs.write(ev.RunFinished(succeeded=count, failed=0, unknown=0, skipped=0, seconds=1.0))
    return run


async def _chosen(harness: ConsoleHarness, key: str) -> None:
    assert isinstance(harness.app.screen, Choice)
    assert "signed in as the list wants it" in harness.flat
    await harness.press(*(("j",) if key == "again" else ()), "enter")


@pytest.mark.parametrize("key", ["out", "again"])
async def test_a_submit_asks_what_becomes_of_them(tmp_path: Path, key: str) -> None:
    runs = ScriptedRuns(tmp_path)
    before = _signed_in(runs, 2)
    async with console(tmp_path, text=list_text(make_devices(5)), runs=runs) as harness:
        await harness.press("s")
        await _chosen(harness, key)
        assert isinstance(harness.app.screen, Confirm)
        count = 5 if key == "again" else 3
        assert ("2 rows left out: signed in already" in harness.flat) == (key == "out")
        await harness.type(str(count))
        await harness.press("enter")
        run = runs.newest
        assert run != before
        devices = runs.journal.devices(run)
        assert len(devices) == count
        if key == "out":
            assert ("left out", "signed in already") in [(r[5], r[7]) for r in harness.rows]


async def test_going_back_submits_nothing(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    before = _signed_in(runs, 2)
    async with console(tmp_path, text=list_text(make_devices(2)), runs=runs) as harness:
        await harness.press("s", "escape")
        assert "Nothing was submitted" in harness.flat
        await harness.press("s")
        await _chosen(harness, "out")
        assert "every row was left out" in harness.flat
        assert runs.newest == before
        assert runs.started == []


@pytest.mark.parametrize("key", ["out", "again"])
async def test_a_stopped_run_goes_on_without_them(tmp_path: Path, key: str) -> None:
    runs = ScriptedRuns(tmp_path)
    stopped = runs.create(
        make_devices(4), file="list.csv", sha256="", skipped=0, options=ev.Options()
    )
    runs.write(ev.RunStopped(code="stopped", message="submitting was stopped"))
    _signed_in(runs, 3)
    async with console(tmp_path, run=stopped, runs=runs) as harness:
        await harness.press("h", "j", "r")
        await _chosen(harness, key)
        assert isinstance(harness.app.screen, Confirm)
        await harness.type("4" if key == "again" else "1")
        await harness.press("enter")
        assert runs.started[-1:] == [stopped]
        events = [s.event for s in runs.journal.read(stopped)]
        left_out = [e for e in events if isinstance(e, DevicesSignedIn)]
        assert [e.devices for e in left_out] == ([] if key == "again" else [[0, 1, 2]])


async def test_a_retry_leaves_them_out(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    failed = runs.create(
        make_devices(3), file="list.csv", sha256="", skipped=0, options=ev.Options()
    )
    runs.accept(1)
    runs.finish(range(3), error="Device is offline.")
    runs.write(ev.BatchFinished(batch=1, batch_id="0000-batch-1", succeeded=0, failed=3))
    runs.write(ev.RunFinished(succeeded=0, failed=3, unknown=0, skipped=0, seconds=1.0))
    _signed_in(runs, 3)
    async with console(tmp_path, run=failed, runs=runs) as harness:
        await harness.press("r")
        await _chosen(harness, "out")
        assert len(harness.app.screen_stack) == 1
        state = load(runs.journal, failed)
        assert state.finished is not None
        assert state.finished.succeeded == 3
        assert runs.started == []
