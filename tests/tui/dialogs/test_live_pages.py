"""The summary and the page of a row go on with the run, and say until when."""

from pathlib import Path

from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.tui.console.screen import Console
from siptui.tui.dialogs.ask import Confirm
from siptui.tui.dialogs.live_page import RowPage
from tests.support.time_zone import in_zone
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices


async def test_the_summary_goes_on(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        harness.runs.accept(1)
        await harness.look()
        await harness.press("t")
        assert "Summary · as of 08:00:02 UTC" in harness.text
        assert "signed in       0" in harness.text
        harness.runs.finish(range(6), seconds=30)
        await harness.look()
        assert "Summary · as of 08:00:32 UTC" in harness.text
        assert "signed in       6" in harness.text
        await harness.press("y")
        assert "signed in       6" in (tmp_path / "saved" / "copied.txt").read_text()
        harness.runs.finish(range(6, 10), seconds=30)
        harness.runs.write(
            ev.RunFinished(succeeded=10, failed=0, unknown=0, skipped=0, seconds=62.0)
        )
        await harness.look()
        assert harness.text.splitlines()[0].strip() == "Summary"
        assert "signed in      10" in harness.text


async def test_what_devices_do_comes_with_the_clock_and_all_else_at_once(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        harness.runs.accept(1)
        await harness.look()
        await harness.press("t")
        for device in range(4):
            harness.runs.finish([device])
            await harness.look()
        assert "signed in       0" in harness.text
        harness.runs.clock.pass_(15)
        harness.runs.answered()
        harness.console.look_for_worker()
        await harness.look()
        assert "signed in       4" in harness.text
        assert "Summary · as of 08:00:21 UTC" in harness.text
        assert "10 devices from 08:00:01, 0:20" in harness.text
        harness.runs.finish([4])
        await harness.look()
        assert "signed in       4" in harness.text
        harness.runs.write(ev.DeviceChanged(device=5, batch=1, state=DeviceState.UNKNOWN))
        await harness.look()
        assert "signed in       5" in harness.text
        assert "unknown         1" in harness.text
        harness.runs.finish([6])
        await harness.look()
        harness.runs.end_batch(1, succeeded=6, failed=0)
        await harness.look()
        assert "signed in       6" in harness.text


async def test_what_waited_for_the_clock_is_shown_when_the_worker_ends(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(10))) as harness:
        await harness.submit(10)
        harness.runs.accept(1)
        await harness.look()
        await harness.press("t")
        harness.runs.finish([0])
        await harness.look()
        assert "signed in       0" in harness.text
        harness.runs.attended = False
        harness.console.look_for_worker()
        await harness.settle()
        assert "signed in       1" in harness.text
        harness.runs.finish([1])  # a worker that this host does not see
        harness.runs.clock.pass_(30)
        for _ in range(10):
            await harness.look()
        assert "signed in       2" in harness.text


async def test_times_are_the_operators_own(tmp_path: Path) -> None:
    with in_zone("America/St_Johns"):
        async with console(tmp_path, text=list_text(make_devices(3))) as harness:
            await harness.submit(3)
            harness.runs.accept(1)
            harness.runs.finish([0], error="Device is offline", seconds=9)
            await harness.look()
            assert "04:30:02 batch 1 accepted" in harness.flat
            await harness.press("t")
            assert "as of 04:30:11 UTC-03:30" in harness.text
            await harness.press("escape", "enter")
            assert "2026-03-02 04:30:11" in harness.text
            assert "08:00" not in harness.text
            await harness.press("escape", "h")
            assert "Runs, newest first · UTC-03:30" in harness.text
            assert " 2026-03-02 04:30 " in harness.text


async def test_the_page_of_a_row_goes_on_and_leads_to_the_next(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4))) as harness:
        await harness.submit(4)
        harness.runs.accept(1)
        await harness.look()
        await harness.press("enter")
        assert isinstance(harness.app.screen, RowPage)
        assert "lobby.00000@contoso.com · as of 08:00:02 UTC" in harness.text
        harness.runs.finish([0], error="Device is offline", seconds=9)
        await harness.look()
        assert "as of 08:00:11 UTC" in harness.text
        assert "The service cannot reach the phone." in harness.text
        assert " r retry " in harness.text.splitlines()[-1]
        await harness.press("n")
        assert "lobby.00001@contoso.com" in harness.text.splitlines()[0]
        assert " r retry " not in harness.text.splitlines()[-1]
        await harness.press("r")  # nothing to retry here
        assert isinstance(harness.app.screen, RowPage)
        await harness.press("question_mark")
        harness.runs.finish([1], seconds=5)
        await harness.look()
        await harness.press("escape")
        assert "as of 08:00:16 UTC" in harness.text
        await harness.press("p", "p", "r")
        assert isinstance(harness.app.screen, Confirm)
        assert "This row alone: lobby.00000@contoso.com." in harness.question
        await harness.press("1", "enter")
        assert isinstance(harness.app.screen, Console)
        order = harness.runs.journal.read(harness.runs.newest)[-1].event
        assert isinstance(order, ev.Order)
        assert order.devices == [0]


async def test_a_read_only_page_retries_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(1))) as first:
        await first.submit(1)
        first.runs.accept(1)
        first.runs.finish([0], error="Device is offline")
        run = first.runs.newest
        runs = first.runs
        async with console(tmp_path, runs=runs, run=run, read_only=True) as harness:
            await harness.press("enter")
            assert " r retry " not in harness.text.splitlines()[-1]
            await harness.press("r")
            assert isinstance(harness.app.screen, RowPage)
