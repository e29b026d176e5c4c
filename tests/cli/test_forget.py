"""Forgotten runs and people are gone from every file; what must not be submitted twice is known."""

import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from siptui.domain.state import DeviceState
from siptui.runs.journal.journal import Journal
from tests.worker.installation import (
    FAST,
    Installation,
    each_type,
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


def _holding(folder: Path, word: str) -> list[str]:
    """The files below `folder` that have `word` in them, whatever its case."""
    wanted = word.encode().lower()
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in files if wanted in path.read_bytes().lower())


def _run(place: Installation, numbers: range, *more: str) -> str:
    file = write_list(place.folder / f"{numbers.start}.csv", numbers)
    done = place.run("run", str(file), "--region", "EMEA", "--yes", "--json", *more)
    assert done.exit_code == 0, done.stdout + done.stderr
    return str(json_lines(done.stdout)[0]["run"])


@pytest.mark.slow
def test_a_forgotten_run_is_in_no_file_any_more_and_the_others_are(place: Installation) -> None:
    state = place.folder / "state"
    record, bundle = place.folder / "exchanges.jsonl", place.folder / "bundle.zip"
    first = _run(place, range(1, 40), "--record", str(record))
    second = _run(place, range(50, 53))
    place.run("doctor", "--no-input", "--bundle", str(bundle))
    logs = state / "logs"
    (logs / "siptui.log").open("a").write('{"path":"/users/ROOM7%40contoso.example/x"}\n')
    (state / "lab" / "copied.txt").write_text("room3@contoso.example")
    shutil.copy(place.journal, state / "lab" / "journal.db.damaged-20260101T000000Z")
    for name in ("room7@contoso.example", hardware_id(7)):
        assert {"journal.db", "journal.db.copy"} <= set(_holding(state, name))
    dry = place.run("forget", first, "--dry-run")
    assert first in dry.stdout
    assert "Would forget 1 run" in dry.stdout
    assert "copied.txt" in dry.stdout
    assert _holding(state, "room7@")
    unsaid = place.run("forget", first)
    assert unsaid.exit_code == 2
    assert "give --yes" in unsaid.stderr
    assert _holding(state, "room7@")
    done = place.run("forget", first, "--yes")
    assert done.exit_code == 0, done.stderr
    for number in range(1, 40):
        for name in (f"room{number}@contoso.example", hardware_id(number)):
            assert _holding(state, name) == []
    assert _holding(state, "room7%40") == []
    assert b"room7" not in record.read_bytes()
    with zipfile.ZipFile(bundle) as packed:
        assert all(b"room7" not in packed.read(name) for name in packed.namelist())
    assert place.runs() == [second]
    assert place.state(second).counts[DeviceState.SUCCEEDED] == 3
    assert set(_holding(state, "room51@contoso.example")) >= {"journal.db", "journal.db.copy"}
    with Journal(place.journal, run=second) as journal:  # which compares it with its copy
        assert journal.notice == ""
    told = place.run("show", first)
    assert told.exit_code == 2
    assert "was forgotten on" in told.stderr
    assert not (state / "lab" / "held" / f"{first}.lock").exists()
    listed = json.loads(place.run("runs", "--json").stdout)
    assert [one["run"] for one in listed["runs"]] == [second]


@pytest.mark.slow
def test_what_a_forgotten_run_signed_in_is_not_submitted_again_without_a_word(
    place: Installation,
) -> None:
    run = _run(place, range(1, 4))
    assert place.run("prune", "--older-than", "0d", "--yes").exit_code == 0
    assert place.runs() == []
    file = str(write_list(place.folder / "more.csv", range(1, 6)))
    refused = place.run("run", file, "--region", "EMEA", "--yes")
    assert refused.exit_code == 2
    assert "3 devices are signed in" in refused.stderr
    assert f"{run} (forgotten since)" in refused.stderr
    stands = json.loads(place.run("status", file, "--region", "EMEA", "--json").stdout)
    assert stands["counts"]["done"] == 3
    new = place.run("run", file, "--region", "EMEA", "--yes", "--new-only")
    assert new.exit_code == 0, new.stderr
    assert place.times() == {hardware_id(number): 1 for number in range(1, 6)}
    (again,) = place.runs()
    assert place.run("forget", again, "--no-fingerprints", "--yes").exit_code == 0
    with Journal(place.journal) as journal:
        assert journal.remembered([]) == []
        assert journal._fetch("SELECT * FROM fingerprints") == []


