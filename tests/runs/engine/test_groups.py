"""A run by a column in emulated time: a site that fails is stopped by its first devices, alone."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from msgspec import structs

from siptui.domain.device import Device
from siptui.domain.plan import make_group_batches
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import AccountRule, DeviceRule, Scenario, TimingTable
from siptui.runs.engine.groups import progress
from siptui.runs.engine.scheduler import Hold, next_batch
from siptui.runs.events import GroupStopped, Options, RunFinished, RunStopped
from siptui.runs.group_tally import tallies
from siptui.runs.orders import Changed
from siptui.runs.output.json_lines import exit_code
from siptui.runs.state import BatchRecord, RunState
from tests.runs.engine.engine_harness import QUICK, EngineHarness, device
from tests.runs.state_builder import StateBuilder
from tests.support import emulated_time
from tests.support.replace import replace

HOURS = 3600.0


def sites(counts: dict[str, int], regions: tuple[Region, ...] = (Region.EMEA,)) -> list[Device]:
    """Phones of these sites, one site after another."""
    found: list[Device] = []
    for place, (site, count) in enumerate(counts.items()):
        for n in range(count):
            one = device(1000 * place + n, regions[place % len(regions)])
            found.append(replace(one, extra={"Site": site}))
    return found


def failing(*places: int) -> Scenario:
    """All phones of the sites at these places are not known to the tenant."""
    marks = [f"{device(1000 * place + n).hardware_id}" for place in places for n in range(100)]
    return structs.replace(QUICK, devices=(DeviceRule(match=marks, known=False),))


def resets(harness: EngineHarness, place: int) -> int:
    """How many submits the phones of the site at this place had."""
    own = {str(device(1000 * place + n).hardware_id) for n in range(200)}
    return sum(n for (_, phone), n in harness.ledger.times.items() if phone in own)


def test_a_site_that_fails_is_stopped_by_its_first_devices_and_others_go_on(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, failing(1))
        wanted = sites({"Berlin": 20, "Bonn": 30, "Oslo": 25}, (Region.EMEA, Region.NOAM))
        run = harness.create(wanted, Options(by="Site", first=4, batch_size=10))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "groups_stopped"
        assert "in Site Bonn; " in end.message
        assert [resets(harness, place) for place in (0, 1, 2)] == [20, 4, 25]
        state = harness.state(run)
        assert exit_code(state) == 3
        assert [(g.group, g.bad, g.left) for g in harness.events(run, GroupStopped)] == [
            ("Bonn", 4, 26)
        ]
        counted = {t.group: (t.succeeded, t.failed, t.left, t.stopped) for t in tallies(state)}
        assert counted == {
            "Berlin": (20, 0, 0, False),
            "Bonn": (0, 4, 26, True),
            "Oslo": (25, 0, 0, False),
        }
        for submit in harness.ledger.submits:  # no site is mixed
            assert len({phone[:14] for _, phone in submit.items}) <= 1
        assert harness.ledger.violations == []
        # What is ordered of it alone goes out alone; the operator's word lifts the stop.
        harness.run_service.retry(run, [20])
        await harness.work(run)
        assert resets(harness, 1) == 5
        harness.run_service.resume(run)
        await harness.work(run)
        assert resets(harness, 1) == 31

    emulated_time.run(main(), limit=20 * HOURS)


def test_a_site_waits_until_the_batch_of_its_first_devices_is_over(tmp_path: Path) -> None:
    """Its devices have all failed long before the service calls it over."""

    async def main() -> None:
        timing = TimingTable(device=(20, 40), finish=(100, 200))
        scenario = structs.replace(failing(0), timing=timing)
        harness = EngineHarness(tmp_path, scenario)
        run = harness.create(sites({"Bonn": 40}), Options(by="Site", first=3))
        await harness.work(run)
        assert resets(harness, 0) == 3

    emulated_time.run(main(), limit=20 * HOURS)


def test_a_site_is_stopped_while_it_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        marks = [str(device(n).hardware_id) for n in range(10, 40)]
        rule = DeviceRule(match=marks, known=False)
        harness = EngineHarness(tmp_path, structs.replace(QUICK, devices=(rule,)))
        wanted = sites({"Berlin": 60, "Oslo": 20})
        run = harness.create(
            wanted, Options(by="Site", first=3, batch_size=10, slots=1, max_failures=20)
        )
        await harness.work(run)
        assert 10 < resets(harness, 0) <= 23
        assert resets(harness, 1) == 20

    emulated_time.run(main(), limit=20 * HOURS)


def test_a_site_waits_for_what_its_batch_came_to_though_its_slot_is_free() -> None:
    options = Options(by="Site", batch_size=2, slots=1)
    builder = StateBuilder(sites({"Berlin": 4, "Oslo": 2}), options).running(1)
    choose = partial(
        next_batch, builder.state, Region.EMEA, foreign=0, slots=1, now="2026-03-02T09:00:00.000Z"
    )
    assert isinstance(choose(), Hold)
    found = choose(over={1})
    assert isinstance(found, BatchRecord)
    assert found.group == "Oslo"
    builder.running(found.number)
    held = choose(over={1, found.number})
    assert isinstance(held, Hold)
    assert "still to be read" in held.why


def test_the_rest_of_a_site_waits_for_its_first_devices_even_after_a_kill(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, failing(0, 2))
        run = harness.create(
            sites({"A": 30, "B": 30, "C": 30}), Options(by="Site", first=5, batch_size=30)
        )
        for _ in range(6):
            work = harness.start(run)
            await asyncio.sleep(25)
            await work.kill()
        await harness.work(run)
        assert [resets(harness, place) for place in (0, 1, 2)] == [5, 30, 5]
        assert harness.differences(run) == []

    emulated_time.run(main(), limit=20 * HOURS)


def test_what_is_kept_of_a_group_is_what_its_devices_say_at_every_entry(tmp_path: Path) -> None:
    """A group is judged anew only when something of it changed; nothing may be overlooked."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, failing(1))
        harness.fault("cut", moment="before", nth=2)
        wanted = sites({"A": 12, "B": 12, "C": 12}, (Region.EMEA, Region.NOAM))
        run = harness.create(wanted, Options(by="Site", first=2, batch_size=5, settle_seconds=40))
        await harness.work(run)
        (lost,) = harness.state(run).unsettled_batches()
        harness.run_service.resubmit(run, lost.number)
        await harness.work(run)
        harness.run_service.resume(run, Changed(max_failures=60))
        await harness.work(run)
        kept, stored = RunState(run, wanted), harness.run_service.journal.read(run)
        seen = set()
        for entry in stored:
            kept.apply(entry)
            anew = RunState(run, wanted)
            for before in stored[: stored.index(entry) + 1]:
                anew.apply(before)
            assert progress(kept) == progress(anew), entry
            seen |= set(progress(kept).values())
        assert len(seen) > 15
        assert any(one.stopped for one in seen)

    emulated_time.run(main(), limit=20 * HOURS)


