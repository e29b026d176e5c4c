"""The engine while the computer under it fails: a full disk, a clock that is set back."""

import asyncio
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siptui.gateway.bulk_client import BulkSignInClient
from siptui.runs.engine.engine import Engine
from siptui.runs.events import BatchDeferred, BatchSubmitting, Options, RunFinished
from siptui.runs.journal.journal import Journal, JournalError
from siptui.runs.run_log import RunLog
from siptui.transport.http import open_client
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

FIVE = Options(batch_size=5, slots=2)


def _full(harness: EngineHarness, pages: int) -> Journal:
    """A journal on a disk that has room for so many more pages."""
    journal = Journal(harness.path)
    used = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={used + pages}")
    return journal


def _engine(
    harness: EngineHarness, journal: Journal, run: str, now: object = emulated_time.now
) -> Engine:
    http = open_client(transport=harness.emulator.transport())
    client = BulkSignInClient(http, "https://emulator.invalid", harness)
    run_log = RunLog(journal, run, now)  # type: ignore[arg-type] # a clock in a test
    return Engine(run_log, client, rng=random.Random(1), order_seconds=4.0)


@settings(max_examples=8, deadline=None)
@given(pages=st.integers(0, 7))
def test_a_disk_that_fills_up_loses_nothing_and_repeats_nothing(
    tmp_path_factory: pytest.TempPathFactory, pages: int
) -> None:
    harness = EngineHarness(tmp_path_factory.mktemp("full"))

    async def main() -> None:
        run = harness.create(devices(20), FIVE)
        journal = _full(harness, pages)
        refusal: JournalError | None = None
        try:
            await _engine(harness, journal, run).run()
        except JournalError as error:
            refusal = error
        finally:
            journal.close()
        if refusal is not None:
            assert "the disk is full" in refusal.message
            assert "Free some space" in refusal.remedy
            intended = {event.batch for event in harness.events(run, BatchSubmitting)}
            sent = len(harness.ledger.submits)
            assert sent <= len(intended), "something was submitted that is not in the journal"
        # With space again somebody goes on.
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded + end.unknown == 20
        assert harness.differences(run) == []
        assert set(harness.ledger.times.values()) == {1}
        assert harness.ledger.violations == []

    emulated_time.run(main())


@pytest.mark.parametrize("hours", [-1, 1, -30 * 24])
def test_a_clock_that_is_set_changes_no_outcome_and_no_wait(tmp_path: Path, hours: int) -> None:
    harness = EngineHarness(tmp_path, "mixed")
    harness.fault("status", status=429, retry_after=60, nth=2)  # somebody waits for a moment
    moved = [timedelta()]

    def now() -> datetime:
        return emulated_time.now() + moved[0]

    async def main() -> None:
        run = harness.create(devices(24), Options(batch_size=8))
        journal = Journal(harness.path)
        engine = asyncio.create_task(_engine(harness, journal, run, now).run())
        while not harness.events(run, BatchDeferred):  # noqa: ASYNC110 - in emulated time
            await asyncio.sleep(1)
        moved[0] = timedelta(hours=hours)
        end = await engine
        assert isinstance(end, RunFinished)
        assert end.unknown == 0
        assert (emulated_time.now() - emulated_time.START).total_seconds() < 15 * 60
        assert 0 <= end.seconds < 90 * 60
        assert harness.differences(run) == []
        assert set(harness.ledger.times.values()) == {1}
        times = [stored.at for stored in journal.read(run)]
        assert times == sorted(times)
        told = [note for note in harness.notes(run) if "set back" in note]
        assert bool(told) == (hours < 0)
        journal.close()

    emulated_time.run(main())
