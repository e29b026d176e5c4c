"""The engine when the service, the sign-in or the line fails."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import AuthTable, BatchRule, ForeignBatch, Scenario
from siptui.runs.events import (
    BatchDeferred,
    BatchInDoubt,
    BatchRejected,
    BatchSubmitting,
    Options,
    RunFinished,
    RunStopped,
    Waiting,
)
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import QUICK, EngineHarness, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5)


def _all_done(harness: EngineHarness, run: str, end: object, count: int) -> None:
    assert isinstance(end, RunFinished), end
    assert end.succeeded == count
    assert harness.differences(run) == []
    assert set(harness.ledger.times.values()) == {1}
    assert harness.ledger.violations == []


def test_without_the_role_nothing_is_submitted(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(auth=AuthTable(role=False)))
        run = harness.create(devices(20), FIVE)
        end = await harness.work(run, sign_in_wait=3600)
        state = harness.state(run)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        assert state.counts == {DeviceState.QUEUED: 20}
        assert (harness.ledger.submits, exit_code(state)) == ([], 4)

    emulated_time.run(main(), limit=6 * 3600)


def test_a_submit_denied_puts_its_devices_back(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", status=403, times=1)
        run = harness.create(devices(20), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        state = harness.state(run)
        assert state.counts[DeviceState.QUEUED] == 20
        assert [e.requeued for e in harness.events(run, BatchRejected)] == [True]
        assert exit_code(state) == 4
        _all_done(harness, run, await harness.work(run), 20)

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("nobody", ["", "test-token"])
def test_a_sign_in_lost_on_the_way_stops_and_a_new_one_goes_on(tmp_path: Path, nobody: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(30), FIVE)
        work = harness.start(run)
        await asyncio.sleep(30)
        harness.emulator.access.revoke()
        harness.token_now = nobody
        end = await work.end()
        assert isinstance(end, RunStopped)
        assert end.code == ("token_refused" if nobody else "sign_in_needed")
        assert exit_code(harness.state(run)) == 4
        harness.token_now = "another-token"
        _all_done(harness, run, await harness.work(run), 30)

    emulated_time.run(main(), limit=6 * 3600)


def test_a_new_sign_in_is_waited_for_and_used_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(30), FIVE)
        work = harness.start(run, sign_in_wait=3600)
        await asyncio.sleep(30)
        harness.emulator.access.revoke()
        harness.token_now = ""
        await asyncio.sleep(600)
        assert not work.ended
        assert "sign-in needed" in harness.events(run, Waiting)[-1].why
        harness.token_now = "another-token"
        harness.run_service.signed_in(run)
        _all_done(harness, run, await work.end(), 30)

    emulated_time.run(main(), limit=6 * 3600)


def test_a_lost_sign_in_is_told_once_whatever_the_calls_say_of_it(tmp_path: Path) -> None:
    """Reads are refused, submits have no token: the message is another each time."""

    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(60, tuple(Region)), FIVE)
        work = harness.start(run, sign_in_wait=7200)
        await asyncio.sleep(20)
        harness.fault("status", "*", status=401)
        for place in range(40):
            harness.token_now = "" if place % 2 else "refused"
            await asyncio.sleep(15)
        waits = [w for w in harness.events(run, Waiting) if w.for_sign_in]
        assert [w.over for w in waits] == [False]
        harness.emulator.faults.clear()
        harness.token_now = "another-token"
        _all_done(harness, run, await work.end(), 60)

    emulated_time.run(main(), limit=6 * 3600)


def test_a_sign_in_that_stays_lost_ends_the_wait(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.token_now = ""
        run = harness.create(devices(5))
        end = await harness.work(run, sign_in_wait=600)
        assert isinstance(end, RunStopped)
        assert end.code == "sign_in_needed"
        assert 600 <= (emulated_time.now() - emulated_time.START).total_seconds() < 660
        assert harness.ledger.submits == []

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize(
    ("call", "patience"), [("batchstatus", 0), ("batchsummaries", 3600), ("createbatch", 3600)]
)
def test_a_sign_in_lost_at_any_call_is_no_error_of_ours(
    tmp_path: Path, call: str, patience: int
) -> None:
    """With others' batches looked at and a lost answer looked for in the meantime."""

    async def main() -> None:
        others = (ForeignBatch(at=-1, region=Region.EMEA, devices=60),)
        slow = (BatchRule(slow=3),)
        scenario = Scenario(foreign=others, batches=slow, timing=QUICK.timing)
        harness = EngineHarness(tmp_path, scenario)
        harness.fault("cut", moment="after", nth=2)
        run = harness.create(devices(25), FIVE)
        for nth in range(1, 20, 6):
            harness.fault("status", call, status=401, nth=nth)
        ends = 0
        while not isinstance(end := await harness.work(run, sign_in_wait=patience), RunFinished):
            assert end.code == "token_refused"
            ends += 1
        assert (ends > 0) == (patience == 0)
        _all_done_but_foreign(harness, run, end)

    emulated_time.run(main(), limit=6 * 3600)


