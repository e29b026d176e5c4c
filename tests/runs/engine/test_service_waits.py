"""What a run says of the service's waits: once each, and their end, without the rest of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from siptui.runs.engine.service_waits import ServiceWaits
from siptui.runs.events import ROLE, SERVICE, TURN, Note, Waiting
from siptui.runs.journal.journal import Journal, timestamp
from siptui.runs.run_log import RunLog
from siptui.transport.retry import MAX_HONOURED
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import devices
from tests.runs.journal_of_runs import JournalOfRuns
from tests.support import emulated_time


class _Told:
    """A run that is told of the waits of `throttle` at each `look`."""

    def __init__(self, folder: Path) -> None:
        self._runs = JournalOfRuns(folder / "journal.db")
        self._runs.plan("r1", devices(2))
        self.throttle = Throttle(None, emulated_time.now)
        self.log = RunLog(self._runs.journal, "r1", emulated_time.now)
        self.waits = ServiceWaits(self.log, self.throttle)

    async def looks(self, seconds: float) -> None:
        """Look ten times in so many seconds."""
        for _ in range(10):
            self.waits.tell()
            await asyncio.sleep(seconds / 10)
        self.waits.tell()

    def said(self) -> list[Waiting]:
        """What was written of the service."""
        stored = self.journal.read("r1")
        return [s.event for s in stored if isinstance(s.event, Waiting) and s.event.kind == SERVICE]

    def warnings(self) -> list[str]:
        """What the operator was told besides."""
        return [
            s.event.text
            for s in self.journal.read("r1")
            if isinstance(s.event, Note) and s.event.level == "warning"
        ]

    @property
    def journal(self) -> Journal:
        return self._runs.journal

    def close(self) -> None:
        """Let go of the journal."""
        self._runs.close()


def _run(folder: Path, test: Callable[[_Told], Awaitable[None]]) -> None:
    async def main() -> None:
        told = _Told(folder)
        try:
            await test(told)
        finally:
            told.close()

    emulated_time.run(main())


def _at(seconds: float) -> str:
    return timestamp(emulated_time.START + timedelta(seconds=seconds))


def test_a_wait_is_said_when_it_begins_and_when_it_is_over(tmp_path: Path) -> None:
    async def test(one: _Told) -> None:
        await one.looks(10)
        assert one.said() == []
        for begun in (10, 100):
            one.throttle.told(60, "slow down")
            await one.looks(59)
            wait = one.said()[-1]
            assert (wait.why, wait.until, wait.over) == ("slow down", _at(begun + 60), False)
            assert one.log.state.waiting == wait
            await one.looks(31)
            assert one.log.state.waiting is None
        assert [said.over for said in one.said()] == [False, True] * 2
        assert one.warnings() == []

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("more", "again"), [(0.9, False), (1, True), (30, True), (-0.9, False), (-30, True)]
)
def test_another_end_is_said_and_a_fraction_of_a_second_is_none(
    tmp_path: Path, more: float, again: bool
) -> None:
    async def test(one: _Told) -> None:
        one.throttle.told(60, "slow down")
        one.waits.tell()
        one.throttle.lift()
        one.throttle.told(60 + more, "still")
        one.waits.tell()
        assert [said.until for said in one.said()] == [_at(60), _at(60 + more)][: 1 + again]
        await one.looks(100)
        assert one.log.state.waiting is None
        assert [said.over for said in one.said()] == [False] * (1 + again) + [True]

    _run(tmp_path, test)


def test_a_short_wait_right_after_another_is_said(tmp_path: Path) -> None:
    async def test(one: _Told) -> None:
        one.throttle.told(60, "slow down")
        await one.looks(60)
        one.throttle.told(0.5, "a moment")
        one.waits.tell()
        assert [said.until for said in one.said()] == [_at(60), "", _at(60.5)]

    _run(tmp_path, test)


def test_its_end_is_told_though_the_run_waits_for_a_role_as_well(tmp_path: Path) -> None:
    """When the role is back nothing is left that it would wait for."""

    async def test(one: _Told) -> None:
        one.throttle.told(60, "slow down")
        one.waits.tell()
        one.log.write(Waiting(why="your role has ended", kind=ROLE))
        await one.looks(100)
        assert one.log.state.waits_for(ROLE)
        assert one.said()[-1].over
        one.log.write(Waiting(why="the role is active again", over=True, kind=ROLE))
        assert one.log.state.waiting is None

    _run(tmp_path, test)


def test_what_is_waited_for_since_then_is_not_over_with_it(tmp_path: Path) -> None:
    async def test(one: _Told) -> None:
        one.throttle.told(60, "slow down")
        one.waits.tell()
        turn = Waiting(why="another run submits", until=_at(300), kind=TURN)
        one.log.write(turn)
        await one.looks(100)
        assert one.log.state.waiting == turn
        assert [said.over for said in one.said()] == [False]

    _run(tmp_path, test)


def test_what_ended_otherwise_is_not_said_to_be_over_once_more(tmp_path: Path) -> None:
    async def test(one: _Told) -> None:
        one.throttle.told(60, "slow down")
        one.waits.tell()
        one.log.write(Waiting(why="tried now", over=True, kind=SERVICE))
        await one.looks(100)
        assert len(one.said()) == 2

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (MAX_HONOURED - 1, ""),
        (MAX_HONOURED, ""),
        (MAX_HONOURED + 1, "until 2026-03-02 08:15 UTC"),
        (2 * 3600, "until 2026-03-02 10:00 UTC"),
        (2.6e11, "for thousands of years"),
    ],
)
def test_a_wait_that_is_not_honoured_whole_is_told_with_the_way_around(
    tmp_path: Path, asked: float, words: str
) -> None:
    async def test(one: _Told) -> None:
        one.throttle.told(asked, "Slow down.")
        await one.looks(600)
        (wait,) = one.said()
        assert wait.until == _at(min(asked, MAX_HONOURED))
        if not words:
            assert wait.why == "Slow down."
            assert one.warnings() == []
            return
        assert wait.why == (
            f"Slow down. It asks to wait {words}; siptui asks again after 15 minutes."
        )
        (warning,) = one.warnings()
        assert "asked again 2026-03-02 08:15:00 UTC" in warning
        assert "siptui resume r1 --now" in warning

    _run(tmp_path, test)
