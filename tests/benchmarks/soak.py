"""A rollout under faults in emulated time: `python -m tests.benchmarks.soak [DEVICES] [--write]`.

Two operators on one host with a profile each, 40 sites in three regions, a part of them in both
lists. Everything that the emulator can do to a call happens to submits and to reads; a batch
never ends, phones are offline at first, a site is not known yet, the role ends and comes back, a
token is revoked, colleagues take slots, workers are killed. The operators decide what is theirs to
decide, until nothing is left.

Carried out twice at once: for the time it takes, and with every allocation traced, to tell what
the engine keeps from what the emulated tenant beside it does. Then every row of each journal is
held against the tenant.

Over 400 lines because the rollout and its judge share what it came to.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sqlite3
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import msgspec

from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.roles import OPERATOR, WITHOUT_BULK
from siptui.domain.state import BatchState, DeviceState
from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import (
    BatchRule,
    DeviceRule,
    FaultRule,
    ForeignBatch,
    LagTable,
    Scenario,
)
from siptui.emulator.scenario_tables import RoleChange
from siptui.runs.events import Options
from siptui.runs.host_tenant import HostTenant
from siptui.runs.state import RunState
from tests.benchmarks.__main__ import commit, machine
from tests.benchmarks.figure import Figure, limit, table
from tests.benchmarks.results import write_section
from tests.runs.engine.engine_harness import EngineHarness, device
from tests.support.emulated_time import START, now, run
from tests.support.replace import replace

_TENANT = "contoso.example"
_REGIONS = tuple(Region)
_TRUTHS = {"signed_in": DeviceState.SUCCEEDED, "failed": DeviceState.FAILED}
_ENGINE = tuple(
    tracemalloc.Filter(True, f"*/siptui/{room}/*") for room in ("runs", "gateway", "transport")
)
_PAGES = ("page_count", "page_size")
_QUARTERS = 4
_DAY = 24 * 3600.0
#: Every fault that a submit can meet, one each so many submits.
_SUBMIT_FAULTS = tuple(
    [(kind, "before") for kind in ("refused", "connect_timeout", "redirect", "echo", "slow")]
    + [
        (kind, moment)
        for kind in ("cut", "reset", "cut_body", "hang", "html", "garbage", "empty", "status")
        for moment in ("after", "before")
    ]
    + [("slow", "after"), ("odd", "after")]
)
_READ_FAULTS = ("cut", "reset", "cut_body", "html", "garbage", "empty", "redirect", "status", "odd")


@dataclass
class Mark:
    """How it stood when a quarter more of the devices was submitted, or at the end: what was spent
    until then."""

    events: int
    journal_bytes: int
    processor: float
    requests: int = 0
    engine_mb: float = 0.0
    all_mb: float = 0.0


@dataclass
class Soaked:
    """What came of it. `wrong`: rows of journals that stand otherwise than the tenant knows."""

    devices: int = 0
    sites: int = 0
    batches: int = 0
    submits: int = 0
    decided: int = 0
    killed: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    twice: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    most_live: int = 0
    hours: float = 0.0
    marks: list[Mark] = field(default_factory=list)

    @property
    def last(self) -> Mark:
        """All of it."""
        return self.marks[-1]

    def of_quarter(self, number: int) -> Mark:
        """What one quarter, counted from 0, took."""
        end = self.marks[number]
        begin = self.marks[number - 1] if number else Mark(0, 0, 0.0)
        return Mark(
            end.events - begin.events,
            end.journal_bytes - begin.journal_bytes,
            end.processor - begin.processor,
            end.requests - begin.requests,
        )


def _fault(kind: str, call: object, **more: object) -> FaultRule:
    status = {"status": 503} if kind == "status" else {}
    rule = {"kind": kind, "call": call, "seconds": 40, **status, **more}
    return msgspec.convert(rule, FaultRule, strict=False)


def _scenario(count: int, sites: int) -> Scenario:
    every = max(1, count // 1500)  # submits from one fault to the next
    faults = [
        _fault(kind, "createbatch", moment=moment, nth=3 + place * every, place="BatchId")
        for place, (kind, moment) in enumerate(_SUBMIT_FAULTS)
    ]
    faults.append(_fault("status", "createbatch", status=429, retry_after=90, probability=0.05))
    reads = ("batchstatus", "batchsummaries")
    faults += [_fault(kind, reads, probability=0.01, place="BatchStatus") for kind in _READ_FAULTS]
    faults.append(_fault("slow", reads, probability=0.005))
    faults.append(_fault("hang", reads, probability=0.001))
    unknown = [str(one.hardware_id) for one in _phones(count, sites) if _site(one) == _BAD]
    return Scenario(
        lag=LagTable(summaries=20, status=5),
        faults=tuple(faults),
        devices=(
            DeviceRule(match=unknown, known=False),
            DeviceRule(share=0.1, online=False, until_attempt=2),
        ),
        batches=(BatchRule(nth=max(2, count // 300), stuck=1.0),),
        foreign=tuple(
            ForeignBatch(at=600.0 * n, region=_REGIONS[n % 3], devices=20) for n in range(6)
        ),
        roles=(
            RoleChange(at=1800, roles=WITHOUT_BULK),
            RoleChange(at=2700, roles=OPERATOR),
        ),
    )


#: The site that the tenant does not know before an operator has asked for it.
_BAD = "Site 05"


def _phones(count: int, sites: int) -> list[Device]:
    """The whole list, site by site, each of them in one region."""
    found = []
    for n in range(count):
        site = n * sites // count
        one = device(n, _REGIONS[site % 3])
        found.append(replace(one, extra={"Site": f"Site {site:02}"}))
    return found


def _site(one: Device) -> str:
    return dict(one.extra)["Site"]


class _Operator:
    """Carries a list out, with whatever it takes. `ordered` counts how often each phone was."""

    def __init__(self, harness: EngineHarness, phones: list[Device], soaked: Soaked) -> None:
        self.harness = harness
        self.soaked = soaked
        self.ordered: Counter[str] = Counter()
        self.given_up: set[str] = set()
        options = Options(settle_seconds=120, by="Site", first=3, max_failures=40)
        self.run = harness.create(phones, options)
        self.ordered.update(str(one.hardware_id) for one in phones)
        self._retried = False
        #: Seconds after which a batch that is live still is given up.
        self.late = 5400.0 if len(phones) > 500 else 900.0

    @property
    def state(self) -> RunState:
        """The run as its journal tells it."""
        return self.harness.state(self.run)

    async def work(self) -> None:
        """Until nothing is left to do. Its worker is killed every 25 minutes, for two hours."""
        began, kills = now(), 0
        while True:
            work = self.harness.start(self.run, sign_in_wait=_DAY, role_wait=_DAY)
            while not work.ended:
                await asyncio.sleep(10)
                passed = (now() - began).total_seconds()
                if kills < 5 and passed > (kills + 1) * 1500 and not work.ended:
                    kills += 1
                    await work.kill()
                    break
                if passed > self.late and passed % 1200 < 10:
                    self._give_up()
            else:
                await work.end()
                if not await self._decided():
                    break
        self.soaked.killed += kills

    def _give_up(self) -> None:
        """A batch that is live for so long is followed no longer."""
        for batch in self.state.batches.values():
            if batch.state is BatchState.RUNNING and batch.batch_id in self._stuck():
                self.given_up |= {str(d) for d in self._hardware_ids(batch.devices)}
                self.soaked.decided += 1
                self.harness.run_service.give_up(self.run, batch.number)

    def _stuck(self) -> set[str]:
        """The batches of which a phone never ends."""
        tenant = self.harness.tenant
        return {
            submit.batch_id
            for submit in self.harness.ledger.submits
            if now().timestamp() - tenant.clock.epoch.timestamp() - submit.at > self.late * 2 / 3
        }

    def _hardware_ids(self, places: list[int]) -> list[str]:
        devices = self.state.devices
        return [str(devices[i].device.hardware_id) for i in places]

    async def _decided(self) -> bool:
        """What an operator does with a run that has ended; false when there is nothing."""
        service, run_ = self.harness.run_service, self.run
        state = self.state
        for batch in state.unsettled_batches():
            await asyncio.sleep(300)  # whatever the service has of it is to be seen by now
            mine = [b.batch_id for b in state.batches.values()]
            wanted = {state.devices[i].device.key for i in batch.devices}
            found = [
                submit.batch_id
                for submit in self.harness.ledger.submits
                if set(submit.items) == wanted and submit.batch_id not in mine
            ]
            self.soaked.decided += 1
            if found:
                service.adopt(run_, batch.number, found[-1])
            else:
                self.ordered.update(self._hardware_ids(list(batch.devices)))
                service.resubmit(run_, batch.number)
            return True
        if state.stopped is not None and state.stopped.code == "groups_stopped":
            self.harness.tenant.change_devices(DeviceRule(known=True))
        if state.finished is None:
            service.resume(run_)
            return True
        return self._again(state)

    def _again(self, state: RunState) -> bool:
        """Once more what is unknown, and once what has failed."""
        service = self.harness.run_service
        unknown = [r.index for r in state.devices if r.state is DeviceState.UNKNOWN]
        if unknown:
            self.ordered.update(self._hardware_ids(unknown))
            service.resubmit(self.run, devices=unknown)
            return True
        failed = [r.index for r in state.devices if r.state is DeviceState.FAILED]
        if failed and not self._retried:
            self._retried = True
            self.ordered.update(self._hardware_ids(failed))
            service.retry(self.run, failed)
            return True
        return False

    def wrong(self) -> list[str]:
        """Rows that stand otherwise than the tenant knows; what the other operator submitted last
        is told by the other's journal."""
        state, found = self.state, []
        mine = {batch.batch_id for batch in state.batches.values()}
        last = {
            str(phone): submit.batch_id
            for submit in self.harness.ledger.submits
            for _, phone in submit.items
        }
        for record in state.devices:
            one = record.device
            if last.get(str(one.hardware_id)) not in mine:
                continue
            truth = self.harness.tenant.truth(one.user_name, one.hardware_id).state
            if record.state is not _TRUTHS.get(truth):
                found.append(f"{one.hardware_id}: {record.state} {record.error}, {truth}")
        return found


