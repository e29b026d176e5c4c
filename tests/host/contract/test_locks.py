"""Locks, and the name of who holds one."""

import subprocess
import sys
from pathlib import Path

import pytest

from siptui.domain.errors import ExitCode
from siptui.host import locks
from siptui.host.lock_owner import process_name
from siptui.host.locks import CountedLock, HeldError
from siptui.host.user import user_name

_HOLD = """
import sys
from pathlib import Path
from siptui.host.locks import file_lock
lock = file_lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_is_held_by_one_process_and_dies_with_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(HeldError) as caught:
            locks.file_lock(path)
        assert caught.value.exit_code is ExitCode.HELD
        assert caught.value.holder.pid == other.pid
        holder = locks.lock_holder(path)
        assert holder is not None
        assert holder.pid == other.pid
        assert holder.user == user_name()
        assert process_name(other.pid).startswith("python")
        other.kill()
    with locks.file_lock(path, wait=5):  # Windows takes a moment after the end of a process
        assert locks.lock_holder(path) is not None
    assert locks.lock_holder(path) is None


def test_looking_who_holds_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    assert locks.lock_holder(path) is None
    assert not path.exists()
    with locks.file_lock(path):
        pass
    assert [locks.lock_holder(path) for _ in range(3)] == [None] * 3
    with locks.file_lock(path):
        locks.say_in_lock(path, "the journal")
        found = locks.lock_holder(path)
        assert found
        assert found.waits == "the journal"


def test_a_lock_file_with_nonsense_in_it_still_locks(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    path.write_text('{"pid": "\x1b", "host": []')
    with locks.file_lock(path):
        path.write_text("[]")
        with pytest.raises(HeldError, match="another process"):
            locks.file_lock(path)


def test_a_counted_lock_tells_that_others_had_a_turn(tmp_path: Path) -> None:
    mine, other = CountedLock(tmp_path / "turn"), CountedLock(tmp_path / "turn")
    assert mine.take() == 0
    assert other.take() is None
    mine.release()
    assert other.take() == 2
    assert mine.count() == 3
    other.release(used=False)
    assert mine.count() == 2
