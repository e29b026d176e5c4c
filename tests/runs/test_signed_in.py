"""A device that is signed in as the list wants it is not submitted again without a word for it."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.conflicts import SignedInError
from siptui.runs.events import DevicesSignedIn, Options, RunFinished, RunStopped
from siptui.runs.host_tenant import HostTenant
from siptui.runs.service import RunService
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time

TWO = Options(batch_size=2, slots=1)


async def _stopped(harness: EngineHarness, count: int, *, after: float = 0.0) -> str:
    """A run that was stopped before it submitted, or after so many seconds."""
    run = harness.create(devices(count), TWO)
    if after:
        work = harness.start(run)
        await asyncio.sleep(after)
        harness.run_service.stop(run)
        assert isinstance(await work.end(), RunStopped)
    return run


def _times(harness: EngineHarness) -> set[int]:
    return set(harness.ledger.times.values())


def test_a_list_that_is_signed_in_is_planned_again_on_the_word_alone(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        await harness.work(harness.create(devices(4)))
        with pytest.raises(SignedInError, match="4 devices are signed in"):
            harness.create(devices(4))
        assert len(harness.run_service.runs()) == 1
        # Another account on the phone is another order, and then this one is again.
        await harness.work(harness.create([device(0, user="other@contoso.example")]))
        assert len(harness.run_service.done(devices(4))) == 3
        await harness.work(harness.create(devices(1)))
        assert len(harness.run_service.done(devices(4))) == 4
        run = harness.create(devices(4), Options(again=True))
        await harness.work(run)
        assert harness.ledger.times[("room1@contoso.example", "00-04-F2-00-00-01")] == 2

    emulated_time.run(main(), limit=6 * 3600)


def test_a_stopped_run_leaves_out_what_another_signed_in_and_ends(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        first = await _stopped(harness, 6)
        await harness.work(harness.create(devices(6)))
        harness.run_service.resume(first)
        end = await harness.work(first)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed, end.unknown) == (6, 0, 0)
        assert _times(harness) == {1}
        (left_out,) = harness.events(first, DevicesSignedIn)
        assert left_out.devices == list(range(6))
        assert harness.run_service.head(first).state == "finished"

    emulated_time.run(main(), limit=6 * 3600)


def test_what_was_not_signed_in_goes_out_and_the_rest_stays_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        first = await _stopped(harness, 6)
        await harness.work(harness.create(devices(6)[1:4]))
        harness.run_service.resume(first)
        end = await harness.work(first)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 6
        assert _times(harness) == {1}
        assert harness.differences(first) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_the_word_counts_for_what_was_signed_in_when_it_was_given(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        await harness.work(harness.create(devices(2)))
        await asyncio.sleep(1)
        run = harness.create(devices(4), Options(batch_size=2, slots=1, again=True))
        await asyncio.sleep(60)
        await harness.work(harness.create(devices(4)[2:]))  # signed in after that word
        harness.run_service.resume(run)
        await harness.work(run)
        assert [harness.ledger.times[d.key] for d in devices(4)] == [2, 2, 1, 1]
        # A further word takes them all.
        other = harness.create(devices(4), Options(batch_size=2, slots=1, again=True))
        harness.run_service.resume(other, again=True)
        await harness.work(other)
        assert [harness.ledger.times[d.key] for d in devices(4)] == [3, 3, 2, 2]

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("again", [False, True])
def test_a_retry_leaves_out_what_another_run_signed_in_since(tmp_path: Path, again: bool) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", nth=1, status=400, moment="before")
        run = harness.create(devices(3))
        await harness.work(run)
        assert harness.state(run).counts[DeviceState.FAILED] == 3
        await harness.work(harness.create(devices(2)))
        harness.run_service.retry(run, [0, 1, 2], again=again)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 3
        expected = [2, 2, 1] if again else [1, 1, 1]
        assert [harness.ledger.times[d.key] for d in devices(3)] == expected

    emulated_time.run(main(), limit=6 * 3600)


def test_a_retry_of_which_nothing_is_left_ends_the_run(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", nth=1, status=400, moment="before")
        run = harness.create(devices(2))
        await harness.work(run)
        await harness.work(harness.create(devices(2)))
        harness.run_service.retry(run, [0, 1])
        state = harness.state(run)
        assert not state.open_orders
        assert state.finished
        assert (state.finished.succeeded, state.finished.failed) == (2, 0)
        assert _times(harness) == {1}

    emulated_time.run(main(), limit=6 * 3600)


def test_a_lost_batch_is_not_resubmitted_where_another_run_signed_its_phones_in(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("cut", nth=1, moment="before")
        run = harness.create(devices(2), Options(settle_seconds=30))
        await harness.work(run)
        other = harness.create(devices(2)[:1], Options(again=True))
        await harness.work(other)
        harness.run_service.resubmit(run, batch=1)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.unknown) == (2, 0)
        assert _times(harness) == {1}
        assert harness.state(run).unsettled_batches() == []

    emulated_time.run(main(), limit=6 * 3600)


def test_a_failure_after_the_success_counts_and_a_rejected_batch_does_not(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        await harness.work(harness.create(devices(1)))
        harness.fault("status", nth=1, status=400, moment="before")
        await harness.work(harness.create(devices(1), Options(again=True)))  # nothing was taken
        assert len(harness.run_service.done(devices(1))) == 1
        await harness.work(harness.create([device(0, user="other@contoso.example")]))
        assert harness.run_service.done(devices(1)) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_a_worker_that_starts_without_a_word_leaves_out_as_well(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        first = await _stopped(harness, 4)
        await harness.work(harness.create(devices(4)))
        await harness.work(first)
        assert _times(harness) == {1}

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("named", ["Contoso", "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21"])
def test_other_profiles_of_the_tenant_count_by_either_name(tmp_path: Path, named: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path / "one")
        await harness.work(harness.create(devices(2)))
        other = RunService(tmp_path / "two" / "journal.db", tenant=named, now=emulated_time.now)
        other.host = HostTenant(named, tmp_path, tmp_path / "two" / "journal.db")
        assert len(other.done(devices(2))) == 2
        foreign = HostTenant("fabrikam.example", tmp_path, tmp_path / "two" / "journal.db")
        other.host = foreign
        assert other.done(devices(2)) == []
        other.close()

    emulated_time.run(main(), limit=6 * 3600)
