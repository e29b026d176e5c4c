"""Which of the tenant's batches may be the lost one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase
from siptui.runs.engine.batch_matching import (
    candidates,
    in_doubt,
    items_of,
    may_be,
    own_ids,
    same_batch,
)
from siptui.runs.events import BatchInDoubt, BatchSubmitting, Options
from tests.runs.engine.engine_harness import devices
from tests.runs.state_builder import AT, EMEA, StateBuilder

#: When the lost batch was submitted, by the service's clock, which is 30 seconds ahead.
SUBMITTED = datetime.fromisoformat(AT) + timedelta(seconds=30)
REGIONS = st.sampled_from([*Region, None])


def _summary(
    batch_id: str, region: Region | None, requested: str = "", count: int | None = None
) -> BatchSummary:
    return BatchSummary(batch_id, "", Phase.RUNNING, region, requested, "", count)


def _status(
    items: Sequence[ItemStatus], region: Region | None = None, requested: str = ""
) -> BatchStatus:
    return BatchStatus("X", "", Phase.RUNNING, region, requested, "", tuple(items))


def test_a_device_is_meant_by_its_hardware_id_and_by_its_account_on_others() -> None:
    mine, other, third = devices(3)
    items = [
        ItemStatus(str(name).upper(), hardware_id, "", Phase.RUNNING, "")
        for name, hardware_id in (
            (mine.user_name, mine.hardware_id),
            (other.user_name, mine.hardware_id),
            (mine.user_name, other.hardware_id),
            (other.user_name, third.hardware_id),
        )
    ]
    assert items_of(mine, items) == items[:3]


def _lost(ahead: float | None = 30.0) -> StateBuilder:
    """Of six devices, batch 2 is live as ID-2, and the answer to batch 1 of three was lost."""
    builder = StateBuilder(devices(6), Options(batch_size=3)).running(2)
    event = BatchSubmitting(batch=1, region=EMEA, devices=3, known=["Before"], service_ahead=ahead)
    builder.tell(event, BatchInDoubt(batch=1, why="lost"))
    return builder


def _items(
    builder: StateBuilder, places: Sequence[int], *, upper: bool = False
) -> list[ItemStatus]:
    """What a batch with the devices at `places` lists; -1 is one that does not say which it is."""
    items = []
    for place in places:
        phone = builder.state.devices[max(place, 0)].device
        name = phone.user_name.upper() if upper else str(phone.user_name)
        hardware_id = phone.hardware_id if place >= 0 else ""
        items.append(ItemStatus(name, hardware_id, "Odd", Phase.RUNNING, ""))
    return items


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["before", "BEFORE", "id-2", "ID-2", "new", "other", "Other-Run"]),
            REGIONS,
        )
    )
)
def test_candidates_are_new_nobodys_and_not_elsewhere(
    listed: list[tuple[str, Region | None]],
) -> None:
    builder = _lost()
    summaries = [_summary(*row) for row in listed]
    batch = builder.state.batches[1]
    found = candidates(builder.state, batch, summaries, {"other-run"})
    assert [(s.batch_id, s.region) for s in found] == [
        (name, region)
        for name, region in listed
        if name in ("new", "other") and region in (EMEA, None)
    ]


@given(
    seconds=st.integers(-200, 200),
    region=REGIONS,
    ahead=st.sampled_from([None, 30.0]),
)
def test_what_began_before_the_submit_is_not_it(
    seconds: int, region: Region | None, ahead: float | None
) -> None:
    builder = _lost(ahead)
    batch = builder.state.batches[1]
    when = SUBMITTED + timedelta(seconds=seconds)
    requested = when.astimezone(UTC).isoformat()
    slack = 2 if when.second else 60
    early = ahead is not None and seconds < -slack
    may = region in (EMEA, None) and not early
    assert bool(candidates(builder.state, batch, [_summary("new", region, requested)])) == may
    status = _status(_items(builder, batch.devices), region, requested)
    assert same_batch(builder.state, batch, status) == may


@given(
    places=st.one_of(st.permutations([0, 1, 2]), st.lists(st.integers(-1, 3), max_size=5)),
    region=REGIONS,
    upper=st.booleans(),
)
def test_only_exactly_the_same_devices_are_the_same_batch(
    places: list[int], region: Region | None, upper: bool
) -> None:
    builder = _lost()
    status = _status(_items(builder, places, upper=upper), region)
    named = sorted(place for place in places if place >= 0)
    same = named == [0, 1, 2] and region in (EMEA, None)
    assert same_batch(builder.state, builder.state.batches[1], status) == same


def test_one_device_twice_makes_it_another_batch() -> None:
    builder = _lost()
    for places in ([0, 1, 2, 2], [0, 1, 1], [0, 0, 0]):
        status = _status(_items(builder, places))
        assert not same_batch(builder.state, builder.state.batches[1], status)


def test_one_that_does_not_say_which_it_is_counts_for_none() -> None:
    builder = _lost()
    batch = builder.state.batches[1]
    assert same_batch(builder.state, batch, _status(_items(builder, [0, -1, 1, 2])))
    assert not same_batch(builder.state, batch, _status(_items(builder, [0, -1, 2])))


@given(
    places=st.one_of(
        st.lists(st.sampled_from([-1, 0, 1, 2]), max_size=4), st.lists(st.integers(-1, 4))
    ),
    region=REGIONS,
    count=st.sampled_from([None, 2, 3, 4]),
)
def test_a_part_of_the_devices_and_nothing_else_may_be_the_batch(
    places: list[int], region: Region | None, count: int | None
) -> None:
    builder = _lost()
    part = {place for place in places if place >= 0} < {0, 1, 2}
    may = part and region in (EMEA, None) and count in (None, 3)
    batch, status = builder.state.batches[1], _status(_items(builder, places), region)
    assert may_be(builder.state, batch, _summary("X", None, count=count), status) == may


@pytest.mark.parametrize("places", [[0, 1, 2], [3], [0, 3]])
def test_all_of_them_or_others_are_no_part(places: list[int]) -> None:
    builder = _lost()
    status = _status(_items(builder, places))
    assert not may_be(builder.state, builder.state.batches[1], _summary("X", None), status)


def test_what_is_ones_own_and_what_is_looked_for() -> None:
    builder = _lost()
    assert own_ids(builder.state) == {"id-2"}
    assert [batch.number for batch in in_doubt(builder.state)] == [1]
