"""Which batch goes out next."""

from collections.abc import Collection, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siptui.domain.device import Device
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.engine.scheduler import (
    Hold,
    accounts,
    awaits_decision,
    blocking,
    first_batches,
    first_failures,
    first_open,
    may_go_out,
    needs_decision,
    next_batch,
    undecided,
    waiting,
    window_closed,
)
from siptui.runs.events import (
    BatchDeferred,
    BatchFinished,
    BatchGivenUp,
    BatchInDoubt,
    BatchRejected,
    BatchUnsettled,
    DevicesHeld,
    DevicesSignedIn,
    Options,
    Order,
    RunStopped,
)
from siptui.runs.orders import Reason, hold, resubmit, retry
from siptui.runs.state import BatchRecord
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder
from tests.support.replace import replace

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


def _lose(builder: StateBuilder, batch: int) -> None:
    builder.submitting(batch).tell(
        BatchInDoubt(batch=batch, why="lost"), BatchUnsettled(batch=batch, why="not there")
    )


def _user(builder: StateBuilder, index: int) -> str:
    return builder.state.devices[index].device.user_name.key


def _hold(builder: StateBuilder, batch: int, index: int, *, decide: bool = True) -> None:
    builder.tell(DevicesHeld(batch=batch, devices=[index], why="personal", decide=decide))


def test_only_what_a_lost_batch_left_unknown_is_undecided() -> None:
    builder = StateBuilder(devices(10), Options(batch_size=2))
    state = builder.state
    _lose(builder, 1)
    builder.running(2).tell(BatchGivenUp(batch=2, batch_id="ID-2", unknown=2))
    builder.running(3).device(4, DeviceState.UNKNOWN)  # the service does not tell
    builder.tell(BatchFinished(batch=3, batch_id="ID-3", succeeded=0, failed=0))
    builder.submitting(4).tell(BatchInDoubt(batch=4, why="lost"))
    of = {index: _user(builder, index) for index in range(10)}
    assert undecided(state) == {of[0]: 1, of[1]: 1, of[2]: 2, of[3]: 2}
    builder.tell(DevicesSignedIn(devices=[0], batch_id="X"))
    builder.tell(*resubmit(state, 0, Order(what="resubmit", devices=[2]), size=2))  # type: ignore[arg-type]
    assert undecided(state) == {of[1]: 1, of[3]: 2}
    builder.submitting(6).tell(BatchInDoubt(batch=6, why="lost"))
    assert undecided(state) == {of[1]: 1, of[3]: 2}
    builder.tell(BatchUnsettled(batch=6, why="not there"))
    assert undecided(state) == {of[1]: 1, of[2]: 6, of[3]: 2}


def _one_account(count: int, shared: Collection[int]) -> list[Device]:
    """Phones of which those at the places `shared` have the same account."""
    return [device(i, user="lobby@contoso.example" if i in shared else "") for i in range(count)]


def test_what_is_lost_holds_up_the_run_only_where_nothing_else_can_happen() -> None:
    def lost(shared: Collection[int] = (0, 2)) -> StateBuilder:
        builder = StateBuilder(_one_account(6, shared), Options(batch_size=2))
        _lose(builder, 1)
        return builder

    builder = lost()
    assert blocking(builder.state) == []  # batch 3 can go out
    builder.running(3)
    assert blocking(builder.state) == []  # and then is open
    builder.tell(BatchFinished(batch=3, batch_id="ID-3", succeeded=2, failed=0))
    assert [b.number for b in blocking(builder.state)] == [1]
    builder.tell(Order(what="stop"))
    assert blocking(builder.state) == []  # nothing is to go out any more
    every = lost((0, 2, 4))
    assert [b.number for b in blocking(every.state)] == [1]
    every.submitting(2)
    assert blocking(every.state) == []


def _sites(counts: Sequence[int]) -> list[Device]:
    """Phones of sites A, B and so on, so many each."""
    places = [site for site, count in enumerate(counts) for _ in range(count)]
    return [replace(device(i), extra={"Site": "ABC"[site]}) for i, site in enumerate(places)]


def _by_site(counts: Sequence[int]) -> StateBuilder:
    """Each site has one device first: batches 1 and 2 of A, 3 and 4 of B."""
    return StateBuilder(_sites(counts), Options(by="Site", first=1))


def test_a_closed_group_waits_for_no_decision_on_what_is_lost() -> None:
    both = [replace(one, extra={"Site": "A"}) for one in _one_account(2, (0, 1))]
    builder = StateBuilder(both, Options(by="Site", first=1))
    _lose(builder, 1)  # of its first device nothing is known: too many failed
    assert blocking(builder.state) == []
    held = choose(builder)
    assert isinstance(held, Hold)
    assert "A was stopped" in held.why


