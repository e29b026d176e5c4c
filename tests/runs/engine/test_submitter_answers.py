"""What a submitter makes of the answer to a submit, of an end in the middle, and of the turns of
other processes and of the run's own batches."""

import asyncio
import gc
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from siptui.emulator.scenario import LimitsTable, Scenario, TimingTable
from siptui.runs.engine.run_stop import RunStop
from siptui.runs.events import (
    ROLE,
    SERVICE,
    SIGN_IN,
    TURN,
    BatchDeferred,
    BatchInDoubt,
    BatchRejected,
    Options,
)
from siptui.runs.journal.journal import JournalGoneError
from siptui.runs.run_log import LockGoneError
from tests.runs.engine.submit_harness import LASTING_TIMES, Submitting, submitting
from tests.runs.state_builder import NOAM

ONE_SLOT = Options(batch_size=5, slots=1)


def test_after_refused_connections_the_waits_grow_to_a_minute(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("refused", times=9)
        await one.until(400)
        deferred = one.events(BatchDeferred)
        sent = one.calls("createbatch")
        waits = [later - sooner for sooner, later in pairwise(sent)]
        assert waits[:3] == [5.0, 7.5, 11.25]
        assert waits[-2:] == [60.0, 60.0]
        assert len(deferred) == 9
        assert deferred[0].until == "2026-03-02T08:00:05.250Z"
        told = one.told(SERVICE)
        assert [wait.until for wait in told] == [event.until for event in deferred]
        assert one.accepted() == [1]
        one.harness.fault("refused")
        one.log.note("the second")
        await one.until(401)
        assert one.accepted() == [1]

    submitting(tmp_path, test)


def test_after_an_accepted_batch_a_refusal_is_tried_again_soon(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("refused", nth=(1, 2, 4))
        await one.until(100)
        assert one.accepted() == [1, 2]
        apart = one.calls("createbatch")
        assert apart[4] - apart[3] == 5.0

    submitting(tmp_path, test, 10)


@pytest.mark.parametrize(("retry_after", "wait"), [(20, 20), (1, 5)])
def test_a_batch_waits_as_long_as_the_service_asks(
    tmp_path: Path, retry_after: float, wait: float
) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=429, retry_after=retry_after, times=1)
        await one.until(60)
        first, second = one.calls("createbatch")
        assert second - first == pytest.approx(wait, abs=0.1)
        (deferred,) = one.events(BatchDeferred)
        assert deferred.until == f"2026-03-02T08:00:{wait:02}.250Z"
        assert one.told(SERVICE) == []  # whoever honours it tells of it
        assert one.accepted() == [1]

    submitting(tmp_path, test)


def test_a_lost_answer_is_in_doubt_and_no_wait(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("cut", moment="after", times=1)
        await one.until(60)
        (doubt,) = one.events(BatchInDoubt)
        assert doubt.batch == 1
        assert one.sent() == [1]
        assert one.told(SERVICE) == []

    submitting(tmp_path, test)


def test_a_refused_batch_is_not_sent_again(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=400, times=1)
        await one.until(60)
        (refused,) = one.events(BatchRejected)
        assert refused.batch == 1
        assert one.accepted() == [2]
        assert one.told(SERVICE) == []

    submitting(tmp_path, test, 10)


def _sent_without_sign_in(one: Submitting) -> None:
    """The sign-in is lost between the last look and the submit."""
    inner = one.harness.token
    given = [0]

    async def token(*, refresh: bool = False, lasting: bool = False) -> str:
        given[0] += 1
        if len(one.sent()) == 1 and one.accepted() == [] and not one.signed_in:
            one.harness.token_now = ""
        return await inner(refresh=refresh, lasting=lasting)

    one.harness.token = token  # type: ignore[method-assign]


def test_a_sign_in_lost_before_the_submit_stops_the_run(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        _sent_without_sign_in(one)
        with pytest.raises(RunStop):
            await one.until(60)
        (deferred,) = one.events(BatchDeferred)
        assert deferred.batch == 1
        assert one.log.state.batches[1].deferrals == 1
        assert one.calls("createbatch") == []
        assert one.told(SERVICE) == []

    submitting(tmp_path, test)


def test_a_sign_in_lost_before_the_submit_is_waited_for(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        _sent_without_sign_in(one)
        await one.until(40)
        assert len(one.events(BatchDeferred)) == 1
        one.signed_in, one.harness.token_now = True, "test-token"
        await one.until(100)
        assert one.accepted() == [1]
        assert [wait.over for wait in one.told(SIGN_IN)] == [False, True]

    submitting(tmp_path, test, sign_in_wait=3600)


def test_a_token_that_the_service_refuses_is_waited_for(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=401, until=20)
        await one.until(100)
        assert one.accepted() == [1]
        assert [wait.over for wait in one.told(SIGN_IN)] == [False, True]
        assert all(rejected.requeued for rejected in one.events(BatchRejected))
        assert len(one.sent()) == 3

    submitting(tmp_path, test, sign_in_wait=3600)


def test_a_submit_that_is_denied_stops_a_run_that_does_not_wait(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=403)
        with pytest.raises(RunStop):
            await one.until(100)
        assert one.sent() == [1]

    submitting(tmp_path, test)


@pytest.mark.parametrize("then", [None, 400])
def test_a_role_that_ends_is_waited_for_until_a_submit_is_not_denied(
    tmp_path: Path, then: int | None
) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=403, times=1)
        await one.until(30)
        assert one.sent() == [1]
        if then:
            one.harness.fault("status", status=then)
        await one.until(200)
        assert len(one.sent()) == 2
        assert [wait.over for wait in one.told(ROLE)] == [False, True]
        assert one.told(SIGN_IN) == []
        assert one.accepted() == ([] if then else [1])

    submitting(tmp_path, test, role_wait=3600)


def test_a_submit_that_fails_says_nothing_of_a_role_that_ended(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=403, nth=1)
        one.harness.fault("refused", nth=2)
        await one.until(63)
        assert len(one.sent()) == 2
        assert [wait.over for wait in one.told(ROLE)] == [False]
        await one.until(100)
        assert [wait.over for wait in one.told(ROLE)] == [False, True]

    submitting(tmp_path, test, role_wait=3600)


def test_a_lock_that_is_gone_right_before_the_submit_sends_nothing(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        def gone() -> None:
            if one.sent():
                raise LockGoneError("The lock is gone.")

        one.leaving = gone
        with pytest.raises(LockGoneError):
            await one.until(60)
        (deferred,) = one.events(BatchDeferred)
        assert (deferred.batch, one.log.state.batches[1].deferrals) == (1, 1)
        assert one.calls("createbatch") == []

    submitting(tmp_path, test)


def test_a_journal_that_is_gone_right_before_the_submit_sends_nothing(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        def gone() -> None:
            if one.sent():
                raise JournalGoneError(tmp_path, "was removed")

        one.leaving = gone
        with pytest.raises(JournalGoneError):
            await one.until(60)
        assert one.calls("createbatch") == []
        assert one.events(BatchInDoubt) == []

    submitting(tmp_path, test)


def test_an_error_of_ours_leaves_the_batch_in_doubt(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        def fails() -> None:
            if one.sent():
                raise ZeroDivisionError

        one.leaving = fails
        with pytest.raises(ZeroDivisionError):
            await one.until(60)
        (doubt,) = one.events(BatchInDoubt)
        assert doubt.batch == 1
        assert "ZeroDivisionError" in doubt.why

    submitting(tmp_path, test)


def test_who_is_asked_to_end_waits_for_the_answer(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("slow", seconds=20)
        await one.until(5)
        assert one.task is not None
        one.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one.task
        assert one.accepted() == [1]
        assert one.passed() == 20
        assert one.beside.take() is not None  # and gives its turn back
        one.beside.release()

    submitting(tmp_path, test)


def test_an_error_after_the_end_was_asked_for_is_in_the_journal_alone(tmp_path: Path) -> None:
    said: list[dict[str, Any]] = []

    async def test(one: Submitting) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))

        def fails() -> None:
            if one.sent():
                raise ZeroDivisionError

        one.harness.token = _late(one)  # type: ignore[method-assign]
        one.leaving = fails
        await one.until(5)
        assert one.task is not None
        one.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one.task
        assert len(one.events(BatchInDoubt)) == 1
        one.task = None
        gc.collect()
        await asyncio.sleep(1)

    submitting(tmp_path, test)
    assert said == []


def _late(one: Submitting) -> Any:
    """A token that takes ten seconds once a submit is meant."""
    inner = one.harness.token

    async def token(*, refresh: bool = False, lasting: bool = False) -> str:
        if one.sent():
            await asyncio.sleep(10)
        return await inner(refresh=refresh, lasting=lasting)

    return token


def test_a_submit_of_another_process_makes_the_list_old(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        assert one.beside.take() is not None
        await one.until(0.5)
        assert one.sent() == []
        one.colleague(range(4))
        one.beside.release()
        await one.until(60)
        assert one.violations() == []
        assert one.out() == [4]

    submitting(tmp_path, test)


async def _at_the_turn(one: Submitting) -> None:
    """Another process has the turn, which it took while the tenant's batches were read."""
    one.harness.fault("slow", "batchsummaries", seconds=2, times=1)
    await one.until(1)
    one.beside.take()
    await one.until(2.5)
    assert one.sent() == []


@pytest.mark.parametrize(("held_for", "seen"), [(2.5, False), (3.3, True), (6.0, True)])
def test_a_long_wait_for_the_turn_makes_the_list_old(
    tmp_path: Path, held_for: float, seen: bool
) -> None:
    """Though who had it did not submit: others may have, elsewhere."""

    async def test(one: Submitting) -> None:
        await _at_the_turn(one)
        await one.until(2 + held_for)
        one.colleague(range(4), region=NOAM)
        one.beside.release(used=False)
        await one.until(60)
        assert one.out() == ([4] if seen else [0, 1, 2, 3, 4])

    submitting(tmp_path, test)


def test_after_the_submit_another_process_has_its_turn(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await one.until(10)
        assert one.accepted() == [1]
        assert one.beside.take() is not None
        one.beside.release()

    submitting(tmp_path, test)


def test_a_wait_that_begins_before_the_turn_is_kept(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await _at_the_turn(one)
        one.throttle.told(30, "busy")
        one.beside.release(used=False)
        await one.until(20)
        assert one.sent() == []
        await one.until(60)
        assert one.accepted() == [1]
        assert one.calls("createbatch")[0] >= 32

    submitting(tmp_path, test)


@pytest.mark.parametrize("read", [True, False])
def test_an_order_that_comes_before_the_turn_is_followed(tmp_path: Path, read: bool) -> None:
    """Also one that is in the journal alone, which nothing has read yet."""

    async def test(one: Submitting) -> None:
        await _at_the_turn(one)
        one.stop()
        if read:
            one.log.look()
        one.beside.release(used=False)
        await one.until(60)
        assert one.sent() == []
        assert one.calls("createbatch") == []

    submitting(tmp_path, test)


def _times(seconds: float) -> Scenario:
    times = TimingTable(device=(seconds, seconds), start=(0, 0), finish=(0, 0), lanes=100)
    return Scenario(timing=times)


async def _second_out(one: Submitting, took: float) -> None:
    """The first batch took so long, and the second one went out then."""
    await one.until(took)
    assert one.accepted() == [1]
    one.finish(1)
    await one.until(took + 0.125)
    assert one.accepted() == [1, 2]


def test_a_slot_is_used_once_its_batch_should_be_over(tmp_path: Path) -> None:
    """Before anything was read of its devices. Whoever reads those is woken."""

    async def test(one: Submitting) -> None:
        await _second_out(one, 100)
        one.colleague(region=NOAM)
        woken = asyncio.create_task(one.wakeup.wait())
        await one.until(185)
        assert len(one.calls("batchsummaries")) == 2
        assert not woken.done()
        await one.until(195.5)
        assert woken.done()
        await one.until(198)
        assert one.accepted() == [1, 2, 3]
        assert one.calls("batchsummaries")[2] == pytest.approx(195, abs=0.5)
        assert one.over == {2}
        one.finish(2)
        await one.until(300)
        assert one.accepted() == [1, 2, 3, 4]
        assert one.over == {3}

    submitting(tmp_path, test, 20, options=ONE_SLOT, scenario=_times(90))


@pytest.mark.parametrize(
    ("took", "looks"),
    [
        (20, [19.0, 20.0, 21.0, 22.0]),
        (150, [142.5, 147.5, 152.5]),
        (900, [855.0, 870.0, 885.0]),
    ],
)
def test_looks_for_a_slot_are_apart_by_how_long_a_batch_takes(
    tmp_path: Path, took: float, looks: list[float]
) -> None:
    """Between a second and a quarter of a minute; and nothing else is read then."""

    async def test(one: Submitting) -> None:
        await _second_out(one, took)
        one.colleague(region=NOAM)
        woken = asyncio.create_task(one.wakeup.wait())
        await one.until(took + looks[-1] + 0.5)
        assert not woken.done()
        woken.cancel()
        found = [at - took for at in one.calls("batchsummaries")[2:]]
        assert found == pytest.approx(looks, abs=0.1)
        assert one.calls("batchstatus") == []

    long = Scenario(timing=LASTING_TIMES, limits=LimitsTable(live=4))
    submitting(tmp_path, test, 20, options=ONE_SLOT, scenario=long)


def test_a_worker_that_comes_late_looks_at_once(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.tenant.settle()
        await _second_out(one, 100)
        await one.end()
        one.task = None
        await asyncio.sleep(300)
        one.again()
        before = one.passed()
        await one.until(before + 0.5)
        assert one.calls("batchsummaries")[-1] == before
        assert one.accepted() == [1, 2, 3]

    submitting(tmp_path, test, 20, options=ONE_SLOT, scenario=_times(90))


@pytest.mark.parametrize("kind", ["refused", "no_slot", "doubt"])
def test_where_over_is_not_over_the_slot_is_not_taken_for_free(tmp_path: Path, kind: str) -> None:
    """The service says so by refusing; a connection that fails says nothing."""

    async def test(one: Submitting) -> None:
        await _second_out(one, 100)
        if kind == "refused":
            one.harness.fault("refused", times=1)
        elif kind == "doubt":
            one.harness.fault("cut", moment="after", times=1)
        else:
            one.harness.fault("status", status=429, retry_after=10, times=1)
        await one.until(400)
        if kind == "refused":
            assert one.accepted() == [1, 2, 3]
            return
        assert one.accepted() == [1, 2]
        assert one.sent() == [1, 2, 3]
        looks = len(one.calls("batchsummaries"))
        await one.until(500)
        assert len(one.calls("batchsummaries")) == looks
        one.finish(2)
        await one.until(510)
        assert (3 in one.accepted()) == (kind == "no_slot")

    submitting(tmp_path, test, 15, options=ONE_SLOT, scenario=_times(90))


def test_a_refusal_without_a_batch_that_is_over_says_nothing_of_the_list(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.harness.fault("status", status=429, retry_after=10, nth=1)
        await one.until(20)
        await one.until(100)
        assert one.accepted() == [1]
        one.finish(1)
        await one.until(300)
        assert one.accepted() == [1, 2, 3]  # the third while the second is not read yet

    submitting(tmp_path, test, 15, options=ONE_SLOT, scenario=_times(60))


def test_a_refused_batch_says_nothing_of_slots(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await _second_out(one, 100)
        one.harness.fault("status", status=400, times=1)
        await one.until(250)
        assert [refused.batch for refused in one.events(BatchRejected)] == [3]
        assert one.accepted() == [1, 2, 4]

    submitting(tmp_path, test, 20, options=ONE_SLOT, scenario=_times(90))


def test_slots_are_looked_for_no_longer_where_over_is_not_over(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await one.until(99)
        assert one.accepted() == [1, 2]
        one.harness.fault("status", status=429, retry_after=10, nth=2)
        one.finish(1)
        await one.until(120)
        assert one.accepted() == [1, 2, 3]
        assert one.over == {2}
        looks = one.calls("batchsummaries")
        await one.until(400)
        assert one.calls("batchsummaries") == looks

    two = Options(batch_size=5, slots=2)
    submitting(tmp_path, test, 30, options=two, scenario=_times(90))


def test_while_paused_no_slot_is_looked_for(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        await _second_out(one, 100)
        looks = one.calls("batchsummaries")
        one.pause()
        await one.until(400)
        assert one.calls("batchsummaries") == looks

    submitting(tmp_path, test, 15, options=ONE_SLOT, scenario=_times(90))


def test_a_pause_is_no_wait_that_is_told(tmp_path: Path) -> None:
    async def test(one: Submitting) -> None:
        one.pause()
        await one.until(60)
        assert one.told(TURN) == []
        assert one.heard == []

    submitting(tmp_path, test)
