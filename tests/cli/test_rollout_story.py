"""A rollout from its first evening to the night in which nothing is left: 2,300 phones, 40 sites.

The evening is carried out by engines in emulated time: two operators, each with a state folder,
two sites that fail, an answer that is lost, a worker that is killed. What follows is done by the
commands themselves, with real workers, on the same journals and the same tenant.
"""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from siptui.devicelist.reading import read
from siptui.domain.outcome import Cause
from siptui.domain.state import DeviceState
from siptui.emulator.call_log import Wrong
from siptui.emulator.clock import Clock
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import (
    AccountRule,
    DeviceRule,
    FaultRule,
    HandSignIn,
    Scenario,
    TimingTable,
)
from siptui.runs.events import BatchAccepted, GroupStopped, Options, RunFinished, RunStopped
from siptui.runs.host_tenant import HostTenant
from tests.runs.engine.engine_harness import EngineHarness
from tests.support import emulated_time
from tests.support.emulator import Running, serving
from tests.worker.installation import TOKEN, Installation, hardware_id, profile_of

_ROWS, _SITES, _FIRST = 2_300, 40, 3
_REGIONS = ("EMEA", "NOAM", "APAC")
_TENANT = "contoso.example"
#: The sites whose phones the tenant does not know, and whose accounts have no number.
_UNKNOWN, _NUMBERLESS = 7, 19
#: The sites that the second operator has a list of, too.
_SECOND = range(34, 40)
_NIGHTLY = ("--by", "Site", "--first", str(_FIRST), "--new-only", "--yes", "--json")
_BEFORE = timedelta(days=2)


def _site(number: int) -> int:
    return number * _SITES // _ROWS


_NUMBERS = {site: [n for n in range(_ROWS) if _site(n) == site] for site in range(_SITES)}
#: One phone of every fourth site is offline at its first attempt, and is none of the first ones.
_OFFLINE = [numbers[-2] for site, numbers in _NUMBERS.items() if site % 4 == 0]
#: Those of them that both operators have in a list: each orders them, and the first attempt fails.
_TWICE = [n for n in _OFFLINE if _site(n) in _SECOND]
#: Signed in by hand as another account, and signed out by hand.
_LOBBY, _CLEARED = _NUMBERS[2][9], _NUMBERS[3][11]


def _phones(site: int) -> list[str]:
    return [hardware_id(n) for n in _NUMBERS[site]]


def _accounts(site: int) -> list[str]:
    return [f"room{n}@contoso.example" for n in _NUMBERS[site]]


_SCENARIO = Scenario(
    timing=TimingTable(device=(4, 10), start=(1, 2), finish=(0.5, 1), lanes=100),
    devices=(
        DeviceRule(match=_phones(_UNKNOWN), known=False),
        DeviceRule(match=[hardware_id(n) for n in _OFFLINE], online=False, until_attempt=2),
    ),
    accounts=(AccountRule(match=_accounts(_NUMBERLESS), number=False),),
    faults=(FaultRule(kind="cut", call="createbatch", moment="after", nth=9),),
)


def _write(path: Path, sites: Iterable[int], *, without_last: bool = False) -> Path:
    rows = ["Username,HardwareId,Region,Site"]
    for site in sites:
        rows += [
            f"room{n}@contoso.example,{hardware_id(n)},{_REGIONS[site % 3]},Site {site:02}"
            for n in (_NUMBERS[site][:-1] if without_last else _NUMBERS[site])
        ]
    path.write_text("\n".join(rows) + "\n")
    return path


