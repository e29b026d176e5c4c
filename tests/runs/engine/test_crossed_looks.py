"""When batches are looked for that others submitted at the same time, and which are asked."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.emulator.scenario import ForeignBatch
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.runs.engine.backoff import Pace
from siptui.runs.engine.crossed_submits import CrossedSubmits
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.service_reads import Reader, SignInGate
from siptui.runs.engine.submit_turns import SubmitTurns
from siptui.runs.engine.summaries import Summaries
from siptui.runs.engine.tenant_look import TenantLook
from siptui.runs.events import BatchAccepted, BatchFinished, BatchSubmitting, Note, Options
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.http import open_client
from siptui.transport.throttle import Throttle
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.runs.state_builder import EMEA
from tests.support import emulated_time

PHONES = devices(5)


class Crossing:
    """A run with a batch for each of five devices, and nothing that works on it but the looks."""

    def __init__(self, folder: Path) -> None:
        self.harness = EngineHarness(folder)
        run = self.harness.create(PHONES, Options(batch_size=1))
        service = self.harness.run_service
        self.log = log = RunLog(service.journal, run, emulated_time.now)
        self.asked: list[tuple[float, str]] = []
        self.capitals: list[str] = []
        inner = self.harness.emulator.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            what = str(scope.get("path", "")).rpartition("/batch")[2]
            if what in ("summaries", "status"):
                self.asked.append((self.seconds, what))

            async def answered(message: Any) -> None:
                for name in self.capitals:
                    if body := message.get("body"):
                        body = body.replace(name.encode(), name.upper().encode())
                        message = {**message, "body": body}
                await send(message)

            await inner(scope, receive, answered)

        self.harness.emulator.app = app
        self.wakeup = Wakeup()
        throttle, rng = Throttle(None, emulated_time.now), random.Random(1)
        http = open_client(transport=self.harness.emulator.transport())
        client = BulkSignInClient(http, "https://emulator.invalid", self.harness, throttle=throttle)
        roles = RoleGate(
            log, self.wakeup, throttle, client.batch_summaries, patience=0, attended=False
        )
        gate = partial(SignInGate, log, self.wakeup, 0.0)
        reader = Reader(log, rng, gate, throttle, roles)
        crossed = CrossedSubmits(
            log,
            client,
            reader,
            {region: Pace() for region in Region},
            self.wakeup,
            Summaries(client, reader, SubmitTurns(None)),
            TenantLook(log, client, service.host),
        )
        self.began = asyncio.get_running_loop().time()
        self.work = asyncio.ensure_future(crossed.run())

    @property
    def seconds(self) -> float:
        return round(asyncio.get_running_loop().time() - self.began, 1)

    async def until(self, seconds: float) -> None:
        await asyncio.sleep(seconds - self.seconds)

    def submitted(
        self, batch: int, name: str = "", *, known: Sequence[str] = (), adopted: bool = False
    ) -> None:
        """The batch is submitted and accepted now."""
        self.log.write(
            BatchSubmitting(batch=batch, region=EMEA, devices=1, known=list(known)),
            BatchAccepted(batch=batch, batch_id=name or f"OWN-{batch}", adopted=adopted),
        )
        self.wakeup.wake()

    def others(self, *places: int) -> str:
        """Another host submits the devices at these places; the id of its batch."""
        items = tuple((str(PHONES[i].user_name), str(PHONES[i].hardware_id)) for i in places)
        self.harness.tenant.start_foreign(ForeignBatch(at=0, region=EMEA, items=items))
        return self.harness.ledger.foreign[-1].batch_id

    @property
    def told(self) -> list[tuple[int | None, str]]:
        """The batches that were told of, and of which each has a device."""
        notes = self.harness.events(self.log.run, Note)
        return [(note.batch, note.text.split()[1]) for note in notes if "passwords" in note.text]


@pytest.fixture(name="crossing")
def _crossing(tmp_path: Path) -> Callable[[Callable[[Crossing], Awaitable[None]]], None]:
    def run(test: Callable[[Crossing], Awaitable[None]]) -> None:
        async def main() -> None:
            one = Crossing(tmp_path)
            await test(one)
            one.work.cancel()

        emulated_time.run(main(), limit=3600)

    return run


Run = Callable[[Callable[[Crossing], Awaitable[None]]], None]


def test_a_minute_after_each_submit_the_list_is_read_unless_it_was_just_before(
    crossing: Run,
) -> None:
    async def test(one: Crossing) -> None:
        await one.until(10)
        for batch, moment in ((1, 10.0), (2, 40.0), (3, 40.5), (4, 300.0)):
            await one.until(moment)
            one.submitted(batch)
        await one.until(1000)
        # That of the second batch is half a minute after the first, so its list holds.
        assert one.asked == [(70.0, "summaries"), (100.5, "summaries"), (360.0, "summaries")]

    crossing(test)


def test_no_look_is_for_what_was_followed_or_is_over(crossing: Run) -> None:
    async def test(one: Crossing) -> None:
        one.submitted(1, adopted=True)
        one.submitted(2)
        one.log.write(BatchFinished(batch=2, batch_id="OWN-2", succeeded=1, failed=0))
        await one.until(500)
        assert one.asked == []

    crossing(test)


def test_a_batch_that_was_not_there_is_asked_once_for_each_submit(crossing: Run) -> None:
    async def test(one: Crossing) -> None:
        one.submitted(1)
        one.submitted(2)
        other = one.others(1, 3)
        await one.until(500)
        assert [word for _, word in one.asked] == ["summaries", "status", "status"]
        assert one.told == [(2, other)]

    crossing(test)


@pytest.mark.parametrize("capitals", [True, False])
def test_what_was_listed_before_and_what_is_the_run_s_own_is_not_asked(
    crossing: Run, capitals: bool
) -> None:
    async def test(one: Crossing) -> None:
        before, own = one.others(0), one.others(1)
        one.capitals = [before, own] if capitals else []
        one.submitted(2, own if capitals else own.upper())
        one.submitted(1, known=[before if capitals else before.upper()])
        assert {before, own}.isdisjoint({before.upper(), own.upper()})
        await one.until(500)
        assert [word for _, word in one.asked] == ["summaries", "status"]  # of the second one
        assert one.told == []

    crossing(test)


@pytest.mark.parametrize("nth", [1, 2])
def test_one_that_cannot_be_read_hides_none_of_the_others(crossing: Run, nth: int) -> None:
    async def test(one: Crossing) -> None:
        one.submitted(1)
        one.submitted(2)
        ids = one.others(0), one.others(0, 1)
        one.harness.fault("status", "batchstatus", status=400, nth=nth)
        await one.until(500)
        assert [word for _, word in one.asked] == ["summaries", *["status"] * 4]
        assert set(one.told) == {(1, ids[nth - 1]), (2, ids[1])}

    crossing(test)


def test_a_list_that_cannot_be_read_is_none(crossing: Run) -> None:
    async def test(one: Crossing) -> None:
        one.submitted(1)
        one.others(0)
        one.harness.fault("status", "batchsummaries", status=400, times=1)
        await one.until(100)
        assert one.told == []
        one.submitted(2)
        other = one.others(1)
        await one.until(500)
        assert one.told == [(2, other)]

    crossing(test)
