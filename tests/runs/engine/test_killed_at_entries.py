"""A worker is killed right before or behind an entry of the journal, while an operator gives up a
batch, corrects rows, tries sites by their first phones, or waits for a role.

What comes of it is held against the tenant: each phone is submitted only as often as ordered, and
nothing is lost. SIPTUI_KILLS_EVERYWHERE has workers killed at every entry instead of some.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from siptui.domain.region import Region
from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import DeviceRule, Scenario, read_scenario
from siptui.emulator.scenario_tables import RoleChange
from siptui.runs.events import GroupStopped, Options
from siptui.runs.journal.journal import Journal, timestamp
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from tests.runs.engine.engine_harness import QUICK, EngineHarness, Work, device, devices
from tests.runs.engine.test_groups import failing, resets, sites
from tests.support import emulated_time

_ALL = "SIPTUI_KILLS_EVERYWHERE" in os.environ
_SOME = 4
_DAY = 24 * 3600.0
_TWO = Options(batch_size=2, slots=1)


@dataclass
class Story:
    """A run, and the operator who looks at it every few seconds: `ordered` counts how often each
    phone was."""

    harness: EngineHarness
    run: str
    ordered: Counter[str] = field(default_factory=Counter)
    #: Phones that the service has in hand still when they are ordered again.
    in_hand: set[str] = field(default_factory=set)

    @property
    def state(self) -> RunState:
        """The run as its journal tells it."""
        return self.harness.state(self.run)

    def order(self, places: list[int]) -> list[int]:
        """The phones at these places are ordered once more."""
        self.ordered.update(str(self.state.devices[i].device.hardware_id) for i in places)
        return places

    def decide(self) -> bool:
        """What a lost answer asks for: its batch is adopted where the tenant has it."""
        state = self.state
        for batch in state.unsettled_batches():
            wanted = {state.devices[i].device.key for i in batch.devices}
            ours = {b.batch_id for b in state.batches.values()}
            found = [
                submit.batch_id
                for submit in self.harness.ledger.submits
                if set(submit.items) == wanted and submit.batch_id not in ours
            ]
            if found:
                self.harness.run_service.adopt(self.run, batch.number, found[0])
            else:
                self.order(list(batch.devices))
                self.harness.run_service.resubmit(self.run, batch.number)
            return True
        return False


#: Looks at a run, and says whether it ordered something. `ended`: no worker is at work.
Operator = Callable[[Story, bool], bool]


def _role(harness: EngineHarness) -> str:
    for at, roles in ((25, WITHOUT_BULK), (240, OPERATOR)):
        harness.emulator.access.roles.add(RoleChange(at=at, roles=roles), 0)
    return harness.create(devices(6, (Region.EMEA, Region.NOAM)), _TWO)


def _decides(story: Story, ended: bool) -> bool:
    return ended and story.decide()


def _stuck(harness: EngineHarness) -> str:
    marks = [str(device(n).hardware_id) for n in (0, 1)]
    harness.tenant.change_devices(DeviceRule(match=marks, stuck=True))
    return harness.create(devices(5), _TWO)


def _before(seconds: float) -> str:
    return timestamp(emulated_time.now() - timedelta(seconds=seconds))


def _gives_up(story: Story, ended: bool) -> bool:
    state, service = story.state, story.harness.run_service
    batch = state.batches[state.devices[0].batch]
    late = batch.state is BatchState.RUNNING and batch.accepted_at <= _before(150)
    if late and not state.open_orders:
        story.in_hand |= {str(device(n).hardware_id) for n in (0, 1)}
        service.give_up(story.run, batch.number)
        return True
    if not ended or story.decide():
        return ended
    unknown = [r.index for r in state.devices if r.state is DeviceState.UNKNOWN]
    if unknown and not state.open_orders:
        story.harness.tenant.change_devices(DeviceRule(stuck=False))
        service.resubmit(story.run, devices=story.order(unknown))
    return bool(unknown)


def _typos(harness: EngineHarness) -> str:
    wanted = devices(5)
    wanted[1], wanted[2] = (device(n, user=f"typo{n}@contoso.example") for n in (1, 2))
    return harness.create(wanted, _TWO)


def _corrects(story: Story, ended: bool) -> bool:
    if not ended or story.decide():
        return ended
    service, state = story.harness.run_service, story.state
    failed = [r for r in state.devices if r.state is DeviceState.FAILED]
    for record in failed:
        if not record.corrected:
            right = device(record.index)
            service.correct(story.run, record.index, right.user_name, right.hardware_id)
    if failed:
        service.retry(story.run, story.order([r.index for r in failed]))
    return bool(failed)


def _sites(harness: EngineHarness) -> str:
    harness.fault("cut", moment="after", nth=3)
    wanted = sites({"A": 4, "B": 4, "C": 4}, (Region.EMEA, Region.NOAM))
    return harness.create(wanted, Options(by="Site", first=1, batch_size=2))


def _no_site_twice(story: Story) -> None:
    """Of the site that fails only the first phone goes out; where one of another site was unknown
    when it was judged, that is told."""
    assert resets(story.harness, 1) == 1
    stopped = {one.group for one in story.harness.events(story.run, GroupStopped)}
    assert "B" in stopped
    for place, site in ((0, "A"), (2, "C")):
        assert resets(story.harness, place) == 4 or site in stopped


def _all_signed_in(story: Story) -> None:
    assert story.state.finished is not None
    assert story.state.counts[DeviceState.SUCCEEDED] == len(story.state.devices)


_NO_TYPOS = '[[accounts]]\nmatch = "typo*"\nexists = false\n'
_STORIES = {
    "role": (Scenario(), _role, _decides, _all_signed_in),
    "give_up": (Scenario(), _stuck, _gives_up, _all_signed_in),
    "correction": (read_scenario(_NO_TYPOS, "test"), _typos, _corrects, _all_signed_in),
    "sites": (failing(1), _sites, _decides, _no_site_twice),
}


async def _lived(story: Story, operator: Operator, write: int, *, after: bool) -> tuple[int, bool]:
    """Carry it out with a worker that is killed at a write; how many there were, whether it was."""
    work: Work | None = None
    writes, killed = 0, False
    for _ in range(2000):
        if work is None:
            work = story.harness.start(story.run, sign_in_wait=_DAY, role_wait=_DAY)
            if not killed:
                work.dies(write - writes, after=after)
        await asyncio.sleep(5)
        if work.killed:
            await work.kill()
            work, killed = None, True
        elif work.ended:
            await work.end()
            writes += work.writes
            work = None
            if not operator(story, True):
                return writes, killed
        else:
            operator(story, False)
    raise AssertionError(f"not at its end: {story.state.batches}")


def _once(folder: Path, name: str, write: int, *, after: bool) -> tuple[int, bool]:
    """The story with one kill, and what must hold at its end."""
    scenario, begin, operator, holds = _STORIES[name]
    scenario = structs.replace(scenario, timing=QUICK.timing)

    async def main() -> tuple[int, bool]:
        harness = EngineHarness(folder, scenario)
        story = Story(harness, begin(harness))
        story.order([r.index for r in story.state.devices])
        found = await _lived(story, operator, write, after=after)
        times = Counter(str(p) for submit in harness.ledger.submits for _, p in submit.items)
        assert [p for p, n in times.items() if n > story.ordered[p]] == []
        wrong = [v for v in harness.ledger.violations if v.hardware_id not in story.in_hand]
        assert wrong == []
        assert harness.differences(story.run) == []
        holds(story)
        harness.run_service.close()
        with Journal(harness.path) as journal:  # it can be read, and nothing had to be repaired
            assert journal.notice == ""
            assert load(journal, story.run).last_seq > 0
        return found

    return emulated_time.run(main(), limit=2 * _DAY)


@pytest.mark.parametrize("name", _STORIES)
def test_a_worker_killed_at_any_entry_repeats_nothing_and_loses_nothing(
    tmp_path: Path, name: str
) -> None:
    writes, _ = _once(tmp_path / "whole", name, 0, after=False)
    moments = [(write, after) for write in range(1, writes + 1) for after in (False, True)]
    if not _ALL:
        moments = random.Random(name).sample(moments, _SOME)
    for write, after in moments:
        _, killed = _once(tmp_path / f"{write}{after}", name, write, after=after)
        assert killed, (write, after)