@dataclass
class _Rollout:
    """The tenant, the lists of its operators, and how often each phone was ordered."""

    folder: Path
    emulator: Emulator
    whole: Path
    part: Path
    ordered: Counter[str] = field(default_factory=Counter)
    #: The sites that fail still.
    failing: set[int] = field(default_factory=lambda: {_UNKNOWN, _NUMBERLESS})
    env: dict[str, str] = field(default_factory=dict)
    running: Running | None = None

    def harness(self, operator: str) -> EngineHarness:
        """The engines of an operator, on the journal that the commands of that one will find. They
        take turns to submit, as on one host: of two hosts both may submit at the same moment."""
        state, turns = self.folder / operator, self.folder / "turns"
        turns.mkdir(exist_ok=True)
        found = EngineHarness(state / "lab", emulator=self.emulator, tenant=_TENANT)
        found.run_service.host = HostTenant(_TENANT, state, found.path, turns)
        return found

    def order(self, numbers: Iterable[int]) -> None:
        """An operator orders these phones: of a site that fails only the first ones may go out."""
        tried: Counter[int] = Counter()
        for n in numbers:
            tried[_site(n)] += 1
            if tried[_site(n)] <= _FIRST or _site(n) not in self.failing:
                self.ordered[hardware_id(n)] += 1

    def times(self) -> Counter[str]:
        """How often each phone was submitted."""
        submits = self.emulator.tenant.ledger.submits
        return Counter(phone for submit in submits for _, phone in submit.items)

    def truly(self, number: int) -> str:
        """Where a row really stands: by who is signed in on its phone."""
        tenant = self.emulator.tenant
        user = tenant.sign_ins.user(hardware_id(number), tenant.settle())
        if not user:
            return "to_do"
        return "done" if user == f"room{number}@contoso.example" else "other"

    @contextlib.contextmanager
    def served(self, *, speed: float) -> Iterator[None]:
        """The tenant goes on in real time, `speed` times as fast, for commands and workers."""
        tenant = self.emulator.tenant
        clock = Clock(time.monotonic, speed=speed, epoch=tenant.clock.epoch)
        clock.advance((datetime.now(UTC) - tenant.clock.epoch).total_seconds())
        tenant.clock = clock
        with serving(self.emulator) as self.running:
            url = self.running.url
            self.env = profile_of(self.folder, self.running, "https://localhost:1", quick=20)
            config = self.folder / "config" / "config.toml"
            config.write_text(config.read_text() + f'graph = "{url}"\ndevices = "{url}"\n')
            for name in ("ACCESS", "GRAPH", "DEVICES"):
                self.env[f"SIPTUI_{name}_TOKEN"] = TOKEN
            yield

    def command(self, operator: str, *args: str) -> tuple[int, str]:
        """A command of an operator: its exit code, and what it prints."""
        assert self.running is not None
        env = {**self.env, "SIPTUI_STATE_DIR": str(self.folder / operator)}
        done = Installation(self.folder, self.running, env).run(*args)
        return done.exit_code, done.stdout or done.output

    def status(self, operator: str) -> dict[int, str]:
        """Where `siptui status` says that the rows of the whole list stand, by their numbers. That
        must be where they do in truth."""
        code, out = self.command(operator, "status", str(self.whole), "--json")
        body = json.loads(out)
        errors = {source["source"] for source in body["sources"] if source["error"]}
        # A list of exactly a hundred batches may be a first page, which is told.
        full = len(self.emulator.tenant.batches()) == 100
        assert (code, errors) == ((5, {"batches"}) if full else (0, set()))
        # The inventory, and the batches of which the history of this operator knows no end.
        assert body["calls"] <= _ROWS / 50 + len(self.emulator.tenant.ledger.submits)
        said = {int(row["username"][4:].partition("@")[0]): row for row in body["rows"]}
        assert len(body["rows"]) == len(said) == _ROWS
        wrong = {n: row for n, row in said.items() if row["standing"] != self.truly(n)}
        assert wrong == {}
        return {n: row["standing"] for n, row in said.items()}

    def night(self, operator: str) -> tuple[int, dict[str, Any]]:
        """The nightly run of the whole list, its exit code and its last line. It submits what is to
        do and nothing else."""
        standings = self.status(operator)
        self.order(n for n, standing in standings.items() if standing == "to_do")
        code, out = self.command(operator, "run", str(self.whole), *_NIGHTLY)
        assert self.times() == self.ordered
        return code, json.loads(out.splitlines()[-1])


