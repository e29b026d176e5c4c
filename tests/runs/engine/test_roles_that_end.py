"""A role that ends in the middle of a run: submits wait, nothing is repeated, and the run goes on
by itself when the role is back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario_tables import RoleChange
from siptui.runs.events import (
    BatchRejected,
    BatchSubmitting,
    BatchUnsettled,
    Event,
    Options,
    RunFinished,
    RunStopped,
    Waiting,
    WorkerStarted,
)
from siptui.runs.output.json_lines import exit_code
from siptui.runs.state import needs_role, needs_sign_in
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5)
DAY = 24 * 3600


def _ends(lab: EngineHarness, at: float = 0) -> None:
    lab.emulator.access.roles.add(RoleChange(at=at, roles=WITHOUT_BULK), lab.tenant.settle())


def _back(lab: EngineHarness, at: float = 0) -> None:
    lab.emulator.access.roles.add(RoleChange(at=at, roles=OPERATOR), lab.tenant.settle())


def _waits(lab: EngineHarness, run: str) -> list[Waiting]:
    return [event for event in lab.events(run, Waiting) if event.for_role]


def _waits_still(lab: EngineHarness, run: str) -> bool:
    """Whether the journal ends with a wait for the role. A worker that starts ends what the one
    before it, which was killed, waited for."""
    told = [
        event
        for event in lab.events(run, Event)
        if isinstance(event, WorkerStarted) or (isinstance(event, Waiting) and event.for_role)
    ]
    return isinstance(told[-1], Waiting) and not told[-1].over


def _done(lab: EngineHarness, run: str, end: object, count: int) -> None:
    assert isinstance(end, RunFinished), end
    assert end.succeeded == count
    assert lab.differences(run) == []
    assert set(lab.ledger.times.values()) == {1}
    assert lab.ledger.violations == []


async def _until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - the journal is no event
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("since", "regions"), [(1, tuple(Region)), (30, (Region.EMEA,)), (30, tuple(Region))]
)
def test_the_run_waits_says_so_once_and_goes_on_by_itself(
    tmp_path: Path, since: float, regions: tuple[Region, ...]
) -> None:
    """Right after the first submit; between two batches, while others are read."""

    async def main() -> None:
        lab = EngineHarness(tmp_path, "healthy")
        run = lab.create(devices(60, regions), FIVE)
        _ends(lab, since)
        work = lab.start(run, role_wait=DAY)
        await asyncio.sleep(since + 900)
        assert not work.ended
        assert "your role has ended" in needs_role(lab.state(run))
        assert needs_sign_in(lab.state(run)) == ""
        assert [w.over for w in _waits(lab, run)] == [False]
        at = lab.tenant.settle()
        looked = lab.ledger.calls["batchsummaries"]
        await asyncio.sleep(600)
        assert 9 <= lab.ledger.calls["batchsummaries"] - looked <= 11  # once a minute, all regions
        _back(lab)
        _done(lab, run, await work.end(), 60)
        assert [w.over for w in _waits(lab, run)] == [False, True]
        assert not [s for s in lab.ledger.submits if since <= s.at < at + 600]
        again = min(s.at for s in lab.ledger.submits if s.at > at)
        assert again - (at + 600) < 90

    emulated_time.run(main(), limit=DAY)


def test_what_is_live_is_read_on_where_reading_is_allowed(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "createbatch", status=403, since=8, until=4000)
        run = lab.create(devices(60), FIVE)
        work = lab.start(run, role_wait=DAY)
        await asyncio.sleep(3000)
        state = lab.state(run)
        submitted = {key for submit in lab.ledger.submits for key in submit.items}
        assert 0 < len(submitted) < 60
        assert state.counts[DeviceState.SUCCEEDED] == len(submitted)
        assert not state.open_batches()
        assert needs_role(state)
        _done(lab, run, await work.end(), 60)
        assert [w.over for w in _waits(lab, run)] == [False, True]
        rejected = lab.events(run, BatchRejected)
        assert rejected
        assert all(one.requeued and one.status == 403 for one in rejected)

    emulated_time.run(main(), limit=DAY)


def test_a_batch_that_alone_is_denied_holds_up_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "batchstatus", status=403, nth=tuple(range(1, 400, 3)))
        run = lab.create(devices(30), FIVE)
        _done(lab, run, await lab.work(run, role_wait=DAY), 30)
        assert _waits(lab, run) == []

    emulated_time.run(main(), limit=DAY)


@pytest.mark.parametrize("attended", [False, True])
def test_a_run_that_has_submitted_nothing_waits_for_a_person_alone(
    tmp_path: Path, attended: bool
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        _ends(lab)
        run = lab.create(devices(10), FIVE)
        work = lab.start(run, role_wait=DAY, sign_in_wait=DAY if attended else 0)
        await asyncio.sleep(300)
        assert work.ended != attended
        if attended:
            assert "lacks the role" in needs_role(lab.state(run))
            _back(lab)
            _done(lab, run, await work.end(), 10)
        else:
            end = await work.end()
            assert isinstance(end, RunStopped)
            assert end.code == "access_denied"
            assert exit_code(lab.state(run)) == 4
            assert lab.ledger.submits == []

    emulated_time.run(main(), limit=DAY)


def test_a_role_that_stays_away_ends_the_run(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        _ends(lab, 30)
        run = lab.create(devices(60), FIVE)
        end = await lab.work(run, role_wait=3600)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        assert 3600 <= lab.tenant.settle() < 3900
        assert needs_role(lab.state(run)) == ""
        _back(lab)
        _done(lab, run, await lab.work(run), 60)

    emulated_time.run(main(), limit=2 * DAY)


@pytest.mark.parametrize("how", ["order", "sign-in"])
def test_an_operator_who_has_activated_it_need_not_wait(tmp_path: Path, how: str) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        run = lab.create(devices(30), FIVE)
        work = lab.start(run, role_wait=DAY)
        await asyncio.sleep(20)
        _ends(lab)
        await _until(lambda: bool(needs_role(lab.state(run))))
        _back(lab)
        await asyncio.sleep(1)
        assert needs_role(lab.state(run))
        (lab.run_service.try_now if how == "order" else lab.run_service.signed_in)(run)
        await asyncio.sleep(5)
        assert needs_role(lab.state(run)) == ""
        _done(lab, run, await work.end(), 30)

    emulated_time.run(main(), limit=DAY)


def test_trying_now_takes_a_new_token_however_new_the_last_is(tmp_path: Path) -> None:
    """A token that was made a second before the role was activated does not name it."""

    class Renewing(EngineHarness):
        renewed = 0

        async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
            self.renewed += refresh
            return f"token {self.renewed}"

    async def main() -> None:
        lab = Renewing(tmp_path)
        run = lab.create(devices(30), FIVE)
        work = lab.start(run, role_wait=DAY)
        await asyncio.sleep(20)
        _ends(lab)
        await _until(lambda: bool(needs_role(lab.state(run))))
        before = lab.renewed
        await asyncio.sleep(5)
        assert lab.renewed == before == 1
        lab.run_service.try_now(run)
        await asyncio.sleep(5)
        assert lab.renewed == before + 1
        _back(lab)
        _done(lab, run, await work.end(), 30)

    emulated_time.run(main(), limit=DAY)


def test_a_lost_answer_is_looked_for_when_the_role_is_back(tmp_path: Path) -> None:
    """A batch that was accepted is not unknown because its account may not look for it."""

    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("cut", "createbatch", moment="after", nth=2)
        run = lab.create(devices(20), FIVE)
        work = lab.start(run, role_wait=DAY)
        await _until(
            lambda: BatchState.IN_DOUBT in {b.state for b in lab.state(run).batches.values()}
        )
        _ends(lab)
        await asyncio.sleep(3600)
        _back(lab)
        _done(lab, run, await work.end(), 20)
        assert lab.events(run, BatchUnsettled) == []

    emulated_time.run(main(), limit=DAY)


def test_sign_in_and_role_lost_together_are_told_one_after_the_other(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        run = lab.create(devices(30), FIVE)
        work = lab.start(run, role_wait=DAY, sign_in_wait=DAY)
        await asyncio.sleep(20)
        _ends(lab)
        await asyncio.sleep(600)
        lab.emulator.access.revoke()
        lab.token_now = ""
        await asyncio.sleep(600)
        state = lab.state(run)
        assert state.waiting is not None
        assert state.waiting.for_sign_in
        assert needs_role(state)
        lab.token_now = "another-token"
        lab.run_service.signed_in(run)
        await asyncio.sleep(600)
        state = lab.state(run)
        assert state.waiting is not None
        assert state.waiting.for_role
        _back(lab)
        _done(lab, run, await work.end(), 30)
        assert [w.over for w in _waits(lab, run)] == [False, True]

    emulated_time.run(main(), limit=DAY)


@pytest.mark.parametrize("jump", [-7200, 40 * DAY])
def test_a_clock_that_jumps_changes_nothing_of_the_wait(
    tmp_path: Path, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        run = lab.create(devices(30), FIVE)
        by = [timedelta()]
        monkeypatch.setattr(
            "tests.runs.engine.engine_harness.now", lambda: emulated_time.now() + by[0]
        )
        work = lab.start(run, role_wait=DAY)
        await asyncio.sleep(20)
        _ends(lab)
        await asyncio.sleep(300)
        by[0] = timedelta(seconds=jump)
        await asyncio.sleep(900)
        assert not work.ended
        assert needs_role(lab.state(run))
        _back(lab)
        await asyncio.sleep(90)
        assert needs_role(lab.state(run)) == ""
        _done(lab, run, await work.end(), 30)

    emulated_time.run(main(), limit=DAY)


_MOMENTS = st.lists(st.floats(0.5, 200), min_size=1, max_size=6)
_LOST = st.lists(st.integers(1, 14), max_size=3, unique=True)


@settings(max_examples=12, deadline=None)
@example(moments=[2.0, 1.0], lost=[], killed=True, regions=(Region.EMEA,))
@given(
    moments=_MOMENTS,
    lost=_LOST,
    killed=st.booleans(),
    regions=st.sampled_from([(Region.EMEA,), tuple(Region)]),
)
def test_whenever_roles_end_and_come_back_each_phone_is_submitted_once(
    tmp_path_factory: pytest.TempPathFactory,
    moments: list[float],
    lost: list[int],
    killed: bool,
    regions: tuple[Region, ...],
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path_factory.mktemp("roles"))
        changes, at = [], 0.0
        for place, moment in enumerate(moments):
            at += moment
            changes.append((at, place % 2 == 0))
            (_ends if place % 2 == 0 else _back)(lab, at)
        _back(lab, at + 300)
        for nth in lost:
            lab.fault("cut", "createbatch", moment="after", nth=nth)
        run = lab.create(devices(30, regions), FIVE)
        work = lab.start(run, role_wait=DAY, sign_in_wait=DAY)
        if killed:
            await asyncio.sleep(moments[0] + 1)
            await work.kill()
            work = lab.start(run, role_wait=DAY, sign_in_wait=DAY)
        end = await work.end()
        assert isinstance(end, RunFinished), end
        assert lab.differences(run) == []
        assert all(times == 1 for times in lab.ledger.times.values())
        assert end.succeeded + end.unknown == 30
        assert not end.unknown, lab.notes(run)
        away = [a for a, gone in changes if gone]
        until = [a for a, gone in changes if not gone] + [at + 300]
        for submit in lab.ledger.submits:
            assert not any(
                begin <= submit.at < min(b for b in until if b > begin) for begin in away
            )
        intents = lab.events(run, BatchSubmitting)
        accepted = len(lab.ledger.submits)
        denied = len(lab.events(run, BatchRejected))
        assert len(intents) >= accepted
        assert denied <= len(intents) - accepted
        assert not _waits_still(lab, run)

    emulated_time.run(main(), limit=3 * DAY)


def test_the_scenario_of_a_role_that_ends(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path, "role-ends")
        run = lab.create(devices(60), Options(batch_size=2))
        _done(lab, run, await lab.work(run, role_wait=DAY), 60)
        assert [w.over for w in _waits(lab, run)] == [False, True]

    emulated_time.run(main(), limit=DAY)
