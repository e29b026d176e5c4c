"""Several processes that write to one run: whoever decides knows all that was written."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from siptui.domain.region import Region
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.runs.events import Note, Options
from siptui.runs.journal import journal as journal_module
from siptui.runs.journal.journal import Journal
from siptui.runs.orders import Changed
from siptui.runs.service import RunService
from siptui.runs.tenant_batches import adopt_foreign
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

HOURS = 3600.0


@pytest.mark.parametrize("what", ["stop", "pause", "cut"])
def test_what_was_written_just_before_a_submit_counts(tmp_path: Path, what: str) -> None:
    """Between two looks for orders, too: another process wrote it first, so it goes by it."""

    async def main() -> None:
        harness = EngineHarness(tmp_path)
        harness.fault("slow", call="batchsummaries", nth=1, seconds=5)
        run = harness.create(devices(6), Options(batch_size=3))
        harness.start(run)
        await asyncio.sleep(4.9)  # looked for orders at 4, will again at 6; the answer comes at 5
        if what == "cut":  # as two who resume at once may do
            cut = Changed(batch_size=2).cut(harness.state(run))
            harness.run_service.journal.append(run, cut, emulated_time.now())
        else:
            getattr(harness.run_service, what)(run)
        await asyncio.sleep(600)
        times = harness.ledger.times.values()
        assert list(times) == ([1] * 6 if what == "cut" else [])
        assert all(len(s.items) == 2 for s in harness.ledger.submits)
        assert harness.ledger.violations == []

    emulated_time.run(main(), limit=6 * HOURS)


def test_of_two_who_adopt_a_batch_at_once_one_makes_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = ItemStatus("room1@contoso.example", "00-04-F2-00-00-01", "Running", Phase.RUNNING, "")
    status = BatchStatus("b-1", "Running", Phase.RUNNING, Region.EMEA, "", "", (item,))
    run_service = RunService(tmp_path / "journal.db", tenant="Contoso")
    new_id, others = run_service.new_run_id, [""]

    def meanwhile() -> str:
        if not others[0]:
            others[0] = "begun"
            others[0] = adopt_foreign(run_service, status, None, emulated_time.START)
        return new_id()

    monkeypatch.setattr(run_service, "new_run_id", meanwhile)
    assert adopt_foreign(run_service, status, None, emulated_time.START) == others[0]
    assert run_service.journal.runs() == others
    run_service.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_log_that_the_last_other_process_just_removed_is_no_replaced_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    """Whoever closes a journal last removes its log, also while another is about to open it."""
    path = tmp_path / "journal.db"
    other = Journal(path)
    note, at = Note(level="info", text="one"), emulated_time.START
    other.create("run-1", devices(3), [note], at)
    connect = journal_module.connect

    def closed_meanwhile(where: Path) -> sqlite3.Connection:
        other.close()
        return connect(where)

    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "connect", closed_meanwhile)
        journal = Journal(path, read_only=read_only, run="run-1")
    with journal, Journal(path) as third:
        third.append("run-1", [note], at)
        journal.check()
        assert len(journal.read("run-1")) == 2
