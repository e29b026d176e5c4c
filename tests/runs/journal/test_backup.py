"""A restore that is killed leaves the old journal or the restored one, and no file beside it."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from siptui.runs.journal import backup as backup_module
from siptui.runs.journal.backup import BackupError, restore, write_backup
from siptui.runs.journal.journal import Journal
from tests.runs.journal.test_forget import _MANY, _in_child, path, written  # noqa: F401 - fixtures

_RUNS = ["run-3", "run-2", "run-1"]


@pytest.mark.parametrize("step", ["add_mark", "replace_file", "swap_built", "Journal"])
def test_a_killed_restore_is_done_or_not(path: Path, tmp_path: Path, step: str) -> None:  # noqa: F811
    file = tmp_path / "backup.db"
    with Journal(path) as journal:
        write_backup(journal, file)
    shutil.rmtree(path.parent)

    def act() -> None:
        def kill(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(backup_module, step, kill)
        restore(file, path, same_tenant=lambda _: True)

    assert _in_child(act) == -signal.SIGKILL
    with Journal(path) as journal:
        found = journal.runs()
        assert bool(journal.notice) is (step != "add_mark")
    assert found == ([] if step in ("add_mark", "replace_file") else _RUNS)
    if not found:
        assert set(restore(file, path, same_tenant=lambda _: True).runs) == set(_RUNS)
    with Journal(path, run="run-1") as journal:
        assert journal.runs() == _RUNS
        assert len(journal.devices("run-1")) == _MANY
    left = sorted(one.name for one in path.parent.iterdir() if not one.name.endswith(".lock"))
    assert left == ["journal.db", "journal.db.copy", "journal.db.warnings.json"]


def test_a_full_disk_is_that_of_the_backup(path: Path, tmp_path: Path) -> None:  # noqa: F811
    with Journal(path, read_only=True) as journal, closing(sqlite3.connect(tmp_path / "b")) as db:
        db.execute("PRAGMA max_page_count=2")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            journal.copy_to(db)
        assert journal.runs()


def test_a_flipped_bit_in_a_backup_is_found(path: Path, tmp_path: Path) -> None:  # noqa: F811
    """In a row, of which SQLite knows no checksum; one without ours is of an earlier version."""
    file, elsewhere = tmp_path / "backup.db", tmp_path / "other" / "journal.db"
    with Journal(path) as journal:
        write_backup(journal, file)
    data = file.read_bytes()
    file.write_bytes(data.replace(b"room7@contoso", b"room6@contoso", 1))
    with pytest.raises(BackupError, match="its checksum does not fit"):
        restore(file, elsewhere, same_tenant=lambda _: True)
    assert not elsewhere.exists()
    assert not list(elsewhere.parent.iterdir())
    file.write_bytes(data[: data.rindex(b"\nsiptui backup sha256 ")])
    assert set(restore(file, elsewhere, same_tenant=lambda _: True).runs) == set(_RUNS)


def test_a_schema_that_is_no_text_any_more_is_damage(path: Path) -> None:  # noqa: F811
    data = path.read_bytes()
    at = data.index(b"CREATE TABLE events") + 13
    path.write_bytes(data[:at] + b"\xf0" + data[at + 1 :])
    with Journal(path) as journal:
        assert journal.runs() == _RUNS
        assert "was set aside" in journal.notice
