"""A device or account of another run, state by state: whether it is busy, waits, or is known."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from siptui.domain.state import DeviceState
from siptui.runs import conflicts
from siptui.runs.events import (
    BatchFinished,
    BatchGivenUp,
    DeviceChanged,
    DevicesSignedIn,
    Note,
    Order,
)
from siptui.runs.worker import take
from tests.runs.engine.engine_harness import device, devices
from tests.runs.journal_of_runs import JournalOfRuns

QUEUED, SUBMITTING, RUNNING = DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING
SUCCEEDED, FAILED, UNKNOWN = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
PHONE = device(0)
#: Another phone of the same account, and another account on the same phone.
BESIDE, MOVED_IN = device(90, user="ROOM0@contoso.example"), device(0, user="b@contoso.example")


def _stopped(runs: JournalOfRuns) -> None:
    runs.tell("A", Order(what="stop"))


def _failed(runs: JournalOfRuns) -> None:
    runs.ended("A", FAILED)


def _retry_ordered(runs: JournalOfRuns) -> None:
    _failed(runs)
    _stopped(runs)
    runs.retry("A", taken_up=False)


def _refused_and_retried(runs: JournalOfRuns) -> None:
    runs.rejected("A")
    runs.retry("A", taken_up=False)


def _retry_of_a_batch(runs: JournalOfRuns) -> None:
    runs.ended("A", SUCCEEDED)
    runs.tell("A", Order(what="retry", batch=1))


def _other_order(runs: JournalOfRuns) -> None:
    _failed(runs)
    runs.tell("A", Order(what="resubmit", devices=[0]))


def _given_up(runs: JournalOfRuns) -> None:
    runs.running("A")
    runs.tell("A", BatchGivenUp(batch=1, batch_id="A-1", unknown=1))


def _given_up_in_the_end(runs: JournalOfRuns) -> None:
    _given_up(runs)
    runs.finished("A")


def _signed_in_in_the_end(runs: JournalOfRuns) -> None:
    runs.ended("A", SUCCEEDED)
    runs.finished("A")


def _unknown_in_the_end(runs: JournalOfRuns) -> None:
    runs.ended("A", UNKNOWN)
    runs.finished("A")


def _signed_in_elsewhere(runs: JournalOfRuns) -> None:
    runs.tell("A", DevicesSignedIn(devices=[0], batch_id="of-a-colleague"))


def _left_out(runs: JournalOfRuns) -> None:
    runs.tell("A", DevicesSignedIn(devices=[0], run="B"))


BUSY, WAITS, KNOWN = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("happened", "state", "at_rest", "held"),
    [
        (lambda runs: None, QUEUED, WAITS, BUSY),
        (_stopped, QUEUED, WAITS, WAITS),
        (lambda runs: runs.submitting("A"), SUBMITTING, BUSY, BUSY),
        (lambda runs: runs.running("A"), RUNNING, BUSY, BUSY),
        (lambda runs: runs.in_doubt("A"), UNKNOWN, BUSY, BUSY),
        (lambda runs: runs.unsettled("A"), UNKNOWN, BUSY, BUSY),
        (_given_up, UNKNOWN, BUSY, BUSY),
        (_signed_in_in_the_end, SUCCEEDED, KNOWN, KNOWN),
        (_unknown_in_the_end, UNKNOWN, BUSY, BUSY),
        (lambda runs: runs.ended("A", SUCCEEDED), SUCCEEDED, KNOWN, KNOWN),
        (_failed, FAILED, KNOWN, KNOWN),
        (_retry_ordered, QUEUED, WAITS, BUSY),  # what is ordered after a stop goes out
        (_refused_and_retried, QUEUED, WAITS, BUSY),
        (_retry_of_a_batch, SUCCEEDED, KNOWN, KNOWN),  # of its devices the failed ones alone
        (_other_order, FAILED, KNOWN, KNOWN),
        (_signed_in_elsewhere, SUCCEEDED, KNOWN, KNOWN),
        (_left_out, SUCCEEDED, None, None),  # the run that signed it in tells of it
        (lambda runs: runs.rejected("A"), FAILED, None, None),  # nothing was taken
    ],
)
@pytest.mark.parametrize("worker", [False, True])
def test_the_same_device_in_another_run(
    runs: JournalOfRuns,
    happened: Callable[[JournalOfRuns], None],
    state: DeviceState,
    at_rest: tuple[bool, bool] | None,
    held: tuple[bool, bool] | None,
    worker: bool,
) -> None:
    runs.plan("A", [PHONE])
    happened(runs)
    with ExitStack() as stack:
        if worker:
            stack.enter_context(take(runs.journal.path, "A"))
        found = conflicts.overlaps(runs.journal, [PHONE])
    wanted = held if worker else at_rest
    assert [(o.busy, o.waits) for o in found] == ([wanted] if wanted else [])
    assert [(o.device, o.run, o.state) for o in found] == ([(PHONE, "A", state)] if wanted else [])
    assert not any(o.profile or o.forgotten or o.corrected_to for o in found)


@pytest.mark.parametrize(
    ("happened", "at_rest", "held"),
    [
        (lambda runs: None, False, True),
        (_stopped, False, False),
        (lambda runs: runs.submitting("A"), True, True),
        (lambda runs: runs.running("A"), True, True),
        (lambda runs: runs.in_doubt("A"), True, True),
        (lambda runs: runs.unsettled("A"), True, True),
        (_given_up, True, True),
        (_given_up_in_the_end, True, True),  # the service may work on it for good
        (_unknown_in_the_end, False, False),  # its batch is over: nothing works on the account
        (lambda runs: runs.ended("A", SUCCEEDED), False, False),
        (_failed, False, False),
        (_retry_ordered, False, True),
    ],
)
@pytest.mark.parametrize("worker", [False, True])
def test_another_device_of_the_account_in_another_run(
    runs: JournalOfRuns,
    happened: Callable[[JournalOfRuns], None],
    at_rest: bool,
    held: bool,
    worker: bool,
) -> None:
    runs.plan("A", [PHONE])
    happened(runs)
    with ExitStack() as stack:
        if worker:
            stack.enter_context(take(runs.journal.path, "A"))
        found = conflicts.overlaps(runs.journal, [BESIDE])
    wanted = held if worker else at_rest
    assert [(o.device, o.run, o.busy, o.waits) for o in found] == (
        [(PHONE, "A", True, False)] if wanted else []
    )


def test_a_batch_that_runs_still_keeps_the_account_of_a_device_without_an_outcome(
    runs: JournalOfRuns,
) -> None:
    runs.plan("A", devices(2))
    runs.running("A")
    runs.tell("A", DeviceChanged(device=0, batch=1, state=UNKNOWN))
    assert [o.busy for o in conflicts.overlaps(runs.journal, [BESIDE])] == [True]
    runs.tell("A", BatchFinished(batch=1, batch_id="A-1", succeeded=0, failed=0, unknown=1))
    assert conflicts.overlaps(runs.journal, [BESIDE]) == []


def test_a_device_that_runs_in_a_batch_that_is_said_to_be_over_keeps_its_account(
    runs: JournalOfRuns,
) -> None:
    runs.plan("A", [PHONE])
    runs.running("A")
    runs.tell("A", BatchFinished(batch=1, batch_id="A-1", succeeded=1, failed=0))
    assert [o.busy for o in conflicts.overlaps(runs.journal, [BESIDE])] == [True]


def test_a_device_of_no_batch_is_taken_to_go_out(runs: JournalOfRuns) -> None:
    """As entries that were lost with a part of the journal leave it."""
    runs.write("A", [PHONE], [Note(level="info", text="its plan was lost")])
    runs.tell("A", Order(what="stop"))
    with take(runs.journal.path, "A"):
        for phone in (PHONE, BESIDE):
            assert [o.busy for o in conflicts.overlaps(runs.journal, [phone])] == [True]


def test_strangers_and_the_run_itself_say_nothing(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE])
    runs.running("A")
    assert conflicts.overlaps(runs.journal, [device(1)]) == []
    assert conflicts.overlaps(runs.journal, [PHONE, BESIDE], besides="A") == []
    runs.plan("B", [MOVED_IN])
    runs.running("B")
    assert [o.run for o in conflicts.overlaps(runs.journal, [PHONE], besides="A")] == ["B"]


def test_a_run_that_is_over_is_not_read_for_accounts(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE])
    runs.ended("A", SUCCEEDED)
    runs.tell("A", Note(level="info", text="what a later version may say"))
    runs.finished("A")
    with sqlite3.connect(runs.journal.path) as db:
        db.execute("UPDATE events SET body = '{}' WHERE body LIKE '%a later version%'")
    db.close()
    assert conflicts.overlaps(runs.journal, [BESIDE]) == []
