"""The engine under an operator's orders: pause, stop, retry, and a few devices first."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import AccountRule, BatchRule, DeviceRule, Scenario
from siptui.host.locks import HeldError
from siptui.runs.events import BatchPlanned, BatchSubmitting, Note, Options, RunFinished, RunStopped
from siptui.runs.orders import Changed
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time
from tests.support.replace import replace

FIVE = Options(batch_size=5)
HOURS = 3600.0


def offline(*numbers: int, **more: object) -> DeviceRule:
    """These phones are off."""
    match = [f"00-04-F2-00-00-{n:02X}" for n in numbers]
    return DeviceRule(match=match, online=False, **more)  # type: ignore[arg-type]  # its own keys


def test_pause_submits_nothing_and_follows_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(25), FIVE)
        work = harness.start(run)
        await asyncio.sleep(10)
        harness.run_service.pause(run)
        await asyncio.sleep(300)
        state = harness.state(run)
        assert +state.counts == {DeviceState.SUCCEEDED: 15, DeviceState.QUEUED: 10}
        assert not work.ended
        harness.run_service.go_on(run)
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.succeeded == 25

    emulated_time.run(main(), limit=6 * HOURS)


def test_stop_follows_what_is_live_and_resume_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(25), FIVE)
        work = harness.start(run)
        await asyncio.sleep(10)
        harness.run_service.stop(run)
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert end.code == "stopped"
        state = harness.state(run)
        assert +state.counts == {DeviceState.SUCCEEDED: 15, DeviceState.QUEUED: 10}
        harness.run_service.go_on(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 25
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * HOURS)


def test_stop_given_before_the_process_came_holds(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(5))
        harness.run_service.stop(run)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert harness.ids() == []
        harness.run_service.go_on(run)
        assert isinstance(await harness.work(run), RunFinished)

    emulated_time.run(main(), limit=6 * HOURS)


def test_retry_submits_the_failed_ones_alone(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(1, 3, 7),)))
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (7, 3)
        assert exit_code(harness.state(run)) == 3
        harness.tenant.change_devices(DeviceRule(online=True))
        harness.run_service.retry(run, range(10))
        harness.run_service.retry(run, range(10))  # as when a key is pressed twice
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert harness.ledger.submits[-1].items == tuple(
            (str(d.user_name), str(d.hardware_id))
            for i, d in enumerate(devices(10))
            if i in (1, 3, 7)
        )
        assert len(harness.ids()) == 3
        assert [r.attempt for r in harness.state(run).devices] == [1, 2, 1, 2, 1, 1, 1, 2, 1, 1]
        assert exit_code(harness.state(run)) == 0
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=6 * HOURS)


def test_each_device_counts_its_own_attempts(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(0, 1),)))
        run = harness.create(devices(2))
        await harness.work(run)
        for wanted in ([0], [0, 1]):
            harness.run_service.retry(run, wanted)
            await harness.work(run)
        assert [r.attempt for r in harness.state(run).devices] == [3, 2]
        assert sorted(harness.ledger.times.values()) == [2, 3]

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_retry_waits_while_the_old_batch_is_alive(tmp_path: Path) -> None:
    async def main() -> None:
        slow = DeviceRule(match="00-04-F2-00-00-01", slow=20.0)
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(0, until_attempt=2), slow)))
        run = harness.create(devices(5))
        work = harness.start(run)
        await asyncio.sleep(150)
        assert harness.state(run).counts[DeviceState.FAILED] == 1
        harness.run_service.retry(run, [0])
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert harness.ledger.violations == []
        assert len(harness.ids()) == 2
        assert harness.ledger.submits[1].at > 400

    emulated_time.run(main(), limit=6 * HOURS)


def test_what_passes_by_itself_is_retried_as_often_as_allowed(tmp_path: Path) -> None:
    async def main() -> None:
        gone = DeviceRule(match="00-04-F2-00-00-05", known=False)
        harness = EngineHarness(
            tmp_path, Scenario(devices=(offline(0, until_attempt=2), offline(1), gone))
        )
        run = harness.create(devices(10), Options(batch_size=5, auto_retry=2))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (8, 2)
        assert end.seconds > 1200  # a phone that is off is given time
        assert [r.attempt for r in harness.state(run).devices[:6]] == [2, 3, 1, 1, 1, 1]
        assert harness.ledger.violations == []
        await harness.work(run)
        assert max(harness.ledger.times.values()) == 3

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_directory_that_throttles_gets_half_the_batch(tmp_path: Path) -> None:
    async def main() -> None:
        slow = AccountRule(on_premises="throttling", throttle_above=3)
        harness = EngineHarness(tmp_path, Scenario(accounts=(slow,)))
        run = harness.create(devices(12), Options(batch_size=12, auto_retry=3))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 12
        assert [len(s.items) for s in harness.ledger.submits] == [12, 6, 3, 3]

    emulated_time.run(main(), limit=6 * HOURS)


def _first(most: float) -> Options:
    return Options(batch_size=5, first=4, max_failures=most)


def test_too_many_failures_among_the_first_stop_the_run(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(1),)))
        run = harness.create(devices(24, (Region.EMEA, Region.NOAM)), _first(20))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "canary"
        assert sum(len(s.items) for s in harness.ledger.submits) == 4
        assert harness.state(run).counts[DeviceState.QUEUED] == 20
        assert exit_code(harness.state(run)) != 0
        harness.run_service.go_on(run)  # the operator's word to go on regardless
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (23, 1)
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * HOURS)


@pytest.mark.parametrize("stopped_by", ["canary", "stopped"])
def test_a_retry_after_a_stop_lets_nothing_else_out(tmp_path: Path, stopped_by: str) -> None:
    """The word for one device is not the word for those that were held back."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(1),)))
        options = _first(0) if stopped_by == "canary" else Options(batch_size=4, slots=1)
        run = harness.create(devices(10), options)
        work = harness.start(run)
        if stopped_by == "stopped":
            await asyncio.sleep(10)
            harness.run_service.stop(run)
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert end.code == stopped_by
        harness.run_service.retry(run, [1])
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert harness.state(run).counts[DeviceState.QUEUED] == 6
        assert [len(s.items) for s in harness.ledger.submits] == [4, 1]
        harness.run_service.go_on(run)
        assert isinstance(await harness.work(run), RunFinished)
        assert sum(len(s.items) for s in harness.ledger.submits) == 11

    emulated_time.run(main(), limit=6 * HOURS)


