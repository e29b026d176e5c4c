"""What is made of what other runs say: left out, refused, told, or to be done."""

import pytest

from siptui.domain.state import DeviceState
from siptui.runs import conflicts
from siptui.runs.conflicts import BusyDevicesError, NewOnly, Overlap, SignedInError
from siptui.runs.events import (
    BatchPlanned,
    DevicesHeld,
    DevicesSignedIn,
)
from siptui.runs.state import RunState
from tests.runs.engine.engine_harness import device, devices
from tests.runs.journal_of_runs import at
from tests.runs.state_builder import EMEA, StateBuilder
from tests.support.replace import replace

QUEUED, SUBMITTING, RUNNING = DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING
SUCCEEDED, FAILED, UNKNOWN = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
PHONE, MOVED_IN = device(0), device(0, user="b@contoso.example")


SIGNED_IN = Overlap(PHONE, "A", SUCCEEDED, at(5), submitted=at(2))


@pytest.mark.parametrize(
    ("known", "submitted", "again_at", "expected"),
    [
        ([SIGNED_IN], "", "", True),
        ([replace(SIGNED_IN, state=FAILED)], "", "", False),
        ([replace(SIGNED_IN, busy=True)], "", "", False),
        ([replace(SIGNED_IN, device=MOVED_IN)], "", "", False),
        ([replace(SIGNED_IN, device=device(0, user="ROOM0@Contoso.example"))], "", "", True),
        # Its own run submitted it later, or at the same moment.
        ([SIGNED_IN], at(3), "", False),
        ([SIGNED_IN], at(2), "", True),
        # The order to submit it again was given after it was signed in, or before.
        ([SIGNED_IN], "", at(5), False),
        ([SIGNED_IN], "", at(4), True),
        # The newest word counts, by the submit; waiting somewhere says nothing.
        ([SIGNED_IN, replace(SIGNED_IN, state=FAILED, submitted=at(1), at=at(9))], "", "", True),
        ([SIGNED_IN, replace(SIGNED_IN, state=FAILED, submitted=at(3))], "", "", False),
        ([replace(SIGNED_IN, state=FAILED, submitted=at(1), at=at(9)), SIGNED_IN], "", "", True),
        ([replace(SIGNED_IN, state=FAILED, submitted=at(3)), SIGNED_IN], "", "", False),
        ([replace(SIGNED_IN, state=FAILED, submitted="", at=at(3)), SIGNED_IN], "", "", False),
        ([SIGNED_IN, replace(SIGNED_IN, state=QUEUED, waits=True, submitted=at(9))], "", "", True),
        # Of the same moment: the own journal, which comes first.
        ([SIGNED_IN, replace(SIGNED_IN, state=FAILED, profile="old")], "", "", True),
    ],
)
def test_signed_in_as_the_list_wants_it(
    known: list[Overlap], submitted: str, again_at: str, expected: bool
) -> None:
    found = conflicts.signed_in(known, {PHONE: submitted, device(1): ""}, again_at=again_at)
    assert bool(found) is expected
    assert all(one.state is SUCCEEDED for one in found)


def test_what_is_left_out_is_named_by_the_run_that_did_it() -> None:
    state = StateBuilder(devices(6)).state
    done = [
        replace(SIGNED_IN, device=device(number), run=run)
        for number, run in ((4, "B"), (1, "A"), (3, "B"))
    ]
    assert conflicts.left_out(state, done) == [
        DevicesSignedIn(devices=[3, 4], run="B"),
        DevicesSignedIn(devices=[1], run="A"),
        BatchPlanned(batch=2, region=EMEA, devices=[0, 2, 5], moved=True),
    ]


def test_what_is_left_of_held_batches_goes_out_alike() -> None:
    builder = StateBuilder(devices(3))
    builder.tell(DevicesHeld(devices=[0], batch=1, why="other_batch"))
    events = conflicts.left_out(builder.state, [replace(SIGNED_IN, device=device(0))])
    assert events[0] == DevicesSignedIn(devices=[0], run="A")
    builder.tell(*events)  # type: ignore[arg-type]  # each is one of them
    assert builder.state.held == {}
    assert _queued(builder.state) == {1, 2}


def _queued(state: RunState) -> set[int]:
    return {i for batch in state.queued_batches() for i in batch.devices} - {
        r.index for r in state.devices if r.state is not QUEUED
    }


# -- what is to do of a list


def test_a_list_by_what_is_to_do() -> None:
    listed = devices(7)
    known = [
        replace(SIGNED_IN, device=listed[0]),
        replace(SIGNED_IN, device=device(6, user="b@contoso.example"), state=RUNNING, busy=True),
        replace(SIGNED_IN, device=listed[1], state=RUNNING, busy=True),
        replace(SIGNED_IN, device=device(90, user="ROOM2@contoso.example"), busy=True),
        replace(SIGNED_IN, device=listed[3], state=FAILED, submitted=at(3)),
        replace(SIGNED_IN, device=listed[3]),
        replace(SIGNED_IN, device=listed[4], state=QUEUED, waits=True, submitted=at(9)),
        replace(SIGNED_IN, device=listed[4]),
        replace(SIGNED_IN, device=device(77)),
    ]
    assert conflicts.new_only(known, listed) == NewOnly(
        to_do=(listed[3], listed[5]),
        signed_in=(listed[0], listed[4]),
        at_service=(listed[1], listed[2], listed[6]),
    )


