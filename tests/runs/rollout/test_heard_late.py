"""What came of a submit is heard after what came of a later one: the later one counts."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from siptui.domain.forgotten_text import names_of
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.emulator.scenario import DeviceRule, ForeignBatch, LagTable, Scenario
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.runs.events import (
    AnyEvent,
    BatchAccepted,
    BatchPlanned,
    BatchRejected,
    BatchSubmitting,
    DeviceChanged,
    DevicesSignedIn,
    Options,
    Stored,
)
from siptui.runs.forgetting import remembered
from siptui.runs.journal.forget import Forgetting
from siptui.runs.rollout.evidence import Evidence, Result, SourceRead, Standing
from siptui.runs.rollout.history import attempts_of, read_history
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.summary import summarize
from siptui.runs.rollout.tenant_reads import read_evidence
from siptui.runs.tenant_batches import adopt_foreign
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.engine.request_times import CERTAIN, FORMS, wire_of
from tests.runs.state_builder import AT, StateBuilder
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


def test_the_service_is_asked_for_a_phone_whose_names_were_forgotten_here(tmp_path: Path) -> None:
    """Nor is a fingerprint kept of it: its batch is read, as those of a forgotten run are."""

    async def main() -> None:
        harness, phones, now = EngineHarness(tmp_path), devices(3), emulated_time.now
        run = harness.create(phones)
        await harness.work(run)
        gone = names_of([phones[1].user_name], [phones[1].hardware_id])
        forgetting = Forgetting(at=now(), rows={run: [1]}, names=gone, no_fingerprints=True)
        harness.run_service.journal.forget(forgetting)
        async with open_client(transport=harness.emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", harness)
            history = read_history(harness.run_service.host, now(), phones)
            evidence = await read_evidence(history, client, None, now=now, rows=3)
        rows = reconcile(phones, evidence, now())
        assert [row.standing for row in rows if row.line] == [Standing.DONE] * 3

    emulated_time.run(main())


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_that_is_followed_later_is_as_old_as_the_service_says(
    tmp_path: Path, form: str
) -> None:
    """A colleague's batch failed for a phone, a run signed it in, then the batch is followed."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(devices=(_OFFLINE,), wire=wire_of(form)))
        service, theirs = harness.run_service, devices(3)
        phones = theirs[:2]
        items = tuple((str(d.user_name), str(d.hardware_id)) for d in theirs)
        harness.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, items=items))
        await asyncio.sleep(600)
        await harness.work(harness.create(phones))
        assert service.new_only(phones).to_do == ()
        await asyncio.sleep(5000)
        async with open_client(transport=harness.emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", harness)
            *_, oldest = await client.batch_summaries()
            status = await client.batch_status(oldest.batch_id)
        run = adopt_foreign(service, status, None, emulated_time.now())
        await harness.work(run)
        state = harness.state(run)
        assert state.counts[DeviceState.FAILED] == 3
        assert service.new_only(phones).to_do == ()
        if form in CERTAIN:
            assert state.batches[1].submitted_at < state.batches[1].accepted_at
        service.retry(run, [0, 1])
        await harness.work(run)
        assert [harness.ledger.times[d.key] for d in theirs] == [2, 2, 1]

    emulated_time.run(main())


def test_what_is_kept_of_a_forgotten_run_is_as_old_as_its_submit() -> None:
    """Else its sign-in, heard of late, would be newer than what a later run came to."""
    sent, heard = "2026-03-02T08:00:00.000Z", "2026-03-02T12:00:00.000Z"
    state = StateBuilder(devices(1)).state
    told: list[tuple[AnyEvent, str]] = [
        (BatchSubmitting(batch=1, region=Region.EMEA, devices=1), sent),
        (BatchAccepted(batch=1, batch_id="A", adopted=True), heard),
        (DeviceChanged(device=0, batch=1, state=DeviceState.SUCCEEDED), heard),
    ]
    for seq, (event, at) in enumerate(told, start=state.last_seq + 1):
        state.apply(Stored(seq, at, event))
    assert [(one.state, one.at) for one in remembered(state)] == [("succeeded", sent)]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("earlier", [DeviceState.SUCCEEDED, DeviceState.FAILED])
def test_a_submit_that_is_refused_as_a_whole_tells_nothing_new(
    times: int, earlier: DeviceState
) -> None:
    first = StateBuilder(devices(1)).running(1)
    first.device(0, earlier)
    refused = StateBuilder(devices(1), Options(again=True))
    for batch in range(1, times + 1):
        if batch > 1:
            refused.tell(BatchPlanned(batch=batch, region=Region.EMEA, devices=[0], attempt=batch))
        refused.submitting(batch).tell(BatchRejected(batch=batch, status=400, message="no"))
    states = [first.state, refused.state]
    now = datetime.fromisoformat(AT)
    for order in (1, -1):
        found = summarize(devices(1), states[::order], now, file="list.csv", tenant="Contoso")
        assert found.devices[0].standing == str(earlier)
        assert found.devices[0].run == first.state.run
        assert found.attempts == 1 + times
    (told,) = attempts_of(refused.state, "run B", held=False)
    assert told.result is Result.WAITS
    alone = summarize(devices(1), [refused.state], now, file="list.csv", tenant="Contoso")
    assert alone.devices[0].standing == "failed"
