"""Turns to submit: who listed the tenant's batches before another one's turn lists them anew."""

import asyncio
import errno
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.host import locks
from siptui.host.locks import CountedLock
from siptui.host.unused_locks import TURNS
from siptui.runs.engine.submit_turns import SubmitTurns
from tests.support import emulated_time

EMEA, NOAM = Region.EMEA, Region.NOAM


def test_a_list_from_before_or_during_the_turn_of_another_is_old(tmp_path: Path) -> None:
    async def main() -> None:
        one, other = SubmitTurns(tmp_path), SubmitTurns(tmp_path)
        before = other.taken()
        assert await one.take(EMEA, one.taken())
        during = other.taken()
        assert await one.take(NOAM, during)  # its other regions have it together
        waiting = asyncio.create_task(other.take(NOAM, during))
        await asyncio.sleep(5)
        assert not waiting.done()
        one.give_back(EMEA)
        await asyncio.sleep(5)
        assert not waiting.done()
        one.give_back(NOAM)
        assert not await waiting
        assert not await other.take(EMEA, before)
        assert await other.take(EMEA, other.taken())
        other.give_back(EMEA)
        assert not await one.take(EMEA, during)

    emulated_time.run(main())


def test_ones_own_turns_and_those_not_used_make_no_list_old(tmp_path: Path) -> None:
    async def main() -> None:
        one, other = SubmitTurns(tmp_path), SubmitTurns(tmp_path)
        listed, old = one.taken(), other.taken()
        for _ in range(3):
            assert await one.take(EMEA, listed)
            one.give_back(EMEA)
        fresh = other.taken()
        assert not await other.take(EMEA, old)
        assert await one.take(EMEA, listed)
        one.give_back(EMEA)
        assert not await other.take(EMEA, fresh)

    emulated_time.run(main())


def test_a_turn_that_becomes_free_is_taken_within_a_fraction_of_a_second(tmp_path: Path) -> None:
    async def main() -> None:
        one, other = SubmitTurns(tmp_path), SubmitTurns(tmp_path)
        assert await one.take(EMEA, one.taken())
        waiting = asyncio.create_task(other.take(EMEA, other.taken()))
        loop = asyncio.get_running_loop()
        await asyncio.sleep(10)
        began = loop.time()
        one.give_back(EMEA)
        await waiting
        assert loop.time() - began < 0.3

    emulated_time.run(main())


def test_a_region_with_an_old_list_does_not_end_the_turn_of_another(tmp_path: Path) -> None:
    async def main() -> None:
        one, other = SubmitTurns(tmp_path), SubmitTurns(tmp_path)
        old = one.taken()
        assert await other.take(EMEA, old)
        other.give_back(EMEA)
        assert await one.take(EMEA, one.taken())
        assert not await one.take(NOAM, old)
        waiting = asyncio.create_task(other.take(EMEA, other.taken()))
        await asyncio.sleep(5)
        assert not waiting.done()
        one.give_back(EMEA)
        await waiting

    emulated_time.run(main())


def test_a_count_that_went_back_tells_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        one, other = SubmitTurns(tmp_path), SubmitTurns(tmp_path)
        for _ in range(2):
            assert await other.take(EMEA, other.taken())
            other.give_back(EMEA)
        listed = one.taken()
        (tmp_path / TURNS).unlink()
        assert not await one.take(EMEA, listed)
        assert await one.take(EMEA, one.taken())

    emulated_time.run(main())


def _no_locks(fd: int) -> bool:
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.mark.parametrize("kind", ["a file", "no locks"])
def test_where_no_turn_can_be_had_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async def main() -> None:
        folder = tmp_path / "turns"
        if kind == "a file":
            folder.write_text("")
        else:  # a network file system mounted without them
            folder.mkdir(mode=0o700)
            monkeypatch.setattr(locks, "lock_for_writing", _no_locks)
        turns = SubmitTurns(folder)
        assert await turns.take(EMEA, 0)
        turns.give_back(EMEA)

    emulated_time.run(main())


@pytest.mark.parametrize("kind", ["none", "gone", "stopped"])
def test_without_turns_the_run_goes_on(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        folder = {"none": None, "gone": tmp_path / "gone", "stopped": tmp_path}[kind]
        held = CountedLock(tmp_path / "submits")
        if kind == "stopped":  # a process that was stopped in its turn
            held.take()
        began = asyncio.get_running_loop().time()
        turns = SubmitTurns(folder)
        assert await turns.take(EMEA, turns.taken())
        turns.give_back(EMEA)
        held.release()
        if kind == "stopped":  # no submit takes as long
            assert 180 <= asyncio.get_running_loop().time() - began < 180.5

    emulated_time.run(main(), limit=600)
