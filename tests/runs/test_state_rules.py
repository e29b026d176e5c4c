"""What each event does to the state of a run, one rule at a time.

Over 400 lines because every kind of event is told to the same state.
"""

from typing import Any, Literal

import pytest

from siptui.domain.device import Device
from siptui.domain.forgotten_text import FORGOTTEN, stand_in
from siptui.domain.outcome import (
    ANSWER_LOST,
    BATCH_REJECTED,
    GIVEN_UP,
    NO_RESULT,
    UNKNOWN,
    Cause,
    Outcome,
)
from siptui.domain.state import BatchState, DeviceState
from siptui.domain.user_name import UserName
from siptui.runs.events import (
    ROLE,
    SERVICE,
    SIGN_IN,
    TURN,
    Actor,
    AnyEvent,
    BatchAccepted,
    BatchDeferred,
    BatchFinished,
    BatchGivenUp,
    BatchInDoubt,
    BatchPlanned,
    BatchRejected,
    BatchUnsettled,
    DeviceChanged,
    DeviceCorrected,
    DevicesForgotten,
    DevicesHeld,
    DevicesSignedIn,
    GroupStopped,
    Note,
    Options,
    OptionsChanged,
    Order,
    RunFinished,
    RunStopped,
    Waiting,
    WorkerStarted,
)
from siptui.runs.state import Correction, DeviceRecord, RunState, needs_role, needs_sign_in
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import AT, EMEA, StateBuilder, submitting

QUEUED, SUBMITTING, RUNNING = DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING
SUCCEEDED, FAILED, UNSURE = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
T1, T2, T3, T4 = (f"2026-03-02T{hour:02}:00:00.000Z" for hour in (9, 10, 11, 12))
LOST = BatchInDoubt(batch=1, why="cut")
NOT_FOUND = BatchUnsettled(batch=1, why="not there", candidates=["C"])
FINISHED = RunFinished(succeeded=0, failed=0, unknown=0, skipped=0, seconds=1)
ABANDONED = BatchState.ABANDONED


def _run(count: int = 2, size: int = 100, **options: Any) -> StateBuilder:
    return StateBuilder(devices(count), Options(batch_size=size, **options))


def _without_plan(count: int) -> StateBuilder:
    builder = StateBuilder([])
    builder.state = RunState("run", devices(count))
    return builder


def _planned(batch: int, places: list[int], **more: Any) -> BatchPlanned:
    return BatchPlanned(batch=batch, region=EMEA, devices=places, **more)


def _submitted(builder: StateBuilder, at: str, *events: AnyEvent, batch: int = 1) -> StateBuilder:
    builder.tell_at(at, submitting(builder.state, batch), *events)
    return builder


def _states(builder: StateBuilder) -> list[DeviceState]:
    return [record.state for record in builder.state.devices]


def _held(*places: int, why: Literal["other_batch", "personal"] = "other_batch") -> DevicesHeld:
    return DevicesHeld(batch=1, devices=list(places), why=why, decide=True)


@pytest.mark.parametrize(
    ("as_of", "earliest", "fields"),
    [
        (T1, "", {"state": QUEUED, "since": T1}),
        (T2, T1, {"state": QUEUED, "since": T2, "submitted_at": T1}),
        (T3, T1, {"state": SUCCEEDED, "since": T3, "submitted_at": T1, "signed_in_by": "x"}),
        (T3, T1, {"state": SUCCEEDED, "submitted_until": T3, "submitted_at": T2, "since": T4}),
        (T2, T2, {"state": SUCCEEDED, "submitted_at": T2, "since": T4}),
        (T4, "", {"state": SUCCEEDED, "since": T4}),
        (T1, T1, {"state": FAILED, "submitted_from": T1, "submitted_until": T3, "since": T4}),
        (T2, T2, {"state": FAILED, "submitted_at": T2, "since": T4}),
        (T4, "", {"state": FAILED, "since": T4}),
        ("", T2, {"state": FAILED, "outcome": BATCH_REJECTED, "submitted_at": T2, "since": T4}),
    ],
)
def test_by_which_moment_a_device_is_newer_or_older(
    as_of: str, earliest: str, fields: dict[str, Any]
) -> None:
    if fields.get("submitted_until") and fields.get("submitted_at") == T2:
        fields = {**fields, "submitted_from": T1}
    if fields.get("submitted_from"):
        fields = {"submitted_at": T2, **fields}
    record = DeviceRecord(0, device(0), **fields)
    assert (record.as_of, record.earliest_submit) == (as_of, earliest)


