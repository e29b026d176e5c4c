"""What the tenant's other batches mean for what is queued: each rule on a small run."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.gateway.protocol import ItemStatus, Phase
from siptui.runs.engine.batch_conflicts import Sorted, Tenant, live_elsewhere, sort_out
from siptui.runs.engine.other_batches import OtherBatch
from siptui.runs.events import (
    BatchAccepted,
    BatchDeferred,
    BatchPlanned,
    BatchRejected,
    DevicesHeld,
    DevicesSignedIn,
    Note,
    Options,
    Order,
)
from siptui.runs.journal.codec import timestamp
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import AT, EMEA, NOAM, StateBuilder, submitting

PHONES = devices(4)
RUNNING, DONE, FAILED = Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED


def _at(seconds: float) -> str:
    return (datetime.fromisoformat(AT) + timedelta(seconds=seconds)).isoformat()


def _journal_time(seconds: float) -> str:
    return timestamp(datetime.fromisoformat(AT) + timedelta(seconds=seconds))


def _item(phone: Device, phase: Phase) -> ItemStatus:
    return ItemStatus(str(phone.user_name).upper(), phone.hardware_id, "", phase, "")


def _theirs(
    items: Mapping[int, Phase] | Sequence[ItemStatus] = (),
    seconds: float = 630.5,
    *,
    name: str = "Theirs",
    live: bool = False,
    region: Region | None = EMEA,
    **more: Any,
) -> OtherBatch:
    """A colleague's batch of the run's devices at these places, begun so long after the plan."""
    if isinstance(items, Mapping):
        items = [_item(PHONES[place], phase) for place, phase in items.items()]
    requested = more.pop("requested", _at(seconds))
    return OtherBatch(name, region, "anna", requested, live, tuple(items), **more)


def _run(size: int = 4) -> StateBuilder:
    return StateBuilder(PHONES, Options(batch_size=size))


def _sorted(builder: StateBuilder, *others: OtherBatch, **more: Any) -> Sorted:
    return sort_out(builder.state, EMEA, Tenant(others, **more))


def _signed_in(found: Sorted) -> list[int]:
    return [i for e in found.events if isinstance(e, DevicesSignedIn) for i in e.devices]


def _held(found: Sorted) -> dict[int, bool]:
    """The devices that wait, and whether for a decision."""
    return {i: e.decide for e in found.events if isinstance(e, DevicesHeld) for i in e.devices}


def test_without_other_batches_all_goes_out() -> None:
    assert _sorted(_run()) == Sorted([], {})


def test_what_is_live_elsewhere_waits_apart_from_the_rest() -> None:
    found = _sorted(_run(), _theirs({1: RUNNING}, live=True))
    assert found.held == {}
    assert [e for e in found.events if isinstance(e, DevicesHeld)] == [
        DevicesHeld(
            batch=3,
            devices=[1],
            why="other_batch",
            batch_id="Theirs",
            by="anna",
            requested=_at(630.5),
            decide=False,
        )
    ]
    assert [e.devices for e in found.events if isinstance(e, BatchPlanned)] == [[0, 2, 3], [1]]


def test_once_apart_it_is_held_by_its_batch_and_named() -> None:
    builder = _run()
    other = _theirs({1: RUNNING}, live=True)
    builder.tell(*_sorted(builder, other).events)  # type: ignore[arg-type]
    found = _sorted(builder, other)
    assert found.events == []
    assert found.held.keys() == {3}
    assert "anna" in found.held[3]
    assert "Theirs" in found.held[3]
    assert sort_out(builder.state, NOAM, Tenant([other])) == Sorted([], {})


@pytest.mark.parametrize("how", ["phone", "account"])
def test_a_phone_and_an_account_are_each_enough(how: str) -> None:
    mine = PHONES[1]
    other = device(70)
    if how == "phone":
        item = ItemStatus(str(other.user_name), mine.hardware_id, "", RUNNING, "")
    else:
        item = ItemStatus(str(mine.user_name).upper(), other.hardware_id, "", RUNNING, "")
    batch = _theirs([item], live=True)
    assert _held(_sorted(_run(), batch)) == {1: False}
    assert live_elsewhere(PHONES, [_theirs([item]), batch]) == [(mine, batch)]
    assert live_elsewhere(PHONES, [_theirs([item])]) == []
    again = _theirs([item], live=True, name="Another")
    assert live_elsewhere(PHONES, [batch, again]) == [(mine, batch)]


@pytest.mark.parametrize(
    ("phase", "signed_in", "held"), [(DONE, [1], {}), (FAILED, [], {}), (RUNNING, [], {1: True})]
)
@pytest.mark.parametrize("seconds", [630.5, -630.5])
def test_what_a_batch_that_is_over_came_to_since_the_plan(
    phase: Phase, signed_in: list[int], held: dict[int, bool], seconds: float
) -> None:
    found = _sorted(_run(), _theirs({1: phase}, seconds))
    assert _signed_in(found) == (signed_in if seconds > 0 else [])
    assert _held(found) == (held if seconds > 0 else {})


def test_what_is_signed_in_is_named_by_its_batch_and_the_rest_goes_on() -> None:
    found = _sorted(_run(), _theirs({1: DONE, 2: DONE}), _theirs({3: DONE}, 10, name="Older"))
    assert [e for e in found.events if isinstance(e, DevicesSignedIn)] == [
        DevicesSignedIn(devices=[1, 2], batch_id="Theirs", by="anna"),
        DevicesSignedIn(devices=[3], batch_id="Older", by="anna"),
    ]
    assert found.held == {}


@pytest.mark.parametrize("newer", [DONE, FAILED])
def test_of_two_batches_the_newer_one_counts(newer: Phase) -> None:
    """A failure of the newer one signed it out: what the older one did is gone."""
    older = DONE if newer is FAILED else FAILED
    found = _sorted(_run(), _theirs({1: newer}, 630.5), _theirs({1: older}, 330.5, name="Older"))
    assert _signed_in(found) == ([1] if newer is DONE else [])


def test_a_signed_in_other_pair_of_phone_and_account_takes_a_decision() -> None:
    item = ItemStatus(str(PHONES[1].user_name), device(70).hardware_id, "", DONE, "")
    assert _held(_sorted(_run(), _theirs([item]))) == {1: True}
    failed = ItemStatus(str(PHONES[1].user_name), device(70).hardware_id, "", FAILED, "")
    assert _held(_sorted(_run(), _theirs([failed]))) == {}


@pytest.mark.parametrize("again", [True, False])
def test_after_the_word_for_it_what_was_before_counts_no_longer(again: bool) -> None:
    builder = _run()
    if again:
        builder.tell(Order(what="go_on", again=True))
    builder.state.again_at = _at(900) if again else ""
    for phase in (DONE, RUNNING):
        found = _sorted(builder, _theirs({1: phase}))
        assert bool(_signed_in(found) or _held(found)) != again
    live = _sorted(builder, _theirs({1: RUNNING}, live=True))
    assert _held(live) == {1: False}


@pytest.mark.parametrize("here", [True, False])
def test_what_this_host_submitted_is_known_from_its_journal(here: bool) -> None:
    found = _sorted(_run(), _theirs({1: DONE}, here=here))
    assert _signed_in(found) == ([] if here else [1])


@pytest.mark.parametrize("phase", [RUNNING, FAILED])
@pytest.mark.parametrize("stuck", [True, False])
def test_one_that_the_service_calls_running_for_hours_takes_a_decision(
    phase: Phase, stuck: bool
) -> None:
    found = _sorted(_run(), _theirs({1: phase}, -9 * 3600, stuck=stuck))
    assert _held(found) == ({1: True} if stuck and phase is RUNNING else {})


def test_what_began_after_another_run_submitted_it_is_news() -> None:
    other = _theirs({1: DONE}, -3600.5)
    hardware_id = str(PHONES[1].hardware_id)
    for last, news in ((-7200, True), (-60, False)):
        found = _sorted(_run(), other, last_here={hardware_id: _at(last)})
        assert _signed_in(found) == ([1] if news else [])


@pytest.mark.parametrize(("ahead", "news"), [(0, True), (1200, False), (None, True)])
def test_times_are_held_against_the_service_s_clock(ahead: float | None, news: bool) -> None:
    by = None if ahead is None else timedelta(seconds=ahead)
    assert bool(_signed_in(_sorted(_run(), _theirs({1: DONE}), ahead=by))) == news


@pytest.mark.parametrize(("hours", "news"), [(-10, True), (-20, False)])
def test_a_time_without_a_zone_is_news_unless_it_cannot_be(hours: float, news: bool) -> None:
    when = datetime.fromisoformat(AT) + timedelta(hours=hours, seconds=7)
    other = _theirs({1: DONE}, requested=when.replace(tzinfo=None).isoformat())
    builder = _run()
    assert bool(_signed_in(_sorted(builder, other))) == news
    builder.state.again_at = _at(30)
    assert _signed_in(_sorted(builder, other)) == []


@pytest.mark.parametrize("region", [EMEA, None, NOAM])
@pytest.mark.parametrize("seconds", [630.5, -630.5])
@pytest.mark.parametrize("here", [True, False])
def test_exactly_a_queued_batch_begun_since_is_that_one(
    region: Region | None, seconds: float, here: bool
) -> None:
    builder = _run(2)
    items = {2: RUNNING, 3: RUNNING}
    other = _theirs(items, seconds, live=True, region=region, here=here)
    found = _sorted(builder, other)
    if region is NOAM or seconds < 0 or here:
        assert found.held.keys() == {2} or _held(found) == {2: False, 3: False}
        return
    adopted, note = found.events
    assert isinstance(adopted, BatchAccepted)
    assert (adopted.batch, adopted.batch_id, adopted.adopted) == (2, "Theirs", True)
    assert isinstance(note, Note)
    assert (note.level, note.batch) == ("warning", 2)
    assert found.held == {}


def test_of_two_alike_none_is_taken_for_it() -> None:
    twice = [_theirs({0: RUNNING, 1: RUNNING}, live=True, name=name) for name in ("A", "B")]
    assert not any(isinstance(e, BatchAccepted) for e in _sorted(_run(2), *twice).events)


def test_one_with_a_device_twice_or_more_is_another() -> None:
    for places in ([0, 1, 1], [0, 0], [0, 1, 2], [0]):
        items = [_item(PHONES[i], RUNNING) for i in places]
        found = _sorted(_run(2), _theirs(items, live=True))
        assert not any(isinstance(e, BatchAccepted) for e in found.events)


@pytest.mark.parametrize("live", [True, False])
def test_a_live_one_of_no_time_is_taken_for_it(live: bool) -> None:
    found = _sorted(_run(2), _theirs({0: DONE, 1: DONE}, live=live, requested=""))
    assert any(isinstance(e, BatchAccepted) for e in found.events) == live


@pytest.mark.parametrize("region", [EMEA, None, NOAM])
@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("part", [True, False])
def test_a_live_batch_that_does_not_tell_its_devices_holds_its_region(
    region: Region | None, live: bool, part: bool
) -> None:
    found = _sorted(_run(2), _theirs(live=live, part=part, region=region))
    waits = live and part and region is not NOAM
    assert found.held.keys() == ({1, 2} if waits else set())


def test_a_stopped_run_and_other_regions_are_left_alone() -> None:
    other = _theirs({1: RUNNING}, live=True)
    builder = _run()
    assert sort_out(builder.state, NOAM, Tenant([other])).events == []
    builder.tell(Order(what="stop"))
    assert _sorted(builder, other).events == []


def test_what_waits_for_a_decision_waits_on_where_it_is_listed_no_more() -> None:
    builder = _run()
    builder.tell(*_sorted(builder, _theirs({1: RUNNING})).events)  # type: ignore[arg-type]
    assert builder.state.held.keys() == {1}
    assert _sorted(builder).events == []
    assert builder.state.held[1].decide


def test_what_waits_no_longer_goes_out() -> None:
    builder = _run()
    builder.tell(*_sorted(builder, _theirs({1: RUNNING}, live=True)).events)  # type: ignore[arg-type]
    assert _sorted(builder).held == {}


def test_a_personal_account_waits_whatever_others_did() -> None:
    builder = _run()
    builder.tell(DevicesHeld(batch=1, devices=[0, 1, 2, 3], why="personal", decide=True))
    found = _sorted(builder, _theirs({1: DONE}), _theirs({2: RUNNING}, live=True, name="Live"))
    assert found.events == []


def _waits(builder: StateBuilder, *places: int, batch: int = 1, **more: Any) -> StateBuilder:
    """The devices at these places wait for a colleague's batch."""
    more = {"why": "other_batch", "batch_id": "THEIRS", "by": "anna", **more}
    builder.tell(DevicesHeld(batch=batch, devices=list(places), **more))
    return builder


