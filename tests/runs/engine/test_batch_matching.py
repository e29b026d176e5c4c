"""Which of the tenant's batches may be the lost one."""

from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase
from siptui.runs.engine.batch_matching import candidates, same_batch
from siptui.runs.events import BatchInDoubt, Options
from tests.runs.engine.engine_harness import devices
from tests.runs.state_builder import EMEA, StateBuilder


def _summary(batch_id: str, region: Region | None) -> BatchSummary:
    return BatchSummary(batch_id, "", Phase.RUNNING, region, "", "", None)


def _lost() -> StateBuilder:
    builder = StateBuilder(devices(6), Options(batch_size=3)).running(2)
    builder.submitting(1, known=["Before"]).tell(BatchInDoubt(batch=1, why="lost"))
    return builder


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["before", "BEFORE", "id-2", "ID-2", "new", "other"]),
            st.sampled_from([*Region, None]),
        )
    )
)
def test_candidates_are_new_nobodys_and_not_elsewhere(
    listed: list[tuple[str, Region | None]],
) -> None:
    builder = _lost()
    found = candidates(builder.state, builder.state.batches[1], [_summary(*row) for row in listed])
    assert [(s.batch_id, s.region) for s in found] == [
        (name, region)
        for name, region in listed
        if name in ("new", "other") and region in (EMEA, None)
    ]


@given(
    places=st.lists(st.integers(0, 5), max_size=8),
    region=st.sampled_from([*Region, None]),
    upper=st.booleans(),
)
def test_only_exactly_the_same_devices_are_the_same_batch(
    places: list[int], region: Region | None, upper: bool
) -> None:
    builder = _lost()
    items = []
    for place in places:
        phone = builder.state.devices[place].device
        name = phone.user_name.upper() if upper else str(phone.user_name)
        items.append(ItemStatus(name, phone.hardware_id, "Odd", Phase.RUNNING, ""))
    status = BatchStatus("X", "", Phase.RUNNING, region, "", "", tuple(items))
    same = sorted(places) == [0, 1, 2] and region in (EMEA, None)
    assert same_batch(builder.state, builder.state.batches[1], status) == same
