"""The rules of a run by a column, step by step: what is tried, what is stopped, and why."""

from collections.abc import Sequence

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.engine.groups import GroupProgress, closed_groups, newly_stopped, progress
from siptui.runs.events import (
    BatchFinished,
    BatchInDoubt,
    BatchUnsettled,
    DevicesSignedIn,
    GroupStopped,
    Options,
    RunStopped,
)
from tests.runs.engine.engine_harness import devices
from tests.runs.engine.test_groups import sites
from tests.runs.state_builder import StateBuilder

_GOOD, _BAD, _UNKNOWN = DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN
_NONE = GroupProgress(trying=False, tried=0, bad=0, stopped=False)


class _Sites(StateBuilder):
    """A run of sites A of ten phones and B of four, in batches of two; the first two are tried.

    Batch 1 has the first two of A, batches 2 to 5 the rest; 6 and 7 are of B.
    """

    def __init__(self, *, first: int = 2, most: float = 10) -> None:
        options = Options(by="Site", first=first, batch_size=2, max_failures=most)
        super().__init__(sites({"A": 10, "B": 4}), options)

    def answers(self, batch: int, *outcomes: DeviceState) -> "_Sites":
        """The service took the batch, and its devices, in order, came to this so far."""
        self.running(batch)
        for index, outcome in zip(self.state.batches[batch].devices, outcomes, strict=False):
            self.device(index, outcome)
        return self

    def over(self, batch: int, *outcomes: DeviceState) -> "_Sites":
        """The batch came to this and is over."""
        self.answers(batch, *outcomes)
        self.tell(BatchFinished(batch=batch, batch_id=f"ID-{batch}", succeeded=0, failed=0))
        return self

    @property
    def a(self) -> GroupProgress:
        """How site A stands."""
        return progress(self.state)["A"]

    def closed(self) -> Sequence[int]:
        """The batches that may not go out for their site's sake."""
        closed = closed_groups(self.state)
        return [b.number for b in self.state.queued_batches() if closed.has(b)]


def test_a_run_by_no_column_has_no_groups() -> None:
    state = StateBuilder(devices(4)).state
    assert progress(state) == {}
    assert newly_stopped(state) == []
    closed = closed_groups(state)
    assert (closed.stopped, closed.why) == (frozenset(), {})
    assert not any(closed.has(batch) for batch in state.batches.values())


def test_only_the_first_of_each_group_may_go_out_at_first() -> None:
    run = _Sites()
    assert run.a == GroupProgress(trying=True, tried=0, bad=0, stopped=False)
    assert run.closed() == [2, 3, 4, 5, 7]
    why = closed_groups(run.state).why
    assert why["A"] == "the first devices of Site A must show that it works"
    assert _Sites(first=0).a == _NONE
    assert _Sites(first=0).closed() == []


def test_a_group_is_tried_until_the_batch_of_its_first_devices_is_over() -> None:
    run = _Sites()
    run.submitting(1)
    assert run.a == GroupProgress(trying=True, tried=0, bad=0, stopped=False)
    run = _Sites().answers(1)
    assert run.a.trying
    run = _Sites().answers(1, _GOOD)
    assert (run.a.trying, run.a.tried) == (True, 1)
    run = _Sites().answers(1, _GOOD, _GOOD)
    assert (run.a.trying, run.a.tried) == (True, 2)
    assert 2 in run.closed()
    run = _Sites().over(1, _GOOD, _GOOD)
    assert run.a == GroupProgress(trying=False, tried=2, bad=0, stopped=False)
    assert run.closed() == [7]  # of the other one


def test_no_group_is_stopped_while_its_first_devices_are_tried() -> None:
    """What came of them may still be corrected; more of it goes out in no case."""
    run = _Sites(most=10).answers(1, _BAD, _BAD)
    assert run.a == GroupProgress(trying=True, tried=2, bad=2, stopped=False)
    assert newly_stopped(run.state) == []
    assert set(run.closed()) == {2, 3, 4, 5, 7}


def test_a_batch_whose_answer_was_lost_is_not_over() -> None:
    run = _Sites()
    run.submitting(1).tell(BatchInDoubt(batch=1, why="cut"))
    assert run.a == GroupProgress(trying=True, tried=0, bad=0, stopped=False)
    run.tell(BatchUnsettled(batch=1, why="not found"))
    assert run.a == GroupProgress(trying=False, tried=2, bad=2, stopped=True)