def test_passing_failures_are_tried_again_before_a_site_is_judged(tmp_path: Path) -> None:
    async def main() -> None:
        marks = [str(device(n).hardware_id) for n in range(3)]
        rule = DeviceRule(match=marks, online=False, until_attempt=2)
        harness = EngineHarness(tmp_path, structs.replace(QUICK, devices=(rule,)))
        run = harness.create(sites({"A": 12, "B": 3}), Options(by="Site", first=3, auto_retry=1))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert harness.state(run).counts[DeviceState.SUCCEEDED] == 15

    emulated_time.run(main(), limit=20 * HOURS)


def test_another_batch_size_keeps_the_groups(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, failing(0))
        run = harness.create(sites({"A": 30, "B": 30}), Options(by="Site", first=5))
        harness.run_service.resume(run, Changed(batch_size=4))
        await harness.work(run)
        assert [resets(harness, place) for place in (0, 1)] == [5, 30]

    emulated_time.run(main(), limit=20 * HOURS)


def test_a_directory_rule_counts_as_well(tmp_path: Path) -> None:
    async def main() -> None:
        bad = AccountRule(match=["room0@*", "room1@*"], number=False)
        harness = EngineHarness(tmp_path, Scenario(accounts=(bad,)))
        run = harness.create(sites({"A": 9, "B": 4}), Options(by="Site", first=2, max_failures=0))
        await harness.work(run)
        assert [resets(harness, place) for place in (0, 1)] == [2, 4]

    emulated_time.run(main(), limit=20 * HOURS)


@pytest.mark.parametrize("first", [0, 3])
def test_batches_of_one_group_each(first: int) -> None:
    wanted = sites({"A": 7, "B": 2, "C": 11})
    batches = make_group_batches(wanted, lambda d: d.extra["Site"], size=5, first=first)
    assert [b.number for b in batches] == list(range(1, len(batches) + 1))
    assert [d for b in batches for d in b.devices] == wanted
    for batch in batches:
        assert {d.extra["Site"] for d in batch.devices} == {batch.group}
        assert batch.probe is (batch.devices[0] in [wanted[i] for i in (0, 7, 9)] and first > 0)


def test_only_groups_of_which_something_waits_are_said_to_be_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, failing(1, 2))
        wanted = sites({"Berlin": 8, "Bonn": 30, "Oslo": 4})
        run = harness.create(wanted, Options(by="Site", first=4))
        end = await harness.work(run)
        assert isinstance(end, RunStopped)
        assert "in Site Bonn; 26 devices wait" in end.message
        stopped = {one.group: one.stopped for one in tallies(harness.state(run))}
        assert stopped == {"Berlin": False, "Bonn": True, "Oslo": False}
        harness.run_service.resume(run)
        await harness.work(run)
        assert not any(one.stopped for one in tallies(harness.state(run)))

    emulated_time.run(main(), limit=20 * HOURS)
