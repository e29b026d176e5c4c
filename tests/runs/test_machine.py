"""Any mishaps in any order: what must hold of a run whatever befalls it.

Each example is a tenant with chance faults, people who submit beside us, and a story of kills,
restarts, lost sign-ins and orders, all in emulated time. The tenant's ledger and the journal are
then held against each other.
"""

import asyncio
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
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
from siptui.runs.events import (
    BatchAccepted,
    BatchPlanned,
    BatchSubmitting,
    Options,
    Order,
    RunFinished,
)
from siptui.runs.journal import timestamp
from tests.runs.bench import Bench, Work, device
from tests.support import emulated_time

_LOSSES = ("cut", "reset", "hang", "html", "garbage", "empty", "cut_body", "slow")
_STEPS = ("kill", "terminate", "revoke", "sign_out", "pause", "stop", "foreign", "outage", "retry")

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


class Story:
    """One run and what befalls it."""

    def __init__(self, folder: Path, scenario: Scenario, seed: int) -> None:
        self.bench = Bench(folder, scenario, seed=seed)
        regions = (Region.EMEA, Region.EMEA, Region.NOAM)
        phones = [
            device(i, regions[i % 3], "lobby@contoso.example" if i in (4, 13) else "")
            for i in range(27)
        ]
        self.run = self.bench.create(phones, Options(batch_size=4, settle_seconds=90))
        self.work = self._new()

    def _new(self) -> Work:
        return self.bench.start(self.run, sign_in_wait=30)

    async def befall(self, what: str) -> None:
        """One mishap, or an operator's order; then somebody sees to it that work goes on."""
        bench, run = self.bench, self.run
        if what in ("kill", "terminate"):
            await getattr(self.work, what)()
        elif what == "revoke":
            bench.emulator.access.revoke()
            bench.token_now = f"token-{emulated_time.now()}"
        elif what == "sign_out":
            bench.token_now = ""
            await asyncio.sleep(45)
            bench.token_now = f"token-{emulated_time.now()}"
            bench.office.signed_in(run)
        elif what == "pause":
            bench.office.pause(run)
            await asyncio.sleep(30)
            bench.office.go_on(run)
        elif what == "stop":
            bench.office.stop(run)
        elif what == "foreign":
            bench.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, devices=5))
        elif what == "outage":
            at = bench.tenant.settle()
            bench.emulator.faults.add(FaultRule(kind="refused", call="*", until=at + 40))
        elif what == "retry":
            bench.office.retry(run, range(27))
        self.check_now()
        if self.work.ended:
            self.work = self._new()

    async def to_the_end(self) -> RunFinished:
        """Resume for as long as the run stops for a reason that passes."""
        for _ in range(20):
            end = await self.work.end()
            if isinstance(end, RunFinished):
                return end
            self.bench.office.go_on(self.run)
            assert end.code in ("stopped", "sign_in_needed", "token_refused", "not_reached"), end
            self.work = self._new()
        raise AssertionError("the run does not end")

    def check_now(self) -> None:
        """What holds at every moment."""
        ledger = self.bench.ledger
        wrong = [v for v in ledger.violations if v.wrong != "submitted_after_success"]
        assert wrong == []
        assert all(live <= 3 for live in ledger.max_live.values())
        intents = self.bench.events(self.run, BatchSubmitting)
        assert len(ledger.submits) <= len(intents)
        state = self.bench.state(self.run)
        assert +state.counts == Counter(r.state for r in state.devices)
        live = [i for b in state.open_batches() for i in b.devices]
        assert len(live) == len(set(live))

    def check_end(self, end: RunFinished) -> None:
        """What holds when nothing is left to do."""
        self.check_now()
        bench, state = self.bench, self.bench.state(self.run)
        assert end.succeeded + end.failed + end.unknown == len(state.devices)
        rejected = {BatchState.REJECTED}
        for record in state.devices:
            truth = bench.tenant.truth(record.device.user_name, record.device.hardware_id)
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
        stored = self.bench.office.journal.read(self.run)
        orders = {s.seq for s in stored if isinstance(s.event, Order) and s.event.what == "retry"}
        planned = [s.event for s in stored if isinstance(s.event, BatchPlanned)]
        assert all((p.attempt == 1) or p.order in orders for p in planned)
        accepted = [s.event for s in stored if isinstance(s.event, BatchAccepted)]
        assert len({a.batch for a in accepted}) == len(accepted)
        assert {a.batch_id for a in accepted} <= set(self.bench.ids())
        for submit in self.bench.ledger.submits:  # each after the intent of its very devices
            keys = {(user.casefold(), hardware_id) for user, hardware_id in submit.items}
            devices = self.bench.state(self.run).devices
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


@pytest.mark.slow
@settings(max_examples=7)
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
