"""Which of several runs, journals and forgotten runs tells where a device stands."""

from itertools import pairwise
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.runs import conflicts
from siptui.runs.events import (
    BatchPlanned,
    BatchSubmitting,
    DeviceChanged,
    DeviceCorrected,
)
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.forget import Forgetting
from siptui.runs.journal.forgotten import Remembered
from tests.runs.engine.engine_harness import device, devices
from tests.runs.journal_of_runs import START, JournalOfRuns, at
from tests.runs.state_builder import EMEA

QUEUED, SUBMITTING, RUNNING = DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING
SUCCEEDED, FAILED, UNKNOWN = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
PHONE = device(0)
#: Another phone of the same account, and another account on the same phone.
BESIDE, MOVED_IN = device(90, user="ROOM0@contoso.example"), device(0, user="b@contoso.example")


def test_what_was_refused_each_time_hides_nothing_that_was_signed_in_before(
    runs: JournalOfRuns,
) -> None:
    runs.plan("A", [PHONE])
    runs.ended("A", SUCCEEDED)
    runs.minute = 5
    runs.plan("B", [PHONE], again=True)
    runs.rejected("B")
    runs.retry("B")
    runs.minute = 6
    runs.rejected("B", 2)
    found = conflicts.overlaps(runs.journal, [PHONE])
    assert [(o.run, o.state) for o in found] == [("A", SUCCEEDED)]


def test_what_was_taken_once_is_as_old_as_that_when_it_is_refused_later(
    runs: JournalOfRuns,
) -> None:
    runs.minute = 1
    runs.plan("A", [PHONE])
    runs.ended("A", FAILED)
    runs.minute = 2
    runs.plan("B", [PHONE])
    runs.retry("A")
    runs.minute = 3
    runs.rejected("A", 2)
    (found,) = conflicts.overlaps(runs.journal, [PHONE], besides="B")
    assert (found.state, found.as_of) == (FAILED, at(1))
    runs.minute = 4
    runs.ended("B", SUCCEEDED)
    runs.retry("A")
    runs.minute = 5
    runs.rejected("A", 3)
    (found,) = conflicts.overlaps(runs.journal, [PHONE])
    assert (found.run, found.state) == ("B", SUCCEEDED)


def test_what_the_service_may_have_had_once_counts_when_it_is_refused_later(
    runs: JournalOfRuns,
) -> None:
    runs.plan("A", [PHONE])
    runs.unsettled("A")
    runs.minute = 2
    planned = BatchPlanned(batch=2, region=PHONE.region, devices=[0], attempt=2)
    runs.tell("A", planned)  # by an order to resubmit it
    runs.minute = 3
    runs.rejected("A", 2)
    (found,) = conflicts.overlaps(runs.journal, [PHONE])
    assert (found.state, found.as_of, found.busy) == (FAILED, at(0), False)


def test_a_failure_that_is_no_refusal_counts_from_its_submit(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE])
    runs.minute = 1
    runs.running("A")
    runs.minute = 7
    runs.tell("A", DeviceChanged(device=0, batch=1, state=FAILED, error="Device is offline."))
    (found,) = conflicts.overlaps(runs.journal, [PHONE])
    assert (found.state, found.at, found.submitted) == (FAILED, at(7), at(1))


# -- which of several counts


def test_a_device_is_named_once_for_what_became_of_it_and_once_for_where_it_waits(
    runs: JournalOfRuns,
) -> None:
    for minute, run, state in ((0, "A", SUCCEEDED), (1, "B", FAILED)):
        runs.minute = minute
        runs.plan(run, [PHONE])
        runs.ended(run, state)
    runs.minute = 2
    runs.plan("C", [PHONE])
    runs.minute = 3
    runs.plan("D", [MOVED_IN])
    found = conflicts.overlaps(runs.journal, [PHONE])
    assert {(o.run, o.state, o.waits) for o in found} == {
        ("B", FAILED, False),
        ("D", QUEUED, True),
    }


def test_the_later_submit_counts_even_where_the_other_run_is_newer(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE])
    runs.minute = 1
    runs.plan("B", [PHONE])
    runs.ended("B", FAILED)
    runs.minute = 2
    runs.ended("A", SUCCEEDED)
    assert [o.run for o in conflicts.overlaps(runs.journal, [PHONE])] == ["A"]


def test_the_busy_one_counts_whatever_is_newer(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE])
    runs.unsettled("A")
    runs.minute = 1
    runs.plan("B", [PHONE], again=True)
    runs.ended("B", SUCCEEDED)
    assert [o.run for o in conflicts.overlaps(runs.journal, [PHONE])] == ["A"]


def test_of_two_of_the_same_moment_the_newer_run_counts(runs: JournalOfRuns) -> None:
    for run, state in (("A", FAILED), ("B", SUCCEEDED)):
        runs.plan(run, [PHONE])
        runs.ended(run, state)
    assert [o.run for o in conflicts.overlaps(runs.journal, [PHONE])] == ["B"]


# -- runs of another tenant, and journals of other profiles


@pytest.mark.parametrize(
    ("one", "other", "perhaps"),
    [
        ("Contoso", "CONTOSO", True),
        ("contoso.example", "fabrikam.example", False),
        ("contoso.example", "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21", True),
        ("b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21", "contoso.example", True),
        (
            "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21",
            "B5A2F4C8-6F0E-4A53-9D0B-0C6F6C1F7E21",
            True,
        ),
        (
            "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e21",
            "b5a2f4c8-6f0e-4a53-9d0b-0c6f6c1f7e22",
            False,
        ),
    ],
)
def test_two_names_of_a_tenant(one: str, other: str, perhaps: bool) -> None:
    assert conflicts.perhaps_same_tenant(one, other) is perhaps


