"""A run among answers with something in them that nobody expects: it goes on and ends right."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.scenario import (
    BatchRule,
    ForeignBatch,
    LimitsTable,
    Scenario,
    TimingTable,
    WireTable,
)
from siptui.runs.events import (
    BatchAccepted,
    BatchUnsettled,
    Note,
    Options,
    RunFinished,
)
from siptui.runs.output.json_lines import exit_code
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time
from tests.support.places import ODD, places, with_odd

HOURS = 3600
FIVE = Options(batch_size=5)
#: Several reads of a batch at work; how much longer it takes decides nothing here.
_QUICK = TimingTable(device=(6, 15), start=(1, 3), finish=(1, 2))
_FOREIGN = ForeignBatch(at=-100, region=Region.EMEA, devices=3)


def _odd(harness: EngineHarness, call: str, place: str, value: Any, **more: Any) -> None:
    harness.fault("odd", call, place=place, put=json.dumps(value), **more)


def _some(names: list[str]) -> list[tuple[str, Any]]:
    """Each name with a few of the odd values, of each type one: from five names on each value is
    met somewhere. What reads the answers is held against all values in tests/gateway."""
    return [(name, value) for at, name in enumerate(names) for value in ODD[at % 5 :: 5]]


@pytest.mark.parametrize(
    ("place", "value"),
    _some(["1.batchId", "1.requestTime", "1.batchStatus", "1.userId", "1.region", "1", "1.*"]),
)
def test_one_odd_entry_among_the_batches_stops_nothing(
    tmp_path: Path, place: str, value: Any
) -> None:
    """The tenant's batches before the first submit, while it runs, and when one was lost."""

    async def main() -> None:
        scenario = Scenario(foreign=(_FOREIGN, _FOREIGN), timing=_QUICK)
        harness = EngineHarness(tmp_path, scenario)
        await asyncio.sleep(150)  # those of others are over, and stand in the list
        _odd(harness, "batchsummaries", place, value)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert harness.differences(run) == []
        assert set(harness.ledger.times.values()) == {1}
        told = [note for note in harness.notes(run) if "tenant's batches" in note]
        assert len(told) <= 3, "noted once for each region"

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z"])
def test_a_lost_batch_whose_time_was_never_set_is_found(tmp_path: Path, value: str) -> None:
    """.NET writes such times: they say nothing of when it was submitted."""

    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(foreign=(_FOREIGN,), timing=_QUICK))
        await asyncio.sleep(150)
        for place in ("0.requestTime", "1.requestTime"):
            _odd(harness, "batchsummaries", place, value)
        harness.fault("cut", moment="after", nth=1)
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert [a.adopted for a in harness.events(run, BatchAccepted)] == [True]
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("value", [None, 7, [], {}, "x", {"batchId": None}, {"batchId": "x" * 300}])
def test_an_entry_more_among_the_batches_is_passed_over(tmp_path: Path, value: Any) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        _odd(harness, "batchsummaries", "0", value, insert=True)
        harness.fault("cut", moment="after", nth=2)
        run = harness.create(devices(15), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 15, "the lost one is found among those that can be read"
        assert [a.adopted for a in harness.events(run, BatchAccepted)].count(True) == 1
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


_ITEM_FIELDS = ["userName", "hardwareId", "status", "error"]


@pytest.mark.parametrize(
    ("field", "value"), _some(["", *_ITEM_FIELDS, "hardwareId", "", "status", "error"])
)
def test_one_odd_device_leaves_the_others_alone(tmp_path: Path, field: str, value: Any) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=_QUICK))
        place = f"batchItems.1.{field}" if field else "batchItems.1"
        _odd(harness, "batchstatus", place, value)
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        states = [record.state for record in harness.state(run).devices]
        known = states[1] is DeviceState.SUCCEEDED
        assert states == [DeviceState.SUCCEEDED, states[1], *[DeviceState.SUCCEEDED] * 3]
        if field == "error":
            assert known, "a text about it changes nothing of its outcome"
        else:
            assert states[1] is DeviceState.UNKNOWN, "never guessed"
            assert exit_code(harness.state(run)) == 5
        assert len(harness.notes(run)) <= 2
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize(
    ("field", "value"), _some(["region", "requestTime", "userId", "batchStatus"])
)
def test_an_odd_field_of_the_batch_changes_nothing(tmp_path: Path, field: str, value: Any) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=_QUICK))
        _odd(harness, "batchstatus", field, value)
        _odd(harness, "createbatch", "batchItemsCount", value)
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("value", [None, True, 7, 1.5, "", "x" * 3000, [], ["a"], {}])
def test_an_odd_batch_id_in_a_status_changes_nothing(tmp_path: Path, value: Any) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(timing=_QUICK))
        _odd(harness, "batchstatus", "batchId", value)
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("value", [None, "", [], ["a"], {}, {"a": None}])
def test_an_odd_batch_id_in_the_answer_to_a_submit_is_looked_for(
    tmp_path: Path, value: Any
) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        _odd(harness, "createbatch", "batchId", value, nth=1)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


def test_an_error_that_is_a_list_is_kept_and_understood(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path)
        _odd(
            harness,
            "batchstatus",
            "batchItems.0",
            {
                "userName": "room0@contoso.example",
                "hardwareId": "00-04-F2-00-00-00",
                "status": "failed",
                "error": ["Device is offline."],
            },
        )
        run = harness.create(devices(2))
        await harness.work(run)
        record = harness.state(run).devices[0]
        assert record.state is DeviceState.FAILED
        assert record.error == '["Device is offline."]'
        assert harness.state(run).causes() == {"offline": 1}
        (note,) = harness.notes(run)
        assert '["Device is offline."]' in note

    emulated_time.run(main(), limit=2 * HOURS)