def test_a_refused_submit_is_as_old_as_the_one_before_it() -> None:
    record = DeviceRecord(0, device(0), FAILED, outcome=BATCH_REJECTED, submitted_at=T4, since=T4)
    for before, taken in (((T2, "", T3), T2), ((T2, T1, T3), T1), (("", "", ""), "")):
        record.before = before
        assert (record.as_of, record.taken_at) == (taken, taken)


def test_corrected_is_what_failed_last_with_other_names() -> None:
    old = [Correction(device(0), AT, Actor(), attempt, "x", None) for attempt in (1, 2)]
    record = DeviceRecord(0, device(0), FAILED, attempt=2)
    assert not record.corrected
    record.corrections = (old[0],)
    assert not record.corrected
    record.corrections = tuple(old)
    assert record.corrected
    record.corrections = tuple(reversed(old))
    assert not record.corrected
    record.state, record.corrections = SUCCEEDED, tuple(old)
    assert not record.corrected


def test_a_run_of_which_nothing_is_told_yet() -> None:
    state = RunState("run", devices(2))
    assert state.run == "run"
    assert (state.planned_at, state.last_at, state.held_since, state.again_at) == ("", "", "", "")
    assert (state.stopped_at, state.lost_outcomes, state.sign_ins, state.last_seq) == (0, 0, 0, 0)
    assert (state.stopping, state.paused, state.window_lifted) == (False, False, False)
    assert state.options == Options()
    assert (state.waiting, state.over) == (None, False)
    assert RunState("run", []).over


def test_entries_of_a_run_without_a_plan() -> None:
    builder = _without_plan(2)
    state = builder.state
    builder.tell_at(T1, DevicesSignedIn(devices=[0]), RunStopped(code="canary", message=""))
    assert (state.devices[0].state, state.first_stopped) == (SUCCEEDED, 0)
    builder.tell(OptionsChanged(options=Options(slots=2)))
    assert state.plan is None


def test_whether_all_is_over() -> None:
    builder = _run(2, 1).failed(1)
    assert not builder.state.over
    _submitted(builder, AT, BatchInDoubt(batch=2, why="cut"), batch=2)
    assert _states(builder) == [FAILED, UNSURE]
    assert not builder.state.over  # it is looked for still
    builder.tell(BatchUnsettled(batch=2, why="none"))
    assert builder.state.over


def test_what_is_kept_of_groups_is_worked_out_anew_once_anything_of_them_changes() -> None:
    builder = StateBuilder(devices(2))
    builder.tell(_planned(2, [0], group="a", probe=True), _planned(3, [1], group="b"))
    state = builder.state
    assert (state.probes, state.group_of) == ({0}, {0: "a", 1: "b"})
    assert (state.batches[2].group, state.batches[2].probe) == ("a", True)
    assert (state.batches[3].group, state.batches[3].probe) == ("b", False)
    builder.tell(_planned(4, [1], group="a"))
    assert state.group_members == {"a": {0, 1}, "b": {1}}
    builder.state.group_memo = {"a": 1, "b": 2, "": 3}
    builder.tell(DeviceChanged(device=0, batch=2, state=RUNNING))
    assert builder.state.group_memo == {"b": 2, "": 3}
    builder.tell(Note(level="info", text="x"))
    assert builder.state.group_memo == {}
    assert _run().state.group_of == {}


def test_to_go_on_now_is_for_what_waits() -> None:
    builder = _submitted(_run(2, 1), AT, BatchDeferred(batch=1, why="busy", until=T4))
    assert builder.state.batches[1].not_before == T4
    builder.tell(Order(what="pause"))
    assert builder.state.batches[1].not_before == T4
    builder.tell(Order(what="now"))
    assert builder.state.batches[1].not_before == ""
    assert len(builder.state.open_orders) == 1
    builder.state.open_orders.clear()
    builder.failed(1).failed(2)
    builder.tell(end := RunFinished(succeeded=0, failed=2, unknown=0, skipped=0, seconds=1))
    builder.tell(Order(what="now"))
    assert (builder.state.open_orders, builder.state.finished) == ({}, end)


def test_causes_are_those_of_failures_and_unknown_ends() -> None:
    builder = _run(4, 1).failed(1)
    _submitted(builder, AT, BatchInDoubt(batch=2, why="cut"), batch=2)
    builder.running(3).device(2, SUCCEEDED)
    assert builder.state.causes() == {"offline": 1, "answer_lost": 1}


