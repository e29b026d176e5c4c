"""A damaged journal costs what was on the damaged pages, and never a second submit."""

import random
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import siptui.runs.journal.repair as journal_repair
from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.host.locks import file_lock
from siptui.runs.events import (
    BatchAccepted,
    BatchFinished,
    BatchPlanned,
    BatchSubmitting,
    DeviceChanged,
    Event,
    Note,
    Options,
    Order,
    RunFinished,
)
from siptui.runs.first_events import plan_events
from siptui.runs.journal.journal import Journal, JournalError
from siptui.runs.journal.locks import lock_path
from siptui.runs.state import RunState
from siptui.runs.state_load import load
from siptui.runs.this_actor import this_actor
from tests.runs.engine.engine_harness import devices

AT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
SIZE = 60
PAGE = 4096


def _first(size: int = SIZE) -> list[Event]:
    return plan_events(
        devices(size),
        file="list.csv",
        sha256="0" * 64,
        tenant="Contoso",
        skipped=0,
        options=Options(batch_size=20),
        actor=this_actor(),
    )


def _worked(batch: int) -> list[Event]:
    places = range((batch - 1) * 20, batch * 20)
    return [
        BatchSubmitting(batch=batch, region=Region.EMEA, devices=20),
        BatchAccepted(batch=batch, batch_id=f"id-{batch}", count=20),
        *(DeviceChanged(device=i, batch=batch, state=DeviceState.SUCCEEDED) for i in places),
        BatchFinished(batch=batch, batch_id=f"id-{batch}", succeeded=20, failed=0),
    ]


DONE = RunFinished(succeeded=SIZE, failed=0, unknown=0, skipped=0, seconds=9)


def write(path: Path) -> None:
    """Six finished runs, then one of which batch 1 is done, 2 is submitted and 3 waits."""
    with Journal(path) as journal:
        for i in range(6):
            work = [event for batch in (1, 2, 3) for event in _worked(batch)]
            journal.create(f"done-{i}", devices(SIZE), [*_first(), *work, DONE], AT)
        journal.create("open", devices(SIZE), _first(), AT)
        journal.append("open", _worked(1), AT)
        journal.append("open", [BatchSubmitting(batch=2, region=Region.EMEA, devices=20)], AT)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "journal.db"
    write(path)
    return path


@pytest.fixture(scope="module")
def written(sound: Path) -> dict[tuple[str, int], Event]:
    with Journal(sound) as journal:
        return {(run, s.seq): s.event for run in journal.runs() for s in journal.read(run)}


@pytest.fixture
def path(tmp_path: Path, sound: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "journal.db"))


def asides(path: Path) -> list[Path]:
    """What was set aside, without what belongs to it."""
    names = re.compile(re.escape(path.name) + r"\.damaged-\d{8}T\d{6}Z(-\d+)?")
    return sorted(p for p in path.parent.iterdir() if names.fullmatch(p.name))


def pages_of(path: Path, table: str, kind: str = "leaf") -> list[int]:
    """The places in the file of a table's or index's pages; its root alone for `kind` root."""
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    data = path.read_bytes()
    if kind == "root":
        return [(root - 1) * PAGE]
    # Interior pages (types 2 and 5) point to their children: https://sqlite.org/fileformat2.html
    start = (root - 1) * PAGE
    cells = int.from_bytes(data[start + 3 : start + 5])
    assert data[start] in (2, 5), "one page only: write more"
    at = [int.from_bytes(data[start + 12 + 2 * i : start + 14 + 2 * i]) for i in range(cells)]
    children = [int.from_bytes(data[start + place : start + place + 4]) for place in at]
    return [(child - 1) * PAGE for child in children]


def spoil(path: Path, place: int, length: int = PAGE) -> bytes:
    """Random bytes over a part of the file; what the file then is."""
    data = bytearray(path.read_bytes())
    data[place : place + length] = random.Random(place).randbytes(length)
    path.write_bytes(data)
    return bytes(data)


