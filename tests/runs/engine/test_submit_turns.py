"""Turns to submit: who listed the tenant's batches before another one's turn lists them anew."""

import asyncio
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.host.locks import CountedLock
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


@pytest.mark.parametrize("kind", ["none", "gone", "stopped"])
def test_without_turns_the_run_goes_on(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        folder = {"none": None, "gone": tmp_path / "gone", "stopped": tmp_path}[kind]
        held = CountedLock(tmp_path / "submits")
        if kind == "stopped":  # a process that was stopped in its turn
            held.take()
        turns = SubmitTurns(folder)
        assert await turns.take(EMEA, turns.taken())
        turns.give_back(EMEA)
        held.release()

    emulated_time.run(main(), limit=600)
