"""What all runs of a list come to, device by device: each rule on runs of a few phones."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from siptui.domain.device import Device
from siptui.domain.outcome import ANSWER_LOST, explain
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs.events import (
    Actor,
    AnyEvent,
    BatchAccepted,
    BatchInDoubt,
    BatchPlanned,
    BatchRejected,
    BatchUnsettled,
    DeviceChanged,
    DeviceCorrected,
    DevicesSignedIn,
    GroupStopped,
    Options,
)
from siptui.runs.rollout.summary import NO_REGION, STANDINGS, RolloutSummary, summarize
from siptui.runs.state import RunState
from tests.runs.engine.engine_harness import device, devices
from tests.runs.state_builder import EMEA, NOAM, StateBuilder, submitting

MADE = datetime(2026, 3, 3, tzinfo=UTC)
SUCCEEDED, FAILED, UNSURE = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
PHONES = devices(3)


def _at(hour: int) -> str:
    return f"2026-03-02T{hour:02}:00:00.000Z"


class Run:
    """A run of some phones in one batch, planned at an hour."""

    def __init__(
        self, name: str, hour: int = 8, phones: Sequence[Device] = PHONES, **options: Any
    ) -> None:
        self.builder = StateBuilder(phones, Options(**options))
        self.state: RunState = self.builder.state
        self.state.run, self.state.planned_at = name, _at(hour)

    def submitted(self, hour: int, *states: DeviceState, batch: int = 1) -> "Run":
        """The batch was submitted and taken; what its devices came to."""
        self.builder.tell_at(
            _at(hour),
            submitting(self.state, batch),
            BatchAccepted(batch=batch, batch_id=f"{self.state.run}-{batch}"),
        )
        for index, state in zip(self.state.batches[batch].devices, states, strict=False):
            error = "Device is offline." if state is FAILED else ""
            self.tell(hour + 1, DeviceChanged(device=index, batch=batch, state=state, error=error))
        return self

    def tell(self, hour: int, *events: AnyEvent) -> "Run":
        """What the run says next."""
        self.builder.tell_at(_at(hour), *events)
        return self


def _summary(*runs: Run, phones: Sequence[Device] = PHONES, **more: Any) -> RolloutSummary:
    states = [run.state for run in runs]
    return summarize(phones, states, MADE, file="list.csv", tenant="Contoso", **more)


def _lines(found: RolloutSummary) -> list[tuple[str, int, str]]:
    return [(one.standing, one.attempts, one.run) for one in found.devices]


def test_a_list_of_which_nothing_ran() -> None:
    found = _summary(part="part", faulty=2, by="Site")
    assert _lines(found) == [("not submitted", 0, "")] * 3
    assert (found.file, found.tenant, found.made) == ("list.csv", "Contoso", MADE)
    assert (found.runs, found.attempts, found.causes, found.sites) == ((), 0, (), ())
    assert (found.part, found.faulty, found.by) == ("part", 2, "Site")
    assert found.counts == {"not submitted": 3}
    assert [one.region for one in found.devices] == ["EMEA"] * 3
    assert _summary().faulty == 0


def test_how_the_devices_of_a_run_stand() -> None:
    run = Run("A").submitted(9, SUCCEEDED, FAILED)
    found = _summary(run)
    assert _lines(found) == [("succeeded", 1, "A"), ("failed", 1, "A"), ("running", 1, "A")]
    assert found.devices[1].error == "Device is offline."
    assert found.devices[1].when == _at(10)
    assert found.causes == ((explain("Device is offline."), 1),)
    assert (found.attempts, found.left) == (3, found.devices[1:])
    (line,) = found.runs
    assert (line.run, line.started, line.file, line.devices) == ("A", _at(8), "list.csv", 3)
    assert line.counts == Counter(["succeeded", "failed", "running"])
    sent = Run("A")
    sent.tell(9, submitting(sent.state, 1))
    assert _lines(_summary(sent)) == [("running", 1, "A")] * 3
    sent.tell(9, BatchInDoubt(batch=1, why="cut"), BatchUnsettled(batch=1, why="not there"))
    found = _summary(sent)
    assert _lines(found) == [("unknown", 1, "A")] * 3
    assert found.causes == ((ANSWER_LOST, 3),)
    standings = {str(state) for state in DeviceState} - {"queued", "submitting", "invalid"}
    assert set(STANDINGS) == standings | {"not submitted"}


def test_what_waits_to_be_submitted_is_not_submitted_yet() -> None:
    found = _summary(Run("A"))
    assert _lines(found) == [("not submitted", 0, "")] * 3
    assert len(found.runs) == 1
    retried = Run("A").submitted(9, FAILED, FAILED, SUCCEEDED)
    retried.tell(12, BatchPlanned(batch=2, region=EMEA, devices=[0], attempt=2))
    assert _lines(_summary(retried))[0] == ("not submitted", 1, "A")
    retried.tell(13, submitting(retried.state, 2), BatchRejected(batch=2, message="no"))
    assert _lines(_summary(retried))[0] == ("failed", 2, "A")


def test_runs_of_other_phones_are_left_out() -> None:
    found = _summary(Run("A", phones=devices(9)[5:]).submitted(9, FAILED))
    assert (found.runs, found.attempts, found.counts) == ((), 0, {"not submitted": 3})


@pytest.mark.parametrize("order", [0, 1])
def test_the_run_that_submitted_a_device_last_counts(order: int) -> None:
    """Whichever began first."""
    late = Run("late", 8).submitted(14, SUCCEEDED, FAILED)
    early = Run("early", 9).submitted(11, FAILED, SUCCEEDED, SUCCEEDED)
    runs = [late, early] if order else [early, late]
    found = _summary(*runs)
    assert _lines(found) == [
        ("succeeded", 2, "late"),
        ("failed", 2, "late"),
        ("running", 2, "late"),
    ]
    assert [line.run for line in found.runs] == ["late", "early"]
    same = Run("again", 10).submitted(14, FAILED)
    assert _lines(_summary(*runs, same))[0] == ("failed", 3, "again")


def test_what_is_left_out_since_another_run_has_it_is_told_by_that_one() -> None:
    mine, other = Run("mine", 10), Run("other", 8).submitted(9, SUCCEEDED)
    mine.tell(11, DevicesSignedIn(devices=[0], run="other"))
    assert _lines(_summary(mine, other))[0] == ("succeeded", 1, "other")
    mine.tell(12, DevicesSignedIn(devices=[1], batch_id="a colleague's"))
    assert _lines(_summary(mine, other))[1] == ("succeeded", 1, "mine")


def test_of_a_phone_that_was_submitted_for_another_account_that_is_told() -> None:
    old = device(0, user="old@contoso.example")
    found = _summary(Run("A", phones=[old]).submitted(9, FAILED))
    assert _lines(found)[0] == ("not submitted", 1, "A")
    assert found.devices[0].error == "last submitted for old@contoso.example"
    assert (found.devices[0].outcome, found.causes) == (None, ())
    before = Run("before", 6).submitted(7, FAILED)
    found = _summary(before, Run("A", phones=[old]).submitted(9, SUCCEEDED))
    assert (found.devices[0].outcome, found.causes) == (None, ())


def _corrected(run: Run, index: int, name: Device) -> None:
    old = run.state.devices[index].device
    batch = run.state.batches[1]
    batch.state = type(batch.state).FINISHED
    run.tell(
        12,
        DeviceCorrected(
            device=index,
            user_name=str(name.user_name),
            hardware_id=str(name.hardware_id),
            old_user_name=str(old.user_name),
            old_hardware_id=str(old.hardware_id),
        ),
    )


def test_what_was_corrected_is_known_by_what_the_list_has() -> None:
    run = Run("A").submitted(9, FAILED, FAILED, SUCCEEDED)
    _corrected(run, 0, device(7))
    found = _summary(run)
    assert _lines(found)[0] == ("failed", 1, "A")
    assert found.devices[0].called == device(7).__class__(
        2, device(7).user_name, device(7).hardware_id, EMEA
    )
    assert len(found.devices[0].corrections) == 1
    assert found.devices[1].called is None
    by_new_name = _summary(run, phones=[device(7)])
    assert _lines(by_new_name)[0] == ("failed", 1, "A")
    # A phone that only has the number which that one had is another.
    other = device(0, user="other@contoso.example")
    assert _lines(_summary(run, phones=[other])) == [("not submitted", 0, "")]


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        (Actor(account="a@x.example", os_user="anna"), "a@x.example"),
        (Actor(os_user="anna"), "anna"),
        (Actor(), ""),
        (None, ""),
    ],
)
def test_who_submitted(actor: Actor | None, who: str) -> None:
    run = Run("A").submitted(9, SUCCEEDED)
    assert run.state.plan is not None
    if actor is None:
        run.state.plan = None
    else:
        plan = run.state.plan
        fields = {name: getattr(plan, name) for name in plan.__struct_fields__}
        run.state.plan = type(plan)(**{**fields, "actor": actor})
    found = _summary(run)
    assert (found.devices[0].who, found.runs[0].who) == (who, who)
    assert found.runs[0].file == ("list.csv" if actor else "")


def test_rows_of_no_region_have_that_of_the_last_run() -> None:
    first = Run("A", 8, [device(0, NOAM), device(1, NOAM)]).submitted(9, FAILED)
    last = Run("B", 9, [device(0, Region.APAC)])
    found = _summary(last, first, no_region={2, 4})
    assert [one.region for one in found.devices] == ["APAC", "EMEA", NO_REGION]


def _site(phone: Device) -> str:
    return "even" if phone.line % 2 == 0 else "odd"


def test_sites_have_their_own_counts_and_causes() -> None:
    run = Run("A").submitted(9, FAILED, SUCCEEDED, UNSURE)
    found = _summary(run, by="Site", group_of=_site)
    even, odd = found.sites
    assert (even.site, even.devices, even.counts) == ("even", 2, {"failed": 1, "unknown": 1})
    assert even.causes == {"offline": 1, "no result": 1}
    assert (odd.site, odd.devices, odd.counts, odd.causes) == ("odd", 1, {"succeeded": 1}, {})
    assert even.stops == odd.stops == []


def test_a_site_says_why_it_was_stopped_while_something_of_it_is_not_submitted() -> None:
    phones = devices(5)
    run = Run("A", 8, phones, by="Site", max_failures=5.0)
    for number, index in enumerate(range(5), start=2):
        group = _site(phones[index]) if index < 4 else "last"
        run.tell(8, BatchPlanned(batch=number, region=EMEA, devices=[index], group=group))
    run.submitted(9, FAILED, batch=2).submitted(9, SUCCEEDED, batch=3)
    run.submitted(9, FAILED, batch=6)
    for group in ("even", "last"):
        run.tell(10, GroupStopped(column="Site", group=group, bad=1, tried=1, left=1))

    def site(phone: Device) -> str:
        return _site(phone) if phone.line < 6 else "last"

    def stops(*runs: Run) -> dict[str, list[str]]:
        found = _summary(*runs, phones=phones, by="Site", group_of=site)
        return {one.site: one.stops for one in found.sites}

    why = "stopped in run A: 1 of 1 device not signed in, more than {} %; 1 not submitted"
    assert stops(run) == {"even": [why.format(5)], "odd": [], "last": []}
    # What is not submitted for another reason was not stopped.
    moved_in = Run("C", 11, [device(4, user="other@contoso.example")]).submitted(12, SUCCEEDED)
    assert stops(run, moved_in)["last"] == []
    other = Run("B", 11, phones).submitted(12, *[SUCCEEDED] * 5)
    assert stops(run, other) == {"even": [], "odd": [], "last": []}
    run.state.plan = None
    assert stops(run)["even"] == [why.format(100)]


def test_a_phone_of_a_stopped_site_is_known_by_what_it_was_called() -> None:
    run = Run("A", by="Site").submitted(9, FAILED, FAILED, FAILED)
    _corrected(run, 0, device(7))
    run.tell(10, BatchPlanned(batch=2, region=EMEA, devices=[0], attempt=2, group="even"))
    run.tell(10, GroupStopped(column="Site", group="even", bad=1, tried=1, left=1))
    even, _ = _summary(run, by="Site", group_of=_site).sites
    assert len(even.stops) == 1
