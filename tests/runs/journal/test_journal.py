"""The journal keeps what it acknowledged, whatever happens to its process and its file."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siptui.runs.journal.sqlite_file as journal_file
from siptui.domain.device import Device
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.host.mounts import Mount
from siptui.runs.events import (
    Actor,
    AnyEvent,
    BatchPlanned,
    Event,
    Note,
    Options,
    RunPlanned,
)
from siptui.runs.journal.journal import SCHEMA_VERSION, Journal, JournalError, NoSuchRunError
from siptui.runs.journal.sqlite_file import MIGRATIONS, migrate
from siptui.runs.worker import take
from tests.runs.engine.engine_harness import device, devices

AT = datetime(2025, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
PLANNED = RunPlanned(file="list.csv", sha256="0", tenant="Contoso", devices=3, skipped=0, batches=1)
FIRST = (PLANNED, BatchPlanned(batch=1, region=Region.EMEA, devices=[0, 1, 2]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def note(text: str) -> Note:
    return Note(level="info", text=text)


def plant(path: Path, run: str = "run-1", wanted: list[Device] | None = None) -> None:
    with Journal(path) as journal:
        journal.create(run, devices(3) if wanted is None else wanted, FIRST, AT)


# -- round trip ---------------------------------------------------------------------------------

_VALUES = {
    Actor: st.builds(Actor, account=st.text(), os_user=st.text(), host=st.text()),
    Options: st.builds(Options, batch_size=st.integers(1, 100), max_failures=st.floats(0, 100)),
    bool: st.booleans(),
    Region: st.sampled_from(Region),
    DeviceState: st.sampled_from(DeviceState),
    str: st.text(),
    dict[str, str]: st.dictionaries(st.text(), st.text(), max_size=3),
    float: st.floats(allow_nan=False, allow_infinity=False),
    int: st.integers(-(2**63), 2**63 - 1),
}


def _every_field(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Fields with and without a default alike, by their types."""

    def values(wanted: object) -> st.SearchStrategy[object]:
        found = msgspec.inspect.type_info(wanted)
        if isinstance(found, msgspec.inspect.LiteralType):
            return st.sampled_from(found.values)
        if isinstance(found, msgspec.inspect.UnionType):
            return st.none() | values(next(a for a in get_args(wanted) if a is not type(None)))
        if isinstance(found, msgspec.inspect.ListType):
            return st.lists(values(get_args(wanted)[0]), max_size=3)
        return _VALUES[wanted]  # type: ignore[index] - a type

    return st.builds(kind, **{f.name: values(f.type) for f in msgspec.structs.fields(kind)})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    with Journal(tmp_path_factory.mktemp("shared") / "journal.db") as journal:
        journal.create("run-1", devices(3), [PLANNED], AT)
        yield journal


@pytest.mark.parametrize("kind", get_args(AnyEvent), ids=lambda kind: kind.__name__)
@settings(max_examples=6)
@given(data=st.data())
def test_every_kind_of_event_reads_as_it_was_written(
    shared: Journal, kind: type[Event], data: st.DataObject
) -> None:
    written = data.draw(st.lists(_every_field(kind), min_size=1, max_size=3))
    _, last = shared.first_and_last("run-1")
    shared.append("run-1", written, AT)
    found = shared.read("run-1", last.seq)
    assert [stored.event for stored in found] == written
    assert [stored.seq for stored in found] == [last.seq + 1 + i for i in range(len(written))]
    assert {stored.at for stored in found} == {"2025-03-04T05:06:07.089Z"}
    assert shared.first_and_last("run-1")[1] == found[-1]


def test_devices_keep_their_order_and_their_columns(path: Path) -> None:
    plain = device(7, Region.APAC)
    extra = Device(9, plain.user_name, device(8).hardware_id, Region.NOAM, {"Site": "Köln\n'\""})
    plant(path, wanted=[extra, plain, device(1)])
    with Journal(path) as journal:
        found = journal.devices("run-1")
    assert found == [extra, plain, device(1)]
    assert found[0].extra == {"Site": "Köln\n'\""}


def test_the_newest_run_has_a_name(path: Path) -> None:
    with Journal(path) as journal:
        with pytest.raises(NoSuchRunError, match="there is no run yet"):
            journal.find("@last")
        journal.create("run-b", devices(1), [PLANNED], AT)
        journal.create("run-a", devices(1), [PLANNED], AT + timedelta(seconds=1))
        assert journal.find("@last") == "run-a"
        with pytest.raises(NoSuchRunError):
            journal.find("@las")


def test_a_run_is_written_as_a_whole_or_not_at_all(path: Path) -> None:
    def events() -> Iterator[Event]:
        yield PLANNED
        raise RuntimeError("no more")

    with Journal(path) as journal:
        with pytest.raises(RuntimeError, match="no more"):
            journal.create("run-1", devices(3), events(), AT)
        assert journal.runs() == []
        assert journal.devices("run-1") == []
        with pytest.raises(NoSuchRunError):
            journal.first_and_last("run-1")
        journal.create("run-1", devices(3), FIRST, AT)  # the name is still free
        with pytest.raises(JournalError):
            journal.create("run-1", devices(3), FIRST, AT)
        assert len(journal.read("run-1")) == 2