def test_which_batches_wait_for_what() -> None:
    builder = _run(4, 1)
    _submitted(builder, AT, LOST, NOT_FOUND)
    _submitted(builder, AT, batch=2)
    builder.failed(3)

    def numbers(which: str) -> list[int]:
        return [batch.number for batch in getattr(builder.state, which)()]

    assert (numbers("queued_batches"), numbers("unsettled_batches")) == ([4], [1])
    assert numbers("open_batches") == [2]
    builder.running(4)
    assert numbers("open_batches") == [2, 4]
    _submitted(builder, AT, BatchInDoubt(batch=2, why="cut"), batch=2)
    assert numbers("open_batches") == [2, 4]


@pytest.mark.parametrize("what", ["retry", "adopt", "resubmit", "give_up", "now"])
def test_what_is_ordered_is_open_and_opens_a_run_that_had_ended(what: Any) -> None:
    builder = _run().failed(1)
    builder.tell(FINISHED, Order(what=what, batch=1))
    assert len(builder.state.open_orders) == (what != "now")
    assert (builder.state.finished is None) == (what != "now")
    builder.tell(WorkerStarted(pid=1))
    assert len(builder.state.open_orders) == (what != "now")


def test_since_is_when_a_device_came_into_its_state() -> None:
    builder = _run(1).running(1)
    change = DeviceChanged(device=0, batch=1, state=RUNNING, word="dialing")
    assert builder.tell_at(T1, change) == {0}
    record = builder.state.devices[0]
    assert (record.since, record.word, builder.state.batches[1].changed_at) == (AT, "dialing", T1)
    builder.tell_at(T2, DeviceChanged(device=0, batch=1, state=FAILED, error="odd", word="Failed"))
    assert (record.since, record.word, record.error, record.outcome) == (
        T2,
        "Failed",
        "odd",
        UNKNOWN,
    )


def test_a_plan_and_an_order_say_since_when_all_is_submitted_again() -> None:
    assert _run().state.again_at == ""
    assert _run(again=True).state.again_at == AT
    builder = _run()
    builder.tell_at(T1, Order(what="retry"))
    assert builder.state.again_at == ""
    builder.tell_at(T2, Order(what="retry", again=True))
    assert builder.state.again_at == T2


def test_an_order_to_submit_all_the_same_names_the_batches_that_were_decided_about() -> None:
    builder = _run(4)
    for place, name, decide in ((0, "Theirs", True), (1, "LIVE", False), (2, "Second", True)):
        held = DevicesHeld(
            batch=1, devices=[place], why="other_batch", batch_id=name, decide=decide
        )
        builder.tell(held, Order(what="go_on", again=True))
    assert builder.state.let_go == {"theirs", "second"}


def test_an_order_without_that_lets_no_batch_go() -> None:
    builder = _run(2)
    held = DevicesHeld(batch=1, devices=[0], why="other_batch", batch_id="Theirs", decide=True)
    builder.tell(held, Order(what="go_on"))
    assert builder.state.let_go == set()


def test_once_all_is_submitted_again_only_personal_accounts_wait_on() -> None:
    builder = _run(3)
    builder.tell(_held(0), _held(1, why="personal"), Order(what="go_on"))
    assert set(builder.state.held) == {0, 1}
    builder.tell(Order(what="go_on", again=True))
    assert set(builder.state.held) == {1}


def test_personal_accounts_that_are_named_wait_no_longer() -> None:
    builder = _run(4)
    builder.tell(_held(0, 1, why="personal"), _held(2))
    names = [str(device(place).user_name).upper() for place in (0, 2)]
    builder.tell(OptionsChanged(options=Options(personal=names)))
    assert set(builder.state.held) == {1, 2}
    assert builder.state.options.personal == names


def test_what_is_moved_is_as_old_as_what_it_was_in_and_what_is_retried_is_not() -> None:
    builder = _run()
    builder.tell_at(T1, _planned(2, [0, 1], moved=True))
    assert builder.state.batches[2].planned_at == AT
    assert builder.state.batches[2].changed_at == T1
    assert [record.attempt for record in builder.state.devices] == [1, 1]
    builder.failed(2).tell_at(T2, _planned(3, [0], attempt=2))
    assert builder.state.batches[3].planned_at == T2
    assert [record.attempt for record in builder.state.devices] == [2, 1]
    empty = _without_plan(1)
    empty.tell_at(T1, _planned(1, [0], moved=True))
    assert empty.state.batches[1].planned_at == T1


@pytest.mark.parametrize(
    ("ended", "left"),
    [
        ([BatchDeferred(batch=1, why="busy")], ABANDONED),
        ([LOST, NOT_FOUND], ABANDONED),
        ([BatchRejected(batch=1, message="no")], BatchState.REJECTED),
        ([BatchAccepted(batch=1, batch_id="A")], BatchState.RUNNING),
    ],
)
def test_only_a_batch_that_waits_or_was_lost_is_replaced_by_another(
    ended: list[AnyEvent], left: BatchState
) -> None:
    builder = _submitted(_run(), AT, *ended)
    builder.tell(_planned(2, [0, 1], attempt=2))
    assert builder.state.batches[1].state is left


