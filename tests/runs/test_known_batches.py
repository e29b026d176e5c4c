"""Which of the service's batches runs of this host submitted, and when they did it last."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.events import BatchAccepted, BatchSubmitting
from siptui.runs.known_batches import KnownBatches
from tests.runs.engine.engine_harness import device, devices
from tests.runs.journal_of_runs import JournalOfRuns, at
from tests.runs.state_builder import EMEA


def _none() -> Sequence[Path]:
    return ()


def test_the_batches_that_other_runs_submitted_are_known_by_their_ids(runs: JournalOfRuns) -> None:
    known = KnownBatches(runs.journal, _none)
    assert known.of_others("A") == frozenset()
    runs.plan("A", devices(2), size=1)
    runs.running("A")
    runs.running("A", 2)
    runs.plan("B", devices(1))
    runs.running("B")
    assert known.of_others("A") == {"b-1"}
    assert known.of_others("B") == {"a-1", "a-2"}
    assert known.of_others("") == {"a-1", "a-2", "b-1"}


def test_a_batch_that_a_run_merely_follows_is_not_one_that_it_submitted(
    runs: JournalOfRuns,
) -> None:
    runs.plan("A", devices(2), size=1)
    runs.tell("A", BatchAccepted(batch=1, batch_id="Foreign", requested=at(0)))
    runs.running("A", 2)
    assert KnownBatches(runs.journal, _none).of_others("B") == {"a-2"}


def test_only_what_is_new_is_read_and_nothing_is_forgotten(runs: JournalOfRuns) -> None:
    known = KnownBatches(runs.journal, _none)
    runs.plan("A", devices(2), size=1)
    runs.running("A")
    runs.tell("A", BatchSubmitting(batch=2, region=EMEA, devices=1))
    assert known.of_others("B") == {"a-1"}
    with sqlite3.connect(runs.journal.path) as db:
        db.execute(
            """UPDATE events SET body = '{"type":"batch_accepted"' WHERE body LIKE '%A-1%'"""
        )
    db.close()
    assert known.of_others("B") == {"a-1"}
    runs.tell("A", BatchAccepted(batch=2, batch_id="A-2"))
    assert known.of_others("B") == {"a-1", "a-2"}


def test_journals_of_other_profiles_count_and_those_that_cannot_be_read_do_not(
    runs: JournalOfRuns, tmp_path: Path
) -> None:
    other = JournalOfRuns(tmp_path / "old name" / "journal.db")
    # The same name of a run and the same number: each journal is a list of its own.
    for journal, name in ((runs, "A"), (other, "B")):
        journal.plan(name, [device(0)])
        journal.running(name)
    other.close()
    damaged = tmp_path / "damaged" / "journal.db"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no database at all" * 100)

    def beside() -> Sequence[Path]:
        return damaged, other.journal.path

    assert KnownBatches(runs.journal, beside).of_others("") == {"a-1", "b-1"}
    own = KnownBatches(None, beside)
    assert own.of_others("") == {"b-1"}
    assert own.last_submits([str(device(0).hardware_id)], "A") == {
        str(device(0).hardware_id): at(0)
    }
    assert damaged.read_bytes() == b"no database at all" * 100
    assert [path.name for path in damaged.parent.iterdir()] == ["journal.db"]


def test_when_a_device_was_submitted_last_by_another_run(runs: JournalOfRuns) -> None:
    one, other, third = (str(device(number).hardware_id) for number in range(3))
    for minute, run in ((1, "A"), (3, "B"), (2, "C")):
        runs.minute = minute
        runs.plan(run, devices(2))
        runs.ended(run, DeviceState.SUCCEEDED)
    runs.minute = 9
    runs.plan("D", devices(3))  # submitted nothing yet
    known = KnownBatches(runs.journal, _none)
    assert known.last_submits([one, third], "") == {one: at(3), third: ""}
    assert known.last_submits([one, other], "B") == {one: at(2), other: at(2)}
    assert known.last_submits([], "") == {}


@pytest.mark.parametrize("again", ["rejected", "in_doubt", "unsettled", "submitting"])
@pytest.mark.parametrize("before", [True, False])
def test_a_submit_that_was_perhaps_not_taken_is_none(
    runs: JournalOfRuns, again: str, before: bool
) -> None:
    """It undid nothing that another batch had done for the device."""
    hardware_id = str(device(0).hardware_id)
    runs.minute = 1
    runs.plan("A", devices(1))
    if before:
        runs.ended("A", DeviceState.FAILED)
        runs.retry("A")
    runs.minute = 5
    getattr(runs, again)("A", max(runs.state("A").batches))
    found = KnownBatches(runs.journal, _none).last_submits([hardware_id], "B")
    assert found == {hardware_id: at(1) if before else ""}


@pytest.mark.parametrize("retried", [True, False])
@pytest.mark.parametrize("state", [DeviceState.SUCCEEDED, DeviceState.FAILED, None])
def test_a_submit_that_was_taken_is_the_last_one(
    runs: JournalOfRuns, state: DeviceState | None, retried: bool
) -> None:
    hardware_id = str(device(0).hardware_id)
    runs.plan("A", devices(1))
    runs.minute = 5
    if state is None:
        runs.running("A")
    else:
        runs.ended("A", state)
    runs.minute = 9
    if state is DeviceState.FAILED and retried:
        runs.retry("A")
    found = KnownBatches(runs.journal, _none).last_submits([hardware_id], "B")
    assert found == {hardware_id: at(5)}
