"""Refused while batches are live: they are followed to their end, and then the run stops, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.protocol import BulkSignIn
from siptui.runs.events import BatchRejected, Note, Options, RunFinished, RunStopped
from siptui.runs.output.json_lines import exit_code
from siptui.runs.worker import take, work_on
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5)
#: What something on the way says in the service's place.
FOREIGN: list[dict[str, Any]] = [
    {"kind": "html"},
    {"kind": "html", "content_type": "text/plain"},
    {"kind": "html", "content_type": "application/json"},
    {"kind": "garbage"},
    {"kind": "garbage", "content_type": "application/xml"},
]


#: Each status with each answer, and each of the two with each call.
_IN_PLACE = [
    (("batchsummaries", "batchstatus")[(row + column) % 2], status, fault)
    for row, status in enumerate([400, 401, 403, 404, 410])
    for column, fault in enumerate(FOREIGN)
]


@pytest.mark.parametrize(("call", "status", "fault"), _IN_PLACE)
def test_an_answer_that_is_not_the_services_is_waited_out(
    tmp_path: Path, call: str, status: int, fault: dict[str, Any]
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault(**fault, call=call, status=status, nth=(1, 3, 4))
        run = lab.create(devices(10), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunFinished), end
        assert lab.differences(run) == []
        assert set(lab.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("fault", FOREIGN)
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("status", [401, 403])
def test_of_a_submit_it_says_nothing(
    tmp_path: Path, status: int, moment: str, fault: dict[str, Any]
) -> None:
    """A proxy can put its page in the place of the answer to what went through."""

    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault(**fault, status=status, moment=moment, nth=1)
        run = lab.create(devices(5), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunFinished), end
        assert lab.events(run, BatchRejected) == []
        assert lab.differences(run) == []
        assert lab.state(run).counts[DeviceState.UNKNOWN] == (5 if moment == "before" else 0)
        assert len(lab.ledger.submits) == (moment == "after")

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize(
    ("call", "status", "code", "regions"),
    [
        ("createbatch", 403, "access_denied", (Region.EMEA,)),
        ("createbatch", 403, "access_denied", tuple(Region)),
        ("batchsummaries", 403, "access_denied", tuple(Region)),
        ("batchsummaries", 400, "InternalServerError", tuple(Region)),
        ("batchsummaries", 404, "InternalServerError", (Region.EMEA,)),
    ],
)
def test_what_is_live_is_followed_to_its_end(
    tmp_path: Path, call: str, status: int, code: str, regions: tuple[Region, ...]
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", call, status=status, since=8)
        run = lab.create(devices(60, regions), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunStopped), end
        assert end.code == code
        assert lab.events(run, RunStopped) == [end]
        state = lab.state(run)
        assert lab.ledger.submits
        submitted = {key for submit in lab.ledger.submits for key in submit.items}
        assert len(submitted) < 60
        assert state.counts[DeviceState.SUCCEEDED] == len(submitted)
        assert state.counts[DeviceState.QUEUED] == 60 - len(submitted)
        assert lab.differences(run) == []
        assert any("followed to its end" in note for note in lab.notes(run))
        lab.emulator.faults.clear()
        assert isinstance(await lab.work(run), RunFinished)
        assert set(lab.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


def test_what_one_region_is_refused_ends_the_submits_of_all(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "createbatch", status=403, region="EMEA", since=8)
        run = lab.create(devices(90, tuple(Region)), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        assert lab.events(run, RunStopped) == [end]
        (told,) = (
            datetime.fromisoformat(stored.at)
            for stored in lab.run_service.journal.read(run)
            if isinstance(stored.event, Note) and "nothing more is submitted" in stored.event.text
        )
        refused = (told - emulated_time.START).total_seconds()
        assert {submit.region for submit in lab.ledger.submits} == set(Region)
        assert [submit for submit in lab.ledger.submits if submit.at > refused] == []
        assert lab.state(run).counts[DeviceState.QUEUED] > 0
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("fault", FOREIGN)
def test_a_proxys_401_for_a_while_holds_submits_and_loses_no_live_phone(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault(**fault, call="*", status=401, since=30, until=400)
        run = lab.create(devices(40), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunFinished), end
        assert lab.events(run, RunStopped) == []
        assert lab.differences(run) == []
        assert set(lab.ledger.times.values()) == {1}
        meanwhile = [s for s in lab.ledger.submits if 60 < s.at < 400]
        assert meanwhile == []
        assert any("most likely from a proxy" in note for note in lab.notes(run))

    emulated_time.run(main(), limit=6 * 3600)


def test_a_role_lost_for_a_minute_loses_no_live_phone(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "*", status=403, since=30, until=90)
        run = lab.create(devices(40), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        state = lab.state(run)
        assert exit_code(state) == 4
        assert not state.open_batches()
        assert lab.differences(run) == []

    emulated_time.run(main(), limit=6 * 3600)


def test_a_role_that_stays_lost_ends_the_following(tmp_path: Path) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", "*", status=403, since=30)
        run = lab.create(devices(40), FIVE)
        end = await lab.work(run, sign_in_wait=3600)
        assert isinstance(end, RunStopped)
        assert end.code == "access_denied"
        assert (emulated_time.now() - emulated_time.START).total_seconds() < 300
        lab.emulator.faults.clear()
        assert isinstance(await lab.work(run), RunFinished)
        assert lab.differences(run) == []
        assert set(lab.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize("looked_for", ["batchsummaries", "batchstatus"])
def test_a_lost_batch_that_cannot_be_looked_for_is_left_in_doubt(
    tmp_path: Path, looked_for: str
) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("cut", "createbatch", moment="after", nth=2)
        lab.fault("status", looked_for, status=403, since=0.5, until=4000)
        run = lab.create(devices(10), FIVE)
        end = await lab.work(run)
        assert isinstance(end, RunStopped)
        await asyncio.sleep(4000)
        assert isinstance(await lab.work(run), RunFinished)
        assert lab.state(run).counts[DeviceState.SUCCEEDED] == 10
        assert set(lab.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * 3600)


@pytest.mark.parametrize(("call", "status"), [("batchsummaries", 400), ("createbatch", 403)])
def test_a_stop_is_written_once_by_a_worker(tmp_path: Path, call: str, status: int) -> None:
    async def main() -> None:
        lab = EngineHarness(tmp_path)
        lab.fault("status", call, status=status)
        run = lab.create(devices(10), FIVE)

        @asynccontextmanager
        async def connect() -> AsyncIterator[BulkSignIn]:
            async with open_client(transport=lab.emulator.transport()) as http:
                yield BulkSignInClient(http, "https://emulator.invalid", lab)

        with take(lab.path, run):
            await work_on(lab.path, run, connect)
        assert len(lab.events(run, RunStopped)) == 1
        assert lab.state(run).batches[1].state is BatchState.QUEUED

    emulated_time.run(main(), limit=6 * 3600)