def test_a_person_is_unreadable_and_the_counts_stay(place: Installation) -> None:
    state = place.folder / "state"
    run = _run(place, range(1, 5))
    for unsaid in (("forget", "--user", "room2@contoso.example"), ("prune", "--keep-last", "0")):
        refused = place.run(*unsaid, "--json")
        assert refused.exit_code == 2
        assert json.loads(refused.stdout)["error"]["code"] == "confirmation_needed"
    assert place.runs() == [run]
    assert _holding(state, "room2@contoso.example")
    done = place.run("forget", "--user", "ROOM2@Contoso.Example", "--json", "--yes")
    assert done.exit_code == 0, done.stderr
    (told,) = json_lines(done.stdout)
    assert told["forgotten"] == [{"run": run, "devices": 1, "whole": False}]
    assert _holding(state, "room2@contoso.example") == []
    assert _holding(state, hardware_id(2)) == []
    assert place.state(run).counts[DeviceState.SUCCEEDED] == 4
    with Journal(place.journal, run=run) as journal:
        assert journal.notice == ""
    out = place.folder / "out.json"
    assert place.run("export", run, "-o", str(out)).exit_code == 0
    assert "(forgotten-2)" in out.read_text()
    attached = place.run("show", run)
    assert attached.exit_code == 0
    log = state / "logs" / "siptui.log"
    log.open("a").write('{"path":"/users/room9%40contoso.example"}\n')
    stranger = ("forget", "--user", " room9@contoso.example ")  # of no run: looked at beforehand
    assert place.run(*stranger).exit_code == 2
    assert "room9%40" in log.read_text()
    assert place.run(*stranger, "--yes").stdout.startswith("Names went from: siptui.log.")
    assert "room9" not in log.read_text()
    assert place.run(*stranger).stdout.startswith("There is nothing to forget.")
    ages = place.run("prune", "--older-than", "999999y")
    assert ages.stdout.startswith("There is nothing to forget."), ages.stderr
    file = str(write_list(place.folder / "again.csv", [2]))
    refused = place.run("run", file, "--region", "EMEA", "--yes")
    assert refused.exit_code == 2
    assert "signed in" in refused.stderr


@pytest.mark.slow
def test_a_live_run_is_kept_and_goes_on_while_others_are_forgotten(tmp_path: Path) -> None:
    with installed(tmp_path, "[timing]\ndevice = [400, 400]\n", speed=20, quick=20) as place:
        with installed(tmp_path / "other", _HEALTHY, speed=FAST) as quick:
            old = _run(quick, range(100, 130))
            shutil.copytree(quick.folder / "state" / "lab", place.folder / "state" / "lab")
        file = str(write_list(place.folder / "live.csv", range(1, 4)))
        with place.process("run", file, "--region", "EMEA", "--yes", "--json") as process:
            run = until(lambda: next((r for r in place.runs() if r != old), ""), "the run")
            until(lambda: place.state(run).open_batches(), "a live batch")
            refused = place.run("forget", run, "--force", "--yes")
            assert refused.exit_code == 11
            assert "siptui stop" in refused.stderr
            named = place.run("forget", "--user", "room2@contoso.example", "--yes")
            assert named.exit_code == 2
            assert run in named.stderr
            kept = place.run("prune", "--keep-last", "0", "--dry-run")
            assert f"Kept: run {run}, it is worked on by process" in kept.stdout
            assert "--force" not in kept.stdout  # which would not help
            pruned = place.run("prune", "--older-than", "0d", "--json", "--yes")
            assert pruned.exit_code == 0, pruned.stderr
            (told,) = json_lines(pruned.stdout)
            assert [one["run"] for one in told["forgotten"]] == [old]
            assert [(one["run"], one["obstacle"]) for one in told["kept"]] == [(run, "at_work")]
            assert _holding(place.folder / "state", "room101@") == []
            place.emulator.forward(2_000)
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert each_type(json_lines(out), "run_finished")[0]["succeeded"] == 3
        with Journal(place.journal, run=run) as journal:
            assert journal.notice == ""
        assert place.run("prune", "--keep-last", "0", "--yes").exit_code == 0
        assert _holding(place.folder / "state", "room2@") == []