def _parts(found: Sorted) -> list[list[int]]:
    return [e.devices for e in found.events if isinstance(e, BatchPlanned)]


def test_personal_accounts_stay_apart_where_a_batch_is_cut() -> None:
    live = _theirs({2: RUNNING}, live=True)
    builder = _waits(_run(), 0, why="personal", batch_id="", by="", decide=True)
    assert _parts(_sorted(builder, live)) == [[0], [1, 3], [2]]
    assert _parts(_sorted(_waits(_run(), 0), live)) == [[0, 1, 3], [2]]


def test_devices_that_wait_are_no_batch_that_was_lost() -> None:
    """They are together for the other one, not since they were submitted so."""
    builder = _waits(_run(2), 2)
    found = _sorted(builder, _theirs({2: RUNNING, 3: RUNNING}, live=True))
    assert not any(isinstance(e, BatchAccepted) for e in found.events)


def test_a_batch_that_is_followed_is_neither_signed_in_nor_held() -> None:
    done = _theirs({2: DONE, 3: DONE}, name="Done")
    found = _sorted(_run(2), done, _theirs({0: RUNNING}, live=True))
    assert [type(e) for e in found.events] == [BatchAccepted, Note]


def test_it_is_followed_from_when_the_service_got_it_by_this_host_s_clock() -> None:
    found = _sorted(_run(2), _theirs({2: DONE, 3: DONE}, 930.5), ahead=timedelta(seconds=300))
    assert isinstance(found.events[0], BatchAccepted)
    assert found.events[0].requested == "2026-03-02T08:10:30.500Z"


