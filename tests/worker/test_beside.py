"""Processes that come and go beside one journal: what one wrote the others can read."""

import subprocess
import sys
from pathlib import Path

from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from tests.runs.engine.engine_harness import devices
from tests.support.emulated_time import START

_WORKER = """
import sys
from pathlib import Path
from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from tests.support.emulated_time import START
with Journal(Path(sys.argv[1])) as journal:
    print(len(journal.read("run")), flush=True)
    journal.append("run", [Note(level="info", text="worker")], START)
"""


def _work(path: Path) -> int:
    """What a process of its own reads before it writes and ends."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _WORKER, str(path)],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


def test_a_second_look_does_not_let_go_of_the_first(tmp_path: Path) -> None:
    """SQLite's locks are lost when a process closes any descriptor of the file: a worker that
    ends would take itself for the last one and remove the log that is still written to."""
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.create("run", devices(2), [Note(level="info", text="first")], START)
        Journal(path).close()  # a viewer came and went
        assert _work(path) == 1
        journal.append("run", [Note(level="info", text="order")], START)
        assert len(journal.read("run")) == 3
        assert _work(path) == 3
        assert len(journal.read("run")) == 4
    with Journal(path) as later:
        assert len(later.read("run")) == 4
