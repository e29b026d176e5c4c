"""Another process has the journal locked: it is waited for, named, and the run goes on."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from tests.worker.installation import (
    Installation,
    hardware_id,
    installed,
    json_lines,
    until,
    write_list,
)
from tests.worker.terminal import Terminal

_HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
db.execute("ROLLBACK")
"""
#: Longer than SQLite was ever told to wait.
_LONG = 12.0


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has the journal locked for writing, as a backup may, while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(journal)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.write("\n")
            process.stdin.flush()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path / "lab", "healthy") as found:
        yield found


@pytest.mark.slow
def test_a_run_goes_on_after_the_journal_was_locked_for_long(installation: Installation) -> None:
    installation.emulator.tell("devices", match="*", slow=10)
    file = write_list(installation.folder / "list.csv", range(6))
    out = installation.folder / "out.jsonl"
    with out.open("w") as told:
        viewer = installation.process(
            *("run", str(file), "--region", "EMEA", "--yes", "--json"),
            *("--batch-size", "2", "--slots", "1"),
            stdout=told,
        )
        (run,) = until(installation.runs, "the run")
        until(installation.times, "the first submit")
        window = Terminal(installation, "attach", run)
        until(lambda: window.shows("1 batch live"), "the console")
        with _locked(installation.journal) as process:
            begun = time.monotonic()
            who = f"process {process.pid} ("
            until(lambda: who in out.read_text(), "the viewer's word")
            until(lambda: window.shows(f"Waiting: {who}"), "the console's word")
            while time.monotonic() - begun < _LONG:
                time.sleep(0.1)
                assert viewer.poll() is None
        installation.emulator.tell("devices", match="*", slow=1)
        viewer.communicate(timeout=60)
    assert viewer.returncode == 0
    lines = json_lines(out.read_text())
    waits = [
        line["why"] for line in lines if line["type"] == "waiting" and "journal" in line["why"]
    ]
    assert who in waits[0]
    with Journal(installation.journal) as journal:
        notes = [s.event.text for s in journal.read(run) if isinstance(s.event, Note)]
    (note,) = [text for text in notes if "locked" in text]
    assert who in note
    assert installation.times() == {hardware_id(n): 1 for n in range(6)}
    window.types("q")
    assert window.ends() == 0


def test_a_command_says_who_it_waits_for(installation: Installation) -> None:
    file = write_list(installation.folder / "list.csv", range(2))
    assert installation.run("run", str(file), "--region", "EMEA", "--yes").exit_code == 0
    again = write_list(installation.folder / "again.csv", range(10, 12))
    told = installation.folder / "told"
    with _locked(installation.journal) as process, told.open("w") as error:
        asking = installation.process(
            *("run", str(again), "--region", "EMEA", "--yes", "--json"), stderr=error
        )
        until(lambda: f"Waiting: process {process.pid} (" in told.read_text(), "who has it")
    out, _ = asking.communicate(timeout=60)
    assert asking.returncode == 0
    assert json.loads(out.splitlines()[-1])["type"] == "run_finished"