@pytest.mark.parametrize("parts", [[[0, 1]], [[0], [1]]])
@pytest.mark.parametrize(
    ("ended", "taken"),
    [
        ([BatchDeferred(batch=2, why="busy")], T1),
        ([BatchRejected(batch=2, message="no", requeued=True)], T1),
        ([BatchRejected(batch=2, message="no")], T1),
        ([BatchInDoubt(batch=2, why="cut"), BatchUnsettled(batch=2, why="none")], T2),
        ([BatchAccepted(batch=2, batch_id="B")], T2),
    ],
)
def test_when_a_device_was_submitted_last_is_told_by_submits_that_may_have_been_taken(
    ended: list[AnyEvent], taken: str, parts: list[list[int]]
) -> None:
    """Each device of a batch alike, whether it goes on with the others or without them."""
    builder = _submitted(_run(), T1, BatchAccepted(batch=1, batch_id="A"))
    builder.tell(_planned(2, [0, 1], attempt=2))
    assert [r.taken_at for r in builder.state.devices] == [T1, T1]
    _submitted(builder, T2, *ended, batch=2)
    for number, places in enumerate(parts, start=3):
        builder.tell_at(T3, _planned(number, places, attempt=3))
    for record in builder.state.devices:
        assert (record.taken_at, record.earliest_submit) == (taken, taken)
    for number in range(3, 3 + len(parts)):
        _submitted(builder, T4, BatchRejected(batch=number, message="no"), batch=number)
    assert [r.as_of for r in builder.state.devices] == [taken, taken]


def test_what_does_not_wait_in_a_batch_is_not_submitted_with_it() -> None:
    """The entry by which the others were moved into a batch of their own is damaged."""
    builder = _run(4)
    builder.tell(DevicesSignedIn(devices=[1], run="B"))
    _submitted(builder, T1)
    batch = builder.state.batches[1]
    assert batch.devices == [0, 2, 3]
    assert [r.submitted_at for r in builder.state.devices] == [T1, "", T1, T1]
    assert _states(builder) == [SUBMITTING, SUCCEEDED, SUBMITTING, SUBMITTING]
    builder.tell(BatchAccepted(batch=1, batch_id="A"))
    builder.device(0, SUCCEEDED)
    builder.tell(submitting(builder.state, 1))  # once more, by a copy of an entry
    assert batch.devices == [0, 2, 3]


def test_how_often_a_device_was_submitted() -> None:
    builder = _run(1)
    record = builder.state.devices[0]
    assert record.submits == 0
    _submitted(builder, T1)
    assert record.submits == 1
    builder.tell(BatchDeferred(batch=1, why="busy"))
    assert record.submits == 0
    _submitted(builder, T2, BatchRejected(batch=1, message="no"))
    assert record.submits == 1
    builder.tell(_planned(2, [0], attempt=2))
    assert record.submits == 1
    _submitted(builder, T3, BatchAccepted(batch=2, batch_id="B"), batch=2)
    assert record.submits == 2
    builder.device(0, FAILED)
    builder.tell(_planned(3, [0], attempt=3))
    assert record.submits == 2
    assert RunState("run", devices(1)).devices[0].submits == 0


def test_a_submit_ends_what_its_batch_and_devices_waited_for() -> None:
    builder = _submitted(_run(3, 2), AT, BatchDeferred(batch=1, why="busy", until=T4))
    builder.tell(_held(0), _held(2), Waiting(why="slot", kind=TURN), Waiting(why="x", kind=SIGN_IN))
    intent = submitting(builder.state, 1, ["Known"])
    builder.tell_at(T1, type(intent)(**{**_fields(intent), "service_ahead": 1.5}))
    batch = builder.state.batches[1]
    assert (batch.state, batch.submitted_at) == (BatchState.SUBMITTING, T1)
    assert (batch.not_before, batch.service_ahead, batch.known) == ("", 1.5, frozenset({"Known"}))
    assert set(builder.state.held) == {2}
    assert builder.state.waits_for(TURN) is None
    assert builder.state.waits_for(SIGN_IN) is not None
    assert batch.deferrals == 1


