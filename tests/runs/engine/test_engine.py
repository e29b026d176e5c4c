"""The engine on the emulated tenant in emulated time: what a run does when all goes its way."""

import asyncio
from pathlib import Path
from typing import Literal

import pytest
from msgspec import structs

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import (
    BatchRule,
    DeviceRule,
    ForeignBatch,
    LagTable,
    LimitsTable,
    Scenario,
    load_scenario,
)
from siptui.runs.events import (
    BatchDeferred,
    BatchFinished,
    BatchSubmitting,
    Options,
    RunFinished,
    RunStopped,
    Waiting,
    WorkerStarted,
)
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import QUICK, EngineHarness, device, devices
from tests.support import emulated_time

ALL = tuple(Region)
FIVE = Options(batch_size=5)


def test_a_mixed_list_ends_as_the_tenant_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        mixed = structs.replace(load_scenario("mixed"), timing=QUICK.timing)
        harness = EngineHarness(tmp_path, mixed)
        run = harness.create(devices(250))
        end = await harness.work(run)
        state = harness.state(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded + end.failed, end.unknown) == (250, 0)
        assert end.succeeded > 100
        assert end.failed > 20
        assert harness.differences(run) == []
        assert [len(s.items) for s in harness.ledger.submits] == [100, 100, 50]
        assert set(harness.ledger.times.values()) == {1}
        assert harness.ledger.violations == []
        assert all(r.outcome for r in state.devices if r.state is DeviceState.FAILED)
        assert all(r.attempt == 1 for r in state.devices)

    emulated_time.run(main(), limit=6 * 3600)


def test_regions_work_at_once_with_three_batches_each(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(75, ALL), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 75
        assert harness.ledger.max_live == dict.fromkeys(Region, 3)
        assert harness.ledger.refused == []
        assert harness.differences(run) == []
        # The first three of each region go out before anything can have ended.
        assert max(s.at for s in harness.ledger.submits[:9]) < 20

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("slots", [1, 2])
def test_fewer_slots_are_kept_to(tmp_path: Path, slots: int) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(25), Options(batch_size=5, slots=slots))
        await harness.work(run)
        assert harness.ledger.max_live == {Region.EMEA: slots}

    emulated_time.run(main(), limit=6 * 3600)


def test_the_intent_is_written_before_the_request_leaves(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(10), FIVE)
        harness.fault("slow", moment="after", seconds=20)
        work = harness.start(run)
        await asyncio.sleep(5)
        assert len(harness.ids()) == 1
        assert harness.state(run).batches[1].state is BatchState.SUBMITTING
        await work.end()
        assert len(harness.events(run, BatchSubmitting)) == 2

    emulated_time.run(main(), limit=6 * 3600)


def test_odd_words_decide_nothing_and_nothing_unknown_is_done(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, "odd-words")
        run = harness.create(devices(100), Options(batch_size=50))
        end = await harness.work(run)
        state = harness.state(run)
        assert isinstance(end, RunFinished)
        unknown = [r for r in state.devices if r.state is DeviceState.UNKNOWN]
        assert end.unknown == len(unknown) > 0
        for record in state.devices:
            phone = harness.tenant.directory.phone(record.device.hardware_id, 0, 1)
            odd = bool(phone.word) or phone.silent
            assert (record.state is DeviceState.UNKNOWN) == odd
        assert harness.differences(run) == []
        assert exit_code(state) == 5

    emulated_time.run(main(), limit=6 * 3600)