def submittable(state: RunState) -> set[int]:
    """The devices an engine would submit without asking anybody."""
    return {i for batch in state.queued_batches() for i in batch.devices}


def check(path: Path) -> list[str]:
    """Repair, and hold what is kept to what was written; the runs that were kept."""
    with Journal(path) as journal:
        runs = journal.runs()
        assert journal.notice
        for run in runs:
            state = load(journal, run)
            assert len(state.devices) == SIZE
            assert [r.device for r in state.devices] == devices(SIZE)
            assert submittable(state) == set()
            assert not state.open_orders
        journal.create("next", devices(SIZE), _first(), AT)  # and it can be used
    with Journal(path) as journal:
        assert journal.notice  # until somebody says that it was read
        assert journal.acknowledge("somebody")
        assert set(journal.runs()) == {*runs, "next"}
    with Journal(path) as journal:
        assert journal.notice == ""
    assert path.stat().st_mode & 0o777 == 0o600
    assert not list(path.parent.glob("*.build*"))
    return runs


def test_a_sound_journal_is_left_as_it_is(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.notice == ""
        assert len(journal.runs()) == 7
    assert asides(path) == []


@pytest.mark.parametrize("table", ["events", "devices", "events_of_run", "devices_by_hardware_id"])
def test_a_damaged_page_costs_what_was_on_it(path: Path, table: str) -> None:
    damaged = spoil(path, pages_of(path, table)[0])
    kept = check(path)
    (aside,) = asides(path)
    assert aside.read_bytes() == damaged  # untouched: somebody may know how to get more out of it
    assert aside.stat().st_mode & 0o777 == 0o600
    lost = 7 - len(kept)
    assert lost == 0 if table in ("events_of_run", "devices_by_hardware_id") else 0 < lost <= 3, (
        kept
    )


def test_what_happened_is_said_in_the_notice_and_in_the_run(path: Path) -> None:
    spoil(path, pages_of(path, "events")[1])
    with Journal(path) as journal:
        kept = journal.runs()
        for word in (str(path), asides(path)[0].name, f"Kept: {len(kept)} run", "admin center"):
            assert word in journal.notice
        for run in {*(f"done-{i}" for i in range(6)), "open"} - set(kept):
            assert run in journal.notice
        notes = [s.event for s in journal.read("open") if isinstance(s.event, Note)]
        assert [n.text for n in notes] == [journal.notice]
        done = next(run for run in kept if run != "open")
        assert journal.first_and_last(done)[1].event == DONE  # over stays over


def test_after_damage_nothing_waiting_is_submitted_unasked(path: Path) -> None:
    spoil(path, pages_of(path, "devices_by_hardware_id")[0])
    with Journal(path) as journal:
        state = load(journal, "open")
    assert [b.state for b in state.batches.values()] == [
        BatchState.FINISHED,
        BatchState.SUBMITTING,  # looked for in the tenant, as after any crash
        BatchState.UNSETTLED,
    ]
    assert state.counts[DeviceState.SUCCEEDED] == 20
    assert state.counts[DeviceState.UNKNOWN] == 20
    assert "admin center" in state.batches[3].why


def test_after_damage_no_old_order_is_carried_out_again(path: Path) -> None:
    with Journal(path) as journal:
        journal.append("open", [Order(what="retry", devices=[1])], AT)
        assert load(journal, "open").open_orders
    Path(f"{path}.copy").unlink()
    spoil(path, pages_of(path, "devices_by_hardware_id")[0])
    assert "open" in check(path)


def test_orders_keep_their_places(path: Path) -> None:
    """A batch names the order it carries out by the order's number in the journal."""
    with Journal(path) as journal:
        journal.append("open", [Order(what="retry", devices=[1])], AT)
        seq = journal.first_and_last("open")[1].seq
        again = BatchPlanned(batch=4, region=Region.EMEA, devices=[1], attempt=2, order=seq)
        journal.append("open", [again], AT)
    spoil(path, pages_of(path, "events")[0])  # of the first run
    with Journal(path) as journal:
        found = {s.seq: s.event for s in journal.read("open")}
    assert found[seq] == Order(what="retry", devices=[1])
    assert found[seq + 1] == again


def _truncate(share: float) -> Callable[[Path], None]:
    def act(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return act


def _short(length: int) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[:length]) and None


@pytest.mark.parametrize(
    "act",
    [
        *(_truncate(share) for share in (0.1, 0.5, 0.97, 0.999)),
        *(_short(length) for length in (1, 99, 512, PAGE - 1, PAGE)),
        lambda path: path.write_bytes(b"Dear diary,\n" * 999) and None,
        lambda path: path.write_bytes(b"\0" * 9000) and None,
        lambda path: spoil(path, 0) and None,
        lambda path: spoil(path, 0, 10**6) and None,
        lambda path: spoil(path, 100, 900) and None,
    ],
)
def test_a_journal_cut_off_or_overwritten_is_set_aside(
    path: Path, act: Callable[[Path], None]
) -> None:
    act(path)
    damaged = path.read_bytes()
    check(path)
    (aside,) = asides(path)
    assert aside.read_bytes() == damaged


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.write_bytes(b"")
    with Journal(path) as journal:
        assert journal.notice == ""
        assert journal.runs() == []


def test_the_log_goes_where_its_journal_goes(path: Path, tmp_path: Path) -> None:
    """What a killed process left in the log is kept too."""
    killed = tmp_path / "killed"
    killed.mkdir(mode=0o700)
    with Journal(path) as journal:
        journal.append("open", _worked(2), AT)
        for suffix in ("", "-wal"):
            shutil.copy(str(path) + suffix, killed / f"journal.db{suffix}")
    spoil(killed / "journal.db", pages_of(path, "devices_by_hardware_id")[0])
    with Journal(killed / "journal.db") as journal:
        assert journal.notice
        state = load(journal, "open")
    assert state.batches[2].state is BatchState.FINISHED
    assert state.batches[3].state is BatchState.UNSETTLED


def test_an_empty_file_beside_a_log_is_damage(path: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir(mode=0o700)
    with Journal(path) as journal:
        journal.append("open", [Note(level="info", text="in the log")], AT)
        shutil.copy(str(path) + "-wal", killed / "journal.db-wal")
    log = (killed / "journal.db-wal").read_bytes()
    (killed / "journal.db").touch(0o600)
    with Journal(killed / "journal.db") as journal:
        assert "empty beside its log" in journal.notice
    (aside,) = asides(killed / "journal.db")
    assert Path(f"{aside}-wal").read_bytes() == log


def test_a_reader_repairs_nothing(path: Path) -> None:
    spoil(path, 100, 3000)
    with pytest.raises(JournalError, match="damaged") as caught:
        Journal(path, read_only=True)
    assert "start it again" in caught.value.remedy
    assert asides(path) == []


def test_a_journal_somebody_works_with_is_not_set_aside(path: Path) -> None:
    spoil(path, 100, 3000)
    lock = lock_path(path, "open")
    lock.parent.mkdir()
    with file_lock(lock), pytest.raises(JournalError, match="works on the run open") as caught:
        Journal(path)
    assert "End that process" in caught.value.remedy
    assert asides(path) == []
    check(path)


def test_damage_found_again_gets_a_name_of_its_own(path: Path) -> None:
    for _ in range(3):
        path.write_bytes(b"nothing of use" * 99)
        with Journal(path) as journal:
            assert journal.notice
    assert len(asides(path)) == 3


@pytest.mark.parametrize("step", ["_set_aside", "_salvage", "_build", "swap_built"])
def test_a_repair_cut_short_is_done_by_the_next_start(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each of its steps the process ends without a chance to tidy up."""
    spoil(path, pages_of(path, "events")[1])
    damaged = path.read_bytes()

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(journal_repair, step, killed)
        with pytest.raises(Killed):
            Journal(path)
    assert path.read_bytes() == damaged
    with Journal(path) as journal:
        assert "open" in journal.runs()
        assert submittable(load(journal, "open")) == set()
    assert damaged in [aside.read_bytes() for aside in asides(path)]
    assert not list(path.parent.glob("*.build*")) + list(path.parent.glob("*.built*"))


def test_a_repair_that_finds_no_space_leaves_all_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(path, pages_of(path, "events")[1])
    before = {p.name: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    real = journal_repair.migrate

    def on_a_full_disk(db: sqlite3.Connection) -> None:
        real(db)
        db.execute("PRAGMA max_page_count=20")

    monkeypatch.setattr(journal_repair, "migrate", on_a_full_disk)
    with pytest.raises(JournalError, match="the disk is full"):
        Journal(path)
    after = {p.name: p.read_bytes() for p in path.parent.iterdir() if p.is_file()}
    assert {name: data for name, data in after.items() if not name.endswith(".lock")} == before


@pytest.mark.parametrize("kind", ["batch_submitting", "batch_accepted", "device", "run_finished"])
def test_a_kind_of_entry_with_a_wrong_letter_is_lost_in_a_damaged_journal(
    path: Path, kind: str, written: dict[tuple[str, int], Event]
) -> None:
    data = path.read_bytes()
    place = data.rindex(b'{"type":"%b"' % kind.encode()) + len('{"type":"') + 2
    path.write_bytes(data[:place] + b"w" + data[place + 1 :])
    spoil(path, pages_of(path, "events_of_run")[0])
    with Journal(path) as journal:
        assert journal.notice
        for run in journal.runs():
            assert submittable(load(journal, run)) == set()
            for stored in journal.read(run):
                event = written.get((run, stored.seq))
                assert event is None or stored.event == event


@pytest.mark.parametrize("column", ["line", "user_name", "hardware_id", "region"])
def test_a_run_whose_device_was_changed_by_damage_is_not_kept(
    sound: Path, tmp_path: Path, column: str
) -> None:
    """The other run of the file is: its devices are as they were planned."""
    path = Path(shutil.copy(sound, tmp_path / "journal.db"))
    with closing(sqlite3.connect(path)) as db, db:
        changed = {
            "line": "57",
            "user_name": "'room7@contoso.example'",
            "hardware_id": "'00-04-F2-00-01-01'",
            "region": "'APAC'",
        }
        db.execute(
            f"UPDATE devices SET {column} = {changed[column]} WHERE run = 'open' AND device = 1"
        )
    spoil(path, pages_of(path, "events")[0])
    with Journal(path) as journal:
        assert journal.notice
        assert "open" not in journal.runs()
        assert "done-5" in journal.runs()


@settings(max_examples=10)
@example(spots=[(0.7901249208227511, 1), (0.3412413745717515, 1)])  # a letter of an entry's kind
@given(
    spots=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from([1, 8, 300, PAGE, 3 * PAGE])),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_bytes_go_bad_nothing_is_made_up(
    sound: Path,
    written: dict[tuple[str, int], Event],
    tmp_path_factory: pytest.TempPathFactory,
    spots: list[tuple[float, int]],
) -> None:
    """Opening ends in a usable journal or in a `JournalError`; no kept run was ever otherwise.

    The mark of the file (bytes 60 to 72) is left alone: without it the file is not ours to touch.
    """
    path = Path(shutil.copy(sound, tmp_path_factory.mktemp("bad") / "journal.db"))
    size = path.stat().st_size
    for share, length in spots:
        place = 72 + int(share * (size - 72))
        spoil(path, place, min(length, size - place))
    try:
        journal = Journal(path)
    except JournalError as refused:
        assert refused.remedy  # noqa: PT017 - either end is right
        return
    with journal:
        if not journal.notice:
            return  # bytes nobody uses, or inside an entry, where reading will tell
        for run in journal.runs():
            state = load(journal, run)
            assert [r.device for r in state.devices] == devices(SIZE)
            assert submittable(state) == set()
            for stored in journal.read(run):
                if event := written.get((run, stored.seq)):
                    assert type(stored.event) is type(event)