@pytest.mark.parametrize(("most", "goes_on"), [(25, True), (24.9, False), (0, False), (100, True)])
def test_the_share_that_may_fail_is_kept_to(tmp_path: Path, most: float, goes_on: bool) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(1),)))
        run = harness.create(devices(10), _first(most))
        end = await harness.work(run)
        assert isinstance(end, RunFinished) == goes_on
        first = harness.ledger.submits[0]
        assert len(first.items) == 4
        later = [s.at for s in harness.ledger.submits[1:]]
        assert bool(later) == goes_on
        assert all(at > first.at + 20 for at in later)

    emulated_time.run(main(), limit=6 * HOURS)


def test_the_first_devices_are_judged_by_whoever_comes_next(tmp_path: Path) -> None:
    """A process that is killed between their end and the judgement lets nothing out."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(1),)))
        run = harness.create(devices(10), _first(0))
        journal = harness.run_service.journal
        assert isinstance(await harness.work(run), RunStopped)
        events = [s.event for s in journal.read(run)]
        cut = next(i for i, e in enumerate(events) if isinstance(e, RunStopped))
        other = run + "-2"
        journal.create(other, journal.devices(run), events[:cut], emulated_time.now())
        end = await harness.work(other)
        assert isinstance(end, RunStopped)
        assert end.code == "canary"
        assert len(harness.ids()) == 1

    emulated_time.run(main(), limit=6 * HOURS)


def test_unknown_first_devices_count_as_bad(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("cut", moment="before", nth=1)
        options = Options(batch_size=5, first=4, max_failures=50, settle_seconds=30)
        run = harness.create(devices(10), options)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "canary"
        assert harness.ids() == []
        assert harness.state(run).batches[1].state is BatchState.UNSETTLED
        assert exit_code(harness.state(run)) == 5

    emulated_time.run(main(), limit=6 * HOURS)


def test_orders_that_name_nothing_sensible_do_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=(BatchRule(slow=2),)))
        run = harness.create(devices(5))
        harness.run_service.retry(run, [0, 99, -1])
        harness.run_service.resubmit(run, batch=7)
        harness.run_service.resubmit(run, batch=1, devices=[-1, 99])
        harness.run_service.adopt(run, 9, "nothing")
        harness.run_service.adopt(run, 1, "nothing")
        end = await harness.work(run)
        assert isinstance(end, RunStopped)  # to retry some is no word to submit the rest
        assert harness.ids() == []
        harness.run_service.go_on(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert (
            len(harness.events(run, BatchPlanned)) == len(harness.events(run, BatchSubmitting)) == 1
        )
        assert len(harness.notes(run)) == 5

    emulated_time.run(main(), limit=6 * HOURS)


def test_what_waits_is_cut_again_and_a_few_tried_first(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(offline(12),)))
        run = harness.create(devices(20), Options(batch_size=10, slots=1))
        work = harness.start(run)
        await asyncio.sleep(5)
        with pytest.raises(HeldError):
            harness.run_service.resume(run, Changed(batch_size=4))
        await work.kill()
        harness.run_service.resume(run, Changed(batch_size=4, slots=2, first=3, max_failures=0))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.message == "1 of the first 3 devices was not signed in; 7 devices wait"
        state = harness.state(run)
        assert state.batches[2].state is BatchState.ABANDONED
        assert [len(s.items) for s in harness.ledger.submits] == [10, 3]
        harness.run_service.resume(run)
        assert isinstance(await harness.work(run), RunFinished)
        assert [len(s.items) for s in harness.ledger.submits] == [10, 3, 4, 3]
        assert {r.attempt for r in harness.state(run).devices} == {1}
        assert set(harness.ledger.times.values()) == {1}
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_retry_may_try_a_few_first(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(DeviceRule(online=False),)))
        run = harness.create(devices(12))
        await harness.work(run)
        harness.tenant.change_devices(DeviceRule(match=["00-04-F2-00-00-0B"], online=True))
        harness.run_service.retry(run, range(12), Changed(batch_size=5, first=2))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "canary"
        assert [len(s.items) for s in harness.ledger.submits] == [12, 2]
        harness.tenant.change_devices(DeviceRule(online=True))
        harness.run_service.retry(run, range(2), Changed(first=1))  # these two alone, one before
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert [len(s.items) for s in harness.ledger.submits] == [12, 2, 1, 1]
        harness.run_service.resume(run)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 12
        assert [len(s.items) for s in harness.ledger.submits][4:] == [5, 5]

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_trial_of_all_there_is_stops_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(DeviceRule(online=False),)))
        run = harness.create(devices(2), Options(first=2, max_failures=0))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.failed == 2

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_queue_that_comes_too_late_is_told_of_once_and_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        onboarded = (emulated_time.START - timedelta(hours=71, minutes=45)).isoformat()
        phones = [replace(d, extra={"OnboardedAt": onboarded}) for d in devices(12)]
        run = harness.create(phones, Options(batch_size=3, slots=1))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 12  # a warning decides nothing
        notes = harness.events(run, Note)
        # At the ten minutes a batch is taken to last, the first two of four come in time.
        told = {note.batch for note in notes if "before their deadline" in note.text}
        assert told >= {3, 4}
        assert 1 not in told
        assert len(notes) == len(told)
        assert {note.level for note in notes} == {"warning"}
        assert all("Sooner: with --slots 3" in note.text for note in notes)

    emulated_time.run(main(), limit=6 * HOURS)


def test_a_stop_while_a_worker_starts_holds(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(5))
        work = harness.start(run)  # it has read the run, and has not begun
        harness.run_service.stop(run)
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert harness.ids() == []

    emulated_time.run(main(), limit=6 * HOURS)
