"""A look at the tenant before a submit: what this host's journals and clock have to do with it."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn, ItemStatus, Phase
from siptui.runs.engine.batch_conflicts import Sorted
from siptui.runs.engine.other_batches import Others
from siptui.runs.engine.tenant_look import Preview, TenantLook
from siptui.runs.events import (
    BatchAccepted,
    BatchDeferred,
    BatchFinished,
    BatchPlanned,
    DeviceChanged,
    DevicesSignedIn,
)
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.journal import Journal
from siptui.runs.state import RunState
from tests.runs.engine.engine_harness import device
from tests.runs.journal_of_runs import START, JournalOfRuns
from tests.runs.state_builder import EMEA, NOAM

PHONES = [device(0), device(1), device(2, NOAM)]
DAY = 24 * 60


class _Answers:
    """The part of a service that tells its time."""

    service_date: datetime | None = None


class _Look:
    """Looks of run A, at a minute of its clock, at a tenant whose batches are all of device 0."""

    run = "A"

    def __init__(self, runs: JournalOfRuns) -> None:
        self.runs = runs
        self.journal: Journal | None = runs.journal
        self.minute = 0.0
        self.service = _Answers()
        self.asked: list[str] = []
        self.tenant: TenantLook | None = None

    @property
    def state(self) -> RunState:
        """The run as its journal has it by now."""
        return self.runs.state("A")

    def clock(self) -> datetime:
        """The moment of the look."""
        return START + timedelta(minutes=self.minute)

    def look(
        self,
        minutes: dict[str, float | str],
        *,
        at: float = 0,
        ahead: float | None = 0,
        region: Region = EMEA,
        phase: Phase = Phase.COMPLETED,
    ) -> tuple[Others, Sorted]:
        """A look at batches that began at these minutes, of no region.

        The service's clock is `ahead` of the host's by so many minutes, if it tells its time.
        """
        self.minute, self.asked = at, []
        self.service.service_date = (
            None if ahead is None else self.clock() + timedelta(minutes=ahead)
        )
        if self.tenant is None:
            service = cast("BulkSignIn", self.service)
            host = HostTenant.alone(self.runs.journal.path, "Contoso")
            self.tenant = TenantLook(self, service, host)
        listed = [
            BatchSummary(name, "", phase, None, _time(minute), "anna", None)
            for name, minute in minutes.items()
        ]

        async def read(batch_id: str) -> BatchStatus:
            self.asked.append(batch_id)
            item = ItemStatus(
                str(PHONES[0].user_name),
                str(PHONES[0].hardware_id),
                "",
                Phase.SUCCEEDED if phase is Phase.COMPLETED else Phase.RUNNING,
                "",
            )
            return BatchStatus(batch_id, "", phase, None, "", "", (item,))

        return asyncio.run(self.tenant.look(region, listed, read))

    def read(self, minutes: dict[str, float | str], **more: Any) -> list[str]:
        """The batches that are read."""
        self.look(minutes, **more)
        return self.asked


def _time(minute: float | str) -> str:
    """A time in full, some seconds after the minute."""
    if isinstance(minute, str):
        return minute
    return timestamp(START + timedelta(minutes=minute, seconds=7))


@pytest.fixture(name="look")
def _look(runs: JournalOfRuns) -> _Look:
    runs.plan("A", PHONES)
    return _Look(runs)


AROUND: dict[str, float | str] = {"before": -DAY - 5, "since": -DAY + 5}


def test_what_began_in_the_day_before_the_plan_is_read(look: _Look) -> None:
    assert look.read(AROUND, at=300) == ["since"]


@pytest.mark.parametrize("ahead", [None, 0, 10, -10])
def test_times_are_told_by_the_service_s_clock(look: _Look, ahead: float | None) -> None:
    read = look.read(AROUND, at=300, ahead=ahead)
    assert read == (["since", "before"] if ahead == -10 else [] if ahead == 10 else ["since"])
    assert look.tenant is not None
    assert look.tenant.ahead == (None if ahead is None else timedelta(minutes=ahead))


@pytest.mark.parametrize(("ahead", "live"), [(None, True), (-10, True), (10, False)])
def test_whether_a_batch_is_live_is_told_by_the_service_s_clock(
    look: _Look, ahead: float | None, live: bool
) -> None:
    others, _ = look.look({"long": -355}, ahead=ahead, phase=Phase.RUNNING)
    assert others.slots == live


def test_in_a_region_without_queued_batches_none_that_is_over_is_read(look: _Look) -> None:
    assert look.read(AROUND, region=Region.APAC) == []


def test_what_another_run_submitted_in_between_counts_from_then_on(runs: JournalOfRuns) -> None:
    look = _Look(runs)
    runs.minute = -60
    runs.plan("B", PHONES[:1])
    runs.ended("B", DeviceState.FAILED)
    runs.minute = 0
    runs.plan("A", PHONES[:1])
    assert look.read({"before": -65, "since": -55}) == ["since"]
    _, found = look.look({"before": -65, "since": -55})
    assert [e.batch_id for e in found.events if isinstance(e, DevicesSignedIn)] == ["since"]


def test_what_another_run_submitted_days_ago_does_not_matter(runs: JournalOfRuns) -> None:
    look = _Look(runs)
    runs.minute = -3 * DAY
    runs.plan("B", PHONES[:1])
    runs.ended("B", DeviceState.FAILED)
    runs.minute = 0
    runs.plan("A", PHONES[:1])
    assert look.read(AROUND) == ["since"]


def test_the_device_that_goes_back_furthest_decides_what_is_read(runs: JournalOfRuns) -> None:
    look = _Look(runs)
    runs.minute = -60
    runs.plan("B", PHONES[:1])
    runs.ended("B", DeviceState.FAILED)
    runs.minute = 0
    runs.plan("A", PHONES[:2])
    assert look.read({"long ago": -DAY - 5, "a day": -DAY + 5, "an hour": -65}) == [
        "an hour",
        "a day",
    ]


def test_what_other_runs_of_this_host_submitted_is_not_read(look: _Look) -> None:
    look.runs.plan("B", [device(9)])
    look.runs.running("B")
    assert look.read({"B-1": -5, "b-2": -5}) == ["b-2"]
    assert look.tenant is not None
    assert look.tenant.submitted_elsewhere() == {"b-1"}


def test_journals_of_other_profiles_count_even_where_they_are_gone_later(
    look: _Look, tmp_path: Path
) -> None:
    name = look.runs.journal.path.name
    other = JournalOfRuns(tmp_path / "profiles" / "other" / name)
    other.minute = -60
    other.plan("B", PHONES[:2])
    other.ended("B", DeviceState.FAILED)
    other.close()
    host = HostTenant("Contoso", tmp_path / "profiles", tmp_path / "profiles" / "me" / name)
    look.tenant = TenantLook(look, cast("BulkSignIn", look.service), host)
    assert look.tenant.submitted_elsewhere() == {"b-1"}
    for _ in range(2):
        _, found = look.look({"before": -65, "since": -55, "b-1": -50})
        assert look.asked in (["since"], [])
        assert [e.batch_id for e in found.events if isinstance(e, DevicesSignedIn)] == ["since"]
        other.journal.path.unlink(missing_ok=True)


@pytest.mark.parametrize("taken", [True, False])
def test_what_another_run_submits_after_the_plan_undoes_what_was_before(
    look: _Look, taken: bool
) -> None:
    """Signed in by a colleague, then submitted once more by order elsewhere: it failed there."""
    runs = look.runs
    minutes: dict[str, float | str] = {"colleague": 5}
    look.look({}, at=6)
    runs.minute = 9
    runs.plan("B", PHONES[:1])
    if taken:
        runs.ended("B", DeviceState.FAILED)
    else:
        runs.rejected("B")
    _, found = look.look(minutes, at=10)
    assert look.asked == ["colleague"]  # for the other device of the run
    signed_in = [e.devices for e in found.events if isinstance(e, DevicesSignedIn)]
    assert signed_in == ([] if taken else [[0]])


@pytest.mark.parametrize(("ahead", "read"), [(None, 35), (0, 35), (-10, 35), (10, 30)])
def test_how_many_are_read_is_bounded_for_those_begun_before_the_plan(
    look: _Look, ahead: float | None, read: int
) -> None:
    minutes: dict[str, float | str] = {f"batch {n}": 5 + n / 60 for n in range(35)}
    assert len(look.read(minutes, at=60, ahead=ahead)) == read


def test_of_a_run_whose_plan_cannot_be_read_only_live_batches_matter(look: _Look) -> None:
    preview = Preview("A", RunState("A", PHONES), None, START)
    host = HostTenant.alone(look.runs.journal.path, "Contoso")
    look.tenant = TenantLook(preview, cast("BulkSignIn", look.service), host)
    assert look.read(AROUND) == []
    others, _ = look.look({"now": -5}, phase=Phase.RUNNING)
    assert others.slots == 1


def _retried(look: _Look, **accepted: Any) -> None:
    """Device 0 was submitted an hour after the plan, failed, and waits once more."""
    runs = look.runs
    runs.minute = 60
    if accepted:
        runs.tell("A", BatchAccepted(batch=1, batch_id="A-1", adopted=True, **accepted))
    else:
        runs.running("A")
    runs.tell("A", DeviceChanged(device=0, batch=1, state=DeviceState.FAILED, error="x"))
    runs.tell("A", BatchFinished(batch=1, batch_id="A-1", succeeded=0, failed=1))
    runs.minute = 90
    runs.tell("A", BatchPlanned(batch=9, region=EMEA, devices=[0], attempt=2))


def test_since_its_own_submit_counts_for_what_goes_out_again(look: _Look) -> None:
    _retried(look)
    assert look.read({"before": 55, "since": 65}, at=100) == ["since"]


def test_what_began_before_a_submit_that_was_refused_is_read(look: _Look) -> None:
    look.runs.minute = 60
    look.runs.submitting("A")
    look.runs.tell("A", BatchDeferred(batch=1, why="too many"))
    _, found = look.look({"between": 55}, at=100)
    assert look.asked == ["between"]
    assert [e.batch_id for e in found.events if isinstance(e, DevicesSignedIn)] == ["between"]


def test_of_a_submit_of_no_certain_time_the_earliest_counts(look: _Look) -> None:
    """What began since may have been after it, and undone what it did."""
    earliest = timestamp(START + timedelta(minutes=10))
    _retried(look, requested=timestamp(START + timedelta(minutes=50)), requested_from=earliest)
    assert look.read({"before": 5, "since": 15}, at=100) == ["since"]
    _, found = look.look({"before": 5, "since": 15}, at=100)
    assert [e.batch_id for e in found.events if isinstance(e, DevicesSignedIn)] == ["since"]


def test_a_run_that_is_only_planned_is_looked_at_at_its_moment(look: _Look) -> None:
    preview = Preview("A", look.state, None, START)
    assert preview.clock() == START
    service = _Answers()
    service.service_date = START + timedelta(minutes=3)
    host = HostTenant.alone(look.runs.journal.path, "Contoso")
    assert TenantLook(preview, cast("BulkSignIn", service), host).ahead == timedelta(minutes=3)