def _fields(event: AnyEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def test_what_is_in_a_later_batch_is_not_touched_by_the_one_before() -> None:
    """A batch that was given up is found again once some of its devices wait in another one."""
    builder = _submitted(_run(3), T1, BatchAccepted(batch=1, batch_id="A"))
    builder.tell(BatchGivenUp(batch=1, batch_id="A", unknown=3))
    builder.tell(_planned(2, [0, 1], attempt=2), _held(0, 2))
    adopted = BatchAccepted(batch=1, batch_id="A", adopted=True, requested=T2)
    assert builder.tell_at(T4, adopted) == {2}
    assert _states(builder) == [QUEUED, QUEUED, RUNNING]
    assert set(builder.state.held) == {0}
    assert [r.submitted_at for r in builder.state.devices] == [T1, T1, T2]
    builder.state.batches[1].state = BatchState.QUEUED
    builder.state.devices[2].state = QUEUED
    builder.tell_at(T4, submitting(builder.state, 1))
    assert [r.submitted_at for r in builder.state.devices] == [T1, T1, T4]
    assert set(builder.state.held) == {0}


@pytest.mark.parametrize("adopted", [False, True])
def test_a_submit_that_goes_through_shows_that_a_sign_in_is_there(adopted: bool) -> None:
    builder = _submitted(_run(), T1)
    builder.tell(Waiting(why="token", kind=SIGN_IN), Waiting(why="role", kind=ROLE))
    builder.tell_at(T2, BatchAccepted(batch=1, batch_id="A", adopted=adopted))
    waits = builder.state.waits_for(SIGN_IN), builder.state.waits_for(ROLE)
    assert [wait is not None for wait in waits] == [adopted, True]
    assert [r.submitted_at for r in builder.state.devices] == [T1, T1]
    assert builder.state.batches[1].accepted_at == T2


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize(
    ("told", "submitted", "earliest", "latest"),
    [
        ({}, T4, "1970-01-01T00:00:00.000Z", T4),
        ({"requested": T2}, T2, "", T2),
        ({"requested": "2027"}, T4, "", T4),
        ({"requested": T2, "requested_from": T1, "requested_until": T3}, T2, T1, T3),
        ({"requested": T2, "requested_from": T1, "requested_until": "2027"}, T2, T1, T4),
    ],
)
def test_when_another_submitted_a_batch_is_what_the_service_tells_and_not_later_than_now(
    told: dict[str, Any], submitted: str, earliest: str, latest: str, refused: bool
) -> None:
    builder = _run()
    if refused:
        _submitted(builder, T1, BatchDeferred(batch=1, why="busy"))
    builder.tell(_held(0))
    builder.tell_at(T4, BatchAccepted(batch=1, batch_id="A", adopted=True, **told))
    assert builder.state.batches[1].submitted_at == submitted
    for record in builder.state.devices:
        found = (record.submitted_at, record.submitted_from, record.submitted_until)
        assert found == (submitted, earliest, latest)
    assert builder.state.held == {}
    assert _states(builder) == [RUNNING, RUNNING]


def test_what_was_lost_and_is_found_runs_as_it_was_submitted() -> None:
    builder = _submitted(_run(), T1, LOST, NOT_FOUND)
    builder.tell_at(T2, BatchAccepted(batch=1, batch_id="A", adopted=True))
    assert _states(builder) == [RUNNING, RUNNING]
    assert [r.earliest_submit for r in builder.state.devices] == [T1, T1]
    assert builder.state.finished is None


def test_what_was_lost_without_an_entry_of_its_submit_is_found() -> None:
    """The entry is damaged: when it was submitted is not known."""
    builder = _run()
    builder.tell_at(T1, LOST)
    builder.tell_at(T2, BatchAccepted(batch=1, batch_id="A", adopted=True))
    assert builder.state.batches[1].submitted_at == T2
    assert [r.earliest_submit for r in builder.state.devices] == ["1970-01-01T00:00:00.000Z"] * 2
    assert _states(builder) == [RUNNING, RUNNING]


@pytest.mark.parametrize(
    ("events", "state", "error", "outcome", "batch"),
    [
        ([LOST], UNSURE, "cut", ANSWER_LOST, BatchState.IN_DOUBT),
        ([NOT_FOUND], UNSURE, "not there", ANSWER_LOST, BatchState.UNSETTLED),
        ([LOST, NOT_FOUND], UNSURE, "not there", ANSWER_LOST, BatchState.UNSETTLED),
        (
            [BatchRejected(batch=1, message="no")],
            FAILED,
            "no",
            BATCH_REJECTED,
            BatchState.REJECTED,
        ),
        (
            [BatchRejected(batch=1, message="no", requeued=True)],
            QUEUED,
            "",
            None,
            BatchState.QUEUED,
        ),
        ([BatchDeferred(batch=1, why="no")], QUEUED, "", None, BatchState.QUEUED),
        (
            [
                BatchAccepted(batch=1, batch_id="A"),
                BatchGivenUp(batch=1, batch_id="A", unknown=2),
            ],
            UNSURE,
            "its batch was given up",
            GIVEN_UP,
            BatchState.GIVEN_UP,
        ),
    ],
)
def test_what_comes_of_a_batch_is_what_is_known_of_its_devices(
    events: list[AnyEvent],
    state: DeviceState,
    error: str,
    outcome: Outcome | None,
    batch: BatchState,
) -> None:
    builder = _submitted(_run(), T1, *events)
    for record in builder.state.devices:
        assert (record.state, record.error, record.outcome) == (state, error, outcome)
    found = builder.state.batches[1]
    assert found.state is batch
    if batch is not BatchState.GIVEN_UP:
        assert found.why == (error or "no")
    if not isinstance(events[-1], BatchDeferred):
        assert found.deferrals == 0


def test_only_a_batch_that_runs_is_given_up_and_it_stays_so() -> None:
    given_up = BatchGivenUp(batch=1, batch_id="A", unknown=2)
    builder = _submitted(_run(), T1, LOST)
    assert builder.tell(given_up) == set()
    assert builder.state.batches[1].state is BatchState.IN_DOUBT
    builder = _run().running(1)
    builder.tell_at(T2, given_up)
    builder.tell_at(T3, BatchFinished(batch=1, batch_id="A", succeeded=2, failed=0))
    batch = builder.state.batches[1]
    assert (batch.state, batch.changed_at) == (BatchState.GIVEN_UP, T2)


def test_what_a_device_came_to_stays_when_its_batch_ends_otherwise() -> None:
    given_up = BatchGivenUp(batch=1, batch_id="A", unknown=1)
    builder = _run(3).running(1)
    builder.device(0, SUCCEEDED)
    builder.device(1, FAILED)
    assert builder.tell(given_up) == {2}
    assert _states(builder) == [SUCCEEDED, FAILED, UNSURE]
    assert builder.tell(BatchAccepted(batch=1, batch_id="A", adopted=True)) == {2}
    assert _states(builder) == [SUCCEEDED, FAILED, RUNNING]


def test_what_the_service_says_of_a_device_counts_for_its_last_batch_alone() -> None:
    builder = _run(1).failed(1)
    builder.tell(_planned(2, [0], attempt=2))
    builder.running(2)
    assert builder.tell(DeviceChanged(device=0, batch=1, state=SUCCEEDED)) == set()
    record = builder.state.devices[0]
    assert (record.state, record.outcome) == (RUNNING, None)
    builder.device(0, FAILED, "Device is offline.")
    assert record.most == 0
    builder.device(0, UNSURE)
    assert record.outcome is NO_RESULT
    builder.device(0, SUCCEEDED)
    assert record.outcome is None


def test_an_own_batch_that_is_found_again_is_what_signed_a_device_in() -> None:
    builder = _submitted(_run(1), T1, LOST, NOT_FOUND)
    builder.tell(DevicesSignedIn(devices=[0], batch_id="Theirs"))
    builder.tell(Order(what="adopt", batch=1, batch_id="A"))
    builder.state.batches[1].state = BatchState.RUNNING
    assert builder.state.devices[0].signed_in_by == "Theirs"
    builder.device(0, FAILED)
    assert builder.state.devices[0].signed_in_by == ""


@pytest.mark.parametrize(("size", "again", "most"), [(5, 5, 1), (9, 2, 1), (5, 1, 1), (9, 9, 4)])
def test_a_throttled_directory_asks_for_batches_of_half_the_size(
    size: int, again: int, most: int
) -> None:
    throttled = "On-premises AD throttling"
    builder = _run(size).running(1)
    builder.device(0, FAILED, throttled)
    assert builder.state.devices[0].outcome is not None
    assert builder.state.devices[0].outcome.cause is Cause.AD_THROTTLING
    assert builder.state.devices[0].most == size // 2
    assert builder.state.devices[1].most == 0
    if again < size:
        builder.tell(_planned(2, list(range(again)), attempt=2))
        builder.running(2).device(0, FAILED, throttled)
        assert builder.state.devices[0].most == most
        builder.tell(_planned(3, list(range(size)), attempt=3))
        builder.running(3).device(0, FAILED, throttled)
        assert builder.state.devices[0].most == most  # never more again


def test_what_is_signed_in_elsewhere_is_left_out_unless_it_is_at_the_service() -> None:
    builder = _run(6, 1)
    builder.failed(2)
    _submitted(builder, T1, BatchInDoubt(batch=3, why="cut"), batch=3)
    builder.running(4)
    builder.submitting(5)
    builder.tell(_held(*range(6)))
    left = DevicesSignedIn(devices=[0, 1, 2, 3, 4], batch_id="Theirs")
    assert builder.tell_at(T2, left) == {0, 1, 2}
    assert _states(builder) == [SUCCEEDED, SUCCEEDED, SUCCEEDED, RUNNING, SUBMITTING, QUEUED]
    assert set(builder.state.held) == {5}
    record = builder.state.devices[0]
    assert (record.word, record.signed_in_by) == ("signed in in batch Theirs", "Theirs")
    states = [builder.state.batches[number].state for number in (1, 2, 3)]
    assert states == [ABANDONED, BatchState.FINISHED, BatchState.IN_DOUBT]
    builder.tell(DevicesSignedIn(devices=[5], run="B"))
    assert builder.state.devices[5].word == "signed in in run B"


@pytest.mark.parametrize("lost", [False, True])
def test_a_batch_is_gone_once_nothing_of_it_is_left(lost: bool) -> None:
    builder = _run(3)
    if lost:
        _submitted(builder, T1, LOST, NOT_FOUND)
    before = builder.state.batches[1].state
    builder.tell(DevicesSignedIn(devices=[0], run="B"))
    assert builder.state.batches[1].state is before
    builder.tell(DevicesSignedIn(devices=[1], run="B"))
    assert builder.state.batches[1].state is before
    builder.state.devices[2].batch = 9  # in another one by now
    builder.state.devices[1].state = FAILED
    builder.tell(DevicesSignedIn(devices=[1], run="B"))
    assert builder.state.batches[1].state is ABANDONED


def test_why_names_cannot_be_corrected() -> None:
    builder = _run(3, 1)
    assert builder.state.why_not_corrected(0) == "it has not failed"
    builder.failed(1).running(2).device(1, FAILED)
    assert builder.state.why_not_corrected(0) == ""
    assert "batch 2 has not ended" in builder.state.why_not_corrected(1)
    builder.tell(Order(what="resubmit", batch=1), Order(what="retry", batch=2))
    assert builder.state.why_not_corrected(0) == ""
    builder.tell(Order(what="retry", devices=[0]))
    assert "ordered" in builder.state.why_not_corrected(0)
    builder.state.open_orders.clear()
    builder.tell(Order(what="retry", batch=1))
    assert "ordered" in builder.state.why_not_corrected(0)
    builder.tell(DevicesForgotten(devices=[0]))
    assert builder.state.why_not_corrected(0) == "its names were forgotten"
    empty = RunState("run", devices(1))
    empty.devices[0].state = FAILED
    assert empty.why_not_corrected(0) == ""  # its batch is not known


def _corrected(old: Device, user_name: str) -> DeviceCorrected:
    return DeviceCorrected(
        device=0,
        user_name=user_name,
        hardware_id=str(device(9).hardware_id),
        old_user_name=str(old.user_name),
        old_hardware_id=str(old.hardware_id),
    )


def test_what_is_corrected_is_called_so_from_then_on_and_keeps_what_it_was() -> None:
    builder = StateBuilder(devices(1)).failed(1)
    record, old = builder.state.devices[0], device(0)
    for number, name in enumerate(("new@contoso.example", "newer@contoso.example"), start=1):
        assert builder.tell_at(T1, _corrected(old, name)) == {0}
        assert (record.device.user_name, record.device.hardware_id) == (name, device(9).hardware_id)
        assert len(record.corrections) == number
    first = record.corrections[0]
    assert (first.device, first.at, first.attempt, first.error) == (
        old,
        T1,
        1,
        "Device is offline.",
    )
    assert record.keys == {old.key, record.corrections[1].device.key, record.device.key}
    builder.tell(Order(what="retry", devices=[0]))
    assert builder.tell(_corrected(old, "newest@contoso.example")) == set()
    assert record.device.user_name == "newer@contoso.example"


@pytest.mark.parametrize("which", ["before", "after"])
def test_what_is_to_be_forgotten_is_not_written_into_a_correction(which: str) -> None:
    old = device(0)
    if which == "before":
        old = Device(2, UserName(stand_in(1)), old.hardware_id, EMEA)
    builder = StateBuilder([old]).failed(1)
    corrected = _corrected(old, FORGOTTEN if which == "after" else "new@contoso.example")
    assert builder.tell(corrected) == set()
    assert builder.state.devices[0].device == old


def test_waits_are_kept_by_kind_and_those_for_a_person_come_first() -> None:
    builder = _run()
    service, turn = Waiting(why="busy", kind=SERVICE), Waiting(why="slot", kind=TURN)
    role, token = Waiting(why="role", kind=ROLE), Waiting(why="token", kind=SIGN_IN)
    for told, first in ((service, service), (turn, turn), (role, role), (token, token)):
        builder.tell(told)
        assert builder.state.waiting == first
    waits = [builder.state.waits_for(kind) for kind in (SIGN_IN, ROLE, SERVICE, TURN)]
    assert waits == [token, role, turn, turn]
    builder.tell(Waiting(why="there", kind=ROLE, over=True))
    assert builder.state.waits_for(ROLE) is None
    assert builder.state.waits_for(TURN) == turn
    builder.tell(Waiting(why="all", over=True))  # a journal of before has no kinds
    assert builder.state.waiting is None
    assert builder.state.waits_for(TURN) is None


@pytest.mark.parametrize(
    "end",
    [
        WorkerStarted(pid=1),
        RunStopped(code="stopped", message=""),
        RunFinished(succeeded=0, failed=0, unknown=0, skipped=0, seconds=1),
    ],
)
def test_a_process_that_begins_or_ends_waits_for_nothing(end: AnyEvent) -> None:
    builder = _run()
    builder.tell(Waiting(why="token", kind=SIGN_IN), Waiting(why="slot", kind=TURN), end)
    assert builder.state.waiting is None
    assert builder.state.stopped == (end if isinstance(end, RunStopped) else None)


def test_warnings_are_kept_with_their_batch() -> None:
    builder = _run()
    builder.tell(Note(level="warning", text="odd", batch=1), Note(level="info", text="fine"))
    assert builder.state.warned == {(1, "odd")}


def test_a_new_sign_in_ends_the_wait_for_one() -> None:
    builder = _run()
    builder.tell(Waiting(why="token", kind=SIGN_IN), Waiting(why="role", kind=ROLE))
    builder.tell(Order(what="retry"))
    assert builder.state.sign_ins == 0
    builder.tell(Order(what="new_token"), Order(what="new_token"))
    assert builder.state.sign_ins == 2
    assert builder.state.waits_for(SIGN_IN) is None
    assert builder.state.waits_for(ROLE) is not None


@pytest.mark.parametrize("code", ["canary", "window_closed", "groups_stopped", "stopped"])
def test_after_what_a_run_submits_nothing_until_it_is_told_to_go_on(code: str) -> None:
    builder = _run()
    builder.tell(_planned(2, [0, 1], trial=2))
    group = GroupStopped(column="Site", group="a", bad=1, tried=1, left=1)
    builder.tell(group, stopped := RunStopped(code=code, message="so"))
    state = builder.state
    assert state.stopped == stopped
    assert state.stopped_groups == {"a": group}
    assert state.stopping == (code != "stopped")
    assert state.stopped_at == (state.last_seq if code != "stopped" else 0)
    assert state.first_stopped == (2 if code == "canary" else 0)
    assert state.window_lifted == (code == "window_closed")
    assert state.released_groups == ({"a"} if code == "groups_stopped" else set())


def test_outcomes_that_an_end_tells_and_no_entry_does_were_lost() -> None:
    builder = _run(4, 2).failed(1)
    builder.tell(RunFinished(succeeded=2, failed=1, unknown=1, skipped=0, seconds=1))
    assert builder.state.lost_outcomes == 3
    builder.tell(RunFinished(succeeded=0, failed=2, unknown=0, skipped=0, seconds=1))
    assert builder.state.lost_outcomes == 0


@pytest.mark.parametrize(
    ("events", "sign_in", "role"),
    [
        ([], "", ""),
        ([Waiting(why="token", kind=SIGN_IN)], "token", ""),
        ([Waiting(why="role", kind=ROLE)], "", "role"),
        ([Waiting(why="slot", kind=TURN)], "", ""),
        ([RunStopped(code="sign_in_needed", message="so")], "so", ""),
        ([RunStopped(code="token_refused", message="so")], "so", ""),
        ([RunStopped(code="not_signed_in", message="so")], "so", ""),
        ([RunStopped(code="AADSTS50078", message="so")], "so", ""),
        ([RunStopped(code="stopped", message="so")], "", ""),
        ([RunStopped(code="stopped", message="so"), Waiting(why="t", kind=SIGN_IN)], "", ""),
        ([FINISHED, Waiting(why="t", kind=SIGN_IN), Waiting(why="r", kind=ROLE)], "", ""),
        ([FINISHED, RunStopped(code="sign_in_needed", message="so")], "", ""),
    ],
)
def test_what_a_person_must_do_for_a_run(events: list[AnyEvent], sign_in: str, role: str) -> None:
    builder = _run()
    builder.tell(*events)
    assert (needs_sign_in(builder.state), needs_role(builder.state)) == (sign_in, role)
    assert (needs_sign_in(None), needs_role(None)) == ("", "")