def test_the_first_devices_of_a_group_are_let_out_and_the_rest_of_it_waits() -> None:
    builder = _by_site([3, 2])
    choices = []
    while isinstance(choice := choose(builder), BatchRecord):
        choices.append(choice.number)
        builder.running(choice.number)
    assert choices == [1, 3]
    assert isinstance(choice, Hold)
    assert "A must show" in choice.why
    builder.device(3, DeviceState.SUCCEEDED)
    builder.tell(BatchFinished(batch=3, batch_id="ID-3", succeeded=1, failed=0))
    assert choose(builder) is builder.state.batches[4]
    builder.running(4)
    done = next_batch(builder.state, EMEA, foreign=0, slots=9, now=NOW, over={1})
    assert isinstance(done, Hold)
    assert "A must show" in done.why


def test_a_batch_that_is_over_holds_up_its_own_group_alone() -> None:
    options = Options(by="Site", batch_size=2)
    builder = StateBuilder(_sites([4, 2, 2]), options).running(1)
    builder.running(3)  # of B
    batches = builder.state.batches

    def go(over: Collection[int]) -> BatchRecord | Hold | None:
        return next_batch(builder.state, EMEA, foreign=0, slots=9, now=NOW, over=over)

    assert go(()) is batches[2]
    assert go({3}) is batches[2]
    assert go({1}) is batches[4]


def test_nothing_of_an_empty_run_is_first() -> None:
    state = StateBuilder([]).state
    assert (first_batches(state), first_open(state), first_failures(state)) == ([], False, 0)
    assert not awaits_decision(state)
    assert blocking(state) == []


def test_first_devices_an_operator_went_on_after_are_past() -> None:
    builder = _tried(4, 0)
    assert first_failures(builder.state) == 4
    builder.tell(RunStopped(code="canary", message="too many"))
    assert first_batches(builder.state) == []
    builder.tell(Order(what="go_on"))
    assert isinstance(choose(builder), BatchRecord)
    again = retry(builder.state, 0, Order(what="retry", devices=[0, 1], first=1), size=10)
    builder.tell(*again)  # type: ignore[arg-type]  # batches
    newest = max(builder.state.batches)
    assert [b.number for b in first_batches(builder.state)] == [newest - 1]
    assert choose(builder) is builder.state.batches[newest - 1]


def test_the_share_that_may_fail_may_fail() -> None:
    assert first_failures(_tried(1, 25.0).state) == 0
    assert first_failures(_tried(1, 24.9).state) == 1
    assert first_failures(_tried(0, 0.0).state) == 0


def test_first_devices_are_judged_only_until_the_rest_has_begun() -> None:
    options = Options(batch_size=2, first=3, max_failures=0)
    builder = StateBuilder(devices(9), options)  # batches 1 and 2 are first, 3 to 5 the rest
    builder.failed(1)
    assert first_failures(builder.state) == 0  # batch 2 is still to come
    assert isinstance(choose(builder), BatchRecord)
    builder.failed(2)
    assert first_failures(builder.state) == 3
    builder.running(4)
    assert first_failures(builder.state) == 0


def test_first_devices_that_were_put_apart_are_judged_with_the_others() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2, first=2, max_failures=0))
    reason = {1: Reason("personal", decide=True)}
    builder.tell(*hold(builder.state, reason))  # type: ignore[arg-type]  # batches 3 and 4 for 1
    builder.failed(3).failed(4)
    assert first_failures(builder.state) == 2
    builder.running(2)
    assert first_failures(builder.state) == 0


@pytest.mark.parametrize("state", list(BatchState))
def test_first_devices_are_open_until_their_batch_is_over(state: BatchState) -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2, first=2))
    builder.state.batches[1].state = state
    going = {BatchState.QUEUED, BatchState.SUBMITTING, BatchState.RUNNING, BatchState.IN_DOUBT}
    assert first_open(builder.state) == (state in going)


def test_the_lost_batch_that_is_waited_for_is_named() -> None:
    both = [device(i, user=("z@x.example", "a@x.example")[i % 2]) for i in range(4)]
    builder = StateBuilder(both, Options(batch_size=2))
    builder.tell(*hold(builder.state, {0: Reason("personal")}))  # type: ignore[arg-type]
    _lose(builder, 3)
    _lose(builder, 4)
    choice = choose(builder)
    assert isinstance(choice, Hold)
    assert "batch 3 was lost" in choice.why


def test_what_was_sent_before_a_second_trial_does_not_count_as_its_rest() -> None:
    builder = StateBuilder(devices(2), Options(batch_size=1))
    builder.failed(1).failed(2)
    order = Order(what="retry", devices=[0, 1], first=1)
    builder.tell(*retry(builder.state, 0, order, size=1))  # type: ignore[arg-type]  # batches
    builder.failed(3)
    assert [b.number for b in first_batches(builder.state)] == [3]
    assert first_failures(builder.state) == 1


def test_after_a_stop_only_what_was_ordered_since_goes_out() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2))
    builder.failed(1).tell(Order(what="stop"))
    state = builder.state
    assert not may_go_out(state, state.batches[2])
    for seq, goes in ((state.stopped_at, False), (state.stopped_at + 1, True)):
        order = Order(what="retry", devices=[0])
        builder.tell(*retry(state, seq, order, size=1))  # type: ignore[arg-type]  # batches
        newest = state.batches[max(state.batches)]
        assert may_go_out(state, newest) == goes
        if not goes:
            newest.state = BatchState.REJECTED
            state.devices[0].state = DeviceState.FAILED
    assert choose(builder) is newest