def test_one_that_is_over_is_taken_for_it_if_it_began_since() -> None:
    for seconds in (630.5, -630.5):
        found = _sorted(_run(2), _theirs({2: DONE, 3: FAILED}, seconds))
        assert any(isinstance(e, BatchAccepted) for e in found.events) == (seconds > 0)


def test_of_one_that_is_stuck_any_open_device_of_the_account_counts() -> None:
    account = str(PHONES[1].user_name)
    items = [
        ItemStatus(account, PHONES[1].hardware_id, "", FAILED, ""),
        ItemStatus(account, device(70).hardware_id, "", RUNNING, ""),
    ]
    builder = _run()
    other = _theirs(items, -9 * 3600.5, stuck=True)
    assert _held(_sorted(builder, other)) == {1: True}
    builder.state.again_at = _at(0)
    assert _held(_sorted(builder, other)) == {}


@pytest.mark.parametrize(("name", "counts"), [("theirs", True), ("THEIRS", True), ("Odd", False)])
def test_of_what_a_device_waits_for_the_end_counts_whenever_it_began(
    name: str, counts: bool
) -> None:
    builder = _waits(_run(), 0, 1, 2, 3)
    before = _theirs({1: DONE, 2: RUNNING, 3: FAILED}, -630.5, name=name)
    found = _sorted(builder, before)
    assert _signed_in(found) == ([1] if counts else [])
    assert _held(found) == ({2: True} if counts else {})