def test_what_is_at_the_service_is_not_signed_in_whatever_was_before() -> None:
    known = [
        SIGNED_IN,
        replace(SIGNED_IN, device=device(90, user=PHONE.user_name), state=RUNNING, busy=True),
    ]
    assert conflicts.new_only(known, [PHONE]) == NewOnly((), (), (PHONE,))


def test_a_device_with_another_account_is_not_new() -> None:
    assert conflicts.new_only([SIGNED_IN], [MOVED_IN]) == NewOnly((), (MOVED_IN,), ())


# -- what the operator is told

ELDER = replace(SIGNED_IN, device=device(1), run="B", at=at(1), submitted=at(9))
CORRECTED = replace(SIGNED_IN, corrected_to=device(0x63), profile="old")


def test_who_is_signed_in_is_refused_by_the_newest() -> None:
    conflicts.refuse_signed_in([])
    with pytest.raises(SignedInError) as told:
        conflicts.refuse_signed_in([SIGNED_IN])
    assert told.value.message == (
        "1 device is signed in as the list wants it, last in run A: room0@contoso.example on "
        "00-04-F2-00-00-00. Nothing was submitted."
    )
    for done in ([CORRECTED, ELDER], [ELDER, CORRECTED]):
        with pytest.raises(SignedInError) as told:
            conflicts.refuse_signed_in(done)
        assert told.value.message == (
            "2 devices are signed in as the list wants it, last in run A of profile old: "
            "room0@contoso.example on 00-04-F2-00-00-00 (corrected there to room99@contoso.example "
            "on 00-04-F2-00-00-63). Nothing was submitted."
        )


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_run_is_named_in_notes(order: int) -> None:
    done = [CORRECTED, ELDER][::order]
    assert conflicts.signed_in_note(done) == (
        "2 devices are signed in as the list wants it, last in run A of profile old (corrected "
        "there to room99@contoso.example on 00-04-F2-00-00-63)."
    )
    assert conflicts.left_out_note(done) == (
        "2 devices are left out: signed in as the list wants it, last in run A of profile old "
        "(corrected there to room99@contoso.example on 00-04-F2-00-00-63). --again submits them "
        "once more."
    )
    assert conflicts.notes(done, done, again=False) == [conflicts.left_out_note(done)]
    assert conflicts.notes(done, done, again=True) == [
        "2 of the devices were signed in before, last in run A of profile old; their passwords are "
        "reset again."
    ]
    assert conflicts.signed_in_note([SIGNED_IN]).startswith("1 device is signed in")
    assert conflicts.left_out_note([SIGNED_IN]).startswith("1 device is left out")


def test_where_devices_wait_is_told_with_the_way_to_go_on() -> None:
    waits = replace(SIGNED_IN, state=QUEUED, waits=True)
    known = [
        replace(waits, run="B", profile="old"),
        waits,
        replace(waits, device=device(1)),
        replace(SIGNED_IN, run="C"),
    ]
    for again in (False, True):
        assert conflicts.notes(known, again=again) == [
            "2 of the devices wait in run A, which is stopped and goes on with “siptui resume A”.",
            "1 of the devices wait in run B of profile old, which is stopped and goes on with "
            "“siptui resume B --profile old”.",
        ]


UNKNOWN_SINCE = replace(SIGNED_IN, state=UNKNOWN, busy=True)


@pytest.mark.parametrize(
    ("known", "again_at", "count"),
    [
        ([SIGNED_IN], "", 0),
        ([UNKNOWN_SINCE], "", 1),
        ([UNKNOWN_SINCE], at(4), 1),
        ([UNKNOWN_SINCE], at(5), 0),
        ([replace(UNKNOWN_SINCE, state=RUNNING)], at(9), 1),  # no order submits what is running
        ([SIGNED_IN, UNKNOWN_SINCE, replace(UNKNOWN_SINCE, device=device(1))], at(4), 2),
    ],
)
def test_what_is_busy_is_refused(known: list[Overlap], again_at: str, count: int) -> None:
    if not count:
        conflicts.refuse_busy(known, again_at=again_at)
        return
    with pytest.raises(BusyDevicesError) as told:
        conflicts.refuse_busy(known, again_at=again_at)
    many = "1 device is" if count == 1 else f"{count} devices are"
    assert told.value.message.startswith(f"{many} in another run already")
    assert "room0@contoso.example on 00-04-F2-00-00-00 is" in told.value.message


def test_the_way_to_look_at_what_is_busy() -> None:
    for one, where, remedy in (
        (UNKNOWN_SINCE, "in run A.", "siptui attach A."),
        (replace(UNKNOWN_SINCE, profile="old"), "profile old.", "siptui attach A --profile old."),
        (replace(UNKNOWN_SINCE, forgotten=True), "(forgotten since).", "siptui status LIST."),
    ):
        with pytest.raises(BusyDevicesError) as told:
            conflicts.refuse_busy([one], again_at="")
        assert where in told.value.message
        assert remedy in (told.value.remedy or "")
        assert (remedy == "siptui status LIST.") is ("attach" not in (told.value.remedy or ""))
