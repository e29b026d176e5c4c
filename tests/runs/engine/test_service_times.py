"""The service's times in forms that do not tell the moment: none of them decides a submit.

A time may lack its zone, may not be readable, or may be missing altogether.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.device import Device
from siptui.emulator.scenario import DeviceRule, Scenario
from siptui.runs.events import DevicesSignedIn, Options, RunFinished, RunStopped
from tests.runs.engine.engine_harness import QUICK, EngineHarness, device, devices
from tests.runs.engine.request_times import CERTAIN, KINDS, wire_of
from tests.runs.engine.test_other_batches import LONG, colleague
from tests.support import emulated_time

#: Looks hours later than it is, so later than an order to submit a phone all the same: it is left
#: out then, which undoes nothing.
_LATE = "iso_naive_east"
_TWICE = DeviceRule(
    match=[str(device(n).hardware_id) for n in (1, 2)], online=False, until_attempt=2
)


def _one(*, online: bool) -> DeviceRule:
    return DeviceRule(match=[str(device(1).hardware_id)], online=online)


def _scenario(form: str, **tables: Any) -> Scenario:
    return Scenario(wire=wire_of(form), timing=QUICK.timing, **tables)


def _times(harness: EngineHarness, phones: Sequence[Device]) -> list[int]:
    return [harness.ledger.times[d.key] for d in phones]


@pytest.mark.parametrize("form", KINDS)
def test_what_another_signed_in_since_is_not_retried(tmp_path: Path, form: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form, devices=(_TWICE,)))
        phones = devices(3)
        run = harness.create(phones)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (1, 2)
        colleague(harness, phones[1:2])
        await asyncio.sleep(1800)
        harness.run_service.retry(run, [1, 2])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (3, 0)
        (left_out,) = harness.events(run, DevicesSignedIn)
        assert left_out.devices == [1]
        assert _times(harness, phones) == [1, 2, 2]

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", [form for form in KINDS if form != _LATE])
def test_what_another_had_signed_in_before_is_retried(tmp_path: Path, form: str) -> None:
    """The run submitted them after it: it is old news, whatever its time says."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form))
        phones = devices(2)
        colleague(harness, phones[1:])
        await asyncio.sleep(1800)
        harness.tenant.change_devices(_one(online=False))
        run = harness.create(phones)
        harness.run_service.resume(run, again=True)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (1, 1)
        harness.tenant.change_devices(_one(online=True))
        harness.run_service.retry(run, [1])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (2, 0)
        assert _times(harness, phones) == [1, 3]

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("form", KINDS)
def test_what_another_signed_in_since_the_plan_is_left_out(
    tmp_path: Path, form: str, again: bool
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form))
        phones = devices(3)
        run = harness.create(phones)
        await asyncio.sleep(60)
        colleague(harness, phones[:1])
        await asyncio.sleep(1800)
        if again:
            harness.run_service.resume(run, again=True)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (3, 0)
        goes_out = again and form != _LATE
        assert _times(harness, phones) == [1 + goes_out, 1, 1]

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", [form for form in KINDS if form != _LATE])
def test_an_order_does_not_cover_what_comes_after_the_submit(tmp_path: Path, form: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form))
        phones = devices(2)
        colleague(harness, phones[1:])
        await asyncio.sleep(1800)
        harness.tenant.change_devices(_one(online=False))
        run = harness.create(phones)
        harness.run_service.resume(run, again=True)
        assert isinstance(await harness.work(run), RunFinished)
        harness.tenant.change_devices(_one(online=True))
        colleague(harness, phones[1:])
        await asyncio.sleep(1800)
        harness.run_service.retry(run, [1])
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert (end.succeeded, end.failed) == (2, 0)
        assert _times(harness, phones) == [1, 3]

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", KINDS)
def test_what_is_live_elsewhere_waits(tmp_path: Path, form: str) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=LONG, wire=wire_of(form)))
        phones = devices(4)
        run = harness.create(phones, Options(batch_size=2))
        colleague(harness, phones[:1])
        await asyncio.sleep(100)
        work = harness.start(run)
        await asyncio.sleep(300)
        assert _times(harness, phones[:1]) == [1]
        assert harness.ledger.violations == []
        await work.terminate()

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", KINDS)
def test_what_a_later_batch_signed_in_is_not_retried_after_one_was_adopted(
    tmp_path: Path, form: str
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form, devices=(_TWICE,)))
        phones = devices(3)
        run = harness.create(phones)
        await asyncio.sleep(60)
        colleague(harness, phones)
        await asyncio.sleep(600)
        colleague(harness, phones[1:2])
        await asyncio.sleep(1800)
        end = await harness.work(run)
        if form in CERTAIN:
            assert isinstance(end, RunFinished)
            harness.run_service.retry(run, [2])
        else:  # it may be the run's own batch, whose journal was lost
            assert isinstance(end, RunStopped)
            assert end.code == "held_back"
            harness.run_service.resume(run, again=True)
        assert _times(harness, phones) == [1, 2, 1]
        assert isinstance(await harness.work(run), RunFinished)
        assert _times(harness, phones) == [1, 2, 2]
        assert harness.ledger.violations == []

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", KINDS)
def test_what_an_adopted_batch_signed_in_later_is_not_retried_in_another_run(
    tmp_path: Path, form: str
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, _scenario(form, devices=(_TWICE,)))
        phones = devices(2)
        other = harness.create(phones[1:])
        assert isinstance(await harness.work(other), RunFinished)
        first = harness.create(phones)
        await asyncio.sleep(60)
        colleague(harness, phones)
        await asyncio.sleep(10)
        assert isinstance(await harness.work(first), RunFinished)
        known = harness.run_service.done(phones[1:], run=other)
        assert [one.run for one in known] == [first]

    emulated_time.run(main(), limit=24 * 3600)
