"""Any mishaps in any order: what must hold of a run whatever befalls it.

Each example is a tenant with chance faults, people who submit beside us, and a story of kills,
restarts, lost sign-ins and orders, all in emulated time. The tenant's ledger and the journal are
then held against each other.
"""

import asyncio
import itertools
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import (
    AuthTable,
    DeviceRule,
    FaultRule,
    ForeignBatch,
    LagTable,
    LimitsTable,
    Scenario,
    TimingTable,
)
from siptui.host.locks import HeldError
from siptui.runs.conflicts import BusyDevicesError
from siptui.runs.events import (
    BatchAccepted,
    BatchPlanned,
    BatchSubmitting,
    Options,
    Order,
    RunFinished,
)
from siptui.runs.journal.journal import Journal, JournalError, timestamp
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from tests.runs.engine.engine_harness import EngineHarness, Work, device
from tests.support import emulated_time

_LOSSES = ("cut", "reset", "hang", "html", "garbage", "empty", "cut_body", "slow")
_STEPS = ("kill", "terminate", "revoke", "sign_out", "pause", "stop", "foreign", "outage", "retry")
_STEPS += ("twin", "second", "other_run")

faults = st.builds(
    FaultRule,
    kind=st.sampled_from(_LOSSES),
    call=st.sampled_from(["createbatch", "createbatch", "batchstatus", "batchsummaries"]),
    moment=st.sampled_from(["before", "after"]),
    nth=st.integers(1, 6),
    seconds=st.sampled_from([1.0, 20.0, 90.0]),
) | st.builds(
    FaultRule,
    kind=st.just("status"),
    call=st.sampled_from(["createbatch", "*"]),
    status=st.sampled_from([429, 500, 503]),
    nth=st.integers(1, 12),
    retry_after=st.sampled_from([None, 45.0]),
    moment=st.just("before"),
)
scenarios = st.builds(
    Scenario,
    faults=st.lists(faults, max_size=4).map(tuple),
    lag=st.builds(LagTable, summaries=st.sampled_from([0, 5, 60]), status=st.sampled_from([0, 3])),
    limits=st.builds(LimitsTable, over=st.sampled_from(["429", "400"])),
    timing=st.just(TimingTable(device=(10, 40), lanes=5)),
    devices=st.just((DeviceRule(share=0.2, online=False),)),
    auth=st.just(AuthTable()),
    foreign=st.lists(
        st.builds(
            ForeignBatch,
            at=st.integers(-20, 60),
            region=st.sampled_from([Region.EMEA, Region.NOAM]),
            devices=st.just(10),
        ),
        max_size=3,
    ).map(tuple),
)
stories = st.lists(
    st.tuples(st.floats(0.0, 90.0, allow_nan=False), st.sampled_from(_STEPS)), max_size=6
)


_PASSING = ("stopped", "sign_in_needed", "token_refused", "not_reached", "undecided", "held_back")
_NUMBERS = itertools.count()
_PERHAPS = {DeviceState.SUBMITTING, DeviceState.RUNNING, DeviceState.UNKNOWN}


