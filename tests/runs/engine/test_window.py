"""A maintenance window in emulated time, and what is due first."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from siptui.domain.deadline import due_first
from siptui.domain.moments import NoMomentError, moment, window
from siptui.domain.state import DeviceState
from siptui.runs.events import BatchSubmitting, Options, RunFinished, RunStopped
from siptui.runs.journal.codec import timestamp
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time
from tests.support.emulated_time import START
from tests.support.replace import replace


def at(minutes: float) -> str:
    return timestamp(START + timedelta(minutes=minutes))


def test_nothing_is_submitted_outside_the_window(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, "healthy")
        options = Options(batch_size=5, slots=1, not_before=at(15), until=at(21))
        run = harness.create(devices(40), options)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "window_closed"
        stored = harness.run_service.journal.read(run)
        moments = [s.at for s in stored if isinstance(s.event, BatchSubmitting)]
        assert len(moments) == len(harness.ledger.submits) > 0
        assert at(15) <= min(moments) < at(16)
        assert max(moments) < at(21)
        state = harness.state(run)
        sent = 5 * len(moments)
        assert state.counts[DeviceState.SUCCEEDED] == sent  # what was live was followed
        assert state.counts[DeviceState.QUEUED] == 40 - sent > 0
        assert exit_code(state) == 7
        harness.run_service.resume(run)
        assert isinstance(await harness.work(run), RunFinished)
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=20 * 3600.0)


def test_what_is_due_first_goes_first(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        dates = {3: "2026-01-01T00:00:00Z", 1: "2026-01-02T00:00:00Z"}
        wanted = [
            replace(device(n), extra={"OnboardedAt": dates.get(n, ""), "Site": "x"})
            for n in range(6)
        ]
        run = harness.create(wanted, Options(batch_size=2, slots=1))
        await harness.work(run)
        sent = [[int(phone[-2:], 16) for _, phone in s.items] for s in harness.ledger.submits]
        assert sent == [[3, 1], [0, 2], [4, 5]]

    emulated_time.run(main(), limit=20 * 3600.0)


def test_a_list_without_dates_keeps_its_order() -> None:
    wanted = devices(4)
    assert due_first(wanted) is wanted


NOW = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)


def test_moments_as_they_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moment("2026-11-27T22:00:00+02:00", NOW) == datetime(2026, 11, 27, 20, tzinfo=UTC)
    here = NOW.astimezone()
    for text in ("22:00", "3:15", f"{here:%H:%M}"):
        found = moment(text, NOW)
        assert timedelta() < found - NOW <= timedelta(hours=24)
        assert f"{found:%H:%M}" == text.zfill(5)
    local = moment("2026-11-27 22:00", NOW)
    assert (local.hour, local.utcoffset()) == (22, local.astimezone().utcoffset())


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01 10:00", "2026-11-27", "7", "22"])
def test_nonsense_is_no_moment(text: str) -> None:
    with pytest.raises(NoMomentError):
        moment(text, NOW)


def test_a_window_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(NoMomentError):
        window("", "2026-11-26T20:00:00Z", NOW)
    with pytest.raises(NoMomentError):
        window("2026-11-28T00:00:00Z", "2026-11-27T00:00:00Z", NOW)
    begin, end = window("2026-11-20T00:00:00Z", "", NOW)  # a past beginning is no fault
    assert (begin is not None and begin < NOW, end) == (True, None)


def test_there_is_a_last_day() -> None:
    with pytest.raises(NoMomentError, match="22:00"):
        window("9999-12-31T23:59:00Z", "22:00", START)
