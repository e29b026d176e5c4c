"""Makes the journal and the record of fixes that later versions must open: one set a version.

Run it with the code of the version that is to be kept, once, when the schema gets a further step:
`python -m tests.runs.journals.make FOLDER`. What it writes is kept as it is from then on. The
runs are carried out by the real engine against the emulated tenant, in emulated time.
"""

import asyncio
import contextlib
import json
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

from siptui.domain.forgotten_text import names_of
from siptui.domain.region import Region
from siptui.emulator.scenario import DeviceRule, LagTable, Scenario
from siptui.preflight.fix_plan import Wishes, plan_fixes
from siptui.runs.events import AnyEvent, Options
from siptui.runs.journal.forget import Forgetting
from siptui.runs.orders import Changed
from siptui.runs.output.json_lines import device_fields
from siptui.runs.state import DeviceRecord, RunState
from tests.preflight.lacking import SCENARIO, rows
from tests.preflight.tenant import emulated_services
from tests.runs.engine.engine_harness import EngineHarness, device
from tests.support import emulated_time
from tests.support.replace import replace

#: The phones of each run. No phone is in two of these.
EVERY, STOPPED, LOST = range(100, 112), range(200, 206), range(300, 304)
SITES, GIVEN_UP, TWICE, PERSONAL = (range(n, n + 6) for n in (400, 500, 600, 700))
#: What a version may not read otherwise; words for people may change.
_KEPT = (
    *("line", "username", "hardware_id", "region", "batch"),
    *("state", "attempt", "error", "cause"),
)
_LATE = LagTable(summaries=4000)


def told(state: RunState) -> dict[str, Any]:
    """A run as a version read it: the state, batch by batch and device by device."""
    return {
        "file": state.plan.file if state.plan else "",
        "last": [state.last_seq, state.last_at],
        "finished": state.finished is not None,
        "stopped": state.stopped.code if state.stopped else "",
        "batches": [[b.number, str(b.state), b.batch_id] for b in state.batches.values()],
        "devices": [_device(record) for record in state.devices],
    }


def _device(record: DeviceRecord) -> dict[str, Any]:
    found = device_fields(record)
    return {name: found[name] for name in _KEPT}


async def _every_kind(harness: EngineHarness) -> str:
    """A finished run in which every kind of event happened."""
    off = [str(device(n).hardware_id) for n in (EVERY[0], EVERY[5])]
    harness.tenant.change_devices(DeviceRule(match=off, online=False))
    harness.fault("status", status=429, retry_after=30, nth=1)  # put back, then accepted
    harness.fault("status", status=400, nth=3)  # refused as a whole
    harness.fault("cut", moment="before", nth=4)  # lost, not found, submitted again on order
    harness.fault("cut", moment="after", nth=5)  # lost, adopted on order
    phones = [device(n) for n in EVERY]
    run = harness.create(phones, Options(batch_size=3, slots=1, settle_seconds=40))
    work = harness.start(run)
    await asyncio.sleep(5)
    harness.run_service.pause(run)
    await asyncio.sleep(20)
    harness.run_service.go_on(run)
    harness.run_service.signed_in(run)
    await asyncio.sleep(200)
    harness.run_service.stop(run)
    await work.end()
    harness.run_service.resume(run, Changed(slots=2))
    await harness.work(run)
    harness.run_service.adopt(run, 3, "no-such-batch")  # a note says why not
    harness.run_service.resubmit(run, batch=3)
    await harness.work(run)
    harness.run_service.adopt(run, 4, harness.ids()[-2])
    await harness.work(run)
    harness.tenant.change_devices(DeviceRule(online=True))
    harness.run_service.retry(run, range(len(phones)))
    await harness.work(run)
    return run


async def _stopped(harness: EngineHarness) -> str:
    phones = [replace(device(n, Region.NOAM), extra={"Site": "Köln"}) for n in STOPPED]
    run = harness.create(phones, Options(batch_size=3, slots=1))
    work = harness.start(run)
    await asyncio.sleep(30)
    harness.run_service.stop(run)
    await work.end()
    return run