@pytest.mark.parametrize("first", [DONE, RUNNING])
def test_the_newest_of_several_decides(first: Phase) -> None:
    newer, older = _theirs({1: first}, 930.5, name="New"), _theirs({1: first}, 630.5, name="Old")
    events = _sorted(_run(), newer, older).events
    ids = [e.batch_id for e in events if isinstance(e, DevicesHeld | DevicesSignedIn)]
    assert ids == ["New"]


def test_only_a_failure_after_it_undoes_what_a_batch_did() -> None:
    done = _theirs({1: DONE}, 630.5, name="Done")
    open_ = _theirs({1: RUNNING}, 930.5, name="Open")
    assert _signed_in(_sorted(_run(), open_, done)) == [1]
    oldest = _theirs({1: FAILED}, 330.5, name="Oldest")
    newest = _theirs({1: FAILED}, 930.5, name="Newest")
    assert _sorted(_run(), newest, oldest, done).events == []
    # As listed: which of two began first is read from their times alone.
    assert _signed_in(_sorted(_run(), oldest, done)) == [1]
    assert _signed_in(_sorted(_run(), oldest, newest, done)) == [1]


@pytest.mark.parametrize(
    ("why", "decide", "batch_id", "waits"),
    [
        ("other_batch", True, "THEIRS", True),
        ("other_batch", False, "THEIRS", False),
        ("other_batch", True, "id-2", False),
        ("other_batch", True, "ID-2", False),
    ],
)
def test_a_decision_is_needed_until_the_batch_is_found_to_be_one_s_own(
    why: str, decide: bool, batch_id: str, waits: bool
) -> None:
    builder = _waits(_run(2).running(2), 0, why=why, decide=decide, batch_id=batch_id)
    found = _sorted(builder, _theirs({1: RUNNING}, live=True))
    assert (0 in _held(found)) == waits