class Story:
    """One run and what befalls it."""

    def __init__(self, folder: Path, scenario: Scenario, seed: int) -> None:
        self.harness = EngineHarness(folder, scenario, seed=seed)
        self.harness.tenant.settle()  # its clock begins now
        regions = (Region.EMEA, Region.EMEA, Region.NOAM)
        phones = [
            device(i, regions[i % 3], "lobby@contoso.example" if i in (1, 4, 13) else "")
            for i in range(27)
        ]
        self.run = self.harness.create(phones, Options(batch_size=4, settle_seconds=90))
        self.twins: set[str] = set()
        self.work = self._new()

    def _new(self) -> Work:
        return self.harness.start(self.run, sign_in_wait=30)

    async def befall(self, what: str) -> None:
        """One mishap, or an operator's order; then somebody sees to it that work goes on."""
        harness, run = self.harness, self.run
        if what in ("kill", "terminate"):
            await getattr(self.work, what)()
        elif what == "revoke":
            harness.emulator.access.revoke()
            harness.token_now = f"token-{next(_NUMBERS)}"
        elif what == "sign_out":
            harness.token_now = ""
            await asyncio.sleep(45)
            harness.token_now = f"token-{next(_NUMBERS)}"
            harness.run_service.signed_in(run)
        elif what == "pause":
            harness.run_service.pause(run)
            await asyncio.sleep(30)
            harness.run_service.go_on(run)
        elif what == "stop":
            harness.run_service.stop(run)
        elif what == "foreign":
            harness.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, devices=5))
        elif what == "outage":
            at = harness.tenant.settle()
            harness.emulator.faults.add(FaultRule(kind="refused", call="*", until=at + 40))
        elif what == "retry":
            harness.run_service.retry(run, range(27))
        elif what == "twin":
            self._twin()
        elif what == "second":
            self._second_process()
        elif what == "other_run":
            self._other_run()
        self.check_now()
        if self.work.ended:
            self.work = self._new()

    def _twin(self) -> None:
        """Somebody else submits the very devices that are on their way."""
        state = self.harness.state(self.run)
        for batch in state.open_batches():
            if not batch.batch_id:
                phones = [state.devices[i].device for i in batch.devices]
                items = tuple((str(d.user_name), str(d.hardware_id)) for d in phones)
                self.harness.tenant.start_foreign(
                    ForeignBatch(at=0, region=batch.region, items=items)
                )
                self.twins |= {d.hardware_id for d in phones}

    def _second_process(self) -> None:
        """It may look on, and never work."""
        if self.work.ended:
            return
        with pytest.raises(HeldError):
            self.harness.start(self.run)
        with Journal(self.harness.path, read_only=True) as journal:
            seen = load(journal, self.run)
            assert seen.last_seq == self.harness.state(self.run).last_seq
            with pytest.raises(JournalError):
                journal.append(self.run, [Order(what="stop")], emulated_time.now())

    def _other_run(self) -> None:
        """A second list with one of these accounts is told to wait, or what waits for it."""
        state = self.harness.state(self.run)
        phones = [device(900, user="lobby@contoso.example"), state.devices[0].device]
        going = not self.work.ended and not state.stopping
        busy = _PERHAPS | ({DeviceState.QUEUED} if going else set())
        lobby = [r for r in state.devices if r.device.user_name.startswith("lobby@")]
        lost = [r for r in lobby if r.batch not in _finished(state)]
        if any(r.state in busy for r in [*lost, state.devices[0]]):
            with pytest.raises(BusyDevicesError):
                self.harness.run_service.notes(phones)
        else:
            self.harness.run_service.notes(phones)

    async def _decide(self) -> None:
        """The operator looks when all is quiet, and says what became of the lost batches."""
        await asyncio.sleep(3600)
        harness = self.harness
        for batch in harness.state(self.run).unsettled_batches():
            wanted = {harness.state(self.run).devices[i].device.key for i in batch.devices}
            mine = [s for s in harness.ledger.submits if set(s.items) == wanted]
            if mine:
                harness.run_service.adopt(self.run, batch.number, mine[-1].batch_id)
            else:
                harness.run_service.resubmit(self.run, batch.number)

    async def to_the_end(self) -> RunFinished:
        """Resume for as long as the run stops for a reason that passes."""
        for _ in range(20):
            end = await self.work.end()
            if isinstance(end, RunFinished):
                return end
            if end.code == "undecided":
                await self._decide()
            if end.code == "held_back":  # the word for what others left undecided
                self.harness.run_service.resume(self.run, again=True)
            self.harness.run_service.go_on(self.run)
            assert end.code in _PASSING, end
            self.work = self._new()
        raise AssertionError("the run does not end")

    def check_now(self) -> None:
        """What holds at every moment."""
        ledger = self.harness.ledger
        others = {submit.batch_id for submit in ledger.foreign}
        assert [
            v
            for v in ledger.violations
            if v.wrong != "submitted_after_success" and not {v.batch_id, v.other} & others
        ] == []
        assert all(live <= 3 for live in ledger.max_live.values())
        intents = self.harness.events(self.run, BatchSubmitting)
        assert len(ledger.submits) <= len(intents)
        state = self.harness.state(self.run)
        assert +state.counts == Counter(r.state for r in state.devices)
        live = [i for b in state.open_batches() for i in b.devices]
        assert len(live) == len(set(live))

    def check_end(self, end: RunFinished) -> None:
        """What holds when nothing is left to do."""
        self.check_now()
        harness, state = self.harness, self.harness.state(self.run)
        assert end.succeeded + end.failed + end.unknown == len(state.devices)
        rejected = {BatchState.REJECTED}
        for record in state.devices:
            truth = harness.tenant.truth(record.device.user_name, record.device.hardware_id)
            if record.device.hardware_id in self.twins:
                continue  # what it has last may be somebody else's doing
            if state.batches[record.batch].state in rejected:
                assert record.state is DeviceState.FAILED
            elif record.state is DeviceState.UNKNOWN:
                assert state.batches[record.batch].state is BatchState.UNSETTLED
            elif record.state is DeviceState.SUCCEEDED:
                assert truth.state == "signed_in"
            else:
                assert record.state is DeviceState.FAILED
                assert (truth.state, truth.error) == ("failed", record.error)
            # Accepted no more often than the operator ordered.
            assert truth.attempts <= record.attempt
        self._check_orders()

    def _check_orders(self) -> None:
        stored = self.harness.run_service.journal.read(self.run)
        words = ("retry", "resubmit")
        orders = {s.seq for s in stored if isinstance(s.event, Order) and s.event.what in words}
        planned = [s.event for s in stored if isinstance(s.event, BatchPlanned)]
        assert all((p.attempt == 1) or p.order in orders for p in planned)
        accepted = [s.event for s in stored if isinstance(s.event, BatchAccepted)]
        assert len({a.batch for a in accepted}) == len(accepted)
        others = {f.batch_id for f in self.harness.ledger.foreign} if self.twins else set()
        assert {a.batch_id for a in accepted} <= set(self.harness.ids()) | others
        for submit in self.harness.ledger.submits:  # each after the intent of its very devices
            keys = {(user.casefold(), hardware_id) for user, hardware_id in submit.items}
            devices = self.harness.state(self.run).devices
            assert any(
                keys == {devices[i].device.key for i in p.devices}
                for p in planned
                if any(
                    isinstance(s.event, BatchSubmitting)
                    and s.event.batch == p.batch
                    and s.at <= self._at(submit.at)
                    for s in stored
                )
            )

    def _at(self, seconds: float) -> str:
        return timestamp(emulated_time.START + timedelta(seconds=seconds))


def _finished(state: RunState) -> set[int]:
    return {b.number for b in state.batches.values() if b.state is BatchState.FINISHED}


@pytest.mark.slow
# To make a story that failed shorter would take minutes.
@settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(scenario=scenarios, story=stories, seed=st.integers(0, 9))
def test_nothing_is_lost_and_nothing_is_submitted_twice(
    scenario: Scenario, story: list[tuple[float, str]], seed: int
) -> None:
    async def main(folder: Path) -> None:
        told = Story(folder, scenario, seed)
        for wait, what in story:
            await asyncio.sleep(wait)
            await told.befall(what)
        told.check_end(await told.to_the_end())

    with tempfile.TemporaryDirectory() as folder:
        emulated_time.run(main(Path(folder)), limit=24 * 3600)
