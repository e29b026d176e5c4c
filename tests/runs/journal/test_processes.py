"""The journal keeps what it acknowledged: processes at once, killed, and refused by the system."""

import signal
import subprocess
import sys
import tempfile
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from siptui.runs.events import Note
from siptui.runs.journal.journal import Journal
from tests.runs.engine.engine_harness import devices
from tests.support.memory_folder import folder_of_all

AT = datetime(2025, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def plant(path: Path) -> None:
    with Journal(path) as journal:
        journal.create("run-1", devices(3), [], AT)


def run_child(code: str, *args: object) -> str:
    """Run `code` in a process of its own; what it printed."""
    head = """
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from siptui.runs.events import Note
        from siptui.runs.journal.journal import Journal, JournalError
        AT = datetime(2025, 3, 4, tzinfo=UTC)
        path = Path(sys.argv[1])
        def note(text):
            return Note(level="info", text=text)
    """
    command = [sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(code)]
    done = subprocess.run(
        [*command, *map(str, args)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_write_the_system_refuses_writes_nothing_by_half(path: Path) -> None:
    plant(path)
    said = run_child(
        """
        import resource, sys
        sys.dont_write_bytecode = True  # it would keep the first bytes of what it compiles
        with Journal(path) as journal:
            resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
            try:
                journal.append("run-1", [note("x" * 1000)] * 500, AT)
            except JournalError as error:
                print(error.message, error.remedy)
        """,
        path,
    )
    assert "the disk or the file system failed" in said
    assert "quota" in said
    with Journal(path) as journal:
        assert journal.notice == ""
        assert journal.read("run-1") == []


def test_a_folder_that_cannot_be_written_is_explained() -> None:
    # Not below pytest's folder: the child may have to become a user who cannot enter that.
    with tempfile.TemporaryDirectory(dir=folder_of_all()) as folder:
        path = Path(folder) / "journal.db"
        said = run_child(
            """
            if not os.geteuid():
                os.chown(path.parent, 65534, 65534)
                os.setuid(65534)
            path.parent.chmod(0o500)
            try:
                Journal(path)
            except JournalError as error:
                print(error.message, error.remedy)
            path.parent.chmod(0o700)
            """,
            path,
        )
        assert f"{path}: it cannot be written" in said
        assert "SIPTUI_STATE_DIR" in said
        assert list(path.parent.iterdir()) == []


# -- several processes, sudden ends ---------------------------------------------------------------

_WRITER = """
    who, count = sys.argv[2], int(sys.argv[3])
    with Journal(path) as journal:
        assert not journal.notice, journal.notice
        for i in range(count):
            journal.append("run-1", [note(f"{who}:{i}:a"), note(f"{who}:{i}:b")], AT)
            os.write(1, f"{i}\\n".encode())
"""


def start_child(code: str, *args: object) -> subprocess.Popen[bytes]:
    head = textwrap.dedent("""
        import os, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from siptui.runs.events import Note
        from siptui.runs.journal.journal import Journal
        AT = datetime(2025, 3, 4, tzinfo=UTC)
        path = Path(sys.argv[1])
        def note(text):
            return Note(level="info", text=text)
    """)
    command = [sys.executable, "-c", head + textwrap.dedent(code), *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def _texts(path: Path) -> list[str]:
    with Journal(path) as journal:
        assert journal.notice == ""
        return [s.event.text for s in journal.read("run-1") if isinstance(s.event, Note)]


def test_two_processes_write_at_once_and_neither_loses_an_entry(path: Path) -> None:
    plant(path)
    writers = [start_child(_WRITER, path, who, 20) for who in "ab"]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    texts = _texts(path)
    for who in "ab":
        wanted = [f"{who}:{i}:{part}" for i in range(20) for part in "ab"]
        assert [text for text in texts if text.startswith(who)] == wanted
    # What was appended together stands together.
    assert all(x[:-1] == y[:-1] for x, y in zip(texts[::2], texts[1::2], strict=True))


def test_processes_that_open_a_new_journal_at_once_get_one(path: Path) -> None:
    code = 'with Journal(path) as journal: journal.create(sys.argv[2], [], [note("x")], AT)'
    children = [start_child(code, path, f"run-{i}") for i in range(3)]
    for child in children:
        child.communicate(timeout=120)
        assert child.returncode == 0
    with Journal(path) as journal:
        assert sorted(journal.runs()) == [f"run-{i}" for i in range(3)]


def test_a_writer_that_is_killed_loses_nothing_it_acknowledged(path: Path) -> None:
    plant(path)
    # Forked from a process that has everything loaded, so that twenty are quick.
    code = """
        import itertools, signal
        for kill in range(20):
            out, into = os.pipe()
            child = os.fork()
            if not child:
                with Journal(path) as journal:
                    for i in itertools.count():
                        pair = [note(f"{kill}:{i}:{part}" + "." * (kill * 97)) for part in "ab"]
                        journal.append("run-1", pair, AT)
                        os.write(into, bytes([i % 256]))
            os.close(into)
            count = 0
            while count < 1 + kill % 7:
                count += len(os.read(out, 1))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            while more := os.read(out, 4096):
                count += len(more)
            os.close(out)
            print(count, flush=True)
    """
    acknowledged = [int(line) for line in run_child(code, path).split()]
    assert len(acknowledged) == 20
    texts = [text.rstrip(".") for text in _texts(path)]
    for kill, count in enumerate(acknowledged):
        found = [text for text in texts if text.startswith(f"{kill}:")]
        assert len(found) in (2 * count, 2 * count + 2)  # the last may be written, not yet said
        assert found == [f"{kill}:{i}:{part}" for i in range(len(found) // 2) for part in "ab"]


def test_a_killed_reader_or_writer_leaves_no_lock(path: Path) -> None:
    plant(path)
    code = """
        journal = Journal(path)
        journal._db.execute("BEGIN IMMEDIATE")
        journal._insert("run-1", [note("never")], "2026")
        os.write(1, b"x")
        sys.stdin.read()
    """
    child = start_child(code, path)
    assert child.stdout is not None
    child.stdout.read(1)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=120)
    assert _texts(path) == []
    with Journal(path) as journal:
        journal.append("run-1", [Note(level="info", text="now")], AT)
    assert _texts(path) == ["now"]
