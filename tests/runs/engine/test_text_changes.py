"""Texts that are others at each look: written when they matter, bounded in rate and bytes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.state import DeviceState
from siptui.emulator.scenario import BatchRule, DeviceRule, Scenario, WireTable
from siptui.runs.engine.text_changes import TextChanges
from siptui.runs.events import DeviceChanged, RunFinished
from siptui.runs.state import DeviceRecord
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time

HOURS = 3600
_SLOW = (BatchRule(slow=40),)
_SLOWER = (BatchRule(slow=3),)
_PHONES = 8
_OFFLINE = (DeviceRule(match=["00-04-F2-00-00-01"], online=False),)


def _lines(folder: Path, **wire: Any) -> tuple[dict[int, int], int]:
    """How many lines each phone got, and the bytes of all."""

    async def main() -> tuple[dict[int, int], int]:
        scenario = Scenario(wire=WireTable(**wire), batches=_SLOWER, devices=_OFFLINE)
        harness = EngineHarness(folder, scenario)
        run = harness.create(devices(_PHONES))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (_PHONES - 1, 1)
        found = harness.events(run, DeviceChanged)
        counts = {n: sum(e.device == n for e in found) for n in range(_PHONES)}
        size = sum(len(e.word) + len(e.error) for e in found)
        return counts, size

    return emulated_time.run(main(), limit=2 * HOURS)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, int]]:
    """How many lines each phone gets where nothing ticks, by the word of one that runs."""
    words = {"": {}, "PendingDeviceAck": {"item_running": "PendingDeviceAck"}}
    return {
        word: _lines(tmp_path_factory.mktemp("calm"), **wire)[0] for word, wire in words.items()
    }


@pytest.mark.parametrize(
    "wire",
    [
        {"ticking": "error"},
        {"ticking": "word"},
        {"ticking": "letters"},
        {"ticking": "letters", "item_running": "PendingDeviceAck", "ticking_errors": True},
        {"ticking": "error", "ticking_errors": True},
    ],
)
def test_a_text_that_ticks_costs_a_line_a_phone_at_most(
    tmp_path: Path, calm: dict[str, dict[int, int]], wire: dict[str, Any]
) -> None:
    counts, size = _lines(tmp_path, **wire)
    without = calm[wire.get("item_running", "")]
    assert all(counts[n] <= without[n] + 1 for n in counts), (counts, without)
    assert size < _PHONES * 200


def test_words_that_stay_are_written(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=_SLOW))
        run = harness.create(devices(1))
        harness.fault("odd", "batchstatus", place="batchItems.0.error", put='"calling"', until=300)
        harness.fault("odd", "batchstatus", place="batchItems.0.error", put='"ringing"', until=1500)
        work = harness.start(run)
        await asyncio.sleep(100)
        assert harness.state(run).devices[0].error == "calling"
        await asyncio.sleep(700)
        assert harness.state(run).devices[0].error == "ringing"
        await work.end()
        assert harness.state(run).devices[0].state is DeviceState.SUCCEEDED
        assert len(harness.events(run, DeviceChanged)) <= 4

    emulated_time.run(main(), limit=4 * HOURS)


def test_the_rate_of_one_device_falls() -> None:
    """A text that is another one every ten minutes, for a day."""
    texts, record = TextChanges(), DeviceRecord(0, device(0), DeviceState.RUNNING)
    written = 0
    for second in range(0, 24 * HOURS, 10):
        error = "working on " + "abcdefghijkl"[second // 600 % 12]
        change = DeviceChanged(device=0, batch=1, state=DeviceState.RUNNING, error=error)
        if error != record.error and texts.worth(record, change, float(second)):
            record.error = error
            written += 1
    assert 5 < written < 35


@pytest.mark.parametrize("text", ["{} of 40 done", "attempt 7 at 08:{:02}"])
def test_a_text_that_differs_in_its_figures_alone_is_written_once(text: str) -> None:
    """However long each of them stays: another one every ten minutes, for a day."""
    texts, record = TextChanges(), DeviceRecord(0, device(0), DeviceState.RUNNING)
    written = []
    for second in range(0, 24 * HOURS, 10):
        error = text.format(second // 600 % 40)
        change = DeviceChanged(device=0, batch=1, state=DeviceState.RUNNING, error=error)
        if texts.worth(record, change, float(second)):
            record.error = error
            written.append(second)
    assert written == [0]


def test_another_cause_of_a_failure_is_written_at_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=_OFFLINE, batches=_SLOW))
        run = harness.create(devices(2))
        place = "batchItems.1.error"
        harness.fault(
            "odd", "batchstatus", place=place, put='"Bulk SignIn deadline expired"', since=3000
        )
        work = harness.start(run)
        await work.end()
        texts = [e.error for e in harness.events(run, DeviceChanged) if e.device == 1]
        assert len(texts) <= 2
        assert harness.state(run).causes().total() == 1

    emulated_time.run(main(), limit=4 * HOURS)


def test_a_long_text_of_a_running_device_is_cut(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=_SLOW))
        harness.fault("odd", "batchstatus", place="batchItems.0.error", put=f'"{"x" * 1900}"')
        run = harness.create(devices(1))
        work = harness.start(run)
        await asyncio.sleep(600)
        (event,) = harness.events(run, DeviceChanged)
        assert len(event.error) == 400
        await work.kill()

    emulated_time.run(main(), limit=4 * HOURS)
