"""Two hosts submit a phone within the seconds for which a list holds: both are told, afterwards."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import LagTable, Scenario
from siptui.runs.events import BatchAccepted, Note, Options, RunFinished
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.runs.engine.test_other_batches import LONG, colleague
from tests.support import emulated_time


def _told(harness: EngineHarness, run: str) -> list[str]:
    notes = [note for note in harness.events(run, Note) if "reset their passwords" in note.text]
    assert all(note.level == "warning" and note.batch for note in notes)
    return [note.text for note in notes]


@pytest.mark.parametrize("lag", [0.0, 15.0])
def test_two_hosts_that_submit_a_phone_at_once_are_both_told(tmp_path: Path, lag: float) -> None:
    async def main() -> None:
        scenario = Scenario(timing=LONG, lag=LagTable(summaries=lag))
        first = EngineHarness(tmp_path / "first", scenario)
        second = EngineHarness(tmp_path / "second", emulator=first.emulator)
        runs = [first.create(devices(3)), second.create(devices(3))]
        works = [first.start(runs[0]), second.start(runs[1])]
        for work in works:
            assert isinstance(await work.end(), RunFinished)
        assert set(first.ledger.times.values()) == {2}  # nothing could have prevented it
        ids = first.ids()
        for harness, run in ((first, runs[0]), (second, runs[1])):
            (own,) = [b.batch_id for b in harness.state(run).batches.values()]
            (other,) = [name for name in ids if name != own]
            (text,) = _told(harness, run)
            assert other in text
            assert "3 of its devices" in text
            assert "room0@contoso.example on 00-04-F2-00-00-00" in text

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("region", [Region.EMEA, Region.NOAM])
@pytest.mark.parametrize("by", ["device", "account"])
def test_what_a_colleague_submits_while_it_is_live_is_told_once(
    tmp_path: Path, by: str, region: Region
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        run = harness.create(devices(6), Options(batch_size=3))
        work = harness.start(run)
        await asyncio.sleep(8)
        both = (
            device(1, user="x@contoso.example")
            if by == "device"
            else device(91, user="ROOM1@contoso.example")
        )
        colleague(harness, [both, device(99)], region=region)
        await asyncio.sleep(90)
        await work.kill()
        assert len(_told(harness, run)) == 1
        assert isinstance(await harness.work(run), RunFinished)
        (text,) = _told(harness, run)
        assert "1 of its devices" in text

    emulated_time.run(main(), limit=6 * 3600)


def test_batches_that_have_other_phones_are_not_told(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        colleague(harness, [device(98)])
        run = harness.create(devices(6), Options(batch_size=3))
        work = harness.start(run)
        await asyncio.sleep(3)
        colleague(harness, [device(99)])
        assert isinstance(await work.end(), RunFinished)
        assert _told(harness, run) == []

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("again", [False, True])
def test_what_was_there_before_the_submit_is_not_told(tmp_path: Path, again: bool) -> None:
    """A batch of the same devices is followed as the run's own, or was listed before the submit."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        run = harness.create(devices(3))
        colleague(harness, [*devices(3), *([device(99)] if again else [])])
        if again:
            await asyncio.sleep(600)
            harness.run_service.resume(run, again=True)
        work = harness.start(run)
        await asyncio.sleep(100)
        if not again:  # what comes now has another run's device, of a batch that is not its own
            colleague(harness, [device(1, user="x@contoso.example")])
        assert isinstance(await work.end(), RunFinished)
        (accepted,) = harness.events(run, BatchAccepted)
        assert accepted.adopted is not again
        assert _told(harness, run) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_what_cannot_be_read_is_not_told_and_the_run_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG))
        run = harness.create(devices(4), Options(batch_size=2, slots=1))
        work = harness.start(run)
        await asyncio.sleep(58)
        both = [device(n, user=f"x{n}@contoso.example") for n in range(4)]
        colleague(harness, both[:2])
        harness.fault("status", call="batchsummaries", status=400, times=1)
        await asyncio.sleep(300)
        assert _told(harness, run) == []
        await asyncio.sleep(30)
        colleague(harness, both[2:])
        assert isinstance(await work.end(), RunFinished)
        (text,) = _told(harness, run)
        assert "2 of its devices" in text

    emulated_time.run(main(), limit=6 * 3600)
