"""Processes that outlive this one, and processes that end with all they started (POSIX)."""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

assert sys.platform != "win32"


from siptui.host.child_process import Detached, Ended, Stream
from siptui.host.posix.logind import worker_end
from siptui.host.surrounding import WorkerEnd

#: No operator's folder, and always there.
NEUTRAL_FOLDER = Path("/")


def start_child(
    command: Sequence[str],
    *,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own, without a terminal."""
    return subprocess.Popen(  # noqa: S603 - the caller's command; no shell
        command,
        cwd=NEUTRAL_FOLDER,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=env,
        start_new_session=True,
    )


def end_child(process: "subprocess.Popen[bytes]") -> None:
    """End what `start_child` started, and all that it started, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def start_detached(command: Sequence[str], env: Mapping[str, str]) -> Detached:
    """Start `command` so that it outlives this process and its terminal, with pipes for standard
    input and output and nothing else of this process. Some hosts end it at logout. Raises
    `OSError`."""
    process = start_child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        end_child(process)

    out = worker_end() is WorkerEnd.NOTHING
    return Detached(process.pid, process.stdin, process.stdout, out, process.wait, end)


def worker_way() -> str:
    """By which way a worker gets away from the terminal, for people: a session of its own is the
    only one."""
    return ""


def read_line(source: IO[bytes], seconds: float) -> bytes:
    """The next line of the pipe, or nothing when it does not come within so many seconds."""
    ready, _, _ = select.select([source], [], [], seconds)
    return source.readline() if ready else b""


def process_lives(pid: int) -> bool:
    """Whether there is a process of this number."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def process_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal (SIGSTOP, Ctrl-Z) and does nothing until it is
    continued; where the system does not tell it in `/proc`, no."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[:1] in (["T"], ["t"])  # behind the name in brackets


def how_ended(code: int) -> Ended:
    """What the exit code of a child says."""
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return Ended.KILLED
    if -code == signal.SIGILL:
        return Ended.ILLEGAL_INSTRUCTION
    return Ended.ABORTED if -code == signal.SIGABRT else Ended.BY_ITSELF