# -- look-ups -----------------------------------------------------------------------------------


def test_runs_are_found_by_their_hardware_ids(path: Path) -> None:
    many = devices(2000)
    ids = [d.hardware_id for d in many]
    with Journal(path) as journal:
        journal.create("old", many[:1500], FIRST, AT)
        journal.create("new", many[1499:], FIRST, AT.replace(year=2026))
        assert list(journal.runs_with(ids).items()) == [("new", ids[1499:]), ("old", ids[:1500])]
        assert journal.runs_with([ids[3], ids[1], ids[3]]) == {"old": [ids[3], ids[1]]}
        assert journal.runs_with(iter([ids[1499]])) == {"new": [ids[1499]], "old": [ids[1499]]}
        assert journal.runs_with([device(5000).hardware_id]) == {}
        assert journal.runs_with([]) == {}


def test_look_ups_go_by_an_index(path: Path) -> None:
    plant(path)
    with closing(sqlite3.connect(path)) as db:
        for query in (
            "SELECT run FROM devices WHERE hardware_id IN (?, ?)",
            "SELECT seq FROM events WHERE run = ? AND seq > ? ORDER BY seq",
            "SELECT seq FROM events WHERE run IN (?, ?) ORDER BY seq DESC LIMIT 1",
        ):
            plan = " ".join(row[3] for row in db.execute("EXPLAIN QUERY PLAN " + query, ("a", "b")))
            assert "SEARCH" in plan, plan
            assert "SCAN" not in plan, plan


# -- schema and owner ---------------------------------------------------------------------------


def test_a_journal_of_the_first_schema_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, MIGRATIONS[:1])
        db.execute("INSERT INTO runs VALUES ('run-1', '2025')")
        body = '{"type":"note","level":"info","text":"old"}'
        db.execute("INSERT INTO events VALUES (5, 'run-1', '2025', ?)", (body,))
    with Journal(path) as journal:
        assert journal.notice == ""
        assert [(s.seq, s.event) for s in journal.read("run-1")] == [(5, note("old"))]
        journal.append("run-1", [note("new")], AT)
        assert journal.first_and_last("run-1")[1].seq == 6
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert ("devices_by_hardware_id",) in db.execute(
            "SELECT name FROM sqlite_master"
        ).fetchall()


def test_a_step_that_fails_leaves_the_schema_as_it_was(path: Path) -> None:
    def step(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE more (x)")

    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE runs (x)")  # there already

    plant(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError):
            migrate(db, [*MIGRATIONS, step, broken])
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert db.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall() == []
        migrate(db, [*MIGRATIONS, step])
        assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION + 1
        assert db.execute("SELECT * FROM more").fetchall() == []


def left_alone(path: Path, match: str, *, read_only: bool = False) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match=match) as caught:
        Journal(path, read_only=read_only)
    assert caught.value.remedy
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if "damaged" in p.name] == []


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_of_a_newer_version_is_refused_and_left_alone(
    path: Path, read_only: bool
) -> None:
    plant(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    left_alone(path, "newer siptui", read_only=read_only)


@pytest.mark.parametrize("mark", [0, 0x47504B47])
@pytest.mark.parametrize("broken", [False, True])
def test_a_database_of_another_program_is_refused_and_left_alone(
    path: Path, mark: int, broken: bool
) -> None:
    path.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE places (name TEXT)")
        db.executemany("INSERT INTO places VALUES (?)", [("x" * 900,)] * 50)
        db.execute(f"PRAGMA application_id={mark}")
        db.commit()
    if broken:
        path.write_bytes(path.read_bytes()[:-5000])
    left_alone(path, "another program")


def test_an_entry_that_only_a_newer_version_knows_is_passed_over(path: Path) -> None:
    plant(path)
    bodies = ('{"type":"moon_phase","x":[1]}', '{"type":"order","what":"dance"}')
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO events (run, at, body) VALUES ('run-1', '2026', ?)", [(b,) for b in bodies]
        )
    with Journal(path) as journal:
        journal.append("run-1", [note("after")], AT)
        found = [stored.event for stored in journal.read("run-1")]
        assert found[-1] == note("after")
        for event, kind in zip(found[2:4], ("moon_phase", "order"), strict=True):
            assert isinstance(event, Note)
            assert event.level == "warning"
            assert kind in event.text