def test_an_answer_that_is_looked_for_stops_no_group() -> None:
    """More devices than may fail of the whole group, if they had failed."""
    run = _Sites(first=2, most=10).over(1, _GOOD, _GOOD)
    run.submitting(2).tell(BatchInDoubt(batch=2, why="ended before the answer came"))
    assert run.a == GroupProgress(trying=False, tried=2, bad=0, stopped=False)
    assert newly_stopped(run.state) == []
    run.tell(BatchUnsettled(batch=2, why="not found"))
    assert run.a == GroupProgress(trying=False, tried=4, bad=2, stopped=True)


@pytest.mark.parametrize("outcome", [_BAD, _UNKNOWN])
def test_a_group_is_stopped_by_its_first_devices(outcome: DeviceState) -> None:
    run = _Sites(most=50).over(1, outcome, outcome)
    assert run.a == GroupProgress(trying=False, tried=2, bad=2, stopped=True)
    assert run.closed() == [2, 3, 4, 5, 7]
    assert closed_groups(run.state).stopped == {"A"}
    assert closed_groups(run.state).why["A"] == (
        "Site A was stopped: too many of its devices failed"
    )
    assert newly_stopped(run.state) == [
        GroupStopped(column="Site", group="A", bad=2, tried=2, left=8)
    ]


@pytest.mark.parametrize(("most", "stopped"), [(49.9, True), (50, False), (100, False), (0, True)])
def test_of_what_is_over_no_more_than_so_many_percent_may_fail(most: float, stopped: bool) -> None:
    run = _Sites(most=most).over(1, _GOOD, _BAD)
    assert run.a == GroupProgress(trying=False, tried=2, bad=1, stopped=stopped)


def test_what_failed_in_a_batch_that_goes_on_counts_by_the_whole_group() -> None:
    """The rest of its batch may be signed in yet."""
    run = _Sites(first=0, most=20).over(1, _GOOD, _GOOD).answers(2, _BAD, _BAD)
    assert run.a == GroupProgress(trying=False, tried=4, bad=2, stopped=False)
    assert not run.answers(3, _GOOD).a.stopped
    run.answers(4, _BAD)  # three of ten, whatever comes of the rest
    assert run.a == GroupProgress(trying=False, tried=6, bad=3, stopped=True)
    run = _Sites(first=0, most=20).over(1, _GOOD, _GOOD).over(2, _BAD, _BAD)
    assert run.a.stopped


def test_what_was_left_out_of_a_batch_that_is_on_its_way_counts_with_it() -> None:
    run = _Sites(first=0, most=45).over(1, _BAD, _BAD).over(2, _GOOD, _GOOD)
    left_out, _ = run.state.batches[3].devices
    run.tell(DevicesSignedIn(devices=[left_out], run="another"))
    run.submitting(3)
    assert run.a == GroupProgress(trying=False, tried=5, bad=2, stopped=True)
    run.over(3, _GOOD, _GOOD)
    assert not run.a.stopped


def test_nothing_failed_stops_nothing() -> None:
    run = _Sites(most=0).over(1, _GOOD, _GOOD)
    assert run.a == GroupProgress(trying=False, tried=2, bad=0, stopped=False)


def test_a_stop_stands_until_the_operator_goes_on() -> None:
    run = _Sites(most=60)
    run.tell(GroupStopped(column="Site", group="A", bad=1, tried=2, left=8))
    assert closed_groups(run.state).stopped == {"A"}
    assert run.closed() == [1, 2, 3, 4, 5, 7]  # the first ones as well
    assert newly_stopped(run.state) == []  # it is written down
    run.over(1, _GOOD, _BAD)
    assert run.a.stopped
    run.tell(RunStopped(code="groups_stopped", message="", remedy=""))
    assert not run.a.stopped
    run.over(2, _BAD, _BAD).over(3, _BAD, _BAD)  # it goes on at the operator's word
    assert not run.a.stopped
    assert newly_stopped(run.state) == []


def test_a_group_of_which_nothing_waits_needs_no_stop() -> None:
    run = _Sites(first=0).over(6, _BAD, _BAD)
    assert [(one.group, one.left) for one in newly_stopped(run.state)] == [("B", 2)]
    run.over(7, _BAD, _BAD)
    assert progress(run.state)["B"].stopped
    assert newly_stopped(run.state) == []
    run.over(1, _BAD, _BAD)
    assert [(one.group, one.left) for one in newly_stopped(run.state)] == [("A", 8)]
