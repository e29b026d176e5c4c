"""What came of a submit is heard after what came of a later one: the later one counts."""

import asyncio
from pathlib import Path

from siptui.domain.state import DeviceState
from siptui.emulator.scenario import DeviceRule, LagTable, Scenario
from siptui.runs.events import DevicesSignedIn, Options
from siptui.runs.rollout.evidence import Evidence, SourceRead, Standing
from siptui.runs.rollout.history import attempts_of
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.summary import summarize
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

_OFFLINE = DeviceRule(online=False, until_attempt=2)


def test_a_lost_batch_that_is_found_after_a_later_run_tells_nothing_new(tmp_path: Path) -> None:
    async def main() -> None:
        scenario = Scenario(devices=(_OFFLINE,), lag=LagTable(summaries=4000))
        harness = EngineHarness(tmp_path, scenario)
        service, phones = harness.run_service, devices(2)
        harness.fault("cut", moment="after", nth=1)
        lost = harness.create(phones, Options(settle_seconds=60))
        await harness.work(lost)
        assert harness.state(lost).counts[DeviceState.UNKNOWN] == 2
        await asyncio.sleep(600)
        later = harness.create(phones, Options(again=True))
        await harness.work(later)
        assert harness.state(later).counts[DeviceState.SUCCEEDED] == 2
        await asyncio.sleep(5000)
        service.adopt(lost, 1, harness.ids()[0])
        await harness.work(lost)
        states = [harness.state(run) for run in (lost, later)]
        assert states[0].counts[DeviceState.FAILED] == 2

        now = emulated_time.now()
        found: dict[str, list[object]] = {}
        for state in states:
            for one in attempts_of(state, f"run {state.run}", held=False):
                found.setdefault(one.hardware_id, []).append(one)
        sources = tuple(SourceRead(name, now) for name in ("history", "batches", "inventory"))
        rows = reconcile(phones, Evidence(found, {}, sources), now)  # type: ignore[arg-type]
        assert {row.standing for row in rows} == {Standing.DONE}
        summary = summarize(phones, states, now, file="list.csv", tenant="Contoso")
        assert summary.counts == {"succeeded": 2}
        assert service.new_only(phones).to_do == ()
        service.retry(lost, [0, 1])
        await harness.work(lost)
        assert [e.devices for e in harness.events(lost, DevicesSignedIn)] == [[0, 1]]
        assert set(harness.ledger.times.values()) == {2}
        assert harness.ledger.violations == []

    emulated_time.run(main())
