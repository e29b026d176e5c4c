"""What other runs say of devices that are about to go out, with the operator's word or without."""

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.conflicts import BusyDevicesError
from siptui.runs.events import Order
from siptui.runs.host_tenant import HostTenant
from siptui.runs.other_runs import OtherRuns
from tests.runs.engine.engine_harness import device, devices
from tests.runs.journal_of_runs import JournalOfRuns

PHONE = device(0)


def _others(runs: JournalOfRuns) -> OtherRuns:
    host = HostTenant.alone(runs.journal.path, "Contoso")
    return OtherRuns(runs.journal, lambda: host)


def test_the_run_that_asks_is_no_other_one(runs: JournalOfRuns) -> None:
    others = _others(runs)
    for run in ("A", "B"):
        runs.plan(run, [PHONE])
        runs.running(run)
        if run == "A":
            assert others.free([PHONE], runs.state("A"), again=False) == []
    assert [one.run for one in others.seen([PHONE], "A")] == ["B"]
    assert [one.run for one in others.seen([PHONE], "B")] == ["A"]
    with pytest.raises(BusyDevicesError, match="in run B"):
        others.free([PHONE], runs.state("A"), again=False)
    with pytest.raises(BusyDevicesError):
        others.free([PHONE], again=True)  # what runs is not taken by a word
    assert others.free([device(1)], again=False) == []


def test_what_is_of_unknown_outcome_is_taken_by_the_word_alone(runs: JournalOfRuns) -> None:
    runs.minute = 1
    runs.plan("A", [PHONE])
    runs.minute = 3
    runs.plan("B", [PHONE])
    runs.unsettled("B")
    others = _others(runs)
    with pytest.raises(BusyDevicesError):
        others.free([PHONE], again=False)
    with pytest.raises(BusyDevicesError):
        others.free([PHONE], runs.state("A"), again=False)
    for state in (None, runs.state("A")):
        assert [one.run for one in others.free([PHONE], state, again=True) if one.busy] == ["B"]
    # A word that was given before counts for what was unknown by then.
    runs.minute = 2
    runs.tell("A", Order(what="go_on", again=True))
    with pytest.raises(BusyDevicesError):
        others.free([PHONE], runs.state("A"), again=False)
    runs.minute = 3
    runs.tell("A", Order(what="go_on", again=True))
    assert others.free([PHONE], runs.state("A"), again=False)


def test_what_is_signed_in_since_the_run_submitted_it_is_done(runs: JournalOfRuns) -> None:
    others, three = _others(runs), devices(3)
    runs.minute = 1
    runs.plan("A", three[:1])
    runs.ended("A", DeviceState.SUCCEEDED)
    runs.minute = 2
    runs.plan("B", three[:2])
    runs.ended("B", DeviceState.FAILED)
    runs.minute = 3
    runs.plan("C", three[1:])
    runs.ended("C", DeviceState.SUCCEEDED)
    state = runs.state("B")
    known = others.seen(three, "B")
    assert [one.device for one in others.done(known, three, None)] == three
    # The first was submitted by the run itself later; the last it has not.
    assert [one.device for one in others.done(known, three, state)] == three[1:]
    runs.minute = 4
    runs.tell("B", Order(what="go_on", again=True))
    assert others.done(known, three, runs.state("B")) == []
