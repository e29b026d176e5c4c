"""A run that no process works on is shown as such, whatever its journal says last."""

from pathlib import Path

from siptui.runs import events as ev
from tests.tui.desk import list_text, make_devices
from tests.tui.harness import Bench, CountingDriver, console

_GONE = "No worker is running. r resumes."


async def _killed(bench: Bench, count: int = 6) -> None:
    """A run with a live batch whose worker is gone without a word."""
    await bench.submit(count)
    bench.desk.write(ev.WorkerStarted(pid=1))
    bench.desk.accept(1)
    await bench.look()
    bench.desk.attended = False
    bench.console.look_for_worker()
    await bench.settle()


async def test_it_is_said_in_the_notice_the_header_the_footer_and_the_log(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6)), size=(80, 24)) as bench:
        await _killed(bench)
        lines = bench.text.splitlines()
        assert "no worker" in lines[1]
        assert "live" not in lines[1]
        assert _GONE in lines[2]
        assert lines[-1].startswith(" No worker is running  ")
        assert "r resume" in lines[-1]
        assert "It ended without a word" in bench.flat


async def test_a_pause_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as bench:
        await _killed(bench)
        bench.console.session.worker_gone = False  # as at the moment before the next look
        await bench.press("P")
        assert "pause: no worker is running; r resumes." in bench.text
        stored = bench.desk.journal.read(bench.desk.newest)
        assert [s for s in stored if isinstance(s.event, ev.Order)] == []


async def test_r_has_it_go_on_though_devices_failed(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as bench:
        await _killed(bench)
        bench.desk.finish([0], error="Device is offline")
        await bench.look()
        begun = len(bench.desk.started)
        await bench.press("r")
        assert bench.desk.started[begun:] == [bench.desk.newest]
        bench.desk.attended = True
        bench.desk.write(ev.WorkerStarted(pid=2))
        await bench.look()
        assert "No worker" not in bench.text.splitlines()[2]
        assert "1 batch live" in bench.text
        assert "r retry 1" in bench.text


async def test_a_read_only_console_says_who_may(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6))) as bench:
        await _killed(bench)
        run = bench.desk.newest
    desk = type(bench.desk)(tmp_path)
    desk.attended = False
    async with console(tmp_path, desk=desk, run=run, read_only=True) as bench:
        assert "No worker is running. A console that is not read-only resumes it." in bench.text


async def test_its_last_words_are_read_before_it_is_called_gone(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(1))) as bench:
        await bench.submit(1)
        bench.desk.accept(1)
        bench.desk.finish([0])
        done = ev.RunFinished(succeeded=1, failed=0, unknown=0, skipped=0, seconds=1)
        bench.desk.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=1, failed=0), done)
        bench.desk.attended = False
        bench.console.look_for_worker()
        await bench.settle()
        assert "without a word" not in bench.flat
        assert "Ended: all 1 signed in" in bench.text


async def test_looking_costs_no_byte(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(6)), counting=True) as bench:
        driver = bench.app._driver
        assert isinstance(driver, CountingDriver)
        await bench.submit(6)
        bench.desk.accept(1)
        await bench.look()
        for attended in (True, False):
            bench.desk.attended = attended
            bench.console.look_for_worker()
            await bench.settle()
            driver.take()
            for _ in range(20):
                bench.console.look_for_worker()
                await bench.look()
            assert driver.take() == ""
