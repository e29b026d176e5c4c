"""Where work waits for a role: how often it is looked for, for how long, and what is said."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from siptui.domain.errors import SignInNeededError
from siptui.domain.region import Region
from siptui.gateway.errors import (
    AccessDeniedError,
    AnswerLostError,
    RejectedError,
    ServiceFailedError,
    TokenRefusedError,
)
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.run_stop import RunStop
from siptui.runs.events import ROLE, Order, RunStopped, Waiting
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import devices
from tests.runs.journal_of_runs import JournalOfRuns
from tests.support import emulated_time

EMEA, NOAM = Region.EMEA, Region.NOAM
DENIED = AccessDeniedError("You may not do that.")


class _Gate:
    """A gate of a run of two batches, the first of which is `touched`: it was submitted.

    `answer` is what a look meets, nothing where it is allowed; `looks` are the times of them.
    """

    def __init__(
        self, folder: Path, *, touched: bool = True, patience: float = 600, attended: bool = False
    ) -> None:
        self._runs = JournalOfRuns(folder / "journal.db")
        self._runs.plan("r1", devices(2), size=1)
        if touched:
            self._runs.running("r1")
        self.log = RunLog(self._runs.journal, "r1", emulated_time.now)
        self.wakeup, self.throttle = Wakeup(), Throttle(None, emulated_time.now)
        self.answer: Exception | None = DENIED
        self.looks: list[float] = []
        self.gate = RoleGate(
            *(self.log, self.wakeup, self.throttle, self._look),
            patience=patience,
            attended=attended,
        )

    async def _look(self) -> None:
        self.looks.append(_now())
        await asyncio.sleep(0)
        if self.answer is not None:
            raise self.answer

    async def later(self, seconds: float, answer: Exception | None) -> None:
        """In so many seconds that is the answer."""
        await asyncio.sleep(seconds)
        self.answer = answer

    def said(self) -> list[bool]:
        """Of each thing that was written of the role, whether it is over."""
        stored = self._runs.journal.read("r1")
        return [s.event.over for s in stored if isinstance(s.event, Waiting) and s.event.for_role]

    def why(self) -> str:
        """What the run waits for."""
        wait = self.log.state.waits_for(ROLE)
        return wait.why if wait else ""

    def close(self) -> None:
        """Let go of the journal."""
        self._runs.close()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _run(folder: Path, test: Callable[[_Gate], Awaitable[None]], **how: bool | float) -> None:
    async def main() -> None:
        gate = _Gate(folder, **how)  # type: ignore[arg-type]
        try:
            await test(gate)
        finally:
            gate.close()

    emulated_time.run(main())


@pytest.mark.parametrize(
    ("patience", "touched", "attended", "patient"),
    [
        (0, True, True, False),
        (1, False, False, False),
        (1, True, False, True),
        (1, False, True, True),
    ],
)
def test_who_waits_at_all(
    tmp_path: Path, patience: float, touched: bool, attended: bool, patient: bool
) -> None:
    async def test(one: _Gate) -> None:
        assert one.gate.patient is patient

    _run(tmp_path, test, patience=patience, touched=touched, attended=attended)


def test_reads_are_looked_for_each_minute_until_they_are_back(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        back = asyncio.create_task(one.later(150, None))
        assert await one.gate.reads_back(DENIED)
        assert one.looks == [0, 60, 120, 180]
        assert one.said() == [False, True]
        await back

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("touched", "words"), [(True, "your role has ended"), (False, "your account lacks the role")]
)
def test_why_it_waits(tmp_path: Path, touched: bool, words: str) -> None:
    async def test(one: _Gate) -> None:
        denied = asyncio.create_task(one.gate.submit_denied(EMEA, DENIED))
        await asyncio.sleep(1)
        told = "activate it, siptui looks every minute (You may not do that)"
        assert one.why() == f"{words}; {told}"
        await denied
        one.gate.submit_allowed(EMEA)
        assert one.why() == ""

    _run(tmp_path, test, touched=touched)


def test_what_alone_is_denied_is_told_so(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        one.answer = None
        assert not await one.gate.reads_back(DENIED)
        assert (one.looks, one.said()) == ([0], [])

    _run(tmp_path, test)


def test_of_all_who_are_denied_one_looks(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        back = asyncio.create_task(one.later(90, None))
        found = await asyncio.gather(*(one.gate.reads_back(DENIED) for _ in range(3)))
        assert found == [True] * 3
        assert one.looks == [0, 60, 120]
        await back
        # One that is denied later looks for itself.
        assert not await one.gate.reads_back(DENIED)
        assert one.looks[3:] == [120]
        one.answer = DENIED
        back = asyncio.create_task(one.later(30, None))
        assert await one.gate.reads_back(DENIED)
        assert one.said() == [False, True] * 2
        await back

    _run(tmp_path, test)


@pytest.mark.parametrize(
    "error", [SignInNeededError("sign in"), TokenRefusedError("sign in")], ids=["none", "refused"]
)
def test_a_sign_in_is_not_waited_for_here(tmp_path: Path, error: Exception) -> None:
    async def test(one: _Gate) -> None:
        one.answer = error
        assert await one.gate.reads_back(DENIED)
        assert (one.looks, one.said()) == ([0], [])

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("error", "allowed"),
    [
        (ServiceFailedError("503"), False),
        (AnswerLostError("cut"), False),
        (RejectedError("404"), True),
    ],
)
def test_an_answer_that_does_not_come_says_nothing(
    tmp_path: Path, error: Exception, allowed: bool
) -> None:
    async def test(one: _Gate) -> None:
        one.answer = error
        back = asyncio.create_task(one.later(30, None))
        assert await one.gate.reads_back(DENIED) is not allowed
        assert one.looks == ([0] if allowed else [0, 60])
        await back

    _run(tmp_path, test)


def test_nothing_is_asked_while_the_service_asks_to_wait(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        one.answer = None
        one.throttle.told(45, "slow down")
        await one.gate.reads_back(DENIED)
        assert one.looks == [45]

    _run(tmp_path, test)


def test_a_denied_submit_waits_a_minute_or_until_it_is_told(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        waiting = asyncio.create_task(one.gate.submit_denied(EMEA, DENIED))
        await asyncio.sleep(10)
        one.wakeup.wake()  # of something else
        await waiting
        assert _now() == 60

        waiting = asyncio.create_task(one.gate.submit_denied(EMEA, DENIED))
        await asyncio.sleep(10)
        one.gate.look_now()
        await waiting
        assert _now() == 70

        waiting = asyncio.create_task(one.gate.submit_denied(EMEA, DENIED))
        await asyncio.sleep(10)
        one.log.write(Order(what="new_token"))
        one.wakeup.wake()
        await waiting
        assert _now() == 80
        assert one.said() == [False]

    _run(tmp_path, test)


def test_when_reads_are_back_submits_are_tried_at_once(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        back = asyncio.create_task(one.later(70, None))
        reads = asyncio.create_task(one.gate.reads_back(DENIED))
        await asyncio.sleep(100)
        submit = asyncio.create_task(one.gate.submit_denied(EMEA, DENIED))
        assert await reads
        await submit
        assert _now() == 120
        assert one.said() == [False]  # the submit may be denied still
        one.gate.submit_allowed(NOAM)  # which was not denied
        assert one.said() == [False]
        one.gate.submit_allowed(EMEA)
        one.gate.submit_allowed(EMEA)
        assert one.said() == [False, True]
        await back

    _run(tmp_path, test)


def test_a_role_is_waited_for_as_long_as_is_allowed(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        await one.gate.submit_denied(EMEA, DENIED)
        await one.gate.submit_denied(NOAM, DENIED)
        with pytest.raises(RunStop) as stop:
            await one.gate.submit_denied(EMEA, DENIED)
        assert _now() == 120
        assert isinstance(stop.value.event, RunStopped)
        assert stop.value.event.code == "access_denied"

    _run(tmp_path, test, patience=120)


def test_each_time_that_it_is_away_counts_anew(tmp_path: Path) -> None:
    async def test(one: _Gate) -> None:
        for _ in range(3):
            await one.gate.submit_denied(EMEA, DENIED)
            one.gate.submit_allowed(EMEA)
        assert one.said() == [False, True] * 3
        with pytest.raises(RunStop):
            await one.gate.reads_back(DENIED)
        assert _now() == 180 + 120

    _run(tmp_path, test, patience=120)


def test_an_end_is_not_said_of_what_nothing_waits_for(tmp_path: Path) -> None:
    """A second time where it was over otherwise."""

    async def test(one: _Gate) -> None:
        await one.gate.submit_denied(EMEA, DENIED)
        one.log.write(Waiting(why="", over=True, kind=ROLE))
        one.gate.submit_allowed(EMEA)
        assert one.said() == [False, True]

    _run(tmp_path, test)
