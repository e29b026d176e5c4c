"""Which batch goes out next."""

from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.state import BatchState, DeviceState
from siptui.runs.engine.scheduler import (
    Hold,
    accounts,
    blocking,
    first_batches,
    first_failures,
    next_batch,
)
from siptui.runs.events import (
    BatchDeferred,
    BatchInDoubt,
    BatchRejected,
    BatchUnsettled,
    Options,
    Order,
)
from siptui.runs.orders import resubmit
from siptui.runs.state import BatchRecord
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder

NOW, LATER = "2026-03-02T09:00:00.000Z", "2026-03-02T09:05:00.000Z"


def choose(builder: StateBuilder, foreign: int = 0, slots: int = 3) -> BatchRecord | Hold | None:
    return next_batch(builder.state, EMEA, foreign=foreign, slots=slots, now=NOW)


@given(
    live=st.integers(0, 4),
    foreign=st.integers(0, 4),
    slots=st.integers(1, 3),
    doubt=st.booleans(),
)
def test_slots_count_live_doubtful_and_others_batches(
    live: int, foreign: int, slots: int, doubt: bool
) -> None:
    builder = StateBuilder(devices(12), Options(batch_size=2))
    for number in range(1, live + 1):
        builder.running(number)
    if doubt:
        builder.submitting(live + 1).tell(BatchInDoubt(batch=live + 1, why="lost"))
    choice = choose(builder, foreign, slots)
    assert isinstance(choice, BatchRecord) == (live + doubt + foreign < slots)
    if isinstance(choice, BatchRecord):
        assert choice.number == live + doubt + 1


@given(
    st.lists(st.integers(0, 5), min_size=4, max_size=16),
    st.sets(st.integers(1, 4), max_size=3),
)
def test_no_account_goes_into_two_live_batches(owners: list[int], live: set[int]) -> None:
    phones = [device(i, user=f"room{owner}@contoso.example") for i, owner in enumerate(owners)]
    builder = StateBuilder(phones, Options(batch_size=3))
    for number in sorted(live & set(builder.state.batches)):
        builder.running(number)
    choice = choose(builder, slots=20)
    if isinstance(choice, BatchRecord):
        for other in builder.state.open_batches():
            assert accounts(builder.state, choice).isdisjoint(accounts(builder.state, other))


_FATES = ["queued", "running", "in_doubt", "unsettled", "again", "failed"]


@given(
    owners=st.lists(st.integers(0, 5), min_size=4, max_size=16),
    fates=st.lists(st.sampled_from(_FATES), min_size=16, max_size=16),
    some=st.sets(st.integers(0, 15)),
)
def test_no_account_goes_out_again_while_a_batch_with_it_may_be_alive(
    owners: list[int], fates: list[str], some: set[int]
) -> None:
    phones = [
        device(i, (EMEA, NOAM)[i % 2], user=("room", "ROOM")[i % 2] + f"{owner}@contoso.example")
        for i, owner in enumerate(owners)
    ]
    builder = StateBuilder(phones, Options(batch_size=3))
    for number in list(builder.state.batches):
        fate = fates[number]
        if fate == "running":
            builder.running(number)
        elif fate == "failed":
            builder.failed(number)
        elif fate != "queued":
            builder.submitting(number).tell(BatchInDoubt(batch=number, why="lost"))
            if fate != "in_doubt":
                builder.tell(BatchUnsettled(batch=number, why="not there"))
        if fate == "again":  # some of its devices on the operator's word, the rest still unknown
            order = Order(what="resubmit", devices=sorted(some))
            builder.tell(*resubmit(builder.state, 0, order, size=3))  # type: ignore[arg-type]
    state = builder.state
    perhaps_alive = {
        r.device.user_name.key
        for r in state.devices
        if r.state in (DeviceState.RUNNING, DeviceState.SUBMITTING, DeviceState.UNKNOWN)
    }
    choices = [next_batch(state, region, foreign=0, slots=20, now=NOW) for region in (EMEA, NOAM)]
    for choice in choices:
        if isinstance(choice, BatchRecord):
            assert accounts(state, choice).isdisjoint(perhaps_alive)
    # Where nothing is open and nothing goes out, the run says which decision it waits for.
    if not state.open_batches() and state.queued_batches():
        assert bool(blocking(state)) == (not any(isinstance(c, BatchRecord) for c in choices))


def test_first_devices_that_wait_for_a_decision_are_waited_for() -> None:
    phones = [device(i, user="lobby@contoso.example" if i < 2 else "") for i in range(8)]
    builder = StateBuilder(phones, Options(batch_size=4, first=2)).submitting(1)
    assert blocking(builder.state) == []
    builder.tell(BatchInDoubt(batch=1, why="lost"), BatchUnsettled(batch=1, why="not there"))
    assert isinstance(choose(builder), Hold)
    assert [b.number for b in blocking(builder.state)] == [1]


def test_what_must_wait_lets_others_pass_and_says_until_when() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2))
    builder.submitting(1).tell(BatchDeferred(batch=1, why="slow down", until=LATER))
    choice = choose(builder)
    assert isinstance(choice, BatchRecord)
    assert choice.number == 2
    builder.failed(2)
    assert choose(builder) == Hold("slow down", LATER)
    due = next_batch(builder.state, EMEA, foreign=0, slots=3, now=LATER)
    assert isinstance(due, BatchRecord)
    assert next_batch(builder.state, NOAM, foreign=0, slots=3, now=NOW) is None


def test_pause_and_stop_hold() -> None:
    for what in ("pause", "stop"):
        builder = StateBuilder(devices(2))
        builder.tell(Order(what=what))  # type: ignore[arg-type]  # one of its words
        assert isinstance(choose(builder), Hold)
        builder.tell(Order(what="go_on"))
        assert isinstance(choose(builder), BatchRecord)


def _tried(bad: int, most: float) -> StateBuilder:
    builder = StateBuilder(devices(20), Options(batch_size=10, first=4, max_failures=most)).running(
        1
    )
    for index in range(4):
        builder.device(index, DeviceState.FAILED if index < bad else DeviceState.SUCCEEDED)
    builder.state.batches[1].state = BatchState.FINISHED
    return builder


def test_the_first_devices_go_alone() -> None:
    builder = StateBuilder(devices(20, (EMEA, NOAM)), Options(batch_size=10, first=4))
    assert sorted(i for b in first_batches(builder.state) for i in b.devices) == [0, 1, 2, 3]
    first = choose(builder)
    assert isinstance(first, BatchRecord)
    assert first in first_batches(builder.state)
    builder.running(first.number)
    assert isinstance(choose(builder), Hold)


@given(bad=st.integers(0, 4), most=st.floats(0, 100))
def test_the_rest_goes_out_only_if_few_enough_failed(bad: int, most: float) -> None:
    builder = _tried(bad, most)
    good = 25 * bad <= most
    assert isinstance(choose(builder), BatchRecord) == good
    assert bool(first_failures(builder.state)) == (not good)


def test_a_first_batch_that_was_refused_is_bad() -> None:
    builder = StateBuilder(devices(8), Options(batch_size=4, first=4)).submitting(1)
    builder.tell(BatchRejected(batch=1, status=400))
    assert first_failures(builder.state) == 4
    assert isinstance(choose(builder), Hold)
