"""The engine when the answer to a submit is lost: nothing twice, nothing unknown called done."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import ForeignBatch, LagTable, Scenario
from siptui.runs.events import (
    BatchAccepted,
    BatchInDoubt,
    BatchSubmitting,
    BatchUnsettled,
    Options,
    RunFinished,
    RunStopped,
)
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5)
LOST = ["cut", "reset", "hang", "cut_body", "html", "garbage", "empty", "status"]


def lose(harness: EngineHarness, kind: str, moment: str, **more: int) -> None:
    """Lose the answer of a submit."""
    status = {"status": 503} if kind == "status" else {}
    harness.fault(kind, moment=moment, **status, **(more or {"nth": 1}))


@pytest.mark.parametrize("kind", LOST)
def test_lost_after_the_act_it_is_found_and_followed(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, "mixed")
        lose(harness, kind, "after")
        run = harness.create(devices(9), Options(batch_size=3))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.unknown == 0
        assert harness.differences(run) == []
        assert set(harness.ledger.times.values()) == {1}
        accepted = {a.batch: a for a in harness.events(run, BatchAccepted)}
        assert [a.adopted for _, a in sorted(accepted.items())] == [True, False, False]
        assert accepted[1].batch_id == harness.ids()[0]
        assert len(harness.events(run, BatchInDoubt)) == 1

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("kind", LOST)
def test_lost_before_the_act_it_is_unknown_and_left_alone(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, kind, "before")
        run = harness.create(devices(9), Options(batch_size=3, settle_seconds=100))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed, end.unknown) == (6, 0, 3)
        assert end.seconds >= 100
        state = harness.state(run)
        assert state.batches[1].state is BatchState.UNSETTLED
        assert {r.state for r in state.devices[:3]} == {DeviceState.UNKNOWN}
        assert set(state.causes()) == {"answer_lost"}
        assert exit_code(state) == 5
        # Neither time nor another process makes it go out again.
        again = await harness.work(run)
        assert isinstance(again, RunFinished)
        assert len(harness.events(run, BatchSubmitting)) == 3
        assert harness.ledger.calls["createbatch"] == 3

    emulated_time.run(main(), limit=6 * 3600)


def test_summaries_that_lag_and_fail_are_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(lag=LagTable(summaries=100, status=20)))
        lose(harness, "cut", "after")
        harness.fault("status", "batchsummaries", status=503, since=10, until=60)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


def test_an_outage_does_not_use_up_the_time_to_settle(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, "cut", "after")
        harness.fault("refused", "*", since=9, until=900)
        run = harness.create(devices(5), Options(settle_seconds=30))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5

    emulated_time.run(main(), limit=6 * 3600)


def _twin(harness: EngineHarness, at: float = 0) -> None:
    items = tuple((str(d.user_name), str(d.hardware_id)) for d in devices(5))
    harness.tenant.start_foreign(ForeignBatch(at=at, region=Region.EMEA, items=items))


def test_of_two_alike_the_operator_chooses(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(10), FIVE)
        lose(harness, "hang", "after")
        work = harness.start(run)
        await asyncio.sleep(0.001)
        assert harness.events(run, BatchSubmitting)
        _twin(harness)
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.unknown == 5
        (unsettled,) = harness.events(run, BatchUnsettled)
        assert len(unsettled.candidates) == 2
        assert harness.ids()[0] in unsettled.candidates
        assert exit_code(harness.state(run)) == 5

        harness.run_service.adopt(run, 1, harness.ids()[0])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (10, 0)
        assert harness.state(run).batches[1].batch_id == harness.ids()[0]
        assert len(harness.ids()) == 2

    emulated_time.run(main(), limit=6 * 3600)


def test_what_is_not_exactly_the_batch_is_not_taken_for_it(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, "cut", "before")
        run = harness.create(devices(5), Options(settle_seconds=60))
        sent = [(str(d.user_name), str(d.hardware_id)) for d in devices(5)]
        work = harness.start(run)
        await asyncio.sleep(5)
        for region, items in (
            (Region.EMEA, sent[:4]),
            (Region.EMEA, [*sent, ("other@contoso.example", "00-15-65-00-00-01")]),
            (Region.NOAM, sent),
            (Region.EMEA, [("other@contoso.example", sent[0][1]), *sent[1:]]),
        ):
            harness.tenant.start_foreign(ForeignBatch(at=0, region=region, items=tuple(items)))
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.unknown == 5
        (unsettled,) = harness.events(run, BatchUnsettled)
        assert unsettled.candidates == []

    emulated_time.run(main(), limit=6 * 3600)


def test_an_unsettled_batch_is_submitted_again_on_the_operators_word(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, "cut", "before")
        run = harness.create(devices(10), Options(batch_size=5, settle_seconds=30))
        await harness.work(run)
        harness.run_service.retry(run, range(10))  # nothing failed, so this is no such word
        await harness.work(run)
        assert len(harness.ids()) == 1
        harness.run_service.resubmit(run, batch=1)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (10, 0)
        state = harness.state(run)
        assert state.batches[1].state is BatchState.ABANDONED
        assert [r.attempt for r in state.devices] == [2] * 5 + [1] * 5
        assert set(harness.ledger.times.values()) == {1}
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_a_batch_is_adopted_only_if_it_can_be_the_one(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        _twin(harness, at=0)  # the same devices, but there before
        await asyncio.sleep(600)
        lose(harness, "cut", "before")
        options = Options(batch_size=5, settle_seconds=30, again=True)  # they are signed in
        run = harness.create(devices(10), options)
        await harness.work(run)
        before = harness.ledger.foreign[0].batch_id
        for batch, batch_id in ((1, before), (1, harness.ids()[0]), (1, "no-such"), (2, before)):
            harness.run_service.adopt(run, batch, batch_id)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.unknown == 5
        assert not harness.state(run).open_orders
        assert [a.adopted for a in harness.events(run, BatchAccepted)] == [False]
        notes = harness.notes(run)
        assert sum("was not adopted" in note for note in notes) == 3
        assert sum("not in doubt" in note for note in notes) == 1

    emulated_time.run(main(), limit=6 * 3600)


def test_orders_are_heard_while_an_adoption_waits_for_the_service(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, "cut", "before", nth=1)
        run = harness.create(devices(5), Options(settle_seconds=30))
        await harness.work(run)
        harness.fault("refused", "batchstatus", until=4000)
        harness.run_service.adopt(run, 1, "00000000-0000-0000-0000-000000000001")
        work = harness.start(run)
        await asyncio.sleep(60)
        harness.run_service.resubmit(run, batch=1)
        await asyncio.sleep(20)
        assert len(harness.ids()) == 1
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("when", [0.5, 3.0, 10.0])
@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_process_that_ends_before_the_answer_leaves_a_doubt_or_waits(
    tmp_path: Path, when: float, how: str
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("slow", moment="before", seconds=5, times=3)
        run = harness.create(devices(10), FIVE)
        work = harness.start(run)
        await asyncio.sleep(when)
        await (work.kill() if how == "kill" else work.terminate())
        if how == "terminate":
            assert harness.state(run).counts[DeviceState.SUBMITTING] == 0
            assert isinstance(harness.state(run).stopped, RunStopped)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert set(harness.ledger.times.values()) == {1}
        assert harness.ledger.violations == []

    emulated_time.run(main(), limit=6 * 3600)


def test_another_device_of_an_account_waits_for_the_decision_about_a_lost_batch(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        lose(harness, "cut", "before")
        phones = [device(i, user="lobby@contoso.example" if i in (2, 7) else "") for i in range(10)]
        run = harness.create(phones, Options(batch_size=5, slots=1, settle_seconds=60))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "undecided"
        assert run in end.remedy
        assert exit_code(harness.state(run)) == 5
        assert harness.ids() == []
        again = await harness.work(run)  # to go on is no decision
        assert isinstance(again, RunStopped)
        assert harness.ids() == []
        harness.run_service.resubmit(run, batch=1)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)  # what waits otherwise needs a word of its own
        harness.run_service.go_on(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert harness.ledger.violations == []
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)