async def _soak(folder: Path, count: int, sites: int, *, traced: bool) -> Soaked:
    emulator = Emulator(_scenario(count, sites), seed=1, epoch=START)
    turns = folder / "turns"
    turns.mkdir()
    phones = _phones(count, sites)
    soaked = Soaked(devices=count, sites=sites)
    # Both have the sites in the middle.
    parts = (phones[: count * 6 // 10], phones[count // 2 :])
    operators = []
    for name, part in zip(("one", "two"), parts, strict=True):
        harness = EngineHarness(folder / name / "lab", emulator=emulator, tenant=_TENANT)
        harness.run_service.host = HostTenant(_TENANT, folder / name, harness.path, turns)
        operators.append(_Operator(harness, part, soaked))
    began, cpu = now(), time.process_time()
    works = [asyncio.create_task(one.work()) for one in operators]
    ledger = emulator.tenant.ledger
    revoked, most = False, 0.9 * count
    while not all(work.done() for work in works):
        sent = sum(len(submit.items) for submit in ledger.submits)
        if len(soaked.marks) < _QUARTERS and sent >= (len(soaked.marks) + 1) * most / _QUARTERS:
            soaked.marks.append(_mark(operators, cpu, traced=traced))
        if not revoked and (now() - began).total_seconds() > 3600:
            revoked = True
            _revoke(operators)
        await asyncio.sleep(5)
    for work in works:
        work.result()
    soaked.marks.append(_mark(operators, cpu, traced=traced))
    _judge(soaked, operators)
    soaked.hours = (now() - began).total_seconds() / 3600
    for one in operators:
        one.harness.run_service.close()
    return soaked


def _revoke(operators: list[_Operator]) -> None:
    """Every token used so far is refused; both operators sign in anew."""
    operators[0].harness.emulator.access.revoke()
    for one in operators:
        one.harness.token_now = "another-token"
        one.harness.run_service.signed_in(one.run)


def _mark(operators: list[_Operator], cpu: float, *, traced: bool) -> Mark:
    spent = time.process_time() - cpu
    events = size = 0
    for one in operators:
        address = f"{one.harness.path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
            events += db.execute("SELECT count(*) FROM events").fetchone()[0]
            pages, page = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in _PAGES)
        size += pages * page
    requests = sum(operators[0].harness.ledger.calls.values())
    return Mark(events, size, spent, requests, *(_megabytes() if traced else ()))


def _judge(soaked: Soaked, operators: list[_Operator]) -> None:
    ledger = operators[0].harness.ledger
    soaked.submits, soaked.faults = len(ledger.submits), ledger.faults
    soaked.most_live = max(ledger.max_live.values())
    given_up = set().union(*(one.given_up for one in operators))
    ordered = sum((one.ordered for one in operators), Counter[str]())
    times = Counter(str(phone) for submit in ledger.submits for _, phone in submit.items)
    soaked.twice = [f"{p}: {n}, ordered {ordered[p]}" for p, n in times.items() if n > ordered[p]]
    soaked.violations = [
        f"{one.wrong} {one.hardware_id}"
        for one in ledger.violations
        if one.hardware_id not in given_up  # the service has them in hand still
    ]
    for one in operators:
        state = one.state
        soaked.batches += len(state.batches)
        soaked.unknown += state.counts[DeviceState.UNKNOWN]
        soaked.wrong += [said for said in one.wrong() if said[:17] not in given_up]
    phones = {str(r.device.hardware_id) for one in operators for r in one.state.devices}
    soaked.wrong += [f"{phone} was never submitted" for phone in sorted(phones - times.keys())]


def _megabytes() -> tuple[float, float]:
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    engine = snapshot.filter_traces(_ENGINE)
    return tuple(  # type: ignore[return-value]  # two of them
        sum(s.size for s in taken.statistics("filename")) / 1e6 for taken in (engine, snapshot)
    )


def soak(count: int, sites: int = 40, *, traced: bool = False) -> Soaked:
    """A rollout of `count` devices at `sites` sites, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return run(_soak(Path(folder), count, sites, traced=traced))


def _figures(plain: Soaked, traced: Soaked | None = None) -> list[Figure]:
    # The first quarter has the plan in it, and the end hours of waiting.
    first, last = plain.of_quarter(1), plain.of_quarter(_QUARTERS - 1)
    # Of a request, not of an entry: towards the end there is more waiting than news.
    each = [1e3 * q.processor / q.requests for q in (first, last)]
    size = [q.journal_bytes / q.events for q in (first, last)]
    found = [
        limit("rows that stand otherwise than the tenant has them", len(plain.wrong), "", 0),
        limit("phones submitted more often than ordered", len(plain.twice), "", 0),
        limit("violations in the tenant's ledger", len(plain.violations), "", 0),
        limit("rows of unknown outcome at the end", plain.unknown, "", 0),
        limit("live batches in a region at most", plain.most_live, "", 3),
        _flat("processor per request, engines and emulator", each, "ms", 1.5),
        _flat("journal per event", size, "B", 1.2),
    ]
    if traced is not None:
        memory = [traced.marks[n].engine_mb for n in (1, _QUARTERS - 1)]
        more = f"all of it {traced.last.all_mb:.0f} MB; {traced.devices:,} devices"
        found.append(_flat("memory of the engines", memory, "MB", 1.5, more))
    return found


def _flat(name: str, values: list[float], unit: str, at_most: float, more: str = "") -> Figure:
    """The last quarter beside the second."""
    first, last = values
    beside = f"second quarter {first:.2f} {unit}" + (f"; {more}" if more else "")
    ratio = last / first
    return Figure(name, f"{last:.2f} {unit}", beside, ratio, f"≤ {at_most:g} ×", ratio <= at_most)


def _carried_out(count: int, *, traced: bool) -> Soaked:
    """The rollout in a process of its own, and in a session: Linux shares processors by those."""
    os.setsid()
    if traced:
        tracemalloc.start()
    return soak(count, traced=traced)


def main() -> int:
    """Say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("devices", nargs="?", type=int, default=9000)
    parser.add_argument(
        "--traced", type=int, metavar="DEVICES", help="as many in the pass that is traced"
    )
    parser.add_argument("--write", action="store_true", help="put the figures into RESULTS.md")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        plain = pool.submit(_carried_out, chosen.devices, traced=False)
        other = pool.submit(_carried_out, chosen.traced or chosen.devices, traced=True)
        done = plain.result()
        for said in (*done.wrong[:20], *done.twice[:20], *done.violations[:20]):
            print(said, flush=True)
        print(table(_figures(done)), flush=True)
        traced = other.result()
    figures = _figures(done, traced)
    more = f" --traced {chosen.traced}" if chosen.traced else ""
    faults = ", ".join(f"{kind} {n}" for kind, n in sorted(done.faults.items()))
    text = (
        f"Written by `python -m tests.benchmarks.soak {chosen.devices}{more} --write`: two\n"
        f"operators, {done.sites} sites by `--by`, three regions, all faults of the\n"
        "emulator, in emulated time.\n\n"
        f"- machine: {machine()}\n"
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {done.last.processor:.0f} s of "
        f"processor, {done.hours:.1f} h emulated\n"
        f"- commit: {commit()}\n"
        f"- {done.devices:,} devices, {done.batches:,} batches, {done.submits:,} accepted submits\n"
        f"- {done.last.requests:,} requests, {done.last.events:,} events, {done.killed} workers"
        f" killed, {done.decided} lost batches decided\n"
        f"- faults met: {faults}\n\n"
        f"{table(figures)}\n"
    )
    print(text)
    if chosen.write:
        write_section("Soak", text)
    return int(any(figure.reached is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
