"""Two runs that want the same phones or accounts: neither works under the other's hands."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.events import BatchSubmitting, Note, Options, RunFinished, RunStopped
from siptui.runs.overlap import BusyDevicesError
from siptui.runs.worker import take
from tests.runs.bench import Bench, device, devices
from tests.support import emulated_time

TWO = Options(batch_size=2, slots=1)


def lived(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    emulated_time.run(main(), limit=6 * 3600)


async def _interrupted(bench: Bench, run: str, after: float = 5.0) -> None:
    work = bench.start(run)
    await asyncio.sleep(after)
    await work.terminate()


def test_another_phone_of_an_account_waits_for_the_run_that_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        run = bench.create(devices(4), TWO)
        live, queued = (device(90 + i, user=f"ROOM{i}@contoso.example") for i in (0, 3))
        assert bench.office.notes([live, queued]) == []
        work = bench.start(run)
        await asyncio.sleep(5)
        for phone in (live, queued):
            with pytest.raises(BusyDevicesError, match=run):
                bench.create([phone])
        await work.terminate()
        with pytest.raises(BusyDevicesError):  # nobody works on it, but the service may
            bench.create([live])
        bench.create([queued])
        await bench.work(bench.create([device(99)]))
        assert bench.ledger.violations == []

    lived(main)


@pytest.mark.parametrize("word", [False, True])
def test_what_a_lost_batch_may_have_is_left_alone_without_a_word(
    tmp_path: Path, word: bool
) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.fault("cut", nth=1, moment="before")
        await bench.work(bench.create(devices(2), Options(settle_seconds=30)))
        other = [device(90, user="room1@contoso.example")]
        if not word:
            with pytest.raises(BusyDevicesError):
                bench.create(other)
            return
        run = bench.office.create(
            other, file="l", sha256="", skipped=0, options=Options(), again=True
        )
        end = await bench.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 1

    lived(main)


def test_a_plan_tells_of_devices_that_wait_elsewhere_and_of_those_signed_in(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        run = bench.create(devices(6), TWO)
        work = bench.start(run)
        await asyncio.sleep(5)
        bench.office.stop(run)
        assert isinstance(await work.end(), RunStopped)
        signed_in, waiting = bench.office.notes(devices(6))
        assert "2 of the devices were signed in before" in signed_in
        assert f"4 of the devices wait in run {run}" in waiting
        assert bench.office.notes(devices(6), run=run) == []
        other = bench.create(devices(6)[4:])
        with pytest.raises(BusyDevicesError, match=other):
            await _resumed_beside(bench, run, other)
        assert bench.state(run).stopping
        assert len(bench.ids()) == 2
        # The other one is over: what it signed in is told before it is submitted again.
        (note,) = bench.office.notes([r.device for r in bench.state(run).devices[2:]], run=run)
        assert "2 of the devices were signed in before" in note

    lived(main)


async def _resumed_beside(bench: Bench, run: str, other: str) -> None:
    work = bench.start(other)
    await asyncio.sleep(1)
    try:
        bench.office.resume(run)
    finally:
        await work.end()


def test_of_two_that_start_at_once_none_submits_what_both_have(tmp_path: Path) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        first = bench.create(devices(4), TWO)
        second = bench.create(devices(6)[2:], TWO)
        bench.office.resume(first)
        bench.office.resume(second)  # nobody has the first yet
        works = [bench.start(first), bench.start(second)]
        ends = [await work.end() for work in works]
        assert isinstance(ends[0], RunFinished)
        assert isinstance(ends[1], RunStopped)
        (note,) = bench.events(second, Note)
        assert first in note.text
        assert set(bench.ledger.times.values()) == {1}
        assert bench.ledger.violations == []

    lived(main)


@pytest.mark.parametrize("what", ["retry", "resubmit"])
def test_what_another_run_took_is_neither_retried_nor_resubmitted(
    tmp_path: Path, what: str
) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.fault("status", nth=1, status=400, moment="before")
        run = bench.create(devices(2))
        await bench.work(run)
        assert bench.state(run).counts[DeviceState.FAILED] == 2
        other = bench.create(devices(1))
        work = bench.start(other)
        await asyncio.sleep(3)
        order = bench.office.retry if what == "retry" else bench.office.resubmit
        with pytest.raises(BusyDevicesError):
            order(run, devices=[0])
        order(run, devices=[1])
        assert len(bench.state(run).open_orders) == 1
        if what == "retry":  # nobody has taken it up yet, and it counts all the same
            (told,) = bench.office.notes([device(1)])
            assert f"wait in run {run}" in told
            with (
                take(bench.path, run),
                pytest.raises(BusyDevicesError, match=f"queued in run {run}"),
            ):
                bench.create([device(1)])
        await work.end()

    lived(main)


@pytest.mark.parametrize("what", ["retry", "adopt"])
def test_an_order_to_a_run_nobody_works_on_moves_nothing_else(tmp_path: Path, what: str) -> None:
    async def main() -> None:
        bench = Bench(tmp_path)
        bench.fault("status", nth=1, status=400, moment="before")
        run = bench.create(devices(8), TWO)
        await _interrupted(bench, run, 20)
        before = len(bench.ids())
        if what == "retry":
            bench.office.retry(run, [0, 1])
        else:
            bench.office.adopt(run, 1, "no-such-batch")
        end = await bench.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "stopped"
        sent = {s.batch for s in bench.events(run, BatchSubmitting)}
        assert len(bench.ids()) == before + (what == "retry")
        assert 4 not in sent
        bench.office.resume(run)
        assert isinstance(await bench.work(run), RunFinished)
        assert set(bench.ledger.times.values()) == {1}

    lived(main)
