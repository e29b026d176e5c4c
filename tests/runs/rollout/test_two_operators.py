"""Whatever happened to the phones: a nightly run submits those that need it, and no others.

Two operators have the same list and a folder of their own each. A colleague signs phones in with
PowerShell, people sign them in and out by hand, phones go offline and come back.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from siptui.cli.new_rows import to_do_of
from siptui.domain.region import Region
from siptui.emulator.scenario import (
    DeviceRule,
    ForeignBatch,
    HandSignIn,
    Scenario,
    TimingTable,
)
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.gateway.inventory_client import InventoryClient
from siptui.runs.events import Options
from siptui.runs.host_tenant import HostTenant
from siptui.runs.rollout.evidence import RowStanding, Standing
from siptui.runs.rollout.history import read_history
from siptui.runs.rollout.reconcile import LAG, reconcile
from siptui.runs.rollout.tenant_reads import read_evidence
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

_PHONES = devices(5)
_URL = "https://emulator.invalid"
_LOBBY = "lobby@contoso.example"

phones = st.integers(0, len(_PHONES) - 1)
some = st.sets(phones, min_size=1).map(sorted)
steps = st.one_of(
    st.tuples(st.just("night"), st.integers(0, 1)),
    st.tuples(st.just("night"), st.integers(0, 1)),
    st.tuples(st.just("colleague"), some),
    st.tuples(st.sampled_from(["signed in", "signed out", "to the lobby"]), phones),
    st.tuples(st.sampled_from(["offline", "online"]), phones),
)
waits = st.sampled_from([0.0, 60.0, 600.0, 2 * LAG.total_seconds()])
stories = st.lists(st.tuples(waits, steps), min_size=2, max_size=10)


class _Story:
    def __init__(self, folder: Path) -> None:
        timing = TimingTable(device=(5, 15), start=(1, 2), finish=(1, 2))
        one = EngineHarness(folder / "one" / "lab", Scenario(timing=timing))
        two = EngineHarness(folder / "two" / "lab", emulator=one.emulator)
        self.operators = [one, two]
        for operator in self.operators:
            state = operator.path.parent.parent
            operator.run_service.host = HostTenant("Contoso", state, operator.path)
        self.tenant = one.tenant

    def user(self, place: int) -> str:
        """Who is signed in on a phone in truth."""
        phone = str(_PHONES[place].hardware_id)
        return self.tenant.sign_ins.user(phone, self.tenant.settle())

    def live(self) -> set[str]:
        """The phones in a batch that is not over."""
        return {key[1] for batch in self.tenant.live(Region.EMEA) for key in batch.keys}

    async def step(self, what: str, *how: Any) -> None:
        if what == "night":
            await self.night(self.operators[how[0]])
        elif what == "colleague":
            items = tuple((str(_PHONES[i].user_name), str(_PHONES[i].hardware_id)) for i in how[0])
            self.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, items=items))
        elif what in ("offline", "online"):
            phone = str(_PHONES[how[0]].hardware_id)
            self.tenant.change_devices(DeviceRule(match=phone, online=what == "online"))
        else:
            users = {"signed in": str(_PHONES[how[0]].user_name), "to the lobby": _LOBBY}
            hand = HandSignIn(str(_PHONES[how[0]].hardware_id), users.get(what, ""))
            self.tenant.sign_in_by_hand(hand)

    async def night(self, operator: EngineHarness) -> Sequence[RowStanding]:
        """A nightly run of the whole list to its end: it may submit what nobody is signed in on and
        nobody has at the service."""
        now = emulated_time.now
        http = open_client(transport=operator.emulator.transport())
        evidence = await read_evidence(
            read_history(operator.run_service.host, now()),
            BulkSignInClient(http, _URL, operator),
            InventoryClient(http, _URL, operator),
            now=now,
            rows=len(_PHONES),
        )
        rows = reconcile(_PHONES, evidence, now())
        new = to_do_of(_PHONES, rows, evidence, operator.run_service)
        users, live = {str(d.hardware_id): self.user(i) for i, d in enumerate(_PHONES)}, self.live()
        for one in new.devices:
            assert users[str(one.hardware_id)] == "", one
            assert str(one.hardware_id) not in live, one
        if new.devices:
            before = len(operator.ledger.submits)
            run = operator.run_service.create(
                new.devices,
                file="list.csv",
                sha256="0" * 64,
                skipped=0,
                options=Options(batch_size=3),
                again=new.again,
            )
            await operator.work(run)
            sent = [phone for s in operator.ledger.submits[before:] for _, phone in s.items]
            assert sorted(sent) == sorted(str(one.hardware_id) for one in new.devices)
        return rows

    async def morning(self) -> None:
        """Every phone is online, and the inventory no longer late: after a night of each operator
        nothing is left, and both say how it is in truth."""
        for place in range(len(_PHONES)):
            await self.step("online", place)
        for operator in (*self.operators, *self.operators):
            await asyncio.sleep(2 * LAG.total_seconds())
            rows = await self.night(operator)
        submits = len(self.operators[0].ledger.submits)
        for operator in self.operators:
            rows = await self.night(operator)
            for place, row in enumerate(rows):
                user = self.user(place)
                wanted = Standing.DONE if user == _PHONES[place].user_name else Standing.OTHER
                assert (row.standing, bool(user)) == (wanted, True), (row, user)
        assert len(self.operators[0].ledger.submits) == submits


@pytest.mark.slow
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@example(  # it failed here, a colleague signed it in since, and so did a person
    story=[
        (0.0, ("offline", 0)),
        (0.0, ("offline", 1)),
        (0.0, ("night", 0)),
        (60.0, ("online", 0)),
        (0.0, ("colleague", [0])),
        (60.0, ("signed in", 1)),
        (0.0, ("night", 0)),
        (0.0, ("night", 1)),
        (600.0, ("signed out", 0)),
        (0.0, ("night", 1)),
    ]
)
@example(  # signed in by the other operator, and then signed out by a batch that failed
    story=[
        (0.0, ("night", 1)),
        (3600.0, ("offline", 0)),
        (0.0, ("colleague", [0])),
        (600.0, ("night", 0)),
        (0.0, ("online", 0)),
        (60.0, ("night", 0)),
    ]
)
@given(story=stories)
def test_a_nightly_run_submits_what_needs_it_and_nothing_else(
    story: list[tuple[float, tuple[Any, ...]]],
) -> None:
    async def main(folder: Path) -> None:
        told = _Story(folder)
        for wait, (what, *how) in story:
            await asyncio.sleep(wait)
            await told.step(what, *how)
        await asyncio.sleep(600)  # batches of the colleague end
        await told.morning()

    with tempfile.TemporaryDirectory() as folder:
        emulated_time.run(main(Path(folder)), limit=10 * 24 * 3600)
