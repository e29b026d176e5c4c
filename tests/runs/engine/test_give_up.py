"""A batch that never ends, or that the service knows no more, and the operator who gives it up."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import BatchRule, DeviceRule, LimitsTable, Scenario
from siptui.runs.events import (
    BatchGivenUp,
    BatchSubmitting,
    BatchUnsettled,
    Options,
    RunFinished,
    RunStopped,
)
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time

HOURS = 3600
#: Seconds after which all but the stuck phone are over.
_OTHERS_OVER = 300
_STUCK = Scenario(devices=(DeviceRule(match=["00-04-F2-00-00-01"], stuck=True),))
_GONE = Scenario(batches=(BatchRule(nth=1, gone=True, slow=1000),))


@pytest.mark.parametrize(
    ("scenario", "minutes", "unknown"), [(_STUCK, 65, 1), (_GONE, 10, 5)], ids=["stuck", "gone"]
)
def test_it_frees_its_slot_at_once_and_the_rest_goes_out(
    tmp_path: Path, scenario: Scenario, minutes: int, unknown: int
) -> None:
    """Told of as soon as it is stale for an hour, or the service does not know it any more."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, scenario)
        run = harness.create(devices(10), Options(batch_size=5, slots=1))
        work = harness.start(run)
        await asyncio.sleep(60 * minutes)
        assert len(harness.ids()) == 1, "it keeps its slot"
        assert any(f"resume {run} --give-up 1" in note for note in harness.notes(run))
        harness.run_service.give_up(run, 1)
        await asyncio.sleep(15)
        assert len(harness.ids()) == 2
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (10 - unknown, unknown)
        state = harness.state(run)
        assert state.batches[1].state is BatchState.GIVEN_UP
        assert state.causes() == {"given_up": unknown}
        assert exit_code(state) == 5
        assert set(harness.ledger.times.values()) == {1}
        assert [e.unknown for e in harness.events(run, BatchGivenUp)] == [unknown]

    emulated_time.run(main(), limit=6 * HOURS)


def test_without_a_worker_the_rest_is_not_set_going_by_it(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _STUCK)
        run = harness.create(devices(10), Options(batch_size=5, slots=1))
        work = harness.start(run)
        await asyncio.sleep(_OTHERS_OVER)
        await work.kill()
        harness.run_service.give_up(run, 1)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "stopped"
        assert len(harness.ids()) == 1
        assert exit_code(harness.state(run)) == 5
        harness.run_service.resume(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (9, 1)
        # Only the operator's word submits what was given up.
        assert len(harness.events(run, BatchSubmitting)) == 2
        harness.tenant.change_devices(DeviceRule(match=["00-04-F2-00-00-01"], stuck=False))
        harness.run_service.resubmit(run, batch=1)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (10, 0)
        assert exit_code(harness.state(run)) == 0
        assert len(harness.events(run, BatchSubmitting)) == 3

    emulated_time.run(main(), limit=6 * HOURS)


def test_the_last_open_batch_given_up_ends_the_run(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _GONE)
        run = harness.create(devices(5))
        work = harness.start(run)
        await asyncio.sleep(600)
        harness.run_service.give_up(run, 1)
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.unknown == 5
        assert exit_code(harness.state(run)) == 5

    emulated_time.run(main(), limit=2 * HOURS)


def test_it_takes_no_slot_of_ours_and_holds_its_accounts(tmp_path: Path) -> None:
    """It may be alive at the service: an account in it gets no second submit meanwhile."""

    async def main() -> None:
        scenario = Scenario(devices=_STUCK.devices, limits=LimitsTable(live=9))
        harness = EngineHarness(tmp_path, scenario)
        same = device(50, user="room1@contoso.example")
        run = harness.create([*devices(4), same, device(51)], Options(batch_size=2, slots=1))
        work = harness.start(run)
        await asyncio.sleep(_OTHERS_OVER)
        harness.run_service.give_up(run, 1)
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert end.code == "undecided"
        sent = [user for submit in harness.ledger.submits for user, _ in submit.items]
        assert sent.count("room1@contoso.example") == 1
        state = harness.state(run)
        assert state.counts[DeviceState.UNKNOWN] == 1
        assert exit_code(state) == 5

    emulated_time.run(main(), limit=6 * HOURS)


def test_it_can_be_followed_again(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=(BatchRule(slow=20),)))
        run = harness.create(devices(3))
        work = harness.start(run)
        await asyncio.sleep(60)
        harness.run_service.give_up(run, 1)
        assert isinstance(await work.end(), RunFinished)
        harness.run_service.adopt(run, 1, "another")
        assert isinstance(await harness.work(run), RunFinished)
        assert harness.state(run).counts[DeviceState.UNKNOWN] == 3
        harness.run_service.adopt(run, 1, harness.ids()[0])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 3
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * HOURS)


def test_one_that_is_looked_for_is_left_to_the_operator_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("cut", moment="before", nth=1)
        run = harness.create(devices(3), Options(settle_seconds=HOURS))
        work = harness.start(run)
        await asyncio.sleep(60)
        harness.run_service.give_up(run, 1)
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.unknown == 3
        (unsettled,) = harness.events(run, BatchUnsettled)
        assert "gave it up" in unsettled.why

    emulated_time.run(main(), limit=2 * HOURS)


def test_an_order_about_a_batch_that_is_not_live_says_so(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(4), Options(batch_size=2, slots=1))
        work = harness.start(run)
        await asyncio.sleep(10)
        harness.run_service.give_up(run, 2)
        harness.run_service.give_up(run, 9)
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.succeeded == 4
        harness.run_service.give_up(run, 1)
        assert isinstance(await harness.work(run), RunFinished)
        assert [note for note in harness.notes(run) if "cannot be given up" in note][2:]
        assert harness.events(run, BatchGivenUp) == []

    emulated_time.run(main(), limit=2 * HOURS)


def test_what_the_first_devices_came_to_counts_it_as_bad(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _STUCK)
        options = Options(batch_size=5, first=2, max_failures=20)
        run = harness.create(devices(8, (Region.EMEA,)), options)
        work = harness.start(run)
        await asyncio.sleep(_OTHERS_OVER)
        harness.run_service.give_up(run, 1)
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert end.code == "canary"

    emulated_time.run(main(), limit=6 * HOURS)


def test_it_is_a_live_batch_of_the_tenant_for_another_journal(tmp_path: Path) -> None:
    """A colleague's run, from a state folder of its own, does not submit what may be alive."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, _STUCK)
        run = harness.create(devices(2))
        work = harness.start(run)
        await asyncio.sleep(_OTHERS_OVER)
        harness.run_service.give_up(run, 1)
        assert isinstance(await work.end(), RunFinished)
        (tmp_path / "other").mkdir()
        other = EngineHarness(tmp_path / "other", emulator=harness.emulator)
        second = other.create([device(1), device(7)])
        work = other.start(second)
        await asyncio.sleep(HOURS / 2)
        sent = [phone for submit in harness.ledger.submits for _, phone in submit.items]
        assert sent.count("00-04-F2-00-00-01") == 1
        assert sent.count("00-04-F2-00-00-07") == 1
        await work.kill()

    emulated_time.run(main(), limit=6 * HOURS)
