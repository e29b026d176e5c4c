"""When a plan, or what is left of a run, will probably be carried out."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.batch_time import ASSUMED, BatchTime, batch_time
from siptui.runs.first_events import planned_batches
from siptui.runs.forecast import Forecast, forecast
from siptui.runs.journal.codec import timestamp
from siptui.runs.output.plan_notes import forecast_notes
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from siptui.runs.time_left import time_left
from tests.support.replace import replace
from tests.tui.scripted_runs import ScriptedRuns, make_devices

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEN = BatchTime(10 * MINUTE, 3)


def sites(count: int, of: Sequence[str]) -> list[Device]:
    return [
        replace(one, extra={"Site": of[n % len(of)]}) for n, one in enumerate(make_devices(count))
    ]


def minutes(devices: Sequence[Device], **options: object) -> tuple[float, Forecast]:
    how = ev.Options(**options)  # type: ignore[arg-type]
    found = forecast(planned_batches(devices, how), how, TEN, NOW)
    return (found.end - NOW) / MINUTE, found


def test_batches_go_through_the_slots_of_their_regions() -> None:
    devices = make_devices(400)
    assert minutes(devices)[0] == 20  # four batches, three at once
    assert minutes(devices, slots=1)[0] == 40
    half = [replace(d, region=Region.NOAM) if d.line % 2 else d for d in devices]
    assert minutes(half)[0] == 10
    assert minutes(devices, first=5)[0] == 30  # the first are waited for


def test_the_first_of_a_site_hold_up_that_site_alone() -> None:
    devices = sites(200, ["Berlin", "Bonn"])
    assert minutes(devices, by="Site")[0] == 10
    assert minutes(devices, by="Site", first=3)[0] == 20
    assert minutes(devices, by="Site", first=3, slots=1)[0] == 40


def test_a_window_moves_the_end_and_shuts_out_what_comes_too_late() -> None:
    devices = make_devices(40)
    begin, until = timestamp(NOW + 60 * MINUTE), timestamp(NOW + 75 * MINUTE)
    window = {"not_before": begin, "until": until}
    last, found = minutes(devices, batch_size=10, slots=1, **window)
    assert (last, found.shut_out) == (80, 20)
    said = " ".join(forecast_notes(found, NOW))
    assert "20 devices will not be submitted before the window closes" in said


def test_deadlines_that_the_plan_will_miss_are_counted() -> None:
    def due(device: Device, after: timedelta) -> Device:
        onboarded = (NOW + after - timedelta(hours=72)).isoformat()
        return replace(device, extra={"OnboardedAt": onboarded})

    devices = [due(d, timedelta(minutes=15 if d.line % 2 else 500)) for d in make_devices(40)]
    _, found = minutes(devices, batch_size=10, slots=1)
    assert (found.late, found.dated) == (10, 40)  # ten of twenty go out in the second batch
    assert any("10 of 40 devices with a deadline" in note for note in forecast_notes(found, NOW))


def test_a_batch_takes_what_those_of_the_tenant_took(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    assert batch_time(runs.journal, "Contoso Ltd") == BatchTime(ASSUMED, 0)
    planned = planned_batches(make_devices(1), ev.Options())
    (said,) = forecast_notes(runs.forecast(planned, ev.Options()), runs.clock())
    assert "assuming 10 min a batch" in said
    devices = make_devices(3)
    runs.create(devices, file="a.csv", sha256="", skipped=0, options=ev.Options(batch_size=1))
    for number, took in ((1, 60), (2, 300), (3, 120)):
        runs.accept(number)
        runs.finish([number - 1], number, seconds=took)
        runs.write(ev.BatchFinished(batch=number, batch_id="x", succeeded=1, failed=0), seconds=0)
    assert batch_time(runs.journal, "contoso ltd") == BatchTime(timedelta(seconds=120), 3)
    assert batch_time(runs.journal, "Fabrikam").measured == 0
    found = runs.forecast(planned_batches(make_devices(1), ev.Options()), ev.Options())
    assert found.end - runs.clock() == timedelta(seconds=120)
    (said,) = forecast_notes(found, runs.clock())
    assert said.startswith("Estimated end: about ")
    assert said.endswith("(in 2 min); the tenant's last 3 batches took about 2 min each.")
    runs.close()


def test_a_run_that_cannot_be_read_is_not_counted(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    for first in (0, 10):
        devices = make_devices(20)[first : first + 1]
        runs.create(devices, file="a.csv", sha256="", skipped=0, options=ev.Options())
        runs.accept(1)
        runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=1, failed=0), seconds=90)
    assert batch_time(runs.journal, "Contoso Ltd").measured == 2
    with closing(sqlite3.connect(runs.journal.path)) as db, db:
        damaged = '{"type":"batch_accepted","batch":[]}'
        where = 'run = ? AND body LIKE \'{"type":"batch_accepted%\''
        db.execute(f"UPDATE events SET body = ? WHERE {where}", (damaged, runs.newest))
    assert batch_time(runs.journal, "Contoso Ltd") == BatchTime(timedelta(seconds=90), 1)
    runs.close()


@pytest.mark.parametrize("when", ["9999-12-31T23:59:00Z", "9999-12-31T23:59:00-12:00"])
def test_a_window_at_the_end_of_time_has_an_end_all_the_same(when: str) -> None:
    for window in ({"not_before": when}, {"until": when}):
        last, found = minutes(make_devices(300), batch_size=10, slots=0, **window)
        assert last > 0
        assert forecast_notes(found, NOW)


def started(runs: ScriptedRuns, devices: Sequence[Device], **options: object) -> RunState:
    how = ev.Options(**options)  # type: ignore[arg-type]
    runs.create(devices, file="a.csv", sha256="", skipped=0, options=how)
    return load(runs.journal, runs.newest)


def now_left(runs: ScriptedRuns, seconds: float = 0.0) -> tuple[float | None, dict[str, float]]:
    state = load(runs.journal, runs.newest)
    found = time_left(state, datetime.fromisoformat(state.last_at) + timedelta(seconds=seconds))
    return found.seconds, dict(found.groups)


def test_what_is_left_goes_by_the_pace_of_the_run(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    started(runs, sites(40, ["Berlin", "Bonn"]), by="Site", slots=1)
    assert now_left(runs) == (None, {})
    runs.accept(1)
    runs.finish(range(0, 8, 2), seconds=30)
    assert now_left(runs) == (None, {})  # four devices say too little
    runs.finish(range(8, 20, 2), seconds=30)  # half of Berlin after a minute
    seconds, groups = now_left(runs)
    assert groups == {"Berlin": pytest.approx(60), "Bonn": pytest.approx(180)}
    assert seconds == pytest.approx(180)
    runs.finish(range(20, 40, 2), seconds=60)
    runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=20, failed=0), seconds=0)
    assert now_left(runs) == (pytest.approx(120), {"Bonn": pytest.approx(120)})
    until = timestamp(runs.clock() + timedelta(seconds=300))
    runs.write(ev.Waiting(why="The service is busy.", until=until), seconds=0)
    found = time_left(load(runs.journal, runs.newest))
    assert (found.next_attempt, found.seconds) == (300, pytest.approx(420))
    runs.close()


def test_a_site_that_was_stopped_is_not_waited_for(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    devices = sites(40, ["Berlin", "Bonn"])
    started(runs, devices, by="Site", first=10, slots=1)
    runs.accept(1)
    runs.finish(range(0, 20, 2), seconds=60)
    runs.write(ev.BatchFinished(batch=1, batch_id="x", succeeded=10, failed=0), seconds=0)
    numbers = sorted(load(runs.journal, runs.newest).queued_batches(), key=lambda b: not b.probe)
    assert [b.group for b in numbers] == ["Bonn", "Berlin", "Bonn"]
    assert now_left(runs)[1] == {"Berlin": pytest.approx(120), "Bonn": pytest.approx(180)}
    runs.accept(numbers[0].number)
    bonn = range(1, 21, 2)
    runs.finish(bonn, numbers[0].number, error="User not found", seconds=60)
    runs.write(ev.BatchFinished(batch=numbers[0].number, batch_id="y", succeeded=0, failed=10))
    stop = ev.GroupStopped(column="Site", group="Bonn", bad=10, tried=10, left=10)
    runs.write(stop, seconds=0)
    assert set(now_left(runs)[1]) == {"Berlin"}
    state = load(runs.journal, runs.newest)
    assert state.counts[DeviceState.QUEUED] == 20
    runs.close()


def test_what_ends_at_once_is_not_in_0_minutes() -> None:
    _, found = minutes(make_devices(3))
    soon = replace(found, end=NOW + timedelta(seconds=20))
    assert "(in less than a minute)" in forecast_notes(soon, NOW)[0]
