"""Two runs that want the same phones or accounts: neither works under the other's hands."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.conflicts import BusyDevicesError
from siptui.runs.events import BatchSubmitting, Note, Options, RunFinished, RunStopped
from siptui.runs.worker import take
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.support import emulated_time

TWO = Options(batch_size=2, slots=1)


def lived(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    emulated_time.run(main(), limit=6 * 3600)


async def _interrupted(harness: EngineHarness, run: str, after: float = 5.0) -> None:
    work = harness.start(run)
    await asyncio.sleep(after)
    await work.terminate()


def test_another_phone_of_an_account_waits_for_the_run_that_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(4), TWO)
        live, queued = (device(90 + i, user=f"ROOM{i}@contoso.example") for i in (0, 3))
        assert harness.run_service.notes([live, queued]) == []
        work = harness.start(run)
        await asyncio.sleep(5)
        for phone in (live, queued):
            with pytest.raises(BusyDevicesError, match=run):
                harness.create([phone])
        await work.terminate()
        with pytest.raises(BusyDevicesError):  # nobody works on it, but the service may
            harness.create([live])
        harness.create([queued])
        await harness.work(harness.create([device(99)]))
        assert harness.ledger.violations == []

    lived(main)


@pytest.mark.parametrize("word", [False, True])
def test_what_a_lost_batch_may_have_is_left_alone_without_a_word(
    tmp_path: Path, word: bool
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("cut", nth=1, moment="before")
        await harness.work(harness.create(devices(2), Options(settle_seconds=30)))
        other = [device(90, user="room1@contoso.example")]
        if not word:
            with pytest.raises(BusyDevicesError):
                harness.create(other)
            return
        run = harness.run_service.create(
            other, file="l", sha256="", skipped=0, options=Options(), again=True
        )
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 1

    lived(main)


def test_a_plan_tells_of_devices_that_wait_elsewhere_and_of_those_signed_in(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        run = harness.create(devices(6), TWO)
        work = harness.start(run)
        await asyncio.sleep(5)
        harness.run_service.stop(run)
        assert isinstance(await work.end(), RunStopped)
        signed_in, waiting = harness.run_service.notes(devices(6))
        assert "2 devices are left out: signed in as the list wants it" in signed_in
        assert f"4 of the devices wait in run {run}" in waiting
        assert harness.run_service.notes(devices(6), run=run) == []
        other = harness.create(devices(6)[4:])
        with pytest.raises(BusyDevicesError, match=other):
            await _resumed_beside(harness, run, other)
        assert harness.state(run).stopping
        assert len(harness.ids()) == 2
        # The other one is over: what it signed in is left out, or goes out on the word alone.
        waiting = [r.device for r in harness.state(run).devices[2:]]
        (note,) = harness.run_service.notes(waiting, run=run)
        assert "2 devices are left out" in note
        (note,) = harness.run_service.notes(waiting, run=run, again=True)
        assert "2 of the devices were signed in before" in note

    lived(main)


async def _resumed_beside(harness: EngineHarness, run: str, other: str) -> None:
    work = harness.start(other)
    await asyncio.sleep(1)
    try:
        harness.run_service.resume(run)
    finally:
        await work.end()


def test_of_two_that_start_at_once_none_submits_what_both_have(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        first = harness.create(devices(4), TWO)
        second = harness.create(devices(6)[2:], TWO)
        harness.run_service.resume(first)
        harness.run_service.resume(second)  # nobody has the first yet
        works = [harness.start(first), harness.start(second)]
        ends = [await work.end() for work in works]
        assert isinstance(ends[0], RunFinished)
        assert isinstance(ends[1], RunStopped)
        (note,) = harness.events(second, Note)
        assert first in note.text
        assert set(harness.ledger.times.values()) == {1}
        assert harness.ledger.violations == []

    lived(main)


@pytest.mark.parametrize("what", ["retry", "resubmit"])
def test_what_another_run_took_is_neither_retried_nor_resubmitted(
    tmp_path: Path, what: str
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", nth=1, status=400, moment="before")
        run = harness.create(devices(2))
        await harness.work(run)
        assert harness.state(run).counts[DeviceState.FAILED] == 2
        other = harness.create(devices(1))
        work = harness.start(other)
        await asyncio.sleep(3)
        order = harness.run_service.retry if what == "retry" else harness.run_service.resubmit
        with pytest.raises(BusyDevicesError):
            order(run, devices=[0])
        order(run, devices=[1])
        assert len(harness.state(run).open_orders) == 1
        if what == "retry":  # nobody has taken it up yet, and it counts all the same
            (told,) = harness.run_service.notes([device(1)])
            assert f"wait in run {run}" in told
            with (
                take(harness.path, run),
                pytest.raises(BusyDevicesError, match=f"queued in run {run}"),
            ):
                harness.create([device(1)])
        await work.end()

    lived(main)


@pytest.mark.parametrize("what", ["retry", "adopt"])
def test_an_order_to_a_run_nobody_works_on_moves_nothing_else(tmp_path: Path, what: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("status", nth=1, status=400, moment="before")
        run = harness.create(devices(8), TWO)
        await _interrupted(harness, run, 20)
        before = len(harness.ids())
        if what == "retry":
            harness.run_service.retry(run, [0, 1])
        else:
            harness.run_service.adopt(run, 1, "no-such-batch")
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "stopped"
        sent = {s.batch for s in harness.events(run, BatchSubmitting)}
        assert len(harness.ids()) == before + (what == "retry")
        assert 4 not in sent
        harness.run_service.resume(run)
        assert isinstance(await harness.work(run), RunFinished)
        assert set(harness.ledger.times.values()) == {1}

    lived(main)