async def _lost(harness: EngineHarness) -> str:
    """A run whose worker was killed while a submit was on its way."""
    harness.fault("slow", moment="before", seconds=60, region=Region.APAC, nth=1)
    run = harness.create([device(n, Region.APAC) for n in LOST], Options(batch_size=2, slots=1))
    work = harness.start(run)
    await asyncio.sleep(20)
    await work.kill()
    return run


async def _sites(harness: EngineHarness) -> str:
    """A run by site: a site is stopped by its first phone, whose names are corrected, and the
    names of another phone are forgotten."""
    bad = [str(device(n).hardware_id) for n in SITES[:3]]
    harness.tenant.change_devices(DeviceRule(match=bad, known=False))
    phones = [replace(device(n), extra={"Site": "BA"[n < SITES[3]]}) for n in SITES]
    run = harness.create(phones, Options(by="Site", first=1, batch_size=2))
    await harness.work(run)
    harness.run_service.correct(run, 0, "lobby@contoso.example", "00-04-F2-00-0F-FF")
    gone = phones[5]
    names = names_of([gone.user_name], [gone.hardware_id])
    harness.run_service.journal.forget(
        Forgetting(at=emulated_time.now(), rows={run: [5]}, names=names)
    )
    return run


async def _given_up(harness: EngineHarness) -> str:
    """A batch that never ends was given up; the other one has ended."""
    stuck = [str(device(n).hardware_id) for n in GIVEN_UP[:3]]
    harness.tenant.change_devices(DeviceRule(match=stuck, stuck=True))
    run = harness.create([device(n) for n in GIVEN_UP], Options(batch_size=3, slots=1))
    work = harness.start(run)
    await asyncio.sleep(600)
    harness.run_service.give_up(run, 1)
    await work.end()
    return run


async def _twice(harness: EngineHarness) -> dict[str, str]:
    """A run that left out what another one had signed in meanwhile, and that other one."""
    phones = [device(n, Region.APAC) for n in TWICE]
    run = harness.create(phones, Options(batch_size=6))
    other = harness.create(phones[:4])
    await harness.work(other)
    harness.run_service.resume(run)
    await harness.work(run)
    return {"twice": run, "other": other}


async def _personal(harness: EngineHarness) -> str:
    """A run of which two phones wait for their accounts to be named."""
    phones = [device(n) for n in PERSONAL]
    run = harness.create(phones, Options(batch_size=3))
    harness.run_service.resume(run, personal=phones[:2])
    await harness.work(run)
    return run


async def _fixes(folder: Path) -> None:
    """A record with changes made and one taken back."""
    async with emulated_services(SCENARIO) as tenant:
        phones = rows()
        made = await tenant.preflight(phones)
        plan = plan_fixes(made.report, made.facts, phones, Wishes())
        outcomes = await tenant.fixer(folder).apply_all(plan.fixes)
        await tenant.fixer(folder).undo(outcomes[0].fix_id)


def make(folder: Path) -> None:
    """Write `journal.db`, `fixes.jsonl` and `expected.json`, what this version read in them."""
    harness = EngineHarness(folder, Scenario(lag=_LATE))

    async def main() -> dict[str, str]:
        await _fixes(folder)
        return {
            "every_kind": await _every_kind(harness),
            "stopped": await _stopped(harness),
            "lost": await _lost(harness),
            "sites": await _sites(harness),
            "given_up": await _given_up(harness),
            "personal": await _personal(harness),
            **await _twice(harness),
        }

    # Whoever makes it is not written down.
    with (
        patch("siptui.runs.this_actor.user_name", lambda: "operator"),
        patch("socket.gethostname", lambda: "lab"),
    ):
        runs = emulated_time.run(main())
    every = {type(s.event) for run in runs.values() for s in harness.run_service.journal.read(run)}
    if missing := set(get_args(AnyEvent)) - every:
        raise SystemExit(f"did not happen: {', '.join(kind.__name__ for kind in missing)}")
    expected = {name: {"run": run, **told(harness.state(run))} for name, run in runs.items()}
    harness.run_service.close()
    with contextlib.closing(sqlite3.connect(folder / "journal.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for left in folder.iterdir():
        if left.is_dir():
            shutil.rmtree(left)
        elif left.name not in ("journal.db", "fixes.jsonl", "expected.json"):
            left.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
