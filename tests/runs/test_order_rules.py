"""Orders and holds on small runs: each event that follows, whole."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.runs import orders
from siptui.runs.events import (
    BatchDeferred,
    BatchGivenUp,
    BatchInDoubt,
    BatchPlanned,
    BatchUnsettled,
    DevicesForgotten,
    DevicesHeld,
    Event,
    Note,
    Options,
    Order,
)
from siptui.runs.orders import Changed, Reason
from siptui.runs.state import RunState
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder
from tests.support.replace import replace

SOON, LATER = "2026-03-02T09:05:00.000Z", "2026-03-02T09:10:00.000Z"


def _planned(batch: int, places: Sequence[int], attempt: int = 1, **more: Any) -> BatchPlanned:
    more = {"region": EMEA} | more
    return BatchPlanned(batch=batch, devices=list(places), attempt=attempt, **more)


def _tell(builder: StateBuilder, events: Iterable[Event]) -> None:
    builder.tell(*events)  # type: ignore[arg-type]  # each is one of them


def _defer(builder: StateBuilder, batch: int, why: str, until: str) -> None:
    builder.submitting(batch).tell(BatchDeferred(batch=batch, why=why, until=until))


def test_a_run_that_is_not_planned_yet_is_planned_from_batch_one() -> None:
    state = RunState("run", devices(3))
    assert orders.plan_again(state, state.devices, size=2, moved=True) == [
        _planned(1, [0, 1], 0, moved=True),
        _planned(2, [2], 0, moved=True),
    ]
    assert orders.hold(state, {}) == []


def test_the_first_of_a_retry_are_tried_before_the_others() -> None:
    builder = StateBuilder(devices(5)).failed(1)
    backwards = builder.state.devices[::-1]
    assert orders.plan_again(builder.state, backwards, size=2, order=7, first=1) == [
        _planned(2, [0], 2, order=7, trial=2),
        _planned(3, [1, 2], 2, order=7),
        _planned(4, [3, 4], 2, order=7),
    ]
    assert [p.trial for p in orders.plan_again(builder.state, backwards, size=200)] == [0]


def test_a_batch_has_the_highest_attempt_of_its_devices() -> None:
    builder = StateBuilder(devices(2), Options(batch_size=1)).failed(1).failed(2)
    _tell(builder, orders.plan_again(builder.state, builder.state.devices[:1], size=1))
    builder.failed(3)
    (planned,) = orders.plan_again(builder.state, builder.state.devices, size=2)
    assert planned.attempt == 3
    (planned,) = orders.plan_again(builder.state, builder.state.devices, size=2, moved=True)
    assert planned.attempt == 2


@pytest.mark.parametrize(("how", "attempt"), [("moved", 1), ("grouped", 2), ("", 2)])
def test_what_is_moved_or_grouped_stays_in_its_group(how: str, attempt: int) -> None:
    phones = [replace(device(i), extra={"Site": "AAABB"[i]}) for i in range(5)]
    state = StateBuilder(phones, Options(by="Site", first=1)).state
    found = orders.plan_again(state, state.devices, size=9, **({how: True} if how else {}))
    more = {"moved": True} if how == "moved" else {}
    grouped = [
        _planned(5, [1, 2], attempt, group="A", **more),
        _planned(6, [0], attempt, group="A", probe=True, **more),
        _planned(7, [4], attempt, group="B", **more),
        _planned(8, [3], attempt, group="B", probe=True, **more),
    ]
    assert found == (grouped if how else [_planned(5, range(5), attempt)])


@pytest.mark.parametrize(
    ("more", "region"),
    [
        ({}, EMEA),
        ({"moved": True}, NOAM),
        ({"grouped": True}, NOAM),
        ({"grouped": True, "region": Region.APAC}, Region.APAC),
        ({"moved": True, "region": EMEA}, EMEA),
        ({"region": NOAM}, NOAM),
    ],
)
def test_what_was_sent_to_another_region_stays_there_unless_an_operator_says(
    more: dict[str, Any], region: Region
) -> None:
    builder = StateBuilder(devices(2)).failed(1)
    order = Order(what="retry", devices=[0, 1], region=NOAM)
    _tell(builder, orders.retry(builder.state, 0, order, size=5))
    assert builder.state.batches[2].region is NOAM
    builder.failed(2)
    (planned,) = orders.plan_again(builder.state, builder.state.devices, size=9, **more)
    assert planned.region is region


def test_another_cut_keeps_waits_and_leaves_what_is_held() -> None:
    builder = StateBuilder(devices(7), Options(batch_size=2))
    _defer(builder, 1, "later", LATER)
    _defer(builder, 2, "soon", SOON)
    builder.tell(DevicesHeld(batch=4, devices=[6], why="personal", decide=True))
    assert orders.cut_again(builder.state, size=4, first=1) == [
        _planned(5, [0], moved=True, trial=5),
        _planned(6, [1, 2, 3, 4], moved=True),
        _planned(7, [5], moved=True),
        BatchDeferred(batch=5, why="later", until=LATER),
        BatchDeferred(batch=6, why="later", until=LATER),
    ]


REASON = Reason("other_batch", batch_id="X", by="bob", requested="2026", decide=True)


def _held(batch: int, places: Sequence[int]) -> DevicesHeld:
    return DevicesHeld(
        batch=batch,
        devices=list(places),
        why="other_batch",
        batch_id="X",
        by="bob",
        requested="2026",
        decide=True,
    )


def test_what_waits_is_put_apart_and_all_goes_out_as_it_would_have_gone() -> None:
    builder = StateBuilder(devices(5)).failed(1)
    as_it_is = {"region": NOAM, "order": 5, "trial": 9, "group": "A", "probe": True}
    builder.tell(_planned(9, range(5), 3, **as_it_is))
    _defer(builder, 9, "later", LATER)
    more = {**as_it_is, "moved": True}
    assert orders.hold(builder.state, {0: REASON, 2: REASON}, {3}) == [
        _planned(10, [0, 2], 3, **more),
        BatchDeferred(batch=10, why="later", until=LATER),
        _held(10, [0, 2]),
        _planned(11, [1, 4], 3, **more),
        BatchDeferred(batch=11, why="later", until=LATER),
    ]


def test_a_batch_that_waits_as_a_whole_stays_and_is_told_once() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2))
    reasons = {0: REASON, 1: REASON}
    assert orders.hold(builder.state, reasons) == [_held(1, [0, 1])]
    builder.tell(_held(1, [0]))
    assert orders.hold(builder.state, reasons) == [_held(1, [0, 1])]
    builder.tell(_held(1, [0, 1]))
    assert orders.hold(builder.state, reasons) == []
    assert orders.hold(builder.state, {}) == []


@pytest.mark.parametrize(
    ("reasons", "gone", "events"),
    [
        ({}, {1}, [_planned(3, [0], moved=True)]),
        ({}, {0, 1}, []),
        (
            {1: REASON},
            (),
            [_planned(3, [0], moved=True), _planned(4, [1], moved=True), _held(4, [1])],
        ),
        ({0: REASON}, {1}, [_planned(3, [0], moved=True), _held(3, [0])]),
    ],
)
def test_of_a_batch_a_part_is_moved(
    reasons: dict[int, Reason], gone: set[int], events: list[Event]
) -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2))
    assert orders.hold(builder.state, reasons, gone) == events


def test_an_order_names_devices_or_a_batch_and_none_that_was_forgotten() -> None:
    builder = StateBuilder(devices(6), Options(batch_size=2))
    builder.tell(DevicesForgotten(devices=[3]))

    def named(**what: Any) -> list[int]:
        order = Order(what="retry", **what)
        return [r.index for r in orders.ordered(builder.state, order)]

    assert named(batch=2) == [2]
    assert named(batch=2, devices=[5, 3, 0, -1, 6]) == [5, 0, 2]
    assert named(batch=9, devices=[1]) == [1]
    assert named() == []


def test_a_retry_goes_where_and_as_the_order_says() -> None:
    builder = StateBuilder(devices(3)).failed(1)
    order = Order(what="retry", devices=[0, 1, 2], first=1, size=1, region=NOAM)
    assert orders.retry(builder.state, 7, order, size=9) == [
        _planned(2, [0], 2, order=7, trial=2, region=NOAM),
        _planned(3, [1], 2, order=7, region=NOAM),
        _planned(4, [2], 2, order=7, region=NOAM),
    ]
    plain = Order(what="retry", devices=[0, 1, 2])
    assert len(orders.retry(builder.state, 7, plain, size=2)) == 2


def _given_up() -> StateBuilder:
    """Of batch 1 nothing is known of devices 1 to 3, device 0 is signed in."""
    builder = StateBuilder(devices(4)).running(1)
    builder.device(0, DeviceState.SUCCEEDED)
    builder.tell(BatchGivenUp(batch=1, batch_id="ID-1", unknown=3))
    return builder


def test_only_what_is_unknown_is_submitted_again() -> None:
    builder = _given_up()
    order = Order(what="resubmit", batch=1, first=1, size=1)
    assert orders.resubmit(builder.state, 9, order, size=5) == [
        _planned(2, [1], 2, order=9, trial=2),
        _planned(3, [2], 2, order=9),
        _planned(4, [3], 2, order=9),
    ]
    assert len(orders.resubmit(builder.state, 9, Order(what="resubmit", batch=1), size=2)) == 2
    (note,) = orders.resubmit(builder.state, 9, Order(what="resubmit", devices=[0]), size=5)
    assert isinstance(note, Note)
    assert note.order == 9


@pytest.mark.parametrize("state", list(BatchState))
def test_nothing_is_submitted_again_while_its_batch_may_still_be_found(state: BatchState) -> None:
    builder = _given_up()
    builder.state.batches[1].state = state
    events = orders.resubmit(builder.state, 9, Order(what="resubmit", batch=1), size=5)
    looked_for_no_more = {
        BatchState.UNSETTLED,
        BatchState.FINISHED,
        BatchState.ABANDONED,
        BatchState.GIVEN_UP,
    }
    assert isinstance(events[0], BatchPlanned) == (state in looked_for_no_more)


def test_what_is_live_or_in_doubt_may_be_given_up() -> None:
    builder = StateBuilder(devices(8), Options(batch_size=2)).running(1).submitting(2)
    builder.device(0, DeviceState.SUCCEEDED)
    builder.submitting(3).tell(BatchInDoubt(batch=3, why="lost"))
    state = builder.state
    assert [b.number for b in orders.may_be_given_up(state)] == [1, 3]

    def ends(**what: Any) -> list[Event]:
        return orders.give_up(state, 9, Order(what="give_up", **what))

    assert ends(batch=1) == [BatchGivenUp(batch=1, batch_id="ID-1", unknown=1, order=9)]
    (unsettled,) = ends(batch=3)
    assert isinstance(unsettled, BatchUnsettled)
    assert (unsettled.batch, unsettled.order) == (3, 9)
    for batch in (2, 4, 5, None):
        (note,) = ends(batch=batch)
        assert isinstance(note, Note)
        assert (note.level, note.batch, note.order) == ("warning", batch, 9)


@pytest.mark.parametrize("state", list(BatchState))
def test_only_what_was_lost_or_given_up_is_taken_for_a_batch_of_the_service(
    state: BatchState,
) -> None:
    builder = StateBuilder(devices(2)).submitting(1)
    builder.state.batches[1].state = state
    builder.state.batches[1].batch_id = "X" if state is BatchState.GIVEN_UP else ""
    adoptable = state in {BatchState.UNSETTLED, BatchState.IN_DOUBT, BatchState.GIVEN_UP}
    order = Order(what="adopt", batch=1, batch_id="x")
    assert (orders.not_adoptable(builder.state, order) == "") == adoptable
    for batch in (None, 2):
        assert orders.not_adoptable(builder.state, Order(what="adopt", batch=batch, batch_id="x"))


def test_what_was_given_up_is_adopted_as_itself_alone() -> None:
    builder = _given_up()
    for batch_id, refused in (("ID-1", False), ("id-1", False), ("ID-2", True)):
        order = Order(what="adopt", batch=1, batch_id=batch_id)
        assert bool(orders.not_adoptable(builder.state, order)) == refused


def test_an_id_of_the_run_is_adopted_however_it_is_spelled_by_none() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2)).running(1)
    builder.submitting(2, known=["Old"]).tell(BatchInDoubt(batch=2, why="lost"))
    for batch_id in ("ID-1", "id-1", "OLD", "old"):
        assert orders.not_adoptable(builder.state, Order(what="adopt", batch=2, batch_id=batch_id))


def test_the_orders_that_submit_are_those_that_plan_batches() -> None:
    assert {"retry", "resubmit"} == orders.SUBMITTING


def test_changed_options_last_and_the_others_stay() -> None:
    before = Options(slots=2, max_failures=5, personal=["a@x.example"], batch_size=7)
    assert orders.UNCHANGED.apply(before) == before
    changed = Changed(slots=3, max_failures=0.0, personal=("b@x.example", "a@x.example"))
    assert changed.apply(before) == Options(
        slots=3, max_failures=0.0, personal=["a@x.example", "b@x.example"], batch_size=7
    )


@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        (Changed(), [4, 2]),
        (Changed(batch_size=3), [3, 3]),
        (Changed(first=1), [1, 4, 1]),
        (Changed(batch_size=5, first=1), [1, 5]),
    ],
)
def test_what_is_queued_is_cut_as_it_was_changed(change: Changed, sizes: list[int]) -> None:
    builder = StateBuilder(devices(6), Options(batch_size=4))
    cut = [e for e in change.cut(builder.state) if isinstance(e, BatchPlanned)]
    assert [len(planned.devices) for planned in cut] == sizes
    assert change.cuts == (change != Changed())
    assert bool(cut[0].trial) == bool(change.first)


def test_a_device_that_waits_otherwise_than_those_beside_it_is_told_of() -> None:
    builder = StateBuilder(devices(2))
    reason = Reason("other_batch", batch_id="Theirs")
    (both,) = orders.hold(builder.state, {0: reason, 1: reason})
    _tell(builder, [both])
    assert orders.hold(builder.state, {0: reason, 1: reason}) == []
    builder.tell(DevicesHeld(batch=1, devices=[1], why="personal"))
    assert orders.hold(builder.state, {0: reason, 1: reason}) == [both]
