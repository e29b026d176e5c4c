"""`siptui export --into` of 10,000 rows: the results in a copy of their workbook or CSV file."""

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from siptui.devicelist import read
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.service import RunService
from tests.benchmarks.figure import Figure, ratio
from tests.benchmarks.measure_lists import write_list, write_workbook
from tests.benchmarks.processes import timed

ROWS = 10_000
_TENANT = "00000000-0000-0000-0000-000000000000"
_CONFIG = f"""
[profiles.contoso]
tenant = "{_TENANT}"
"""


def figures() -> Iterator[Figure]:
    """Beside `siptui export -o` of the same run as CSV: processor time, child included."""
    for suffix, write in ((".xlsx", write_workbook), (".csv", write_list)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            phones = folder / f"phones{suffix}"
            write(phones, ROWS)
            (folder / "config.toml").write_text(_CONFIG)
            run = _ended_run(folder / "contoso" / "journal.db", phones)
            export = (sys.executable, "-m", "siptui", "export", run, "--force")
            into, plain = timed(
                (
                    (*export, "--into", str(folder / f"filled{suffix}")),
                    (*export, "-o", str(folder / "results.csv")),
                ),
                rounds=5,
                environ={"SIPTUI_CONFIG_DIR": name, "SIPTUI_STATE_DIR": name},
            )
            filled = read(folder / f"filled{suffix}", region=Region.EMEA)
        assert len(filled.devices) == ROWS
        yield ratio(
            f"`siptui export --into` of {ROWS:,} rows of {suffix}, processor",
            f"{into.processor:.2f} s",
            f"`siptui export -o` of them as CSV, {plain.processor:.2f} s",
            into.processor / plain.processor,
            3,
        )


def _ended_run(journal: Path, phones: Path) -> str:
    """A run of the list that came to an end; its id."""
    journal.parent.mkdir()
    found = read(phones, region=Region.EMEA)
    service = RunService(journal, tenant=_TENANT)
    run = service.create(
        found.devices,
        file=found.file,
        sha256=found.sha256,
        skipped=0,
        options=ev.Options(),
        read_from=found.read_from,
    )
    at = datetime.now(UTC)
    for batch in service.follow(run).state.batches.values():
        head: list[ev.Event] = [
            ev.BatchSubmitting(batch=batch.number, region=batch.region, devices=len(batch.devices)),
            ev.BatchAccepted(batch=batch.number, batch_id=f"id-{batch.number}"),
        ]
        for index in batch.devices:
            failed = not index % 9
            head.append(
                ev.DeviceChanged(
                    device=index,
                    batch=batch.number,
                    state=DeviceState.FAILED if failed else DeviceState.SUCCEEDED,
                    word="Failed" if failed else "Success",
                    error="Device is offline." if failed else "",
                )
            )
        service.journal.append(run, head, at)
    service.close()
    return run
