"""Carrying out orders: who is planned again, in which batches."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.state import BatchState, DeviceState
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.runs import orders
from siptui.runs.events import (
    BatchInDoubt,
    BatchPlanned,
    BatchUnsettled,
    Event,
    Note,
    Options,
    Order,
)
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder

THROTTLED = "On-premises AD throttling detected"


@given(
    count=st.integers(1, 30),
    size=st.integers(1, 10),
    throttled=st.sets(st.integers(0, 29)),
    users=st.integers(1, 30),
)
def test_each_failed_device_is_planned_once_and_throttled_ones_in_halves(
    count: int, size: int, throttled: set[int], users: int
) -> None:
    phones = [
        device(i, (EMEA, NOAM)[i % 2], f"room{i % users}@contoso.example") for i in range(count)
    ]
    builder = StateBuilder(phones, Options(batch_size=size))
    for number in list(builder.state.batches):
        builder.running(number)
    for i in range(count):
        builder.device(i, DeviceState.FAILED, THROTTLED if i in throttled else "Device is offline.")
    largest = max(
        (
            len(builder.state.batches[builder.state.devices[i].batch].devices)
            for i in throttled
            if i < count
        ),
        default=2,
    )
    planned = orders.plan_again(builder.state, builder.state.devices, size=size)
    assert sorted(i for p in planned for i in p.devices) == list(range(count))
    numbers = [p.batch for p in planned]
    assert numbers == list(
        range(len(builder.state.batches) + 1, len(builder.state.batches) + 1 + len(planned))
    )
    for plan in planned:
        slow = {i in throttled for i in plan.devices}
        assert len(slow) == 1
        assert len(plan.devices) <= (max(1, largest // 2) if slow == {True} else size)
        assert {phones[i].region for i in plan.devices} == {plan.region}
        assert len({phones[i].user_name for i in plan.devices}) == len(plan.devices)
        assert plan.attempt == 2


@given(throttled_at=st.integers(1, 100), size=st.integers(1, 100), again=st.integers(1, 100))
def test_the_smaller_of_both_sizes_counts_from_then_on(
    throttled_at: int, size: int, again: int
) -> None:
    """In the retry, in another cut of what is queued, and in a retry for another cause."""
    count = throttled_at
    builder = StateBuilder(devices(count), Options(batch_size=throttled_at)).running(1)
    for i in range(count):
        builder.device(i, DeviceState.FAILED, THROTTLED)
    most = min(size, max(1, throttled_at // 2))
    everybody = list(range(count))

    def tell(events: Iterable[Event]) -> list[BatchPlanned]:
        planned = [event for event in events if isinstance(event, BatchPlanned)]
        builder.tell(*planned)
        return planned

    order = Order(what="retry", devices=everybody, size=size)
    planned = tell(orders.retry(builder.state, 7, order, size=100))
    assert max(len(p.devices) for p in planned) == min(most, count)
    assert len(planned) == -(-count // most)
    planned = tell(orders.cut_again(builder.state, size=again, first=0))
    most = min(again, max(1, throttled_at // 2))
    assert max(len(p.devices) for p in planned) == min(most, count)
    for plan in planned:
        builder.running(plan.batch)
    for i in everybody:
        builder.device(i, DeviceState.FAILED, "Device is offline.")
    planned = tell(orders.plan_again(builder.state, builder.state.devices, size=100))
    assert max(len(p.devices) for p in planned) == min(max(1, throttled_at // 2), count)


@given(st.lists(st.integers(-3, 12), max_size=20))
def test_retry_takes_the_failed_ones_of_those_named(wanted: list[int]) -> None:
    builder = StateBuilder(devices(9), Options(batch_size=3)).failed(1).submitting(2)
    builder.tell(BatchInDoubt(batch=2, why="lost"))
    events = orders.retry(builder.state, 7, Order(what="retry", devices=wanted), size=3)
    planned = [e for e in events if isinstance(e, BatchPlanned)]
    assert sorted(i for p in planned for i in p.devices) == sorted({0, 1, 2} & set(wanted))
    assert all(getattr(e, "order", 0) == 7 for e in events)
    assert events
    assert bool(planned) != any(isinstance(e, Note) for e in events)


def test_what_is_still_looked_for_is_not_resubmitted() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2)).submitting(1)
    builder.tell(BatchInDoubt(batch=1, why="lost"))
    order = Order(what="resubmit", batch=1, devices=[0, 1, 2])
    (note,) = orders.resubmit(builder.state, 9, order, size=2)
    assert isinstance(note, Note)
    builder.tell(BatchUnsettled(batch=1, why="not there"))
    (planned,) = orders.resubmit(builder.state, 9, order, size=2)
    assert isinstance(planned, BatchPlanned)
    assert planned.devices == [0, 1]
    builder.tell(planned)
    assert builder.state.batches[1].state is BatchState.ABANDONED
    assert isinstance(orders.resubmit(builder.state, 10, order, size=2)[0], Note)


def _status(builder: StateBuilder, region: object = EMEA, count: int = 2) -> BatchStatus:
    items = tuple(
        ItemStatus(r.device.user_name, r.device.hardware_id, "", Phase.RUNNING, "")
        for r in builder.state.devices[:count]
    )
    return BatchStatus("X", "", Phase.RUNNING, region, "", "", items)  # type: ignore[arg-type]


def test_only_what_can_be_the_lost_batch_is_adopted() -> None:
    builder = (
        StateBuilder(devices(6), Options(batch_size=2)).running(1).submitting(2, known=["OLD"])
    )
    order = Order(what="adopt", batch=2, batch_id="X")
    assert "not in doubt" in orders.not_adoptable(builder.state, order)
    builder.tell(BatchInDoubt(batch=2, why="lost"))
    assert orders.not_adoptable(builder.state, order) == ""
    for batch_id in ("old", "id-1"):
        refused = Order(what="adopt", batch=2, batch_id=batch_id)
        assert "was not adopted" in orders.not_adoptable(builder.state, refused)
    assert orders.not_adoptable(builder.state, order, _status(builder, count=3)) == ""
    assert orders.not_adoptable(builder.state, order, _status(builder, None, 4)) == ""
    assert "none of the devices" in orders.not_adoptable(builder.state, order, _status(builder))
    assert "is in NOAM" in orders.not_adoptable(builder.state, order, _status(builder, NOAM, 4))
