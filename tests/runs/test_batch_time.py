"""How long batches of a tenant took, which estimates go by."""

import sqlite3
from datetime import timedelta

import pytest

from siptui.runs.batch_time import ASSUMED, BatchTime, batch_time, moment, seconds_between
from siptui.runs.events import BatchAccepted, BatchFinished, Note
from tests.runs.engine.engine_harness import devices
from tests.runs.journal_of_runs import JournalOfRuns, at


def _took(runs: JournalOfRuns, run: str, *minutes: int, tenant: str = "Contoso") -> None:
    """A run whose batches took so long, one after the other."""
    runs.minute += 1
    runs.plan(run, devices(len(minutes)), size=1, tenant=tenant)
    for batch, took in enumerate(minutes, 1):
        runs.tell(run, BatchAccepted(batch=batch, batch_id=f"{run}-{batch}"))
        runs.minute += took
        _finished(runs, run, batch)


def _finished(runs: JournalOfRuns, run: str, batch: int) -> None:
    runs.tell(run, BatchFinished(batch=batch, batch_id=f"{run}-{batch}", succeeded=1, failed=0))


def _minutes(runs: JournalOfRuns, tenant: str = "Contoso") -> tuple[float, int]:
    found = batch_time(runs.journal, tenant)
    return found.each / timedelta(minutes=1), found.measured


def test_without_a_batch_ten_minutes_are_assumed(runs: JournalOfRuns) -> None:
    assert batch_time(runs.journal, "Contoso") == BatchTime(timedelta(minutes=10), 0)
    _took(runs, "A", 5, tenant="fabrikam.example")
    assert batch_time(runs.journal, "contoso.example") == BatchTime(ASSUMED, 0)


def test_the_middle_of_the_last_ones_counts(runs: JournalOfRuns) -> None:
    _took(runs, "A", 1, 2, 30)
    assert _minutes(runs) == (2, 3)
    _took(runs, "B", 8)
    assert _minutes(runs) == (5, 4)


def test_thirty_batches_are_enough_and_ten_runs(runs: JournalOfRuns) -> None:
    _took(runs, "old", *[9] * 31)
    _took(runs, "A", *[1] * 29)
    assert _minutes(runs) == (9, 60)
    _took(runs, "B", 1)
    assert _minutes(runs) == (1, 30)
    for number in range(10):
        _took(runs, f"C{number}", 3)
    assert _minutes(runs) == (3, 10)


def test_what_a_run_took_over_or_did_not_begin_is_no_measure(runs: JournalOfRuns) -> None:
    runs.plan("A", devices(3), size=1)
    runs.tell("A", BatchAccepted(batch=1, batch_id="x", adopted=True))
    runs.tell("A", BatchAccepted(batch=2, batch_id="y"))
    runs.minute += 4
    for batch in (1, 2, 3, 2):  # said once more, it does not count once more
        _finished(runs, "A", batch)
    assert _minutes(runs) == (4, 1)


def test_a_batch_that_is_followed_again_took_all_of_the_time(runs: JournalOfRuns) -> None:
    runs.plan("A", devices(1))
    runs.tell("A", BatchAccepted(batch=1, batch_id="x"))
    runs.minute += 3
    runs.tell("A", BatchAccepted(batch=1, batch_id="x", adopted=True))
    runs.minute += 4
    _finished(runs, "A", 1)
    assert _minutes(runs) == (7, 1)


def test_a_run_that_cannot_be_read_or_has_no_plan_is_left_out(runs: JournalOfRuns) -> None:
    _took(runs, "A", 6)
    _took(runs, "B", 2)
    runs.write("C", devices(1), [Note(level="info", text="its plan was lost")])
    with sqlite3.connect(runs.journal.path) as db:
        db.execute("UPDATE events SET body = '{' WHERE run = 'B' AND body LIKE '%run_planned%'")
    db.close()
    assert _minutes(runs) == (6, 1)


@pytest.mark.parametrize(
    ("begin", "end", "seconds"),
    [
        (at(0), at(2), 120.0),
        (at(2), at(0), 0.0),
        (at(0), "", 0.0),
        ("", at(0), 0.0),
        ("2026-03-02T08:00:00", at(0), 0.0),  # of no zone
        (at(0), "soon", 0.0),
        ("2026-03-02T09:00:00+01:00", at(1), 60.0),
    ],
)
def test_the_seconds_between_two_times(begin: str, end: str, seconds: float) -> None:
    assert seconds_between(begin, end) == seconds


def test_a_time_without_a_zone_is_no_moment() -> None:
    assert moment(at(0)) is not None
    assert moment("2026-03-02T08:00:00") is None
    assert moment("soon") is None
