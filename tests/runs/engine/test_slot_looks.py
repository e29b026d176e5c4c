"""When a slot may be free, judged by how long batches take."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import Scenario, TimingTable
from siptui.runs.engine.scheduler import looks_for_slot
from siptui.runs.events import BatchAccepted, Options
from siptui.runs.journal.codec import timestamp
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder
from tests.support.emulated_time import run

NOW = datetime.fromisoformat("2026-03-02T09:00:00.000Z")


def _ago(seconds: float) -> str:
    return timestamp(NOW - timedelta(seconds=seconds))


def _run(took: Collection[float], live: Collection[float]) -> StateBuilder:
    """Batches of EMEA that took so long, the latest last, and those live for so long."""
    builder = StateBuilder(devices(2 * len(took) + 2 * len(live) + 4), Options(batch_size=2))
    for number, seconds in enumerate(took, 1):
        builder.failed(number)
        batch = builder.state.batches[number]
        batch.accepted_at, batch.changed_at = _ago(9000), _ago(9000 - seconds)
    for number, seconds in enumerate(live, len(took) + 1):
        builder.running(number)
        builder.state.batches[number].accepted_at = _ago(seconds)
    return builder


def _looks(builder: StateBuilder, over: Collection[int] = ()) -> tuple[float, float] | None:
    return looks_for_slot(builder.state, EMEA, NOW, over)


SECONDS = st.integers(1, 3000)


@given(st.lists(SECONDS, min_size=1, max_size=8), st.lists(SECONDS, min_size=1, max_size=3))
def test_the_quickest_of_the_last_five_says_when(took: list[int], live: list[int]) -> None:
    quickest = min(took[-5:])
    found = _looks(_run(took, live))
    assert found is not None
    left = [0.95 * quickest - seconds for seconds in live]
    if min(left) > 0:
        assert found == (pytest.approx(min(left)), 0.0)
    else:
        apart = max(quickest / 30, min(-wait for wait in left if wait <= 0) / 10)
        assert found == (0.0, pytest.approx(apart))


def test_a_look_is_due_to_the_second() -> None:
    assert _looks(_run([100], [95])) == (0.0, pytest.approx(100 / 30))
    assert _looks(_run([2000], [1900])) == (0.0, pytest.approx(2000 / 30))
    assert _looks(_run([100], [94])) == (pytest.approx(1.0), 0.0)


def test_nothing_is_known_before_a_batch_has_ended_and_none_is_live() -> None:
    assert _looks(_run([], [10])) is None
    assert _looks(_run([10], [])) is None
    assert _looks(_run([10], [5]), over={2}) is None
    assert _looks(_run([], [])) is None


def test_other_regions_adopted_and_refused_batches_tell_nothing() -> None:
    elsewhere = _run([10], [5])
    for number in (1, 2):
        elsewhere.state.batches[number].region = NOAM
    assert _looks(elsewhere) is None
    for number, found in ((1, None), (2, None)):
        adopted = _run([10], [5])
        batch = adopted.state.batches[number]
        adopted.tell(BatchAccepted(batch=number, batch_id=f"ID-{number}", adopted=True))
        batch.state = BatchState.FINISHED if number == 1 else BatchState.RUNNING
        assert _looks(adopted) is found
    never_accepted = _run([10], [5])
    never_accepted.state.batches[1].accepted_at = ""
    assert _looks(never_accepted) is None
    given_up = _run([10], [5])
    given_up.state.batches[1].state = BatchState.GIVEN_UP
    assert _looks(given_up) is None


def test_a_batch_whose_devices_all_have_an_outcome_may_be_over_now() -> None:
    builder = _run([], [5, 5])
    builder.device(0, DeviceState.SUCCEEDED)
    assert _looks(builder) is None
    builder.device(1, DeviceState.RUNNING)
    assert _looks(builder) is None
    builder.device(1, DeviceState.FAILED, "offline")
    assert _looks(builder) == (0.0, 0.0)
    assert _looks(builder, over={1}) is None


def test_no_submit_goes_into_the_slot_of_a_batch_that_ends_long_after_its_devices(
    tmp_path: Path,
) -> None:
    timing = TimingTable(device=(5, 10), start=(1, 2), finish=(40, 50))
    harness = EngineHarness(tmp_path, Scenario(timing=timing))

    async def story() -> None:
        await harness.work(harness.create(devices(9), Options(batch_size=1)))

    run(story())
    assert harness.ledger.calls["createbatch"] == len(harness.ids()) == 9