def test_an_own_submit_makes_what_was_before_it_old() -> None:
    builder = _run().failed(1)
    builder.tell(BatchPlanned(batch=2, region=EMEA, devices=[0, 1, 2, 3], attempt=2))
    record = builder.state.devices[1]
    record.submitted_at = _at(900)
    open_ = [ItemStatus(str(PHONES[1].user_name), device(70).hardware_id, "", RUNNING, "")]
    assert _held(_sorted(builder, _theirs(open_, 630.5))) == {}
    assert _held(_sorted(builder, _theirs(open_, 930.5))) == {1: True}
    last = {str(PHONES[1].hardware_id): _at(-7200)}
    assert _signed_in(_sorted(builder, _theirs({1: DONE}, -3600.5), last_here=last)) == []


@pytest.mark.parametrize("requeued", [False, True])
@pytest.mark.parametrize("moved", [False, True])
def test_a_submit_that_was_refused_undid_nothing_of_what_was_before_it(
    requeued: bool, moved: bool
) -> None:
    """A colleague's batch came in between the list that was read and the submit, and is over."""
    builder = _run()
    answer = (
        BatchRejected(batch=1, message="no", requeued=True)
        if requeued
        else BatchDeferred(batch=1, why="too many")
    )
    builder.tell_at(_journal_time(900), submitting(builder.state, 1), answer)
    if moved:
        builder.tell_at(
            _journal_time(1000),
            BatchPlanned(batch=2, region=EMEA, devices=[0, 2], moved=True),
            BatchPlanned(batch=3, region=EMEA, devices=[1, 3], moved=True),
        )
    for requested in (_at(890.5), ""):
        found = _sorted(builder, _theirs({1: DONE, 2: FAILED}, requested=requested))
        assert _signed_in(found) == [1]


def test_of_several_own_submits_the_last_that_was_taken_counts() -> None:
    builder = _run().failed(1)
    for batch, answer in ((2, BatchRejected(batch=2, message="no")), (3, None)):
        again = BatchPlanned(batch=batch, region=EMEA, devices=[0, 1, 2, 3], attempt=batch)
        builder.tell_at(_journal_time(900 * batch - 100), again)
        if answer is not None:
            builder.tell_at(_journal_time(900 * batch), submitting(builder.state, batch), answer)
    assert _signed_in(_sorted(builder, _theirs({1: DONE}, 890.5))) == [1]
    assert _signed_in(_sorted(builder, _theirs({1: DONE}, -630.5))) == []


