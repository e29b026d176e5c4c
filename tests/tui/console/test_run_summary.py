"""The run as a whole, as characters."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siptui.domain.device import Device
from siptui.runs import events as ev
from siptui.runs.journal.codec import timestamp
from siptui.tui.console.run_summary import bar, curve
from siptui.tui.countdown import Waits
from tests.support.replace import replace
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices

_STEPS = " ▁▂▃▄▅▆▇█"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 80), st.integers(0, 40))
@example(times=[980067.65625], width=29, missing=0)  # its quotient is a little above 29
def test_a_curve_only_rises_and_ends_where_it_is(
    times: list[float], width: int, missing: int
) -> None:
    whole = len(times) + missing
    shown = curve(times, width, whole=whole)
    heights = [_STEPS.index(c) for c in shown]
    assert 1 <= len(shown) <= width
    assert heights == sorted(heights)
    assert (heights[-1] == 8) is (missing == 0)


def test_a_curve_that_was_quick_lies_high_at_once() -> None:
    assert curve([0.0, 0.0], 4, whole=2, end=100) == "████"
    assert curve([25, 50, 75, 100], 4, whole=4) == "▂▄▆█"
    assert curve([], 4, whole=4) == ""


def test_a_curve_of_a_run_that_goes_on_keeps_what_it_showed() -> None:
    times = [12.0 * device for device in range(100)]
    before, drawn_again = "", 0
    for end in range(1, 1200, 10):
        shown = curve([at for at in times if at <= end], 48, whole=100, end=end)
        assert len(shown) <= 48
        drawn_again += not shown.startswith(before[:-1])
        before = shown
    assert drawn_again <= 5  # the cells became longer: 1, 2, 5, 10, 15, 30 s


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 60))
def test_a_bar_is_as_long_as_its_share(count: int, most: int, width: int) -> None:
    shown = bar(count, most, width)
    assert len(shown) <= width
    if count and most and width:
        assert shown
        assert abs(len(shown) - width * min(count, most) / most) <= 1


async def test_the_summary_counts_causes_and_names_the_next_keys(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(20))) as harness:
        await harness.press("t")
        assert "no run yet" in harness.text
        await harness.submit(20)
        harness.runs.accept(1)
        harness.runs.finish(range(10), seconds=30)
        harness.runs.finish(range(10, 16), error="Device is offline", seconds=30)
        harness.runs.finish([16, 17], error="User missing phone number assignment", seconds=30)
        await harness.look()
        await harness.press("t")
        text = harness.text
        assert "signed in      10   50 %" in text
        assert "6  ████████████████████  offline" in text
        assert "no phone number" in text
        assert "20 devices from" in text
        assert "R     retries by cause" in text
        await harness.press("escape")
        assert "Hardware ID" in harness.text


def by_site(folder: Path, sites: tuple[str, ...], each: int) -> tuple[ScriptedRuns, str]:
    """A run by site, as the command line starts one, and its id."""
    runs = ScriptedRuns(folder)
    devices: list[Device] = [
        replace(one, extra={"Site": sites[n // each]})
        for n, one in enumerate(make_devices(each * len(sites)))
    ]
    how = ev.Options(by="Site", first=2)
    return runs, runs.create(devices, file="a.csv", sha256="", skipped=0, options=how)


async def test_the_summary_follows_every_site_and_says_why_one_was_stopped(
    tmp_path: Path,
) -> None:
    runs, run = by_site(tmp_path, ("Berlin", "Bonn"), 10)
    waits = Waits(runs.clock)
    async with console(tmp_path, runs=runs, run=run, waits=waits, size=(80, 24)) as harness:
        runs.accept(1)
        runs.finish([0, 1], 1, seconds=60)
        runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=2, failed=0), seconds=0)
        runs.accept(2)
        runs.accept(3)
        await harness.look()
        await harness.press("t")
        assert "By Site" in harness.text
        runs.finish([2, 3, 4, 5], 2, seconds=30)  # half of the rest of Berlin
        await harness.look()
        assert "Berlin        6/10  ✓ 6" in harness.text
        assert "~1 min left" in harness.text or "<1 min left" in harness.text
        runs.finish([10, 11], 3, error="User not found", seconds=30)
        runs.write(ev.BatchFinished(batch=3, batch_id="z", succeeded=0, failed=2), seconds=0)
        stop = ev.GroupStopped(column="Site", group="Bonn", bad=2, tried=2, left=8)
        runs.write(stop, seconds=0)
        await harness.look()
        lines = harness.text.splitlines()
        (place,) = [n for n, line in enumerate(lines) if line.strip().startswith("Bonn")]
        assert lines[place].rstrip().endswith("stopped")
        said = " ".join(" ".join(lines[place + 1 : place + 3]).split())
        assert said.startswith("2 of 2 devices not signed in, more than 10 %; 8 not submitted")
        runs.finish([6, 7, 8, 9], 2, seconds=30)
        runs.write(
            ev.BatchFinished(batch=2, batch_id="y", succeeded=8, failed=0),
            ev.RunStopped(code="groups_stopped", message="too many failed", remedy=""),
        )
        await harness.look()
        assert "Berlin       10/10  ✓ 10    ✗ 0     done" in harness.text
        await harness.press("G")
        assert "resumes: goes on with all that was stopped (Bonn)" in harness.flat
        assert "/ site:bonn and s submit one alone" in harness.flat


async def test_a_retry_that_waits_says_when_it_is_tried_and_what_is_left(tmp_path: Path) -> None:
    runs, run = by_site(tmp_path, ("Berlin",), 12)
    async with console(tmp_path, runs=runs, run=run, waits=Waits(runs.clock)) as harness:
        runs.accept(1)
        runs.finish([0, 1], 1, seconds=60)
        runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=2, failed=0), seconds=0)
        runs.accept(2)
        runs.finish(range(2, 12), 2, error="Device is offline", seconds=120)
        again = timestamp(runs.clock() + timedelta(seconds=240))
        runs.write(
            ev.BatchFinished(batch=2, batch_id="y", succeeded=2, failed=8),
            ev.BatchPlanned(batch=3, region="EMEA", devices=[*range(2, 12)], attempt=2),  # type: ignore[arg-type]
            ev.BatchDeferred(batch=3, why="tried again in a while", until=again),
            seconds=0,
        )
        await harness.look()
        assert "Waiting 4:00: batch 3: tried again in a while" in harness.text
        assert "~6 min left" in harness.text  # four of waiting, and a batch takes 90 s here
        await harness.press("t")
        assert "Next attempt in 4:00, ~6 min left" in harness.text
        runs.clock.pass_(61)
        await harness.press("escape", "t")
        assert "Next attempt in 2:59, ~4 min left" in harness.text


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", "256")


@pytest.mark.usefixtures("colours")
async def test_a_summary_that_stays_open_keeps_to_the_budget(tmp_path: Path) -> None:
    runs, run = by_site(tmp_path, ("Berlin", "Bonn", "Oslo", "Rome"), 10)
    async with console(tmp_path, runs=runs, run=run, counting=True) as harness:
        for batch in range(1, 9):
            runs.accept(batch)
        await harness.look()
        sent(harness)
        await harness.press("t")
        opening = sent(harness)
        assert 0 < opening <= 6_000
        for device in range(40):
            place = 2 * (device // 10) + (device % 10 >= 2) + 1
            error = "Device is offline" if device % 7 == 0 else ""
            runs.finish([device], place, error=error)
            await harness.look()
        live = sent(harness)
        assert 0 < live <= 10_000  # here a frame a change
        for _ in range(20):
            await harness.look()
        assert sent(harness) == 0


def sent(harness: ConsoleHarness) -> int:
    driver = harness.app._driver
    assert isinstance(driver, CountingDriver)
    return len(driver.take().encode())


async def test_the_summary_sums_up_each_site_of_a_run_that_goes_by_none(tmp_path: Path) -> None:
    text = "Username,HardwareId,Region,Room,Site\n" + "".join(
        f"{d.user_name},{d.hardware_id},EMEA,Room {n},{'North' if n < 6 else 'South'}\n"
        for n, d in enumerate(make_devices(10))
    )
    async with console(tmp_path, text=text) as harness:
        await harness.submit(10)
        assert "t summary" in harness.text.splitlines()[-1]
        harness.runs.accept(1)
        harness.runs.finish(range(4))
        harness.runs.finish([6], error="Device is offline")
        await harness.look()
        await harness.press("t")
        told = [" ".join(line.split()) for line in harness.text.splitlines()]
        at = told.index("By Site")
        assert told[at + 1] == "North 4/6 ✓ 4 ✗ 0"
        assert told[at + 2] == "South 1/4 ✓ 0 ✗ 1"
        assert told[at + 3] == "1 offline"


async def test_a_part_of_a_list_says_so_and_a_site_with_failures_is_not_done(
    tmp_path: Path,
) -> None:
    text = "Username,HardwareId,Region,Site\n" + "".join(
        f"{d.user_name},{d.hardware_id},EMEA,{'North' if n < 4 else 'South'}\n"
        for n, d in enumerate(make_devices(10))
    )
    async with console(tmp_path, text=text) as harness:
        await harness.press("s", "n", "8", "enter", "enter")
        await harness.type("8")
        await harness.press("enter")
        harness.runs.accept(1)
        harness.runs.finish(range(7))
        harness.runs.finish([7], error="Device is offline")
        harness.runs.end_batch(1, succeeded=7, failed=1)
        await harness.look()
        await harness.press("t")
        assert "This run alone; 2 rows of its list are not in it." in harness.text
        north, south = (
            next(line.split() for line in harness.text.splitlines() if line.split()[:1] == [site])
            for site in ("North", "South")
        )
        assert (north[-1], south[-1]) == ("done", "ended")
        assert "Progress  8 devices from" in harness.text
