"""Whatever finds a journal damaged that was taken away since it was last looked at says so."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from siptui.runs.events import Note
from siptui.runs.journal.file_identity import JournalIdentity
from siptui.runs.journal.journal import Journal, JournalError, JournalGoneError
from tests.runs.engine.engine_harness import devices
from tests.support import emulated_time

RUN = "run-1"
NOTE = Note(level="info", text="x" * 200)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _cut_off(path: Path) -> None:
    os.truncate(path, 4096)


def _overwrite(path: Path) -> None:
    path.write_bytes(b"another file " * (path.stat().st_size // 13 + 1))


def _damage(path: Path) -> None:
    """What a failing disk does: other bytes, and nothing that tells of a write."""
    found = path.stat()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (found.st_size - 4096))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def _append(journal: Journal) -> None:
    journal.append(RUN, [NOTE], emulated_time.START)


WAYS = [_empty, _cut_off, _overwrite]
READS: list[Callable[[Journal], object]] = [
    lambda journal: journal.read(RUN),
    lambda journal: journal.devices(RUN),
    lambda journal: journal.runs_with(["00-00"]),
    lambda journal: journal.batches(),
    lambda journal: journal.first_and_last(RUN),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that fills many pages, all of them in the file itself."""
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.create(RUN, devices(60), [NOTE] * 60, emulated_time.START)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
@pytest.mark.parametrize("read", READS, ids=["read", "devices", "runs_with", "batches", "ends"])
def test_a_read_that_comes_before_the_next_look(
    path: Path, way: Callable[[Path], None], read: Callable[[Journal], object]
) -> None:
    with Journal(path, read_only=True) as journal:
        way(path)
        with pytest.raises(JournalGoneError):
            read(journal)
        with pytest.raises(JournalGoneError):
            journal.check()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.strip("_"))
@pytest.mark.parametrize("act", [Journal.check, _append], ids=["check", "append"])
def test_a_look_in_the_middle_of_which_it_is_taken_away(
    path: Path,
    way: Callable[[Path], None],
    act: Callable[[Journal], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look = JournalIdentity.check
    looks: list[bool] = []

    def taken_right_after(self: JournalIdentity, *, thorough: bool) -> None:
        look(self, thorough=thorough)
        if not looks:
            looks.append(True)
            way(path)

    with Journal(path, read_only=act is Journal.check) as journal:
        monkeypatch.setattr(JournalIdentity, "check", taken_right_after)
        journal._db.execute("PRAGMA shrink_memory")  # as where others wrote since
        with pytest.raises(JournalGoneError):
            act(journal)


def test_a_disk_that_fails_is_told_as_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody took the file away then: to put it back helps nobody, to start again does."""
    with Journal(path, read_only=True) as journal:
        _damage(path)
        journal._files.accept()  # the clock of the file's entry cannot be set back
        with pytest.raises(JournalError, match="it is damaged") as caught:
            journal.read(RUN)
        assert not isinstance(caught.value, JournalGoneError)
