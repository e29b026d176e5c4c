"""A batch of another host that is over and has exactly the devices of a queued one, but whose time
does not tell whether it began after the plan: the journal may have lost it. The operator decides.
"""

import asyncio
from pathlib import Path

import pytest

from siptui.emulator.scenario import DeviceRule, Scenario
from siptui.runs.events import BatchAccepted, DevicesHeld, Options, RunFinished, RunStopped
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.runs.engine.request_times import CERTAIN, KINDS, wire_of
from tests.runs.engine.test_other_batches import colleague
from tests.support import emulated_time

UNCERTAIN = [form for form in KINDS if form not in CERTAIN]
#: Read as later than any order, whatever the zone: what it signed in is left out.
_LATE = "iso_naive_east"
_OFFLINE_AT_FIRST = DeviceRule(
    match=[str(device(n).hardware_id) for n in (0, 1)], online=False, until_attempt=2
)


def _of_this_morning(path: Path, form: str) -> EngineHarness:
    """The tenant after a colleague's batch of three phones, of which two failed, hours ago."""
    harness = EngineHarness(path, Scenario(devices=(_OFFLINE_AT_FIRST,), wire=wire_of(form)))
    colleague(harness, devices(3))
    return harness


def _times(harness: EngineHarness) -> list[int]:
    return [harness.ledger.times[d.key] for d in devices(3)]


@pytest.mark.parametrize("form", KINDS)
def test_what_failed_in_it_waits_for_the_operators_word(tmp_path: Path, form: str) -> None:
    async def main() -> None:
        harness = _of_this_morning(tmp_path, form)
        await asyncio.sleep(4 * 3600)
        run = harness.create(devices(3))
        end = await harness.work(run)
        if form in CERTAIN:  # it began before the plan
            assert isinstance(end, RunFinished)
            assert _times(harness) == [2, 2, 1]
            return
        assert isinstance(end, RunStopped)
        assert end.code == "held_back"
        assert exit_code(harness.state(run)) == 7
        assert _times(harness) == [1, 1, 1]
        assert harness.events(run, BatchAccepted) == []
        (held,) = harness.events(run, DevicesHeld)
        assert held.decide
        assert held.devices == [0, 1]
        harness.run_service.resume(run, again=True)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 3
        assert _times(harness) == [2, 2, 1]

    emulated_time.run(main(), limit=24 * 3600)


@pytest.mark.parametrize("form", [form for form in UNCERTAIN if form != _LATE])
def test_an_order_from_before_it_was_found_is_not_that_word(tmp_path: Path, form: str) -> None:
    """A run planned with --again loses its journal's tail: it would submit its own batch again."""

    async def main() -> None:
        harness = _of_this_morning(tmp_path, form)
        await asyncio.sleep(4 * 3600)
        run = harness.create(devices(3), Options(again=True))
        for _ in range(2):  # a further worker decides no otherwise
            end = await harness.work(run)
            assert isinstance(end, RunStopped)
            assert end.code == "held_back"
        assert _times(harness) == [1, 1, 1]
        harness.run_service.resume(run, again=True)
        assert isinstance(await harness.work(run), RunFinished)
        assert _times(harness) == [2, 2, 2]

    emulated_time.run(main(), limit=24 * 3600)


def test_one_of_the_day_before_is_none_of_this_run(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _of_this_morning(tmp_path, "iso_naive")
        await asyncio.sleep(22 * 3600)
        run = harness.create(devices(3))
        assert isinstance(await harness.work(run), RunFinished)
        assert _times(harness)[:2] == [2, 2]

    emulated_time.run(main(), limit=48 * 3600)


def test_a_further_one_takes_a_further_word(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _of_this_morning(tmp_path, "iso_naive")
        await asyncio.sleep(3600)
        run = harness.create(devices(3))
        assert isinstance(await harness.work(run), RunStopped)
        harness.run_service.resume(run, again=True)
        harness.tenant.change_devices(
            DeviceRule(match=[str(d.hardware_id) for d in devices(2)], online=False)
        )
        colleague(harness, devices(2))  # before the run goes on
        await asyncio.sleep(3600)
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "held_back"
        assert _times(harness) == [2, 2, 1]

    emulated_time.run(main(), limit=48 * 3600)