def test_one_that_was_listed_at_the_own_submit_came_before_it() -> None:
    """Where its time says nothing."""
    builder = _run(2).submitting(1, ["Known"])
    builder.failed(1)
    builder.state.batches[1].known = frozenset({"Known"})
    builder.tell(BatchPlanned(batch=3, region=EMEA, devices=[0, 1], attempt=2))
    for name in ("KNOWN", "known"):
        other = _theirs({1: DONE, 2: DONE}, name=name, requested="")
        assert _signed_in(_sorted(builder, other)) == [2]
    other = _theirs({1: DONE}, name="new", requested="")
    assert _signed_in(_sorted(builder, other)) == [1]


def test_a_word_given_at_the_very_moment_of_the_plan_is_one() -> None:
    builder = _run()
    builder.state.again_at = AT
    other = _theirs({1: DONE}, requested="")
    assert _signed_in(_sorted(builder, other)) == []


def test_batches_of_other_regions_are_not_held_by_one_that_tells_nothing() -> None:
    phones = [device(1), device(2, NOAM)]
    builder = StateBuilder(phones, Options(batch_size=2))
    mine = next(b.number for b in builder.state.batches.values() if b.region is EMEA)
    found = _sorted(builder, _theirs(live=True, part=True))
    assert found.held.keys() == {mine}


def test_one_open_item_beside_a_failure_takes_a_decision() -> None:
    account = str(PHONES[1].user_name)
    items = [
        _item(PHONES[1], FAILED),
        ItemStatus(account, device(70).hardware_id, "", RUNNING, ""),
    ]
    assert _held(_sorted(_run(), _theirs(items))) == {1: True}


def test_what_another_run_left_open_before_the_plan_takes_none() -> None:
    last = {str(PHONES[1].hardware_id): _at(-7200)}
    found = _sorted(_run(), _theirs({1: RUNNING}, -3600.5), last_here=last)
    assert found.events == []


def test_what_was_before_the_own_submit_is_no_news_however_its_time_is_written() -> None:
    builder = _run()
    record = builder.state.devices[1]
    record.submitted_at = _at(20 * 3600)
    assert _signed_in(_sorted(builder, _theirs({1: DONE}))) == []
    assert _signed_in(_sorted(builder, _theirs({1: DONE}, 21 * 3600.5))) == [1]
    for hours, news in ((1, False), (7, True)):
        when = datetime.fromisoformat(AT) + timedelta(hours=hours, seconds=7)
        zoneless = _theirs({1: DONE}, requested=when.replace(tzinfo=None).isoformat())
        assert bool(_signed_in(_sorted(builder, zoneless))) == news


def test_between_the_moments_of_an_own_submit_an_outcome_counts_and_an_open_end_does_not() -> None:
    builder = _run()
    record = builder.state.devices[1]
    record.submitted_from, record.submitted_at = _at(600), _at(900)
    assert _signed_in(_sorted(builder, _theirs({1: DONE}))) == [1]
    assert _held(_sorted(builder, _theirs({1: RUNNING}))) == {}


@pytest.mark.parametrize("zone", [True, False])
@pytest.mark.parametrize("own", ["", _at(20 * 3600), _at(60 * 3600)])
def test_what_another_run_submitted_since_has_undone_what_was_before(zone: bool, own: str) -> None:
    builder = _run()
    builder.state.devices[1].submitted_at = own
    last = {str(PHONES[1].hardware_id): _at(40 * 3600)}
    for hours, news in ((1, False), (22, False), (56, own != _at(60 * 3600)), (80, True)):
        when = datetime.fromisoformat(_at(hours * 3600 + 7))
        text = when.isoformat() if zone else when.replace(tzinfo=None).isoformat()
        found = _sorted(builder, _theirs({1: DONE}, requested=text), last_here=last)
        assert bool(_signed_in(found)) == (news or (hours == 56 and not zone))


