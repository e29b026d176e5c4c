"""What the audit log holds of a run, whatever happened to the run, its process and the log."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from siptui.domain.state import DeviceState
from siptui.emulator.scenario import DeviceRule, Scenario
from siptui.logs.audit import AuditFile, AuditLog
from siptui.runs.audit_trail import write_owed
from siptui.runs.events import BatchAccepted, BatchInDoubt, Note, Options, RunFinished
from siptui.runs.journal.locks import audited_path, owed_path, owing
from tests.runs.engine.engine_harness import EngineHarness, devices
from tests.support import emulated_time

_HOURS = 3600.0
_FIVE = Options(batch_size=5)


def _harness(
    folder: Path, log: Path | str = "", scenario: Scenario | str = "healthy"
) -> EngineHarness:
    harness = EngineHarness(folder, scenario)
    harness.audit = AuditLog(AuditFile(Path(log) if log else folder / "audit.jsonl"), "contoso")
    return harness


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _notes(harness: EngineHarness, run: str) -> list[Note]:
    return [note for note in harness.events(run, Note) if "audit log" in note.text]


async def _until(look: Callable[[], object]) -> None:
    while not look():  # noqa: ASYNC110 - in emulated time
        await asyncio.sleep(1)


def test_each_submit_is_one_line_that_says_who_and_how_many(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _harness(tmp_path)
        harness.fault("status", status=400, nth=2)
        run = harness.create(devices(12), _FIVE)
        await harness.work(run)
        lines = _lines(tmp_path / "audit.jsonl")
        assert Counter(one["outcome"] for one in lines) == {"accepted": 2, "refused": 1}
        for one in lines:
            assert (one["act"], one["run"], one["tenant"]) == ("submit", run, "Contoso")
            assert (one["account"], one["user"]) == ("admin@contoso.example", "anna")
            assert (one["host"], one["region"]) == ("jump1", "EMEA")
        reset = sum(int(str(one["passwords_reset"])) for one in lines)
        assert reset == sum(harness.ledger.times.values())

    emulated_time.run(main(), limit=6 * _HOURS)


def test_a_lost_answer_is_unknown_until_it_is_found(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _harness(tmp_path)
        harness.fault("cut", moment="after", nth=1)
        run = harness.create(devices(5), _FIVE)
        assert isinstance(await harness.work(run), RunFinished)
        unknown, found = _lines(tmp_path / "audit.jsonl")
        assert (unknown["outcome"], unknown["passwords_reset"]) == ("unknown", None)
        assert (found["outcome"], found["passwords_reset"]) == ("accepted", 5)
        assert found["found"] is True
        assert found["batch_id"] == harness.ids()[0]

    emulated_time.run(main(), limit=6 * _HOURS)


def test_orders_that_decide_about_passwords_are_lines_of_who_gave_them(tmp_path: Path) -> None:
    async def main() -> None:
        off = DeviceRule(match=["00-04-F2-00-00-01"], online=False)
        harness = _harness(tmp_path, scenario=Scenario(devices=(off,)))
        harness.run_service.known_as("berta@contoso.example")
        run = harness.create(devices(3))
        await harness.work(run)
        harness.run_service.pause(run)  # changes nothing in the tenant
        harness.run_service.go_on(run)
        failed = [r.index for r in harness.state(run).devices if r.state is DeviceState.FAILED]
        harness.run_service.retry(run, failed)
        await harness.work(run)
        lines = _lines(tmp_path / "audit.jsonl")
        assert [one["act"] for one in lines] == ["submit", "retry", "submit"]
        assert lines[1]["account"] == "berta@contoso.example"
        assert (lines[1]["outcome"], lines[1]["passwords_reset"]) == ("ordered", 0)
        assert [one.get("devices") for one in lines] == [3, 1, 1]

    emulated_time.run(main(), limit=6 * _HOURS)


@pytest.mark.parametrize("event", [BatchAccepted, BatchInDoubt])
def test_what_a_killed_worker_left_out_is_written_by_the_next(
    tmp_path: Path, event: type[BatchAccepted] | type[BatchInDoubt]
) -> None:
    """Killed after the entry, before its line: as if no log had been there until then."""

    async def main() -> None:
        harness = _harness(tmp_path)
        log, harness.audit = harness.audit, None
        harness.fault("cut", moment="after", nth=1) if event is BatchInDoubt else None
        run = harness.create(devices(5), _FIVE)
        work = harness.start(run)
        await _until(lambda: harness.events(run, event))
        await work.kill()
        harness.audit = log
        assert isinstance(await harness.work(run), RunFinished)
        outcomes = [one["outcome"] for one in _lines(tmp_path / "audit.jsonl")]
        assert outcomes == (["unknown", "accepted"] if event is BatchInDoubt else ["accepted"])
        # Once more, and nothing is written twice; without the mark the same entries are.
        for lost in (False, True):
            if lost:
                audited_path(harness.path, run).unlink()
            harness.run_service.retry(run, [0])  # nothing failed: nothing goes out
            await harness.work(run)
        entries = Counter(
            one["entry"] for one in _lines(tmp_path / "audit.jsonl") if one["act"] == "submit"
        )
        assert set(entries.values()) == {2}
        assert len(entries) == len(outcomes)

    emulated_time.run(main(), limit=6 * _HOURS)


def test_a_kill_between_submit_and_answer_is_told_by_who_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _harness(tmp_path)
        harness.fault("slow", moment="after", seconds=60)
        run = harness.create(devices(5), _FIVE)
        work = harness.start(run)
        await _until(lambda: harness.ledger.submits)
        await work.kill()
        assert not (tmp_path / "audit.jsonl").exists()
        await harness.work(run)
        outcomes = [one["outcome"] for one in _lines(tmp_path / "audit.jsonl")]
        assert outcomes == ["unknown", "accepted"]
        assert set(harness.ledger.times.values()) == {1}

    emulated_time.run(main(), limit=6 * _HOURS)


def test_a_missing_disk_is_said_once_and_its_lines_are_written_when_it_is_back(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        disk = tmp_path / "disk"
        harness = _harness(tmp_path, disk / "audit.jsonl")
        run = harness.create(devices(20), _FIVE)
        work = harness.start(run)
        await _until(lambda: _notes(harness, run))
        assert "No such file or directory" in _notes(harness, run)[0].text
        assert _notes(harness, run)[0].level == "warning"
        assert not disk.exists()  # a disk that is not there is not made up for
        await asyncio.sleep(60)
        disk.mkdir()
        end = await work.end()
        assert isinstance(end, RunFinished)
        assert end.succeeded == 20
        assert [one["passwords_reset"] for one in _lines(disk / "audit.jsonl")] == [5] * 4
        said = [note.text for note in _notes(harness, run)]
        assert len(said) == 2
        assert "can be written again" in said[1]

    emulated_time.run(main(), limit=6 * _HOURS)


def test_what_waits_at_the_end_of_a_run_is_written_with_the_next_run(tmp_path: Path) -> None:
    """A run that has ended is not worked on again: its passwords were reset all the same."""

    async def main() -> None:
        disk = tmp_path / "disk"
        harness = _harness(tmp_path, disk / "audit.jsonl")
        runs = [harness.create(devices(5), _FIVE)]
        assert isinstance(await harness.work(runs[0]), RunFinished)
        assert owing(harness.path) == runs
        _owed(harness)  # the disk is still away
        assert owing(harness.path) == runs
        disk.mkdir()
        _owed(harness)
        assert owing(harness.path) == []
        _owed(harness)
        (line,) = _lines(disk / "audit.jsonl")
        assert (line["run"], line["passwords_reset"]) == (runs[0], 5)
        # A run without a log from its beginning to its end owes none.
        harness.audit = None
        await harness.work(harness.create(devices(10)[5:], _FIVE))
        harness.audit = AuditLog(AuditFile(disk / "audit.jsonl"), "contoso")
        _owed(harness)
        assert len(_lines(disk / "audit.jsonl")) == 1

    emulated_time.run(main(), limit=6 * _HOURS)


def test_a_run_that_is_worked_on_or_gone_owes_nothing_to_others(tmp_path: Path) -> None:
    async def main() -> None:
        disk = tmp_path / "disk"
        harness = _harness(tmp_path, disk / "audit.jsonl")
        run = harness.create(devices(10), _FIVE)
        work = harness.start(run)
        await _until(lambda: owing(harness.path))
        disk.mkdir()
        _owed(harness)
        assert not (disk / "audit.jsonl").exists()  # that is for who works on it
        assert isinstance(await work.end(), RunFinished)
        assert len(_lines(disk / "audit.jsonl")) == 2
        assert owing(harness.path) == []
        owed_path(harness.path, "20200101-000000-abcd").touch()  # of another journal
        _owed(harness)
        assert len(_lines(disk / "audit.jsonl")) == 2

    emulated_time.run(main(), limit=6 * _HOURS)


def _owed(harness: EngineHarness) -> None:
    assert harness.audit is not None
    write_owed(harness.run_service.journal, harness.audit)


def test_a_full_disk_stops_no_run(tmp_path: Path) -> None:
    async def main() -> None:
        harness = _harness(tmp_path, "/dev/full")
        run = harness.create(devices(5))
        end = await harness.work(run)
        assert isinstance(end, RunFinished)
        assert end.succeeded == 5
        assert sum("No space left on device" in text for text in harness.notes(run)) == 1
        harness.audit = AuditLog(AuditFile(tmp_path / "audit.jsonl"), "contoso")
        harness.run_service.retry(run, [0])
        await harness.work(run)
        acts = [one["act"] for one in _lines(tmp_path / "audit.jsonl")]
        assert acts == ["submit", "retry"]

    emulated_time.run(main(), limit=6 * _HOURS)