@pytest.mark.slow
def test_a_rollout_of_two_operators_from_its_first_evening_to_its_end(tmp_path: Path) -> None:
    begun = datetime.now(UTC).replace(microsecond=0) - _BEFORE
    rollout = _Rollout(
        tmp_path,
        Emulator(_SCENARIO, epoch=begun),
        _write(tmp_path / "whole.csv", range(_SITES)),
        _write(tmp_path / "part.csv", _SECOND, without_last=True),
    )
    emulated_time.run(_evening(rollout), since=begun, limit=12 * 3600)
    tenant = rollout.emulator.tenant
    with rollout.served(speed=600):
        # By hand, the next day: a phone is given to the lobby, and one is reset.
        tenant.sign_in_by_hand(HandSignIn(hardware_id(_LOBBY), "lobby@contoso.example"))
        tenant.sign_in_by_hand(HandSignIn(hardware_id(_CLEARED)))
        counted = Counter(rollout.status("two").values())
        failed = sum(len(_NUMBERS[site]) for site in rollout.failing)
        assert counted["other"] == 1
        assert counted["to_do"] == failed + len(_OFFLINE) + 1 - len(_TWICE)

        # The phones of one of the two sites are known by now: it goes out, the other is tried.
        tenant.change_devices(DeviceRule(match=_phones(_UNKNOWN), known=True))
        rollout.failing = {_NUMBERLESS}
        code, end = rollout.night("one")
        assert (code, end["type"]) == (3, "run_stopped")

        # The second operator, whose state folder knows nothing of that, orders the other.
        tenant.change_accounts(AccountRule(match=_accounts(_NUMBERLESS), number=True))
        # Later than the other's run: a batch begun within two seconds of a plan may be its own.
        tenant.clock.advance(60)
        rollout.failing = set()
        code, end = rollout.night("two")
        assert (code, end["type"]) == (0, "run_finished")

        for operator in ("one", "two"):
            code, end = rollout.night(operator)
            assert (code, end["type"]) == (0, "nothing_to_do")
    wrong = {violation.wrong for violation in tenant.ledger.violations}
    assert wrong <= {Wrong.SUBMITTED_AFTER_SUCCESS}  # the phone that was reset by hand


async def _evening(rollout: _Rollout) -> None:
    """Both operators at once. The first one's worker loses an answer, and is killed."""
    one, two = rollout.harness("one"), rollout.harness("two")
    options = Options(by="Site", first=_FIRST)
    run = one.create(read(rollout.whole).devices, options)
    rollout.order(range(_ROWS))
    killed = one.start(run)
    await asyncio.sleep(40)
    part = two.create(read(rollout.part).devices, options)
    rollout.order(_TWICE)  # what is signed in by one of them, the other one leaves out
    second = two.start(part)
    await asyncio.sleep(45)
    assert not killed.ended
    await killed.kill()
    await asyncio.sleep(30)
    end = await one.work(run)
    assert isinstance(await second.end(), RunFinished)

    assert isinstance(end, RunStopped)
    assert end.code == "groups_stopped"
    assert {(g.group, g.bad) for g in one.events(run, GroupStopped)} == {
        (f"Site {site:02}", _FIRST) for site in rollout.failing
    }
    causes = {
        _site(r.device.line - 2): r.outcome.cause
        for r in one.state(run).devices
        if r.state is DeviceState.FAILED and _site(r.device.line - 2) in rollout.failing
    }
    assert causes == {_UNKNOWN: Cause.DEVICE_NOT_FOUND, _NUMBERLESS: Cause.NO_PHONE_NUMBER}
    assert sum(a.adopted for a in one.events(run, BatchAccepted)) >= 1
    assert rollout.times() == rollout.ordered
    assert rollout.emulator.tenant.ledger.violations == []
    twice = {hardware_id(n) for n in _TWICE}  # the other operator's attempt may have come after
    assert [said for said in one.differences(run) if said[:17] not in twice] == []
    for harness in (one, two):
        harness.run_service.close()