@pytest.mark.slow
def test_what_cannot_be_told_is_kept_unless_it_is_named_with_force(tmp_path: Path) -> None:
    with installed(tmp_path, "[timing]\ndevice = [90000, 90000]\n", speed=20) as place:
        file = str(write_list(place.folder / "list.csv", range(1, 3)))
        with place.process("run", file, "--region", "EMEA", "--yes", "--json"):
            run = until(lambda: next(iter(place.runs()), ""), "the run")
            until(lambda: place.times(), "a live batch")
            place.kill(run)
        refused = place.run("forget", run, "--yes")
        assert refused.exit_code == 2
        assert "--force" in refused.stderr
        assert place.runs() == [run]
        pruned = place.run("prune", "--keep-last", "0", "--yes")
        assert pruned.exit_code == 0
        assert f"Kept: run {run}" in pruned.stdout
        assert place.run("forget", run, "--force", "--yes").exit_code == 0
        again = place.run("run", file, "--region", "EMEA", "--yes")
        assert again.exit_code == 2
        assert "unknown in run" in again.stderr
        assert set(place.times().values()) == {1}


@pytest.mark.slow
def test_on_a_full_disk_it_says_so_and_forgets_nothing(place: Installation) -> None:
    run = _run(place, range(1, 4))
    log = place.folder / "state" / "logs" / "siptui.log"
    log.open("a").write('{"path":"/users/room2@contoso.example"}\n')
    before = log.read_text()
    sizes = (0, 600)  # bytes that a file may have: no lock can be written, no log

    def limited(size: int) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    for size in sizes:
        how = {"stderr": subprocess.PIPE, "preexec_fn": partial(limited, size)}
        # It would keep the first bytes of what it compiles, for all later processes.
        env = {"PYTHONDONTWRITEBYTECODE": "1"}
        with place.process("forget", run, "--yes", env=env, **how) as process:
            _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "Traceback" not in said
        assert "space" in said or "quota" in said
        assert place.state(run).counts[DeviceState.SUCCEEDED] == 3
        assert log.read_text() == before
    assert place.run("forget", run, "--yes").exit_code == 0
    assert _holding(place.folder / "state", "room2@") == []


@pytest.mark.slow
def test_a_profile_with_keep_days_is_pruned_when_a_run_ends(place: Installation) -> None:
    old = _run(place, range(1, 4))
    with closing(sqlite3.connect(place.journal)) as db:
        db.execute("UPDATE events SET at = replace(at, substr(at, 1, 4), '2020')")
        db.commit()
    for suffix in (".copy",):
        place.journal.with_name(place.journal.name + suffix).unlink()
    config = place.folder / "config" / "config.toml"
    config.write_text(config.read_text().replace("[clouds", "keep_days = 30\n[clouds", 1))
    new = _run(place, range(11, 14))
    place.over(new)
    until(lambda: place.runs() == [new], "the end of the old run")
    assert old not in place.runs()
    until(lambda: _holding(place.folder / "state", "room2@") == [], "the end of the cleaning")
    assert place.run("prune", "--dry-run").stdout.startswith("There is nothing to forget.")
    refused = place.run("run", str(place.folder / "1.csv"), "--region", "EMEA", "--yes")
    assert refused.exit_code == 2