def _all_done_but_foreign(harness: EngineHarness, run: str, end: RunFinished) -> None:
    assert end.succeeded == 25
    assert harness.differences(run) == []
    assert max(harness.ledger.resets.values()) == 1
    assert harness.ledger.violations == []


@pytest.mark.parametrize("nobody_at", ["foreign", "doubt"])
def test_no_token_while_looking_at_others_batches_stops_cleanly(
    tmp_path: Path, nobody_at: str
) -> None:
    async def main() -> None:
        others = (ForeignBatch(at=-1, region=Region.EMEA, devices=60),)
        harness = EngineHarness(tmp_path, Scenario(foreign=others, batches=(BatchRule(slow=3),)))
        if nobody_at == "doubt":
            harness.fault("cut", moment="after", nth=1)
        run = harness.create(devices(5))
        status = harness.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"].endswith("batchsummaries"):
                wanted = nobody_at == "foreign" or harness.ledger.submits
                harness.token_now = "" if wanted else harness.token_now
            await status(scope, receive, send)

        harness.emulator.app = app
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "sign_in_needed"
        harness.emulator.app, harness.token_now = status, "again"
        assert isinstance(await harness.work(run), RunFinished)
        assert max(harness.ledger.resets.values()) == 1

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 90},
        {"kind": "refused"},
        {"kind": "connect_timeout"},
    ],
)
def test_what_certainly_was_not_accepted_is_tried_again(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault(**fault, times=2)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        _all_done(harness, run, end, 10)
        deferred = harness.events(run, BatchDeferred)
        assert len(deferred) == 2
        assert len(harness.events(run, BatchSubmitting)) == 4
        assert harness.events(run, BatchInDoubt) == []
        if "retry_after" in fault:
            assert min(s.at for s in harness.ledger.submits) >= 90

    emulated_time.run(main(), limit=6 * 3600)


def test_a_definite_no_fails_the_batch_and_the_next_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", status=400, nth=1)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (5, 5)
        state = harness.state(run)
        assert state.batches[1].state is BatchState.REJECTED
        assert set(state.causes()) == {"batch_rejected"}
        assert exit_code(state) == 3

    emulated_time.run(main(), limit=6 * 3600)


def test_a_service_never_reached_gives_up_before_anything_was_submitted(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("refused", "*")
        run = harness.create(devices(10))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "not_reached"
        assert exit_code(harness.state(run)) == 1
        assert harness.state(run).counts == {DeviceState.QUEUED: 10}

    emulated_time.run(main(), limit=6 * 3600)


def test_twenty_minutes_without_the_service_is_sat_out(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("refused", "*", since=30, until=1230)
        run = harness.create(devices(30), FIVE)
        _all_done(harness, run, await harness.work(run), 30)
        notes = harness.notes(run)
        assert any("still trying" in note for note in notes)
        assert any("answers again" in note for note in notes)
        assert len(notes) <= 4

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("kind", ["status", "html", "garbage", "empty", "cut_body", "hang"])
def test_lost_looks_are_no_verdict(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault(
            kind, "batchstatus", probability=0.5, **({"status": 503} if kind == "status" else {})
        )
        harness.fault(
            kind, "batchsummaries", every=2, **({"status": 503} if kind == "status" else {})
        )
        run = harness.create(devices(10), FIVE)
        _all_done(harness, run, await harness.work(run), 10)

    emulated_time.run(main(), limit=6 * 3600)


def test_one_batch_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        inner = harness.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            query = scope.get("query_string", b"").decode()
            if harness.ledger.submits and harness.ids()[0] in query:
                # The status of another batch than the one asked for.
                other = harness.ids()[-1]
                scope = {**scope, "query_string": f"batchid={other}".encode()}
                assert query.startswith("batchid=")
            await inner(scope, receive, send)

        harness.emulator.app = app
        run = harness.create(devices(20), FIVE)
        work = harness.start(run)
        await asyncio.sleep(600)
        state = harness.state(run)
        assert [b.state for b in state.batches.values()] == [
            BatchState.RUNNING,
            BatchState.FINISHED,
            BatchState.FINISHED,
            BatchState.FINISHED,
        ]
        assert [r.state for r in state.devices[:5]] == [DeviceState.RUNNING] * 5
        assert any("still trying" in note for note in harness.notes(run))
        harness.emulator.app = inner
        await work.terminate()
        _all_done(harness, run, await harness.work(run), 20)

    emulated_time.run(main(), limit=6 * 3600)


def test_who_waits_for_a_sign_in_ends_at_once_when_asked(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", status=401)
        run = harness.create(devices(5), FIVE)
        work = harness.start(run, sign_in_wait=3600)
        await asyncio.sleep(10)
        assert harness.events(run, Waiting)
        asked = asyncio.get_running_loop().time()
        await work.terminate()
        assert asyncio.get_running_loop().time() - asked < 1
        assert harness.state(run).counts[DeviceState.QUEUED] == 5

    emulated_time.run(main(), limit=6 * 3600)
