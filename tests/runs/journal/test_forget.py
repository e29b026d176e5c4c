"""Forgetting in the journal: whole or not at all, whatever ends it, and no trace in any file."""

import os
import resource
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.domain.device import Device
from siptui.domain.forgotten_text import names_of
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.runs.events import Note, RunPlanned
from siptui.runs.journal.forget import Forgetting, TracesLeftError
from siptui.runs.journal.forgotten import Remembered
from siptui.runs.journal.journal import Journal, JournalError, JournalGoneError, NoSuchRunError

AT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
_MANY = 40


def _device(run: str, number: int) -> Device:
    digits = f"00-04-F2-0{run[-1]}-{number // 100:02}-{number % 100:02}"
    user = UserName(f"{run}.room{number}@contoso.example")
    return Device(number + 2, user, HardwareId(digits), Region.EMEA, {"Room": f"{run}-{number}"})


def _planned(run: str) -> RunPlanned:
    return RunPlanned(
        file=f"{run}-1.csv", sha256="", tenant="contoso", devices=_MANY, skipped=0, batches=0
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with run-1, run-2 and run-3, and its copy."""
    found = tmp_path_factory.mktemp("written") / "lab" / "journal.db"
    with Journal(found) as journal:
        for run in ("run-1", "run-2", "run-3"):
            devices = [_device(run, number) for number in range(_MANY)]
            journal.create(run, devices, [_planned(run)], AT)
        for number in range(_MANY):  # between each other, as runs that go on at once
            for run in ("run-1", "run-2", "run-3"):
                text = f"{run}.room{number}@contoso.example said no"
                journal.append(run, [Note(level="info", text=text)], AT)
    return found


@pytest.fixture
def path(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written.parent, tmp_path / "lab")
    return tmp_path / "lab" / written.name


def _left(path: Path, run: str) -> list[str]:
    """The files in which something of `run` stands."""
    words = (f"{run}.room".encode(), f"00-04-F2-0{run[-1]}".encode(), f"{run}-1".encode())
    files = (file for file in path.parent.rglob("*") if file.is_file())
    return sorted(f.name for f in files if any(word in f.read_bytes() for word in words))


def _forgetting(*runs: str) -> Forgetting:
    keys = [_device(run, number).key for run in runs for number in range(3)]
    known = [Remembered(key, "succeeded", "2025-03-04T05:06:07.000Z", runs[0]) for key in keys]
    devices = [_device(run, number) for run in runs for number in range(_MANY)]
    names = names_of([d.user_name for d in devices], [d.hardware_id for d in devices])
    return Forgetting(at=AT, runs=runs, names=names, remembered=known)


def _state(path: Path, run: str) -> tuple[int, int] | None:
    """How many devices and entries a run has, or none; the journal has to agree with its copy."""
    with Journal(path, run=run if run != "run-1" else "run-2") as journal:
        assert journal.notice == ""
        if run not in journal.runs():
            assert journal.devices(run) == []
            assert journal.read(run) == []
            return None
        return len(journal.devices(run)), len(journal.read(run))


def _in_child(act: Callable[[], None]) -> int:
    """Run `act` in a process of its own; its exit code, or minus the signal that ended it."""
    pid = os.fork()
    if not pid:
        code = 70
        try:
            act()
            code = 0
        except TracesLeftError:
            code = 4
        except JournalError:
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_no_trace_is_left_and_the_others_stay_as_they_were(path: Path) -> None:
    others = [told_of(path, run) for run in ("run-2", "run-3")]
    with Journal(path) as journal:
        other = "run-1.room7@contoso.example on 00-04-F2-01-00-07 is live in run-1"
        journal.append("run-2", [Note(level="error", text=other)], AT)
        before = _left(path, "run-1")
        assert {"journal.db", "journal.db.copy"} <= set(before)
        journal.forget(_forgetting("run-1"))
        assert _left(path, "run-1") == []  # also while it is open
        journal.append("run-2", [Note(level="info", text="goes on")], AT)
        with pytest.raises(NoSuchRunError, match="was forgotten on 2025-03-04"):
            journal.find("run-1")
        with pytest.raises(NoSuchRunError):  # a console that still shows it gives an order
            journal.append("run-1", [Note(level="info", text="pause")], AT)
        assert {one.key for one in journal.remembered([_device("run-1", 1)])} == {
            _device("run-1", 1).key
        }
        assert journal.remembered([_device("run-1", 5), _device("run-2", 1)]) == []
    assert _state(path, "run-1") is None
    assert _state(path, "run-2") == (_MANY, _MANY + 3)
    assert any("(forgotten) on (forgotten) is live" in one for one in told_of(path, "run-2"))
    assert told_of(path, "run-3") == others[1]
    assert _left(path, "run-1") == []


def told_of(path: Path, run: str) -> list[str]:
    with Journal(path) as journal:
        return [str(one) for one in (*journal.devices(run), *journal.read(run))]


def test_others_that_have_it_open_go_on(path: Path) -> None:
    with Journal(path, run="run-3") as worker, Journal(path, read_only=True) as viewer:
        worker.append("run-3", [Note(level="info", text="before")], AT)
        assert viewer.runs()
        for gone in ("run-1", "run-2"):
            with Journal(path) as journal:
                journal.forget(_forgetting(gone))
            assert _left(path, gone) == []
            worker.check()
            viewer.check()
            worker.append("run-3", [Note(level="info", text="after")], AT)
        assert viewer.runs() == ["run-3"]
        worker.forget(_forgetting("run-3"))  # even the newest entries of all
        viewer.check()
        worker.create("run-4", [_device("run-4", 1)], [Note(level="info", text="next")], AT)
        assert viewer.runs() == ["run-4"]
    # That a file is put over the journal is still noticed.
    with Journal(path, run="run-4") as worker:
        shutil.copy(path, path.with_name("older"))
        worker.append("run-4", [Note(level="info", text="x" * 9000)], AT)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.with_name("older").replace(path)
        with pytest.raises(JournalGoneError):
            worker.append("run-4", [Note(level="info", text="y")], AT)


def test_killed_at_any_step_the_run_is_there_or_not_and_what_is_gone_leaves_no_trace(
    path: Path, tmp_path: Path
) -> None:
    outcomes, whole = set(), (_MANY, _MANY + 1)
    for step in range(1, 200):
        place = tmp_path / str(step)
        shutil.copytree(path.parent, place)

        def act(step: int = step, place: Path = place) -> None:
            with Journal(place / path.name) as journal:
                left = step

                def kill(_: str) -> None:
                    nonlocal left
                    left -= 1
                    if not left:
                        os.kill(os.getpid(), signal.SIGKILL)

                journal._db.set_trace_callback(kill)
                journal.forget(_forgetting("run-1"))

        ended = _in_child(act)
        found = _state(place / path.name, "run-1")
        assert found in (None, whole)
        assert _state(place / path.name, "run-2") == whole
        outcomes.add(found is None)
        assert bool(_left(place / path.name, "run-1")) is (found is not None)
        if found is None:
            with Journal(place / path.name) as journal:
                assert len(journal.remembered([_device("run-1", n) for n in range(9)])) == 3
        shutil.rmtree(place)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    else:
        pytest.fail("it never ended")
    assert outcomes == {True, False}


def test_on_a_full_disk_the_run_is_there_or_not(path: Path, tmp_path: Path) -> None:
    outcomes, whole = set(), (_MANY, _MANY + 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for limit in (0, 8_000, 30_000, 33_000, 60_000, 90_000, 150_000, 10_000_000):
        place = tmp_path / f"disk-{limit}"
        shutil.copytree(path.parent, place)

        def act(limit: int = limit, place: Path = place) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            sys.dont_write_bytecode = True  # it would keep the first bytes of what it compiles
            with Journal(place / path.name) as journal:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                journal.forget(_forgetting("run-1"))

        ended = _in_child(act)
        assert ended in (0, 3, 4)
        found = _state(place / path.name, "run-1")
        assert found == (whole if ended == 3 else None)
        assert bool(_left(place / path.name, "run-1")) is (found is not None)
        outcomes.add(ended)
    assert outcomes >= {0, 3}


def test_names_are_made_unreadable_in_journal_and_copy_alike(path: Path) -> None:
    gone = _device("run-1", 7)
    names = names_of([gone.user_name], [str(gone.hardware_id)])
    with Journal(path) as journal:
        entries = len(journal.read("run-1"))
        journal.forget(Forgetting(at=AT, rows={"run-1": [7]}, names=names))
    with Journal(path, run="run-1") as journal:
        assert journal.notice == ""
        devices = journal.devices("run-1")
        assert [d.user_name for d in devices[6:9]] == [
            "run-1.room6@contoso.example",
            "(forgotten-8)",
            "run-1.room8@contoso.example",
        ]
        notes = [one.event for one in journal.read("run-1")]
        assert len(notes) == entries + 1
        assert Note(level="info", text="(forgotten) said no") in notes
    for word in (b"run-1.room7@", str(gone.hardware_id).encode(), b'run-1-7"'):
        assert all(word not in f.read_bytes() for f in path.parent.iterdir() if f.is_file())


def test_other_columns_of_other_rows_lose_the_names(path: Path) -> None:
    gone, stays = _device("run-1", 7), _device("run-2", 5)
    names = names_of([gone.user_name], [str(gone.hardware_id)])
    cells = {"Room": "5", "Notes": f"swapped with {gone.user_name.upper()} ({gone.hardware_id})"}
    swapped = Device(2, stays.user_name, stays.hardware_id, Region.EMEA, cells)
    with Journal(path) as journal:
        for run in ("run-4", "run-5"):
            journal.create(run, [swapped, _device(run, 1)], [_planned(run)], AT)
        assert journal.runs_naming(names) == ["run-5", "run-4", "run-1"]
        journal.forget(Forgetting(at=AT, rows={"run-1": [7], "run-4": []}, names=names))
        assert journal.devices("run-5")[0].extra == cells
        journal.forget(Forgetting(at=AT, runs=["run-1"], names=names))
        for run in ("run-4", "run-5"):
            first, second = journal.devices(run)
            assert first.extra == {"Room": "5", "Notes": "swapped with (forgotten) ((forgotten))"}
            assert first.user_name == stays.user_name
            assert second == _device(run, 1)
    with Journal(path, run="run-4") as journal:
        assert journal.notice == ""
    for word in (b"run-1.room7@", b"RUN-1.ROOM7@", str(gone.hardware_id).encode()):
        assert all(word not in f.read_bytes() for f in path.parent.iterdir() if f.is_file())


def test_a_damaged_journal_does_not_get_back_what_was_forgotten(path: Path) -> None:
    old = path.with_name("before")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, old)
    with Journal(path) as journal:
        journal.forget(_forgetting("run-1"))
    kept = path.read_bytes()
    path.write_bytes(kept[:5000] + b"\xff" * (len(kept) - 5000))
    with Journal(path) as journal:
        assert "was damaged" in journal.notice
        assert "Not kept" not in journal.notice
        assert journal.runs() == ["run-3", "run-2"]
        assert journal.remembered([_device("run-1", 1)])
        journal.acknowledge("me")
    # An older version in its place: the copy knows what was forgotten since.
    for name in ("journal.db-wal", "journal.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    old.replace(path)
    with Journal(path) as journal:
        assert journal.runs() == ["run-3", "run-2"]
        assert "older version" in journal.notice
        assert journal.remembered([_device("run-1", 1)])
    with Journal(path):
        pass  # what the older version had leaves its pages, too
    assert _left(path, "run-1") == []
