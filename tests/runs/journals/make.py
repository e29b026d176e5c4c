"""Makes the journal and the record of fixes that later versions must open: one set a version.

Run it with the code of the version that is to be kept, once, before a release:
`python -m tests.runs.journals.make FOLDER`. What it writes is kept as it is from then on. The
runs are carried out by the real engine against the emulated tenant, in emulated time.
"""

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

from siptui.domain.region import Region
from siptui.emulator.scenario import DeviceRule, LagTable, Scenario
from siptui.preflight.fix_plan import Wishes, plan_fixes
from siptui.runs.events import AnyEvent, Options
from siptui.runs.orders import Changed
from siptui.runs.output.json_lines import device_fields
from siptui.runs.state import DeviceRecord, RunState
from tests.preflight.lacking import SCENARIO, rows
from tests.preflight.tenant import emulated_services
from tests.runs.engine.engine_harness import EngineHarness, device
from tests.support import emulated_time

#: The phones of each run. No phone is in two.
EVERY, STOPPED, LOST = range(100, 112), range(200, 206), range(300, 304)
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
        }

    # Whoever makes it is not written down.
    with patch("getpass.getuser", lambda: "operator"), patch("socket.gethostname", lambda: "lab"):
        runs = emulated_time.run(main())
    every = {type(s.event) for run in runs.values() for s in harness.run_service.journal.read(run)}
    if missing := set(get_args(AnyEvent)) - every:
        raise SystemExit(f"did not happen: {', '.join(kind.__name__ for kind in missing)}")
    expected = {name: {"run": run, **told(harness.state(run))} for name, run in runs.items()}
    harness.run_service.close()
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for left in (folder / "held", folder):
        for file in left.iterdir():
            if file.is_file() and file.name not in ("journal.db", "fixes.jsonl", "expected.json"):
                file.unlink()
    (folder / "held").rmdir()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