@pytest.mark.parametrize("body", ["{", '{"type":"batch_submitting","batch":"one"}', "{}"])
def test_an_entry_that_is_damaged_is_not_passed_over(path: Path, body: str) -> None:
    plant(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO events (run, at, body) VALUES ('run-1', '2026', ?)", (body,))
    with Journal(path) as journal, pytest.raises(JournalError, match="entry 3 of the run run-1"):
        journal.read("run-1")


def test_a_device_that_is_missing_is_not_passed_over(path: Path) -> None:
    plant(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM devices WHERE device = 1")
    with Journal(path) as journal, pytest.raises(JournalError, match="device 1 of the run run-1"):
        journal.devices("run-1")


# -- files --------------------------------------------------------------------------------------


def _modes(folder: Path) -> dict[str, int]:
    return {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}


def test_the_files_are_the_users_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal(path) as journal:
            journal.create("run-1", devices(3), FIRST, AT)
            assert _modes(path.parent) == dict.fromkeys(
                ("journal.db", "journal.db-wal", "journal.db-shm", "journal.db.copy"), 0o600
            )
            for file in path.parent.iterdir():
                file.chmod(0o644)
            path.parent.chmod(0o755)
            with Journal(path):
                assert set(_modes(path.parent).values()) == {0o600}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("network", "mode"), [(False, "wal"), (True, "delete")])
def test_every_commit_is_synced_in_the_mode_the_file_system_bears(
    path: Path, monkeypatch: pytest.MonkeyPatch, network: bool, mode: str
) -> None:
    where = Mount(path.parent, "nfs4" if network else "ext4")
    monkeypatch.setattr(journal_file, "mount_of", lambda _: where)
    with Journal(path) as journal:
        journal.create("run-1", devices(3), FIRST, AT)
        assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert journal._db.execute("PRAGMA journal_mode").fetchone()[0] == mode
        assert (path.parent / "journal.db-wal").exists() is not network
        with Journal(path, read_only=True) as reader:
            assert reader.changed()
            journal.append("run-1", [note("more")], AT)
            assert reader.changed()
            assert not reader.changed()
            assert len(reader.read("run-1")) == 3


def test_a_journal_moved_to_a_network_file_system_changes_its_mode(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(path)
    monkeypatch.setattr(journal_file, "mount_of", lambda _: Mount(path.parent, "nfs4"))
    with Journal(path) as journal:
        journal.append("run-1", [note("there")], AT)
        assert len(journal.read("run-1")) == 3
        assert not (path.parent / "journal.db-wal").exists()


def test_a_network_file_system_that_keeps_locks_to_itself_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Mount(Path("/home"), "nfs", ("rw", "vers=3", "nolock", "local_lock=all"))
    monkeypatch.setattr(journal_file, "mount_of", lambda _: where)
    with pytest.raises(JournalError, match="nolock") as caught:
        Journal(path)
    assert "nfs on /home" in caught.value.message
    assert "SIPTUI_STATE_DIR" in caught.value.remedy


@pytest.mark.parametrize("read_only", [False, True])
def test_a_link_or_a_folder_in_its_place_is_refused(path: Path, read_only: bool) -> None:
    path.mkdir(parents=True, mode=0o755)
    with pytest.raises(JournalError):
        Journal(path, read_only=read_only)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    path.rmdir()
    path.symlink_to(path.parent / "elsewhere.db")
    with pytest.raises(JournalError):
        Journal(path, read_only=read_only)
    assert not (path.parent / "elsewhere.db").exists()


def test_an_empty_file_where_runs_were_worked_on_is_told_of(path: Path) -> None:
    """As a crash of the computer or `> journal.db` leaves it: what is live is not known now."""
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"")
    take(path, "20260101-120000-abcd").release()
    for _ in range(2):
        with Journal(path) as journal:
            assert "empty, although runs were worked on" in journal.notice
    with Journal(path) as journal:
        assert "20260101-120000-abcd" in journal.acknowledge("somebody")
    with Journal(path) as journal:
        assert journal.notice == ""


def test_a_reader_makes_no_file(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(JournalError, match="cannot be opened") as caught:
        Journal(path, read_only=True)
    assert "SIPTUI_STATE_DIR" in caught.value.remedy
    assert list(path.parent.iterdir()) == []


def test_a_full_disk_writes_nothing_by_half_and_says_so(path: Path) -> None:
    with Journal(path) as journal:
        journal.create("run-1", devices(3), FIRST, AT)
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(JournalError, match="the disk is full") as caught:
            journal.append("run-1", [note("x" * 1000)] * 100, AT)
        assert "Free some space" in caught.value.remedy
        assert caught.value.remedy.endswith("siptui resume run-1")
        with pytest.raises(JournalError, match="the disk is full") as caught:
            journal.create("run-2", devices(2000), FIRST, AT)
        assert "resume" not in caught.value.remedy  # there is no such run
        assert len(journal.read("run-1")) == 2
        assert journal.runs() == ["run-1"]
        journal._db.execute("PRAGMA max_page_count=100000")
        journal.append("run-1", [note("y")], AT)
        assert len(journal.read("run-1")) == 3
