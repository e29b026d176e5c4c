"""However operators, processes and mishaps meet: a phone is submitted as often as was ordered.

Two profiles of one tenant on a host, a second operator with a folder of his own on it, and a
colleague with PowerShell want the same few phones. Every submit of a phone must be its first, or
follow one that failed, or answer a word (`--again`) that was given for it since.
"""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import (
    DeviceRule,
    FaultRule,
    ForeignBatch,
    Scenario,
    TimingTable,
    WireTable,
)
from siptui.runs.events import BatchSubmitting, Options, RunFinished
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.locks import holder_of
from siptui.runs.orders import Changed
from tests.runs.engine.engine_harness import EngineHarness, Work, devices
from tests.support import emulated_time

PHONES = devices(7)
#: Seconds between a list of the tenant's batches and the submit that follows: who submits with
#: PowerShell in between cannot be seen.
UNSEEN = 3.0

faults = st.builds(
    FaultRule,
    kind=st.sampled_from(["cut", "hang", "html", "reset"]),
    call=st.just("createbatch"),
    moment=st.sampled_from(["before", "after"]),
    nth=st.integers(1, 5),
)
scenarios = st.builds(
    Scenario,
    faults=st.lists(faults, max_size=2).map(tuple),
    wire=st.builds(
        WireTable,
        request_time=st.sampled_from(["iso", "iso_naive", "epoch", "dotnet"]),
        clock_ahead=st.sampled_from([0.0, -900.0, 900.0]),
    ),
    timing=st.just(TimingTable(device=(20, 60), lanes=3)),
    devices=st.just((DeviceRule(share=0.3, online=False, until_attempt=2),)),
)
places = st.sampled_from([0, 0, 1, 2])
some = st.sets(st.integers(0, len(PHONES) - 1), min_size=1).map(sorted)
words = st.booleans()
steps = st.one_of(
    st.tuples(st.just("plan"), places, some, words),
    st.tuples(st.just("plan"), places, some, words),
    st.tuples(st.sampled_from(["resume", "retry", "resubmit"]), places, st.integers(0, 3), words),
    st.tuples(
        st.sampled_from(["kill", "terminate", "stop", "lose", "cut"]), places, st.integers(0, 3)
    ),
    st.tuples(st.just("colleague"), some),
)
stories = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 4.0, 30.0, 200.0]), steps), min_size=2, max_size=9
)


