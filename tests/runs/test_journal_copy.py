"""What the journal loses its copy has, and the other way round: nothing is lost by one damage."""

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.region import Region
from siptui.domain.state import BatchState
from siptui.emulator.scenario import Scenario
from siptui.posix import file_lock
from siptui.runs.events import BatchSubmitting, Note, Options, Order
from siptui.runs.journal import Journal, JournalError
from siptui.runs.journal_copy import JournalCopy
from siptui.runs.office import load, lock_path
from siptui.runs.worker import take
from tests.runs.engine_harness import EngineHarness, device, devices
from tests.runs.journals.make import told
from tests.support import emulated_time

AT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
PAGE = 4096


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the journal of three runs that real engines carried out: one is over, one has
    a batch done, one live and one that waits, one was killed while a submit was on its way."""
    folder = tmp_path_factory.mktemp("written")
    harness = EngineHarness(folder, Scenario())

    async def main() -> None:

        await harness.work(harness.create([device(n) for n in range(300)], Options(batch_size=60)))
        half = harness.create(
            [device(n, Region.NOAM) for n in range(400, 520)], Options(batch_size=40, slots=1)
        )
        work = harness.start(half)
        while len(harness.events(half, BatchSubmitting)) < 2:  # noqa: ASYNC110 - emulated time
            await asyncio.sleep(1)
        await asyncio.sleep(5)
        await work.kill()
        harness.fault("slow", moment="before", seconds=60, region=Region.APAC, nth=1)
        lost = harness.create(
            [device(n, Region.APAC) for n in range(600, 610)], Options(batch_size=5)
        )
        work = harness.start(lost)
        await asyncio.sleep(20)
        await work.kill()

    emulated_time.run(main())
    harness.office.close()
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.rmtree(folder / "held")
    return folder


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    return _copied(written, tmp_path / "copied")


def _copied(folder: Path, to: Path) -> Path:
    to.mkdir(mode=0o700)
    for name in ("journal.db", "journal.db.copy"):
        shutil.copy(folder / name, to)
    return to / "journal.db"


def _runs(path: Path) -> dict[str, Any]:
    """Everything that is known of every run, apart from where its last entry stands."""
    with Journal(path) as journal:
        found = {run: told(load(journal, run)) for run in journal.runs()}
    for one in found.values():
        del one["last"]
    return found


def _pages(path: Path) -> range:
    return range(path.stat().st_size // PAGE)


def _spoil(path: Path, page: int, how: str) -> None:
    data = bytearray(path.read_bytes())
    spot = slice(page * PAGE, (page + 1) * PAGE)
    length = len(data[spot])
    data[spot] = bytes(length) if how == "zeroed" else random.Random(page).randbytes(length)
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["zeroed", "random"])
def test_no_damaged_page_loses_anything(written: Path, tmp_path: Path, how: str) -> None:
    expected = _runs(_copied(written, tmp_path / "sound"))
    states = {b[1] for run in expected.values() for b in run["batches"]}
    assert states == {"finished", "running", "queued", "submitting"}
    pages = _pages(written / "journal.db")
    assert len(pages) > 30
    for page in pages:
        path = _copied(written, tmp_path / f"{page}")
        _spoil(path, page, how)
        assert _runs(path) == expected, page
        with Journal(path) as journal:
            unused = not journal.notice  # a page that SQLite keeps for later
            if not unused:
                assert "was damaged" in journal.notice
                assert "with the help of its copy" in journal.notice
        shutil.rmtree(path.parent)


@pytest.mark.parametrize("how", ["zeroed", "random"])
def test_a_damaged_copy_is_written_anew(path: Path, how: str) -> None:
    copy, expected = Path(f"{path}.copy"), _runs(path)
    whole = copy.read_bytes()
    run = next(iter(expected))
    for page in range(0, len(whole) // PAGE + 1, 3):
        _spoil(copy, page, how)
        assert _runs(path) == expected
        with Journal(path, run=run) as journal:  # as a worker opens it
            assert journal.notice == ""
        assert copy.read_bytes() == whole, page


def test_a_copy_that_is_missing_is_made(path: Path) -> None:
    copy = Path(f"{path}.copy")
    whole = copy.read_bytes()
    copy.unlink()
    with Journal(path) as journal:
        assert journal.notice == ""
    assert copy.read_bytes() == whole


@pytest.mark.parametrize("left", [0, 512, PAGE, 40_000])
def test_a_journal_that_was_emptied_or_cut_off_is_as_before(path: Path, left: int) -> None:
    expected = _runs(path)
    path.write_bytes(path.read_bytes()[:left])
    assert _runs(path) == expected
    with Journal(path) as journal:
        assert "was damaged" in journal.notice


def test_a_journal_that_was_deleted_is_as_before(path: Path) -> None:
    expected = _runs(path)
    path.unlink()
    assert _runs(path) == expected
    with Journal(path) as journal:
        assert "empty, although its copy is not" in journal.notice


def _open(path: Path) -> str:
    """The run of which a batch is live."""
    with Journal(path) as journal:
        return next(
            run
            for run in journal.runs()
            if any(b.state is BatchState.RUNNING for b in load(journal, run).batches.values())
        )


@pytest.mark.parametrize("log", ["halved", "zeroed", "deleted"])
def test_a_lost_log_loses_nothing_and_is_told_until_it_is_acknowledged(
    path: Path, tmp_path: Path, log: str
) -> None:
    run, killed = _open(path), tmp_path / "killed"
    killed.mkdir(mode=0o700)
    with Journal(path) as journal:
        for batch in range(10, 30):
            journal.append(run, [Order(what="retry", devices=[batch])], AT)
        expected = journal.read(run)
        for suffix in ("", "-wal", ".copy"):  # as they lie there when the process is killed
            shutil.copy(f"{path}{suffix}", killed / f"journal.db{suffix}")
    lost = killed / "journal.db"
    tail = Path(f"{lost}-wal")
    data = tail.read_bytes()
    if log == "deleted":
        tail.unlink()
    else:
        tail.write_bytes(data[: len(data) // 2] if log == "halved" else bytes(len(data)))
    for _ in range(3):  # the warning is not used up by who comes first
        with Journal(lost) as journal:
            assert journal.read(run) == expected
            assert "had lost its newest entries" in journal.notice
    with Journal(lost) as journal:
        assert journal.acknowledge("somebody")
        assert journal.notice == ""
        journal.append(run, [Order(what="pause")], AT)
        assert journal.read(run)[-1].seq == expected[-1].seq + 1
    with Journal(lost) as journal:
        assert journal.notice == ""


def test_a_lock_of_a_run_that_the_journal_does_not_know_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.create("20260101-120000-aaaa", devices(2), [Note(level="info", text="x")], AT)
    for run in ("20260101-120000-aaaa", "20260101-120000-abcd"):
        take(path, run).release()
    (path.parent / "held" / ".other.lock").touch()  # not of a run
    for _ in range(2):
        with Journal(path) as journal:
            assert "1 run(s) that were worked on here: 20260101-120000-abcd" in journal.notice
    with Journal(path) as journal:
        journal.acknowledge("somebody")
    with Journal(path) as journal:
        assert journal.notice == ""


def test_a_run_that_is_worked_on_with_a_journal_that_is_gone_is_left_alone(path: Path) -> None:
    run = _open(path)
    path.unlink()
    lock = lock_path(path, run)
    lock.parent.mkdir(exist_ok=True)
    with file_lock(lock), pytest.raises(JournalError, match="still works on the run"):
        Journal(path)
    assert run in _runs(path)


def test_a_copy_of_another_journal_is_set_aside_and_told_of(path: Path, tmp_path: Path) -> None:
    expected, copy = _runs(path), Path(f"{path}.copy")
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    with Journal(other / "journal.db") as journal:
        journal.create("20260101-120000-aaaa", devices(2), [Order(what="stop")], AT)
    foreign = Path(f"{other / 'journal.db'}.copy").read_bytes()
    copy.write_bytes(foreign)
    assert _runs(path) == expected
    with Journal(path) as journal:
        assert "different entries" in journal.notice
    (aside,) = path.parent.glob("journal.db.copy.other-*")
    assert aside.read_bytes() == foreign
    assert JournalCopy(path).read().runs.keys() == expected.keys()


def test_a_process_killed_between_journal_and_copy_leaves_no_warning(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _open(path)

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(JournalCopy, "catch_up", killed)
        with Journal(path) as journal, pytest.raises(Killed):
            journal.append(run, [BatchSubmitting(batch=3, region=Region.NOAM, devices=40)], AT)
    copy = Path(f"{path}.copy")
    copy.write_bytes(copy.read_bytes() + b'0123abcd {"type":"entry","seq"')  # or in the middle
    with Journal(path) as journal:
        assert journal.notice == ""
        journal.append(run, [Order(what="pause")], AT)
        entries = journal.read(run)
        copied = JournalCopy(path).read()
        assert copied.whole
        assert [s.seq for s in entries] == [e.seq for e in copied.entries.values() if e.run == run]
        assert isinstance(entries[-2].event, BatchSubmitting)


def test_without_its_copy_nothing_is_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _open(path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JournalCopy, "catch_up", full)
    with Journal(path) as journal:
        with pytest.raises(JournalError, match="the disk is full"):
            journal.append(run, [BatchSubmitting(batch=3, region=Region.NOAM, devices=40)], AT)
        assert journal.append(run, [Order(what="pause")], AT)


def test_light_entries_are_copied_with_the_next_that_counts(path: Path) -> None:
    run = _open(path)
    with Journal(path) as journal:
        copy = JournalCopy(path)
        before = copy.last()
        journal.append(run, [Note(level="info", text="light")], AT)
        assert copy.last() == before
        journal.append(run, [Order(what="pause")], AT)
        entries = list(copy.read().entries.values())[-2:]
    assert ["light" in entries[0].body, "pause" in entries[1].body] == [True, True]
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT seq FROM events ORDER BY seq").fetchall()
    assert [seq for (seq,) in rows] == list(copy.read().entries)