def test_whatever_an_answer_holds_a_run_ends_or_waits_and_submits_once(tmp_path: Path) -> None:
    """Every place of every answer in turn, one value each, for a while: then all ends right."""
    whole = {
        "createbatch": {"batchId": "b", "batchItemsCount": 2},
        "batchsummaries": [{"batchId": "b", "batchStatus": "s", "region": "EMEA", "userId": "u"}],
        "batchstatus": {"batchId": "b", "batchStatus": "s", "batchItems": [{}, {}]},
        "serviceDiscovery": {"Endpoints": {"AdminServiceEndpoint": "h"}, "Headers": {}},
    }
    cases = [(call, path) for call, value in whole.items() for path in places(value)]
    cases.remove(("createbatch", ("batchId",)))  # one that can be an id is taken for it

    async def main() -> None:
        for number, (call, path) in enumerate(cases):
            folder = tmp_path / str(number)
            folder.mkdir()
            harness = EngineHarness(folder, seed=number)
            odd = ODD[number * 7 % len(ODD)]
            _odd(harness, call, ".".join(map(str, path)), odd, until=120)
            run = harness.create(devices(4), Options(batch_size=2, settle_seconds=300))
            end = await harness.work(run)
            assert isinstance(end, RunFinished), (call, path, odd)
            assert set(harness.ledger.times.values()) <= {1}, (call, path, odd)
            assert harness.differences(run) == [], (call, path, odd)

    emulated_time.run(main(), limit=48 * HOURS)


@pytest.mark.parametrize(
    ("marker", "host"),
    [
        *(("nextLink", ""), ("continuationToken", ""), ("skipToken", "")),
        *(("nextLink", "evil.example"), ("@odata.nextLink", "evil.example")),
    ],
)
def test_pages_are_followed_at_our_own_host(tmp_path: Path, marker: Any, host: str) -> None:
    async def main() -> None:
        wire = WireTable(page=2, page_marker=marker, page_host=host)
        scenario = Scenario(wire=wire, foreign=(_FOREIGN,), timing=_QUICK)
        harness = EngineHarness(tmp_path, scenario)
        harness.fault("cut", moment="after", nth=1)
        run = harness.create(devices(10), FIVE)
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 10
        assert [a.adopted for a in harness.events(run, BatchAccepted)].count(True) == 1
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=2 * HOURS)


@pytest.mark.parametrize("marker", ["hasMore", "none"])
def test_nothing_is_concluded_from_a_part_of_the_batches(tmp_path: Path, marker: Any) -> None:
    """The lost batch is on a page that cannot be had."""

    async def main() -> None:
        wire = WireTable(page=10, page_marker=marker, summaries_root="Value")
        harness = EngineHarness(tmp_path, Scenario(wire=wire, limits=LimitsTable(live=99)))
        harness.fault("hang", moment="after", nth=1)
        run = harness.create(devices(3), Options(settle_seconds=60))
        work = harness.start(run)
        await asyncio.sleep(2)
        for _ in range(12):  # newer ones of others fill the page
            harness.tenant.start_foreign(ForeignBatch(at=0, region=Region.APAC, devices=1))
        end = await work.end()
        assert isinstance(end, RunFinished)
        (unsettled,) = harness.events(run, BatchUnsettled)
        assert "no new batch" not in unsettled.why
        assert "did not show" in unsettled.why
        assert harness.state(run).batches[1].state is BatchState.UNSETTLED

    emulated_time.run(main(), limit=2 * HOURS)


def test_a_batch_of_which_a_part_is_listed_is_not_ruled_out(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=(BatchRule(slow=100),)))
        harness.fault("cut", moment="after", nth=1)
        _odd(harness, "batchstatus", "batchItems.2", None)
        run = harness.create(devices(3), Options(settle_seconds=60))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        (unsettled,) = harness.events(run, BatchUnsettled)
        assert harness.ids()[0] in unsettled.why
        assert "no new batch" not in unsettled.why

    emulated_time.run(main(), limit=2 * HOURS)


def test_what_cannot_be_read_is_noted_once(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=(BatchRule(slow=10),)))
        _odd(harness, "batchstatus", "batchItems.0.error", {"at": "12:00"})
        run = harness.create(devices(4))
        await harness.work(run)
        notes = harness.events(run, Note)
        assert [note.text for note in notes if "error of device 1" in note.text]
        assert len(notes) == 1

    emulated_time.run(main(), limit=2 * HOURS)


def test_another_worker_does_not_note_it_once_more(tmp_path: Path) -> None:
    async def main() -> None:
        harness = EngineHarness(tmp_path, Scenario(batches=(BatchRule(slow=10),)))
        _odd(harness, "batchstatus", "batchItems.0.error", {"at": "12:00"})
        _odd(harness, "batchsummaries", "0", None, insert=True)
        run = harness.create(devices(4), Options(batch_size=2, slots=1))
        for _ in range(3):
            work = harness.start(run)
            await asyncio.sleep(60)
            await work.kill()
        await harness.work(run)
        assert len(harness.notes(run)) == 3, "one of the list, one of each batch"

    emulated_time.run(main(), limit=2 * HOURS)


def test_places_are_put_in() -> None:
    value = {"a": [{"b": 1}, {"b": 2}]}
    assert with_odd(value, ("a", 1, "b"), None) == {"a": [{"b": 1}, {"b": None}]}
