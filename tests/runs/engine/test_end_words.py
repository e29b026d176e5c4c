"""When a batch is over: by its own word, or because every device is."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import DeviceRule, Scenario, WireTable
from siptui.gateway.protocol import Phase
from siptui.gateway.status_words import batch_phase
from siptui.runs.events import BatchFinished, RunFinished
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

HOURS = 3600
_SECOND = "00-04-F2-00-00-01"
#: The family of words for an end, in the spellings a service may give them.
_OVER = [
    *("PartiallyCompleted", "partially completed", "PARTIALLY_COMPLETED"),
    *("completed-with-errors", "CompletedWithErrors", "Completed With Errors"),
    *("Timed Out", "TimedOut", "timed_out"),
    *("CANCELLED", "Cancelled", "Canceled"),
    *("partial-success", "PartialSuccess", "Partial Success"),
    *("FAILED", "Failed", "failed"),
    *(" completed ", "Completed"),
]


@pytest.mark.parametrize("word", _OVER)
def test_each_spelling_of_a_word_for_an_end_is_one(word: str) -> None:
    assert batch_phase(word) in (Phase.COMPLETED, Phase.FAILED)


@pytest.mark.parametrize("word", _OVER[::3])
def test_a_word_for_an_end_leaves_open_devices_unknown(tmp_path: Path, word: str) -> None:
    async def main() -> None:
        rule = DeviceRule(match=[_SECOND], silent=True)
        harness = EngineHarness(tmp_path, Scenario(wire=WireTable(completed=word), devices=(rule,)))
        run = harness.create(devices(3))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed, end.unknown) == (2, 0, 1)
        assert harness.state(run).devices[1].state is DeviceState.UNKNOWN
        assert exit_code(harness.state(run)) == 5
        over = harness.tenant.batch(harness.ids()[0])
        assert over is not None
        took = (emulated_time.now() - emulated_time.START).total_seconds() - over.ends
        assert 30 <= took < 120, "after a grace time, and soon"

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("word", ["Wrapped", "Archiviert", "", "Running", "7"])
def test_an_unknown_word_ends_a_batch_whose_devices_are_all_over(tmp_path: Path, word: str) -> None:
    async def main() -> None:
        wire = WireTable(completed=word, running=word, queued=word)
        rule = DeviceRule(match=[_SECOND], online=False)
        harness = EngineHarness(tmp_path, Scenario(wire=wire, devices=(rule,)))
        run = harness.create(devices(3))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed, end.unknown) == (2, 1, 0)
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize(
    ("word", "ends"), [("TimedOut", True), ("cancelled", True), ("Skipped", False)]
)
def test_a_device_may_be_over_without_an_outcome(tmp_path: Path, word: str, ends: bool) -> None:
    """Its word says that it is over, not how: that is unknown, and holds up nothing."""

    async def main() -> None:
        rule = DeviceRule(match=[_SECOND], word=word)
        harness = EngineHarness(
            tmp_path, Scenario(wire=WireTable(completed="Wrapped"), devices=(rule,))
        )
        run = harness.create(devices(3))
        work = harness.start(run)
        await asyncio.sleep(HOURS / 2)
        assert work.ended == ends
        record = harness.state(run).devices[1]
        assert record.state is (DeviceState.UNKNOWN if ends else DeviceState.RUNNING)
        assert record.word == word
        assert bool(harness.events(run, BatchFinished)) == ends
        assert harness.state(run).batches[1].state is (
            BatchState.FINISHED if ends else BatchState.RUNNING
        )
        if not ends:
            await work.kill()

    emulated_time.run(main(), limit=4 * HOURS)


def test_devices_that_still_change_are_waited_for(tmp_path: Path) -> None:
    """The grace time begins when nothing happens any more."""

    async def main() -> None:
        wire = WireTable(running="PartiallyCompleted", queued="PartiallyCompleted")
        harness = EngineHarness(tmp_path, Scenario(wire=wire))
        run = harness.create(devices(40))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 40 - end.unknown
        assert end.unknown <= 20
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=2 * HOURS)
