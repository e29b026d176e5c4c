"""A run that no process works on is shown as such, whatever its journal says last."""

from pathlib import Path

from siptui.runs import events as ev
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import list_text, make_devices

_GONE = "No worker is running. r resumes."


async def _killed(harness: ConsoleHarness, count: int = 6) -> None:
    """A run with a live batch whose worker is gone without a word."""
    await harness.submit(count)
    harness.runs.write(ev.WorkerStarted(pid=1))
    harness.runs.accept(1)
    await harness.look()
    harness.runs.attended = False
    harness.console.look_for_worker()
    await harness.settle()


async def test_it_is_said_in_the_notice_the_header_the_footer_and_the_log(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6)), size=(80, 24)) as harness:
        await _killed(harness)
        lines = harness.text.splitlines()
        assert "no worker" in lines[1]
        assert "live" not in lines[1]
        assert _GONE in lines[2]
        assert lines[-1].startswith(" No worker is running  ")
        assert "r resume" in lines[-1]
        assert "It ended without a last entry in the journal" in harness.flat


async def test_a_pause_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as harness:
        await _killed(harness)
        harness.console.session.worker_gone = False  # as at the moment before the next look
        await harness.press("P")
        assert "pause: no worker is running; r resumes." in harness.text
        stored = harness.runs.journal.read(harness.runs.newest)
        assert [s for s in stored if isinstance(s.event, ev.Order)] == []


async def test_r_has_it_go_on_though_devices_failed(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as harness:
        await _killed(harness)
        harness.runs.finish([0], error="Device is offline")
        await harness.look()
        begun = len(harness.runs.started)
        await harness.press("r")
        assert harness.runs.started[begun:] == [harness.runs.newest]
        harness.runs.attended = True
        harness.runs.write(ev.WorkerStarted(pid=2))
        await harness.look()
        assert "No worker" not in harness.text.splitlines()[2]
        assert "1 batch live" in harness.text
        assert "r retry 1" in harness.text


async def test_a_read_only_console_says_who_may(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as harness:
        await _killed(harness)
        run = harness.runs.newest
    runs = type(harness.runs)(tmp_path)
    runs.attended = False
    async with console(tmp_path, runs=runs, run=run, read_only=True) as harness:
        assert "No worker is running. A console that is not read-only resumes it." in harness.text


async def test_its_last_words_are_read_before_it_is_called_gone(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(1))) as harness:
        await harness.submit(1)
        harness.runs.accept(1)
        harness.runs.finish([0])
        done = ev.RunFinished(succeeded=1, failed=0, unknown=0, skipped=0, seconds=1)
        harness.runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=1, failed=0), done)
        harness.runs.attended = False
        harness.console.look_for_worker()
        await harness.settle()
        assert "without a word" not in harness.flat
        assert "Ended: all 1 signed in" in harness.text


async def test_looking_costs_no_byte(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6)), counting=True) as harness:
        driver = harness.app._driver
        assert isinstance(driver, CountingDriver)
        await harness.submit(6)
        harness.runs.accept(1)
        await harness.look()
        for attended in (True, False):
            harness.runs.attended = attended
            harness.console.look_for_worker()
            await harness.settle()
            driver.take()
            for _ in range(20):
                harness.console.look_for_worker()
                await harness.look()
            assert driver.take() == ""


async def test_a_run_that_stopped_says_first_how_it_goes_on_and_r_resumes_it(
    tmp_path: Path,
) -> None:
    long = "The access token is missing, invalid or has expired (Unauthorized), HTTP 401."
    async with console(tmp_path, text=list_text(make_devices(4)), size=(80, 24)) as harness:
        await harness.submit(4)
        harness.runs.write(ev.RunStopped(code="interrupted", message=long))
        await harness.look()
        lines = harness.text.splitlines()
        assert "Stopped. r resumes. The access token" in lines[2]
        assert "r resume" in lines[-1]
        begun = len(harness.runs.started)
        await harness.press("r")
        assert "4 devices not submitted yet will be" in harness.flat
        await harness.type("4")
        await harness.press("enter")
        assert harness.runs.started[begun:] == [harness.runs.newest]


async def test_r_retries_what_failed_of_a_run_that_stopped(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(4)), size=(80, 24)) as harness:
        await harness.submit(4)
        harness.runs.accept(1)
        harness.runs.finish([0], error="Device is offline")
        harness.runs.write(ev.RunStopped(code="interrupted", message="siptui was asked to end"))
        await harness.look()
        assert "Stopped. h resumes. siptui was asked to end" in harness.text
        assert "r retry 1" in harness.text
