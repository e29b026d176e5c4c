"""Folding events: counts, and forward only."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.state import BatchState, DeviceState
from siptui.runs.events import (
    AnyEvent,
    BatchAccepted,
    BatchDeferred,
    BatchFinished,
    BatchInDoubt,
    BatchPlanned,
    BatchRejected,
    BatchSubmitting,
    BatchUnsettled,
    DeviceChanged,
    Note,
    Options,
    Order,
    RunFinished,
    RunStopped,
    Stored,
    WorkerStarted,
)
from tests.runs.engine.engine_harness import devices
from tests.runs.state_builder import EMEA, StateBuilder

BATCHES, DEVICES = st.integers(1, 3), st.integers(0, 8)


def _of(kind: type[Any], **fields: Any) -> st.SearchStrategy[AnyEvent]:
    return st.builds(kind, batch=BATCHES, **{k: st.just(v) for k, v in fields.items()})


any_event = st.one_of(
    _of(BatchSubmitting, region=EMEA, devices=3, known=[]),
    _of(BatchAccepted, batch_id="A", count=None, correlation_id="", adopted=False, order=0),
    _of(BatchDeferred, why="later", until=""),
    _of(BatchInDoubt, why="lost"),
    _of(BatchUnsettled, why="not there", candidates=[]),
    _of(BatchFinished, batch_id="A", succeeded=1, failed=1, unknown=1),
    st.builds(BatchRejected, batch=BATCHES, requeued=st.booleans()),
    st.builds(
        DeviceChanged,
        device=DEVICES,
        batch=BATCHES,
        state=st.sampled_from(
            [DeviceState.RUNNING, DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN]
        ),
        error=st.sampled_from(["", "Device is offline."]),
    ),
    st.builds(
        BatchPlanned,
        batch=st.integers(4, 6),
        region=st.just(EMEA),
        devices=st.lists(DEVICES, unique=True, min_size=1, max_size=3),
        attempt=st.just(2),
    ),
)


@given(st.lists(any_event, max_size=40))
def test_the_counts_equal_a_recount_and_changes_are_named(events: list[AnyEvent]) -> None:
    builder = StateBuilder(devices(9), Options(batch_size=3))
    for event in events:
        before = [(r.state, r.batch, r.word, r.error) for r in builder.state.devices]
        changed = builder.tell(event)
        after = [(r.state, r.batch, r.word, r.error) for r in builder.state.devices]
        assert +builder.state.counts == Counter(r.state for r in builder.state.devices)
        assert sum(builder.state.counts.values()) == 9
        assert {i for i in range(9) if before[i] != after[i]} <= changed


@given(st.lists(any_event, max_size=40))
def test_a_decided_device_goes_back_only_when_planned_again(events: list[AnyEvent]) -> None:
    builder = StateBuilder(devices(9), Options(batch_size=3))
    for event in events:
        before = [(r.state, r.attempt) for r in builder.state.devices]
        builder.tell(event)
        for (state, attempt), record in zip(before, builder.state.devices, strict=True):
            if state is DeviceState.SUCCEEDED and record.state in (
                DeviceState.QUEUED,
                DeviceState.SUBMITTING,
            ):
                assert record.attempt == attempt + 1
            if record.state is DeviceState.FAILED:
                assert record.outcome is not None
            if record.state in (DeviceState.QUEUED, DeviceState.SUCCEEDED):
                assert record.outcome is None


def test_a_straggler_of_an_earlier_attempt_changes_nothing() -> None:
    builder = StateBuilder(devices(2)).failed(1)
    builder.tell(BatchPlanned(batch=2, region=EMEA, devices=[0], attempt=2))
    late = DeviceChanged(device=0, batch=1, state=DeviceState.SUCCEEDED)
    assert builder.tell(late) == set()
    assert builder.state.devices[0].state is DeviceState.QUEUED
    builder.submitting(2)
    assert builder.device(0, DeviceState.SUCCEEDED) == set()  # not accepted yet


def test_a_batch_planned_twice_counts_once() -> None:
    builder = StateBuilder(devices(2)).failed(1)
    again = BatchPlanned(batch=2, region=EMEA, devices=[0], attempt=2)
    assert builder.tell(again) == {0}
    assert builder.running(2).tell(again) == set()
    assert builder.state.batches[2].state is BatchState.RUNNING
    assert [r.attempt for r in builder.state.devices] == [2, 1]


def test_orders_are_open_until_something_carries_them_out() -> None:
    builder = StateBuilder(devices(2)).failed(1)
    builder.tell(Order(what="retry", devices=[0]), Order(what="pause"))
    (seq,) = builder.state.open_orders
    assert builder.state.paused
    builder.tell(Note(level="warning", text="no", order=seq), Order(what="go_on"))
    assert not builder.state.open_orders
    assert not builder.state.paused


def test_a_new_process_clears_what_the_last_one_ended_with() -> None:
    builder = StateBuilder(devices(2))
    builder.tell(WorkerStarted(pid=1), Order(what="stop"), RunStopped(code="stopped", message="so"))
    assert builder.state.stopping
    builder.tell(WorkerStarted(pid=2))
    assert builder.state.stopping  # a process is no order: it may have come for a retry alone
    builder.tell(Order(what="go_on"))
    assert not builder.state.stopping
    assert builder.state.stopped is None
    end = RunFinished(succeeded=0, failed=2, unknown=0, skipped=0, seconds=1)
    builder.failed(1).tell(end)
    assert builder.state.over
    builder.tell(BatchPlanned(batch=2, region=EMEA, devices=[0], attempt=2))
    assert builder.state.finished is None
    assert not builder.state.over


def test_what_is_decided_after_the_end_opens_a_run_again_and_a_late_stop_does_not() -> None:
    builder = StateBuilder(devices(3)).submitting(1)
    builder.tell(BatchInDoubt(batch=1, why="cut"), BatchUnsettled(batch=1, why="none"))
    end = RunFinished(succeeded=0, failed=0, unknown=3, skipped=0, seconds=1)
    builder.tell(end, Order(what="stop"), Order(what="pause"), Note(level="info", text="late"))
    assert builder.state.finished == end
    builder.tell(Order(what="adopt", batch=1, batch_id="x"))
    assert builder.state.finished is None
    place = builder.state.last_seq
    builder.tell(end)  # the worker did not see it yet
    builder.tell(BatchAccepted(batch=1, batch_id="x", adopted=True, order=place))
    assert builder.state.finished is None
    assert builder.state.open_orders == {}


def test_a_batch_that_came_back_and_is_adopted_is_as_old_as_the_adopted_one() -> None:
    """Its own submit was refused: what the service has was submitted by another, later."""
    own, others, now = (f"2026-03-02T{hour:02}:00:00.000Z" for hour in (8, 9, 10))
    builder = StateBuilder(devices(2))
    told: list[tuple[AnyEvent, str]] = [
        (BatchSubmitting(batch=1, region=EMEA, devices=2), own),
        (BatchDeferred(batch=1, why="no slot"), own),
        (BatchAccepted(batch=1, batch_id="A", adopted=True, requested=others), now),
    ]
    for seq, (event, at) in enumerate(told, start=builder.state.last_seq + 1):
        builder.state.apply(Stored(seq, at, event))
    assert builder.state.batches[1].submitted_at == others
    assert {record.as_of for record in builder.state.devices} == {others}
