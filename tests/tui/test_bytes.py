"""What the link to the screen is charged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.runs import events as ev
from siptui.tui.waits import Waits
from tests.tui.desk import list_text, make_devices
from tests.tui.harness import Bench, CountingDriver, console


@pytest.fixture(autouse=True)
def _256_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "256")


async def _sent(bench: Bench) -> int:
    driver = bench.app._driver
    assert isinstance(driver, CountingDriver)
    await bench.look()
    return len(driver.take().encode())


async def _running(bench: Bench, count: int) -> None:
    await bench.submit(count)
    bench.desk.accept(1)
    await _sent(bench)


async def test_a_changed_row_in_sight_costs_a_line(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as bench:
        await _running(bench, 60)
        bench.desk.finish([3])
        changes = bench.console.session.poll()
        bench.console.grid.put(bench.console.session.board.changed(changes.devices))
        row_alone = await _sent(bench)
        assert 0 < row_alone <= 300
        bench.desk.finish([4], error="Device is offline")
        await _sent(bench)  # the footer offers a retry from now on
        bench.desk.finish([5], error="Device is offline")
        assert 0 < await _sent(bench) <= 600  # with counts, bar, estimate and footer


async def test_a_changed_row_out_of_sight_costs_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(90)), counting=True) as bench:
        await _running(bench, 90)
        bench.desk.finish([80])
        changes = bench.console.session.poll()
        bench.console.grid.put(bench.console.session.board.changed(changes.devices))
        assert await _sent(bench) == 0


async def test_an_idle_screen_costs_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as bench:
        await _running(bench, 60)
        assert sum([await _sent(bench) for _ in range(50)]) == 0


async def test_a_wait_is_counted_down_for_a_part_of_a_line_a_second(tmp_path: Path) -> None:
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    waits = Waits(lambda: now)
    async with console(
        tmp_path, text=list_text(make_devices(60)), waits=waits, counting=True
    ) as bench:
        await _running(bench, 60)
        until = (now + timedelta(seconds=64)).isoformat().replace("+00:00", "Z")
        bench.desk.write(ev.Waiting(why="The service is busy.", until=until))
        await _sent(bench)
        assert "Waiting 1:04: The service is busy." in bench.text
        assert sum([await _sent(bench) for _ in range(10)]) == 0
        now += timedelta(seconds=1)
        assert 0 < await _sent(bench) <= 120
        assert "Waiting 1:03: The service is busy." in bench.text
        bench.console.say("copied")
        await _sent(bench)
        now += timedelta(seconds=1)
        assert await _sent(bench) == 0, "what was said stays until something is new"
        now += timedelta(seconds=70)
        await _sent(bench)
        bench.console._said = ()
        bench.console.show_bars()
        assert "busy" not in bench.text.splitlines()[2]
        with waits.heard() as tell:  # of a request of the console itself
            tell("Graph is busy.", now + timedelta(seconds=3))
            assert 0 < await _sent(bench) <= 400
            assert "Waiting 0:03: Graph is busy." in bench.text
            now += timedelta(seconds=1)
            assert 0 < await _sent(bench) <= 120
        await _sent(bench)
        assert "Graph" not in bench.text


async def test_a_line_of_the_log(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as bench:
        await _running(bench, 60)
        for n in range(10):
            bench.desk.write(ev.Note(level="info", text=f"batch {n} accepted  9b1c…44e0"))
        await _sent(bench)
        bench.desk.write(ev.Note(level="info", text="batch 4 finished  97 signed in, 3 failed"))
        assert 0 < await _sent(bench) <= 600


async def test_a_step_of_the_cursor_costs_two_lines_and_the_details(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as bench:
        await _running(bench, 60)
        await bench.press("j")
        assert 0 < await _sent(bench) <= 700


async def test_a_run_of_a_hundred_phones(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(100)), counting=True) as bench:
        await bench.settle()
        await _sent(bench)
        await bench.submit(100)
        bench.desk.accept(1)
        asking = await _sent(bench)
        total = 0
        for device in range(100):
            bench.desk.finish([device], error="Device is offline" if device % 7 == 0 else "")
            total += await _sent(bench)
        bench.desk.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=85, failed=15))
        total += await _sent(bench)
        assert asking <= 15_000
        assert asking + total <= 40_000  # here a frame a change


async def test_a_filter_that_takes_a_new_row_in_repaints_no_other_above(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as bench:
        await _running(bench, 60)
        bench.desk.finish([1, 2, 3], error="Device is offline")
        await _sent(bench)
        await bench.press("f")
        await _sent(bench)
        bench.desk.finish([50], error="Device is offline")
        assert 0 < await _sent(bench) <= 1_500
        assert len(bench.rows) == 4
