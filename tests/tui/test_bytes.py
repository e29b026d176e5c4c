"""What the link to the screen is charged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.runs import events as ev
from siptui.tui.countdown import Waits
from tests.tui.harness import SIZES, ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import list_text, make_devices


@pytest.fixture(autouse=True)
def _256_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "256")


async def _sent(harness: ConsoleHarness) -> int:
    driver = harness.app._driver
    assert isinstance(driver, CountingDriver)
    await harness.look()
    return len(driver.take().encode())


async def _running(harness: ConsoleHarness, count: int) -> None:
    await harness.submit(count)
    harness.runs.accept(1)
    await _sent(harness)


async def test_a_changed_row_in_sight_costs_a_line(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _running(harness, 60)
        harness.runs.finish([3])
        changes = harness.console.session.poll()
        harness.console.grid.put(harness.console.session.board.changed(changes.devices))
        row_alone = await _sent(harness)
        assert 0 < row_alone <= 300
        harness.runs.finish([4], error="Device is offline")
        await _sent(harness)  # the footer offers a retry from now on
        harness.runs.finish([5], error="Device is offline")
        assert 0 < await _sent(harness) <= 600  # with counts, bar, estimate and footer


async def test_a_changed_row_out_of_sight_costs_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(90)), counting=True) as harness:
        await _running(harness, 90)
        harness.runs.finish([80])
        changes = harness.console.session.poll()
        harness.console.grid.put(harness.console.session.board.changed(changes.devices))
        assert await _sent(harness) == 0


async def test_an_idle_screen_costs_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _running(harness, 60)
        assert sum([await _sent(harness) for _ in range(15)]) == 0


async def _half_a_minute(harness: ConsoleHarness) -> int:
    """What is sent in that time without news; the service is asked every few seconds."""
    sent = 0
    for second in range(30):
        harness.runs.clock.pass_(1)
        if second % 4 == 0:
            harness.runs.answered()
        if second % 2 == 0:
            harness.console.look_for_worker()
        sent += await _sent(harness)
    return sent


@pytest.mark.parametrize("size", SIZES)
async def test_the_clock_of_a_run_costs_little(tmp_path: Path, size: tuple[int, int]) -> None:
    text = list_text(make_devices(60))
    async with console(tmp_path, text=text, size=size, counting=True) as harness:
        await _running(harness, 60)
        first = await _half_a_minute(harness)
        assert "run 0:30 · asked 3 s ago · UTC" in harness.text
        row = next(line for line in harness.text.splitlines() if "lobby.00003" in line)
        assert " 0:20" in row  # every ten seconds
        assert 0 < first <= 3_000
        assert 0 < await _half_a_minute(harness) <= 1_500
        await harness.press("t")
        await _sent(harness)
        assert "as of 08:01:0" in harness.text
        summary = await _half_a_minute(harness)
        assert "as of 08:01:2" in harness.text
        assert 0 < summary <= 1_000
        await harness.press("escape")
        harness.runs.finish(range(60), error="Device is offline")
        harness.runs.write(ev.RunFinished(succeeded=0, failed=60, unknown=0, skipped=0, seconds=9))
        await _sent(harness)
        assert await _half_a_minute(harness) == 0
        assert "asked" not in harness.text


async def test_a_wait_is_counted_down_for_a_part_of_a_line_a_second(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    waits = Waits(lambda: now)
    async with console(
        tmp_path, text=list_text(make_devices(60)), waits=waits, counting=True
    ) as harness:
        await _running(harness, 60)
        until = (now + timedelta(seconds=64)).isoformat().replace("+00:00", "Z")
        harness.runs.write(ev.Waiting(why="The service is busy.", until=until))
        await _sent(harness)
        assert "Waiting 1:04: The service is busy." in harness.text
        assert sum([await _sent(harness) for _ in range(10)]) == 0
        now += timedelta(seconds=1)
        assert 0 < await _sent(harness) <= 120
        assert "Waiting 1:03: The service is busy." in harness.text
        harness.console.say("copied")
        await _sent(harness)
        now += timedelta(seconds=1)
        assert await _sent(harness) == 0, "what was said stays until something is new"
        now += timedelta(seconds=70)
        await _sent(harness)
        harness.console.clear_notice()
        harness.console.show_bars()
        assert "busy" not in harness.text.splitlines()[2]
        with waits.heard() as tell:  # of a request of the console itself
            tell("Graph is busy.", now + timedelta(seconds=3))
            assert 0 < await _sent(harness) <= 400
            assert "Waiting 0:03: Graph is busy." in harness.text
            now += timedelta(seconds=1)
            assert 0 < await _sent(harness) <= 120
        await _sent(harness)
        assert "Graph" not in harness.text


async def test_a_line_of_the_log(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _running(harness, 60)
        for n in range(10):
            harness.runs.write(ev.Note(level="info", text=f"batch {n} accepted  9b1c…44e0"))
        await _sent(harness)
        harness.runs.write(ev.Note(level="info", text="batch 4 finished  97 signed in, 3 failed"))
        assert 0 < await _sent(harness) <= 600


async def test_a_step_of_the_cursor_costs_two_lines_and_the_details(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _running(harness, 60)
        await harness.press("j")
        assert 0 < await _sent(harness) <= 700


async def test_a_run_of_a_hundred_phones(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(100)), counting=True) as harness:
        await harness.settle()
        await _sent(harness)
        await harness.submit(100)
        harness.runs.accept(1)
        asking = await _sent(harness)
        total = 0
        for device in range(100):
            harness.runs.finish([device], error="Device is offline" if device % 7 == 0 else "")
            total += await _sent(harness)
        harness.runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=85, failed=15))
        total += await _sent(harness)
        assert asking <= 15_000
        assert asking + total <= 40_000  # here a frame a change


async def test_a_filter_that_takes_a_new_row_in_repaints_no_other_above(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _running(harness, 60)
        harness.runs.finish([1, 2, 3], error="Device is offline")
        await _sent(harness)
        await harness.press("f")
        await _sent(harness)
        harness.runs.finish([50], error="Device is offline")
        assert 0 < await _sent(harness) <= 1_500
        assert len(harness.rows) == 4