BEFORE = "2026-03-02T08:59:59.999Z"
AFTER = "2026-03-02T09:00:00.001Z"


@pytest.mark.parametrize(
    ("until", "closed"), [("", False), (BEFORE, True), (NOW, True), (AFTER, False)]
)
def test_from_the_end_of_the_window_on_nothing_goes_out(until: str, closed: bool) -> None:
    builder = StateBuilder(devices(2), Options(until=until))
    assert window_closed(builder.state, NOW) == closed
    choice = choose(builder)
    assert isinstance(choice, Hold) == closed
    builder.tell(RunStopped(code="window_closed", message="over"), Order(what="go_on"))
    assert not window_closed(builder.state, NOW)
    assert isinstance(choose(builder), BatchRecord)


@pytest.mark.parametrize(
    ("begin", "early"), [("", False), (BEFORE, False), (NOW, False), (AFTER, True)]
)
def test_before_the_window_nothing_goes_out_and_it_is_told(begin: str, early: bool) -> None:
    choice = choose(StateBuilder(devices(2), Options(not_before=begin)))
    assert isinstance(choice, Hold) == early
    if isinstance(choice, Hold):
        assert (choice.until, choice.tell, choice.full) == (begin, True, False)


def test_only_what_needs_no_decision_goes_out() -> None:
    builder = StateBuilder(devices(6), Options(batch_size=2))
    batches = builder.state.batches
    _hold(builder, 1, 1)
    _hold(builder, 2, 2, decide=False)
    assert [needs_decision(builder.state, b) for b in batches.values()] == [True, False, False]
    assert choose(builder) is batches[2]
    assert not awaits_decision(builder.state)
    builder.failed(2).failed(3)
    assert choose(builder) is None
    assert awaits_decision(builder.state)
    assert [r.index for r in waiting(builder.state)] == [0, 1]
    builder.tell(Order(what="stop"))
    assert not awaits_decision(builder.state)


def test_first_devices_that_need_a_decision_hold_up_the_others() -> None:
    builder = StateBuilder(devices(4), Options(batch_size=2, first=2))
    assert not awaits_decision(builder.state)
    _hold(builder, 1, 0)
    assert awaits_decision(builder.state)
    assert isinstance(choose(builder), Hold)
    tried = StateBuilder(devices(4), Options(batch_size=2, first=2, max_failures=100))
    tried.failed(1)
    assert not awaits_decision(tried.state)


def test_first_devices_of_a_group_that_need_a_decision_hold_up_the_group() -> None:
    builder = _by_site([2])
    _hold(builder, 1, 0)
    assert awaits_decision(builder.state)
    two = _by_site([2, 2])
    _hold(two, 1, 0)
    assert not awaits_decision(two.state)


def test_slots_are_those_of_the_region_and_one_that_is_over_is_free() -> None:
    builder = StateBuilder(devices(8, (EMEA, NOAM)), Options(batch_size=1))
    mine = [b.number for b in builder.state.batches.values() if b.region is EMEA]
    for number in mine[:2]:
        builder.running(number)
    for number in set(builder.state.batches) - set(mine):
        builder.running(number)
    assert choose(builder, slots=3) is builder.state.batches[mine[2]]
    full = choose(builder, slots=2)
    assert isinstance(full, Hold)
    assert (full.full, full.tell, full.until) == (True, False, "")
    free = next_batch(builder.state, EMEA, foreign=0, slots=2, now=NOW, over={mine[0]})
    assert free is builder.state.batches[mine[2]]
    taken = next_batch(builder.state, EMEA, foreign=1, slots=2, now=NOW, over={mine[0]})
    assert isinstance(taken, Hold)


def test_the_first_that_must_wait_says_why() -> None:
    builder = StateBuilder(_one_account(12, (0, 2, 3)), Options(batch_size=1))
    state = builder.state
    _lose(builder, 2)
    builder.running(1)
    for number in range(5, 13):
        builder.submitting(number).tell(BatchDeferred(batch=number, why="slow", until=LATER))
    held = {number: f"batch {number} waits" for number in range(5, 13)}

    def why(batch: int, held: dict[int, str]) -> str:
        for other in (3, 4, *range(5, 13)):
            state.batches[other].state = BatchState.QUEUED
        first = [batch, *(n for n in (3, 5, 6) if n != batch)]
        for other in set(state.batches) - set(first) - {1, 2}:
            state.batches[other].state = BatchState.ABANDONED
        state.batches = {n: state.batches[n] for n in (1, 2, *first, *state.batches)}
        hold = next_batch(state, EMEA, foreign=0, slots=20, now=NOW, held=held)
        assert isinstance(hold, Hold)
        return hold.why

    assert why(5, {}) == "slow"
    assert "is being signed in" in why(3, {})
    state.batches[5].not_before = ""
    assert why(5, held) == "batch 5 waits"
    assert "is being signed in" in why(3, held)
    state.batches[1].state = BatchState.UNSETTLED
    state.devices[0].state = DeviceState.UNKNOWN
    assert "batch 1 was lost" in why(3, held)
    assert why(6, held) == "slow"