@pytest.mark.parametrize(("submitted", "it"), [(-10, False), (0, True), (10, True)])
def test_one_that_was_listed_before_a_batch_was_planned_is_not_that_batch(
    submitted: float, it: bool
) -> None:
    """A later batch of the run lists it where the journal lost that this one was submitted."""
    builder = _run(2)
    mine, other = builder.state.batches[1], builder.state.batches[2]
    other.submitted_at, other.known = _journal_time(submitted), frozenset({"THEIRS"})
    mine.planned_at = _journal_time(0)
    zoneless = datetime.fromisoformat(AT).replace(tzinfo=None).isoformat()
    theirs = _theirs({0: FAILED, 1: FAILED}, requested=zoneless)
    assert _held(_sorted(builder, theirs)) == ({0: True, 1: True} if it else {})


_ZONELESS = datetime.fromisoformat(AT).replace(tzinfo=None).isoformat()


def test_what_is_perhaps_the_batch_leaves_out_what_it_signed_in_and_asks_of_the_rest() -> None:
    found = _sorted(_run(2), _theirs({0: DONE, 1: FAILED}, requested=_ZONELESS))
    assert _signed_in(found) == [0]
    assert _held(found) == {1: True}
    elsewhere = _theirs({0: DONE}, name="Later")  # what a later one signed in is left out as well
    both = _sorted(_run(2), elsewhere, _theirs({0: FAILED, 1: FAILED}, requested=_ZONELESS))
    assert _signed_in(both) == [0]
    assert _held(both) == {1: True}


def test_an_order_that_came_before_asks_of_all_and_one_that_comes_later_lets_them_go() -> None:
    builder = StateBuilder(PHONES, Options(batch_size=2, again=True))
    early = (datetime.fromisoformat(AT) - timedelta(hours=3)).replace(tzinfo=None).isoformat()
    perhaps = _theirs({0: DONE, 1: FAILED}, requested=early)
    found = _sorted(builder, perhaps)
    assert _held(found) == {0: True, 1: True}
    later = _sorted(builder, _theirs({0: DONE}, name="Later"), perhaps)
    assert (_signed_in(later), _held(later)) == ([0], {1: True})
    builder.tell(*found.events)  # type: ignore[arg-type]
    assert _sorted(builder, perhaps).events == []
    builder.tell(Order(what="go_on", again=True))
    assert _sorted(builder, perhaps) == Sorted([], {})
    other = _theirs({0: FAILED, 1: FAILED}, requested=early, name="Another")
    assert _held(_sorted(builder, perhaps, other)) == {0: True, 1: True}


def test_what_was_let_go_and_is_live_after_all_waits() -> None:
    builder = _run(2)
    perhaps = _theirs({0: FAILED, 1: FAILED}, requested=_ZONELESS)
    builder.tell(*_sorted(builder, perhaps).events)  # type: ignore[arg-type]
    builder.tell(Order(what="go_on", again=True))
    live = _theirs({0: RUNNING, 1: RUNNING}, requested=_ZONELESS, live=True)
    assert _held(_sorted(builder, live)) == {0: False, 1: False}


def test_the_batch_itself_is_not_asked_about_where_its_devices_wait_apart() -> None:
    builder = _run(2)
    builder.tell(DevicesHeld(batch=1, devices=[0], why="personal", decide=True))
    found = _sorted(builder, _theirs({0: FAILED, 1: FAILED}))
    assert 1 not in _held(found)


@pytest.mark.parametrize(("hours", "asked"), [(-20, False), (-7, True), (7, True)])
def test_an_open_end_at_a_time_without_a_zone_takes_a_decision_unless_it_is_old(
    hours: float, asked: bool
) -> None:
    when = datetime.fromisoformat(AT) + timedelta(hours=hours, seconds=7)
    text = when.replace(tzinfo=None).isoformat()
    assert _held(_sorted(_run(), _theirs({1: RUNNING}, requested=text))) == (
        {1: True} if asked else {}
    )
    assert _held(_sorted(_run(), _theirs({1: RUNNING}, requested="not a time"))) == {1: True}
