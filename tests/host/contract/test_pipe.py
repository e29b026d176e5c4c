"""Handing a secret to another process of the same user."""

import os
import subprocess
import sys
import time
from pathlib import Path

from siptui.host.pipe import PrivatePipe, send_line

_LISTEN = """
import sys
from pathlib import Path
from siptui.host.pipe import PrivatePipe
pipe = PrivatePipe(Path(sys.argv[1]))
print("listens", flush=True)
sys.stdin.read()
"""


def test_a_pipe_takes_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "run.hand"
    assert not send_line(path, b"x")  # nobody listens
    pipe = PrivatePipe(path)
    assert pipe.lines() == []
    assert send_line(path, b"one")
    long = b"t" * 20_000  # more than a pipe takes in one piece
    assert send_line(path, long)
    assert pipe.lines() == [b"one", long]
    assert pipe.lines() == []
    pipe.close()
    pipe.close()
    assert not path.exists()
    assert not send_line(path, b"three")


def test_a_pipe_left_by_a_killed_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.hand"
    other = subprocess.Popen(
        [sys.executable, "-c", _LISTEN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout
        assert other.stdout.readline() == "listens\n"
        other.kill()
    assert os.path.lexists(path)
    until = time.monotonic() + 60
    while send_line(path, b"x"):  # Windows takes a moment after the end of a process
        assert time.monotonic() < until
    pipe = PrivatePipe(path)
    assert send_line(path, b"mine")
    assert pipe.lines() == [b"mine"]
    newer = PrivatePipe(path)
    pipe.close()
    assert os.path.lexists(path)  # one that came in its place is left
    newer.close()
