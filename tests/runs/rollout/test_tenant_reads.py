"""What is read of the tenant's batches beside what the runs of this host tell of them."""

import asyncio
from pathlib import Path

from siptui.domain.region import Region
from siptui.emulator.scenario import ForeignBatch
from siptui.gateway.bulk_client import BulkSignInClient
from siptui.runs.events import DevicesSignedIn
from siptui.runs.rollout.evidence import Standing
from siptui.runs.rollout.history import read_history
from siptui.runs.rollout.reconcile import reconcile
from siptui.runs.rollout.tenant_reads import read_evidence
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time


def test_another_ones_batch_is_read_for_the_phones_that_no_run_has(tmp_path: Path) -> None:
    """A run left one of its phones out since that batch had signed it in. It knows no others."""

    async def main() -> None:
        harness, phones, now = EngineHarness(tmp_path), devices(3), emulated_time.now
        run = harness.create(phones[:1])
        items = tuple((str(d.user_name), str(d.hardware_id)) for d in phones)
        harness.tenant.start_foreign(ForeignBatch(at=0, region=Region.EMEA, items=items))
        await asyncio.sleep(1200)
        await harness.work(run)
        assert [e.devices for e in harness.events(run, DevicesSignedIn)] == [[0]]
        async with open_client(transport=harness.emulator.transport()) as http:
            client = BulkSignInClient(http, "https://emulator.invalid", harness)
            history = read_history(harness.run_service.host, now())
            evidence = await read_evidence(history, client, None, now=now, rows=3)
        rows = reconcile(phones, evidence, now())
        assert [row.standing for row in rows] == [Standing.DONE] * 3, rows

    emulated_time.run(main())
