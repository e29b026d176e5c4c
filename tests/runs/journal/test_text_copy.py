"""What the journal loses its copy has, and the other way round: nothing is lost by one damage."""

import asyncio
import random
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from siptui.domain.errors import ExitCode
from siptui.domain.region import Region
from siptui.domain.state import BatchState
from siptui.host.locks import file_lock
from siptui.runs.events import BatchSubmitting, Note, Options, Order
from siptui.runs.journal.journal import Journal, JournalError
from siptui.runs.journal.locks import lock_path
from siptui.runs.journal.text_copy import JournalCopy
from siptui.runs.output.json_lines import exit_code
from siptui.runs.overview import needs
from siptui.runs.state_load import load
from siptui.runs.worker import take
from tests.runs.engine.engine_harness import EngineHarness, device, devices
from tests.runs.journals.make import told
from tests.support import emulated_time

AT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
PAGE = 4096


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the journal of three runs that real engines carried out: one is over, one has
    a batch done, one live and one that waits, one was killed while a submit was on its way."""
    folder = tmp_path_factory.mktemp("written")
    harness = EngineHarness(folder)

    async def main() -> None:

        await harness.work(harness.create([device(n) for n in range(150)], Options(batch_size=30)))
        half = harness.create(
            [device(n, Region.NOAM) for n in range(400, 460)], Options(batch_size=20, slots=1)
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
    harness.run_service.close()
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
    pages, data = _pages(written / "journal.db"), (written / "journal.db").read_bytes()
    # inner ones and leaves of indexes and of tables (https://sqlite.org/fileformat2.html)
    assert {data[page * PAGE] for page in pages} >= {2, 5, 10, 13}
    assert len(pages) > 20
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


def _alter(path: Path, table: str, column: str, old: bytes, new: bytes) -> None:
    """One letter in the pages of a table, where SQLite sees nothing wrong."""
    assert len(old) == len(new)
    data = path.read_bytes()
    places = [m.start() for m in re.finditer(re.escape(old), data)]
    for place in places:
        page = data[place // PAGE * PAGE :]
        if page[0] in (13, 10):  # leaves of tables and of tables without rowid
            path.write_bytes(data[:place] + new + data[place + len(old) :])
            with closing(sqlite3.connect(path)) as db:
                rows = db.execute(
                    f"SELECT count(*) FROM {table} NOT INDEXED"
                    f" WHERE instr(CAST({column} AS BLOB), ?)",
                    (new,),
                ).fetchone()[0]
            if rows:
                return
            path.write_bytes(data)
    raise AssertionError("no such bytes in that table")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"batch_submitting"', b'"batch_submittjng"'),  # would be taken for a newer version's
        (b'"batch_accepted","batch":', b'"batch_acceqted","batch":'),
        (b'"what":"retry"', b'"what":"retrz"'),
        (b'"state":"succeeded"', b'"state":"succeeden"'),  # cannot be read at all
        (b'"batch_planned","batch":2', b'"batch_planned","batch":7'),  # reads well and is wrong
    ],
)
def test_an_entry_that_was_altered_is_taken_from_the_copy(
    path: Path, old: bytes, new: bytes
) -> None:
    with Journal(path) as journal:
        run = _open(path)
        journal.append(run, [Order(what="retry", devices=[1])], AT)
        expected = {run: journal.read(run) for run in journal.runs()}
    _alter(path, "events", "body", old, new)
    with Journal(path, run=run) as journal:  # as a worker opens it
        assert "1 of its entries were not as they had been written" in journal.notice
        assert {run: journal.read(run) for run in journal.runs()} == expected
    with Journal(path, run=run) as journal:
        journal.acknowledge("somebody")
        assert {run: journal.read(run) for run in journal.runs()} == expected
    with Journal(path, run=run) as journal:
        assert journal.notice == ""


@pytest.mark.parametrize("column", ["user_name", "hardware_id"])
def test_devices_that_were_altered_are_taken_from_the_copy(path: Path, column: str) -> None:
    run = _open(path)
    with Journal(path) as journal:
        expected = journal.devices(run)
    known = str(getattr(expected[3], column)).encode()
    _alter(path, "devices", column, known, known[:3] + b"ee" + known[5:])
    with Journal(path, run=run) as journal:
        assert "was damaged" in journal.notice
        assert journal.devices(run) == expected


@pytest.mark.parametrize("index", ["events_of_run", "devices_by_hardware_id"])
def test_an_index_that_was_altered_hides_no_entry(path: Path, index: str) -> None:
    run = _open(path)
    with Journal(path) as journal:
        expected = {run: journal.read(run) for run in journal.runs()}
        known = str(journal.devices(run)[3].hardware_id)
        runs = journal.runs_with([known])
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)
        ).fetchone()
    data = bytearray(path.read_bytes())
    interior = data[(root - 1) * PAGE] == 2
    children = _children(data, root) if interior else [root]
    old = run.encode() if index == "events_of_run" else known.encode()
    place = next(
        data.index(old, (page - 1) * PAGE, page * PAGE)
        for page in children
        if old in data[(page - 1) * PAGE : page * PAGE]
    )
    data[place + 3 : place + 5] = b"99"
    path.write_bytes(data)
    with Journal(path, run=run) as journal:
        assert "was damaged" in journal.notice
        for name, events in expected.items():  # behind them stands what is told
            assert journal.read(name)[: len(events)] == events
        assert journal.runs_with([known]) == runs


def _children(data: bytearray, page: int) -> list[int]:
    """The pages an interior page of an index leads to (https://sqlite.org/fileformat2.html)."""
    start = (page - 1) * PAGE
    cells = int.from_bytes(data[start + 3 : start + 5])
    at = [int.from_bytes(data[start + 12 + 2 * i : start + 14 + 2 * i]) for i in range(cells)]
    last = int.from_bytes(data[start + 8 : start + 12])
    return [*(int.from_bytes(data[start + i : start + i + 4]) for i in at), last]


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
            journal.append(run, [BatchSubmitting(batch=3, region=Region.NOAM, devices=20)], AT)
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
            journal.append(run, [BatchSubmitting(batch=3, region=Region.NOAM, devices=20)], AT)
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


def test_outcomes_lost_in_both_are_told(path: Path) -> None:
    """The same entries are damaged in journal and copy: their phones have no outcome."""
    with Journal(path) as journal:
        over = journal.runs()[-1]
        assert load(journal, over).lost_outcomes == 0
        assert needs(path, load(journal, over)) == ""
        before = exit_code(load(journal, over))
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT seq FROM events WHERE run = ? AND body LIKE '%\"succeeded\"%'"
        lost = [seq for (seq,) in db.execute(query, (over,)) if seq % 40 == 0][:2]
        assert len(lost) == 2
        db.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq in lost])
        db.commit()
    copy = path.with_name("journal.db.copy")
    lines = copy.read_bytes().split(b"\n")
    for seq in lost:
        (at,) = [n for n, line in enumerate(lines) if b'"seq":%d,' % seq in line]
        lines[at] = lines[at][:20] + b"?" + lines[at][21:]
    copy.write_bytes(b"\n".join(lines))
    with Journal(path, run=over) as journal:
        state = load(journal, over)
        assert state.finished is not None
        assert state.lost_outcomes == 2
        assert "the outcomes of 2 devices" in needs(path, state)
        assert (before, exit_code(state)) == (ExitCode.OK, ExitCode.SOME_UNKNOWN)