class Story:
    """Who works where, and which words were given when and for what."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        first = EngineHarness(folder / "host" / "one", scenario)
        first.tenant.settle()
        second = EngineHarness(folder / "host" / "two", emulator=first.emulator)
        elsewhere = EngineHarness(folder / "elsewhere" / "one", emulator=first.emulator)
        turns = folder / "turns"
        turns.mkdir()
        for one in (first, second):
            one.run_service.host = HostTenant("Contoso", folder / "host", one.path, turns)
        elsewhere.run_service.host = HostTenant(
            "Contoso", folder / "elsewhere", elsewhere.path, turns
        )
        self.harnesses = [first, second, elsewhere]
        self.works: dict[tuple[int, str], Work] = {}
        self.again: dict[DeviceKey, list[float]] = defaultdict(list)
        self.lost: set[DeviceKey] = set()
        self.ledger = first.ledger
        self.tenant = first.tenant

    def _given(self, wanted: Sequence[Device]) -> None:
        for phone in wanted:
            self.again[phone.key].append(self.tenant.settle())

    def _start(self, place: int, run: str) -> None:
        harness = self.harnesses[place]
        if holder_of(harness.path, run) is None:
            self.works[place, run] = harness.start(run)

    def _try(self, order: Callable[[], object]) -> bool:
        try:
            order()
        except SiptuiError:
            return False  # the operator is told why not
        return True

    async def step(self, what: str, *how: object) -> None:
        """One order, or one mishap."""
        if what == "colleague":
            items = tuple((str(PHONES[i].user_name), str(PHONES[i].hardware_id)) for i in how[0])  # type: ignore[attr-defined]
            live = {key for b in self.tenant.live(Region.EMEA) for key in b.keys}
            if live.isdisjoint(PHONES[i].key for i in how[0]):  # type: ignore[attr-defined]
                self._given([PHONES[i] for i in how[0]])  # type: ignore[attr-defined]
                self.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, items=items))
            return
        place = int(how[0])  # type: ignore[call-overload]
        harness = self.harnesses[place]
        if what == "plan":
            wanted = [PHONES[i] for i in how[1]]  # type: ignore[attr-defined]
            options = Options(batch_size=3, settle_seconds=60, again=bool(how[2]))
            if self._try(lambda: harness.create(wanted, options)):
                if how[2]:
                    self._given(wanted)
                self._start(place, harness.run_service.journal.runs()[0])
            return
        runs = harness.run_service.journal.runs()
        if not runs:
            return
        run = runs[int(how[1]) % len(runs)]  # type: ignore[call-overload]
        await self._order(what, place, run, again=len(how) > 2 and bool(how[2]))

    async def _order(self, what: str, place: int, run: str, *, again: bool) -> None:
        harness = self.harnesses[place]
        state = harness.state(run)
        work = self.works.get((place, run))
        if what in ("kill", "terminate"):
            if work and not work.ended:
                await getattr(work, what)()
        elif what == "stop":
            harness.run_service.stop(run)
        elif what == "cut":
            if self._try(lambda: harness.run_service.resume(run, Changed(batch_size=2))):
                self._start(place, run)
        elif what == "lose":
            if (work is None or work.ended) and harness.events(run, BatchSubmitting):
                harness.forget(run, BatchSubmitting)
                self.lost |= {r.device.key for r in state.devices}
        else:
            wanted = {
                "resume": [r for r in state.devices if r.state is DeviceState.QUEUED],
                "retry": [r for r in state.devices if r.state is DeviceState.FAILED],
                "resubmit": [r for r in state.devices if r.state is DeviceState.UNKNOWN],
            }[what]
            if not wanted:
                return
            places = [r.index for r in wanted]
            order = {
                "resume": lambda: harness.run_service.resume(run, again=again),
                "retry": lambda: harness.run_service.retry(run, places, again=again),
                "resubmit": lambda: harness.run_service.resubmit(run, devices=places, again=again),
            }[what]
            if self._try(order):
                if again or what == "resubmit":  # that one is a word for what may be signed in
                    self._given([r.device for r in wanted])
                self._start(place, run)

    async def to_the_end(self) -> None:
        """Everybody looks once more, without a further word, until nothing moves."""
        for _ in range(4):
            for work in list(self.works.values()):
                if not work.ended:
                    await work.end()
            for place, harness in enumerate(self.harnesses):
                for run in harness.run_service.journal.runs():
                    if not harness.state(run).finished and self._try(
                        lambda h=harness, r=run: h.run_service.resume(r)  # type: ignore[misc]
                    ):
                        self._start(place, run)
                        await self.works[place, run].end()

    def check(self) -> None:
        """Each submit of a phone is its first, follows a failure, or answers a word."""
        alone = [v for v in self.ledger.violations if v.wrong != "submitted_after_success"]
        submits = sorted([*self.ledger.submits, *self.ledger.foreign], key=lambda s: s.at)
        at = {s.batch_id: s.at for s in submits}
        colleagues = {submit.batch_id for submit in self.ledger.foreign}
        for violation in alone:
            apart = abs(at[violation.batch_id] - at[violation.other])
            assert {violation.batch_id, violation.other} & colleagues, violation
            assert apart <= UNSEEN, violation
        before: dict[DeviceKey, list[str]] = defaultdict(list)
        for submit in submits:
            batch = self.tenant.batch(submit.batch_id)
            assert batch is not None
            for item in batch.items:
                earlier = before[item.key]
                if earlier and not self._may_follow(item.key, earlier[-1], submit.at, at):
                    raise AssertionError((item.key, submit, at[earlier[-1]]))
                earlier.append(submit.batch_id)

    def _may_follow(
        self, key: DeviceKey, earlier: str, moment: float, at: dict[str, float]
    ) -> bool:
        if moment - at[earlier] <= UNSEEN and earlier in {s.batch_id for s in self.ledger.foreign}:
            return True
        batch = self.tenant.batch(earlier)
        assert batch is not None
        (item,) = (one for one in batch.items if one.key == key)
        if item.verdict:
            return True  # it failed
        usable = [when for when in self.again[key] if when <= moment]
        if usable:
            self.again[key].remove(usable[0])
            return True
        return False


@pytest.mark.slow
@settings(max_examples=20, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@example(  # another folder signed a phone in after it failed here, and before it is planned again
    scenario=Scenario(
        wire=WireTable(request_time="iso", clock_ahead=900.0),
        timing=TimingTable(device=(20, 60), lanes=3),
        devices=(DeviceRule(share=0.3, online=False, until_attempt=2),),
    ),
    story=[
        (200.0, ("plan", 2, [0, 1, 4], False)),
        (0.0, ("plan", 0, [0, 1, 2, 3, 4, 5, 6], False)),
        (4.0, ("retry", 0, 3, False)),
        (200.0, ("plan", 2, [2, 4], False)),
    ],
)
@given(scenario=scenarios, story=stories)
def test_each_phone_is_submitted_as_often_as_was_ordered(
    scenario: Scenario, story: list[tuple[float, tuple[object, ...]]]
) -> None:
    async def main(folder: Path) -> None:
        told = Story(folder, scenario)
        for wait, (what, *how) in story:
            await asyncio.sleep(wait)
            await told.step(str(what), *how)
        await told.to_the_end()
        told.check()
        for harness in told.harnesses:
            for run in harness.run_service.journal.runs():
                end = harness.state(run).finished
                assert end is None or isinstance(end, RunFinished)

    with tempfile.TemporaryDirectory() as folder:
        emulated_time.run(main(Path(folder)), limit=48 * 3600)