def test_no_account_is_in_two_live_batches(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        ports = [device(i, user="lobby@contoso.example") for i in range(4)]
        run = harness.create(ports + devices(20)[4:], FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 20
        assert harness.ledger.violations == []
        assert harness.ledger.resets["lobby@contoso.example"] == 4

    emulated_time.run(main(), limit=6 * 3600)


def test_batches_of_others_take_slots(tmp_path: Path) -> None:
    others = tuple(ForeignBatch(at=-5, region=Region.EMEA, devices=30) for _ in range(2))

    async def main() -> None:
        scenario = Scenario(foreign=others, limits=LimitsTable(over="accept"))
        harness = EngineHarness(tmp_path, scenario)
        run = harness.create(devices(20, (Region.EMEA, Region.NOAM)), Options(batch_size=2))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 20
        assert harness.ledger.violations == []
        assert harness.ledger.max_live[Region.EMEA] == 3
        assert any("not of this run" in w.why for w in harness.events(run, Waiting))

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("over", ["429", "400"])
def test_a_slot_taken_unseen_costs_a_wait_only(tmp_path: Path, over: Literal["429", "400"]) -> None:
    # Batches that cannot be seen in the summaries yet: only the refusal tells of them.
    others = tuple(ForeignBatch(at=-5, region=Region.EMEA, devices=30) for _ in range(2))

    async def main() -> None:
        limits = LimitsTable(over=over)
        harness = EngineHarness(
            tmp_path, Scenario(foreign=others, limits=limits, lag=LagTable(summaries=3600))
        )
        run = harness.create(devices(20), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 20
        assert max(harness.ledger.resets.values()) == 1
        assert harness.ledger.violations == []
        assert harness.ledger.refused
        assert harness.events(run, BatchDeferred)

    emulated_time.run(main(), limit=6 * 3600)


def test_a_batch_that_never_ends_is_told_of_and_not_decided(tmp_path: Path) -> None:
    async def main() -> None:
        stuck = (BatchRule(nth=1, stuck=0.5),)
        harness = EngineHarness(tmp_path, Scenario(batches=stuck))
        run = harness.create(devices(20), Options(batch_size=10))
        work = harness.start(run)
        await asyncio.sleep(13 * 60)
        (said,) = harness.notes(run)
        assert said.startswith("no change for 10 minutes. ")
        await asyncio.sleep(51 * 60)
        assert harness.notes(run)[0] == said
        (later,) = harness.notes(run)[1:]
        assert later.startswith("no change for 60 minutes; it may be stuck. ")
        # What may be done next: a command that can be typed as it stands.
        assert all(f"siptui batch {harness.ids()[0]}" in text for text in (said, later))
        state = harness.state(run)
        assert state.batches[1].state is BatchState.RUNNING
        assert state.batches[2].state is BatchState.FINISHED
        assert state.counts[DeviceState.RUNNING] > 0
        assert state.counts[DeviceState.UNKNOWN] == 0
        assert harness.differences(run) == []
        await work.terminate()
        stopped = harness.events(run, RunStopped)[-1]
        assert (stopped.code, exit_code(harness.state(run))) == ("interrupted", 130)

    emulated_time.run(main(), limit=6 * 3600)


def test_devices_the_service_is_silent_about_are_unknown(tmp_path: Path) -> None:
    async def main() -> None:
        silent = DeviceRule(match="00-04-F2-00-00-0[01]", silent=True)
        odd = DeviceRule(match="00-04-F2-00-00-02", word="Skipped")
        harness = EngineHarness(tmp_path, Scenario(devices=(silent, odd)))
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed, end.unknown) == (2, 0, 3)
        state = harness.state(run)
        assert [r.state for r in state.devices[:3]] == [DeviceState.UNKNOWN] * 3
        assert "Skipped" in state.devices[2].error
        assert [e.unknown for e in harness.events(run, BatchFinished)] == [3]
        assert set(state.causes()) == {"no_result"}
        assert exit_code(state) == 5

    emulated_time.run(main(), limit=6 * 3600)


def test_a_second_engine_finds_nothing_left_to_do(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(10), FIVE)
        first = await harness.work(run)
        second = await harness.work(run)
        assert isinstance(first, RunFinished)
        assert isinstance(second, RunFinished)
        assert first.succeeded == second.succeeded == 10
        assert len(harness.ids()) == 2
        assert len(harness.events(run, WorkerStarted)) == 2

    emulated_time.run(main(), limit=6 * 3600)
