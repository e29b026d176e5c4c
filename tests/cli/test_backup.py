"""A backup is whole while a worker writes; it is put back only where nothing is lost by that."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from siptui.domain.state import BatchState, DeviceState
from siptui.runs.journal.journal import SCHEMA_VERSION, Journal
from tests.worker.installation import (
    FAST,
    Installation,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)

_HEALTHY = "[timing]\ndevice = [40, 200]\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path, _HEALTHY, speed=FAST) as found:
        yield found


def _run(place: Installation, numbers: range) -> str:
    file = write_list(place.folder / f"{numbers.start}.csv", numbers)
    done = place.run("run", str(file), "--region", "EMEA", "--yes", "--json")
    assert done.exit_code == 0, done.stdout + done.stderr
    return str(json_lines(done.stdout)[0]["run"])


@pytest.mark.slow
def test_what_was_lost_is_put_back_and_what_the_journal_knows_more_of_is_not(
    place: Installation,
) -> None:
    first = _run(place, range(1, 4))
    backup = place.folder / "backup.db"
    made = place.run("backup", str(backup), "--json")
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout)["runs"] == 1
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.folder.glob("*backup*")] == ["backup.db"]
    assert place.run("backup", str(backup)).exit_code == 2
    link = place.folder / "link.db"
    link.symlink_to(place.journal)
    for own in (place.journal, place.journal.with_name("journal.db.copy"), link, Path("/dev/null")):
        untouched = own.lstat()
        refused = place.run("backup", str(own), "--force")
        assert refused.exit_code == 2
        assert refused.stderr.startswith("No backup was written: ")
        assert own.lstat().st_ino == untouched.st_ino
    nowhere = place.run("backup", str(place.folder / "no folder" / "b.db"))
    assert nowhere.exit_code == 2
    assert nowhere.stderr.startswith("No backup was written: ")
    again = place.run("restore", str(backup))
    assert again.stdout == "The journal has all of it already.\n"
    second = _run(place, range(11, 13))
    before = place.journal.read_bytes()
    older = place.run("restore", str(backup))
    assert older.exit_code == 2
    assert second in older.stderr
    assert place.journal.read_bytes() == before
    shutil.rmtree(place.journal.parent)
    done = place.run("restore", str(backup))
    assert done.exit_code == 0, done.stderr
    assert place.runs() == [first]
    assert place.state(first).counts[DeviceState.SUCCEEDED] == 3
    with Journal(place.journal, run=first) as journal:
        assert "restored from a backup" in journal.notice
    file = str(write_list(place.folder / "new.csv", range(20, 22)))
    refused = place.run("run", file, "--region", "EMEA", "--yes")
    assert refused.exit_code == 1
    assert "--acknowledge" in refused.stderr
    assert place.run("runs", "--acknowledge").exit_code == 0
    assert place.run("run", file, "--region", "EMEA", "--yes").exit_code == 0
    assert set(place.times().values()) == {1}


@pytest.mark.slow
def test_a_backup_of_a_live_run_is_never_put_over_it_nor_submits_what_waited_then(
    tmp_path: Path,
) -> None:
    with installed(tmp_path, "[timing]\ndevice = [400, 400]\n", speed=20, quick=20) as place:
        file = str(write_list(place.folder / "live.csv", range(1, 5)))
        backup, args = tmp_path / "b.db", ("--region", "EMEA", "--yes", "--json")
        with place.process("run", file, *args, "--batch-size", "2", "--slots", "1") as process:
            run = until(lambda: next(iter(place.runs()), ""), "the run")
            until(place.times, "the first batch")
            assert place.run("backup", str(backup)).exit_code == 0
            held = place.run("restore", str(backup))
            assert held.exit_code == 11
            place.emulator.forward(2_000)
            until(lambda: len(place.times()) == 4, "the second batch")
            place.kill(run)
            process.communicate(timeout=60)
        refused = place.run("restore", str(backup), "--json")
        assert refused.exit_code == 2
        assert json.loads(refused.stdout)["error"]["code"] == "backup_live"
        shutil.rmtree(place.journal.parent)  # the disk is lost
        done = json.loads(place.run("restore", str(backup), "--json").stdout)
        assert done["unfinished"] == [run]
        assert place.run("runs", "--acknowledge").exit_code == 0
        place.emulator.forward(100_000)
        assert place.run("resume", run, "--yes").exit_code == 5
        state = place.over(run)
        assert [b.state for b in state.batches.values()] == [
            BatchState.FINISHED,
            BatchState.UNSETTLED,
        ]
        assert place.times() == {hardware_id(number): 1 for number in range(1, 5)}


@dataclass(frozen=True)
class _Backup:
    """What `siptui backup` wrote of an installation with one run. The journal is lost since."""

    place: Installation
    run: str
    data: bytes


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Backup]:
    with installed(tmp_path_factory.mktemp("backed-up"), _HEALTHY, speed=FAST) as place:
        run = _run(place, range(1, 4))
        file = place.folder / "b.db"
        assert place.run("backup", str(file)).exit_code == 0
        shutil.rmtree(place.journal.parent)
        yield _Backup(place, run, file.read_bytes())


@pytest.mark.parametrize(
    "kind", ["damaged", "cut", "text", "foreign", "newer", "tenant", "trigger", "none"]
)
def test_a_file_that_is_no_good_backup_changes_nothing(
    backed_up: _Backup, tmp_path: Path, kind: str
) -> None:
    place, data = backed_up.place, backed_up.data
    file = tmp_path / "b.db"
    file.write_bytes(data)
    if kind == "damaged":
        file.write_bytes(data[:4096] + b"\xff" * 4096 + data[8192:])
    elif kind == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif kind == "text":
        file.write_text("Username,HardwareId\n" * 100)
    elif kind == "none":
        file.unlink()
    else:
        with closing(sqlite3.connect(file)) as db:
            if kind == "foreign":
                db.execute("PRAGMA application_id=7")
            elif kind == "newer":
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
            elif kind == "trigger":
                db.execute("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM devices; END")
            else:
                db.execute(
                    "UPDATE events SET body = replace(body, 'contoso.example', 'fabrikam.example')"
                )
            db.commit()
    shutil.rmtree(place.journal.parent, ignore_errors=True)  # what the case before left
    refused = place.run("restore", str(file))
    assert refused.exit_code == 2, refused.stderr
    assert backed_up.run not in place.runs()


def test_that_very_backup_unchanged_is_put_back(backed_up: _Backup, tmp_path: Path) -> None:
    """So it is what was done to it that those before were refused for."""
    file = tmp_path / "b.db"
    file.write_bytes(backed_up.data)
    assert backed_up.place.run("restore", str(file)).exit_code == 0
    assert backed_up.place.runs() == [backed_up.run]


@pytest.mark.slow
def test_what_was_forgotten_since_a_backup_stays_forgotten(place: Installation) -> None:
    first, second = _run(place, range(1, 4)), _run(place, range(11, 13))
    backup = place.folder / "b.db"
    assert place.run("backup", str(backup)).exit_code == 0
    assert place.run("forget", first, "--yes").exit_code == 0
    assert place.run("restore", str(backup)).exit_code == 0
    assert place.runs() == [second]
    state = place.folder / "state"
    files = [path for path in state.rglob("*") if path.is_file()]
    assert all(b"room2@contoso" not in path.read_bytes() for path in files)
    refused = place.run("run", str(place.folder / "1.csv"), "--region", "EMEA", "--yes")
    assert refused.exit_code == 2
    assert "signed in" in refused.stderr