def test_runs_of_another_tenant_count_in_the_own_journal_alone(runs: JournalOfRuns) -> None:
    runs.plan("A", [PHONE], tenant="fabrikam.example")
    runs.running("A")
    runs.plan("B", [device(1)])
    runs.running("B")
    runs.write(
        "C",
        [device(2)],
        [
            BatchPlanned(batch=1, region=EMEA, devices=[0]),
            BatchSubmitting(batch=1, region=EMEA, devices=1),
        ],
    )
    three = devices(3)
    assert {o.run for o in conflicts.overlaps(runs.journal, three)} == {"A", "B", "C"}
    found = conflicts.overlaps(runs.journal, three, tenant="Contoso")
    assert {o.run for o in found} == {"B", "C"}  # of the last it is not known


def test_journals_of_other_profiles_are_read_and_never_changed(tmp_path: Path) -> None:
    own = JournalOfRuns(tmp_path / "work" / "journal.db")
    own.plan("A", [PHONE])
    own.running("A")
    other = JournalOfRuns(tmp_path / "old name" / "journal.db")
    other.plan("B", [device(1)])
    other.running("B")
    other.plan("C", [device(2)], tenant="fabrikam.example")
    other.running("C")
    other.close()
    damaged = tmp_path / "damaged" / "journal.db"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no database at all" * 100)
    before = sorted(tmp_path.glob("damaged/*"))
    host = HostTenant("Contoso", tmp_path, own.journal.path)
    found = conflicts.seen(own.journal, devices(3), host=host)
    assert [(o.run, o.profile, o.device) for o in found] == [
        ("A", "", PHONE),
        ("B", "old name", device(1)),
    ]
    assert sorted(tmp_path.glob("damaged/*")) == before
    assert damaged.read_bytes() == b"no database at all" * 100
    # The run that asks is left out of its own journal.
    assert [o.run for o in conflicts.seen(own.journal, [PHONE], besides="A", host=host)] == []
    own.close()


# -- runs that were forgotten


def _forget(runs: JournalOfRuns, *kept: Remembered) -> None:
    runs.journal.forget(Forgetting(START, ["gone"], remembered=kept))


@pytest.mark.parametrize(
    ("state", "minute", "happened", "counts"),
    [
        ("succeeded", 5, "", True),
        ("unknown", 5, "", True),
        ("succeeded", 5, "failed", True),
        ("unknown", 5, "failed", True),
        ("succeeded", 2, "failed", False),  # of the same moment: what is known in full counts
        ("succeeded", 1, "failed", False),
        ("unknown", 1, "failed", False),
        ("succeeded", 5, "running", False),  # what is busy is not over by something newer
        ("unknown", 5, "running", True),
        ("unknown", 1, "running", False),
    ],
)
def test_what_a_forgotten_run_left_counts_where_it_is_the_newest(
    runs: JournalOfRuns, state: str, minute: int, happened: str, counts: bool
) -> None:
    runs.plan("gone", [PHONE])
    if happened:
        runs.minute = 2
        runs.plan("A", [PHONE], again=True)
        if happened == "failed":
            runs.ended("A", FAILED)
        else:
            runs.running("A")
    _forget(runs, Remembered(PHONE.key, state, at(minute), "gone"))
    (found,) = conflicts.overlaps(runs.journal, [device(1), PHONE])
    assert (found.run, found.forgotten) == (("gone", True) if counts else ("A", False))
    assert found.device == PHONE
    if counts:
        assert (found.state, found.at, found.busy) == (state, at(minute), state == "unknown")
        assert found.where == "gone (forgotten since)"


# -- devices whose names were corrected


def _correct(runs: JournalOfRuns, old: Device, new: Device) -> None:
    runs.tell(
        "A",
        DeviceCorrected(
            device=0,
            user_name=str(new.user_name),
            hardware_id=str(new.hardware_id),
            old_user_name=str(old.user_name),
            old_hardware_id=str(old.hardware_id),
        ),
    )


def _after(runs: JournalOfRuns, *names: Device) -> None:
    """A device that failed under each name but the last, and was signed in under that."""
    runs.plan("A", names[:1])
    for batch, (old, new) in enumerate(pairwise(names), 1):
        runs.ended("A", FAILED, batch)
        _correct(runs, old, new)
        runs.retry("A")
    runs.ended("A", SUCCEEDED, len(names))


FIRST, SECOND, THIRD = device(0x61), device(0x62), device(0x63)


def test_a_list_with_the_old_names_meets_what_they_were_corrected_to(runs: JournalOfRuns) -> None:
    _after(runs, FIRST, SECOND, THIRD)
    for listed, named, corrected_to in (
        ([FIRST], FIRST, THIRD),
        ([SECOND], SECOND, THIRD),
        ([THIRD], THIRD, None),
        ([FIRST, SECOND], SECOND, THIRD),  # what it was called last
        ([FIRST, THIRD], THIRD, None),  # the list has its name of now
    ):
        (found,) = conflicts.overlaps(runs.journal, listed)
        assert (found.device.key, found.state) == (named.key, SUCCEEDED)
        called = found.corrected_to
        assert (called.key if called else None) == (corrected_to.key if corrected_to else None)
    assert conflicts.overlaps(runs.journal, [device(0x61, user="else@contoso.example")]) == []
