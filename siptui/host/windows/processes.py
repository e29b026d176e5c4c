"""Processes that end with all they started, and questions about others (Windows).

Workers, which outlive the terminal, are in `detached.py`.
"""

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO
from weakref import WeakKeyDictionary

assert sys.platform == "win32"


from siptui.host.child_process import Ended, Stream
from siptui.host.windows.kernel import kernel32

_QUERY_LIMITED, _SYNCHRONIZE = 0x1000, 0x100000
_STILL_RUNS = 0x102
_KILLED, _ILLEGAL_INSTRUCTION, _QUOTA = 1, 0xC000001D, 0xC0000044
_ABORTED = (3, 0xC0000409)


def _system_folder() -> Path:
    buffer = ctypes.create_unicode_buffer(260)
    kernel32.GetSystemDirectoryW(buffer, 260)
    return Path(buffer.value or "C:\\")


#: No operator's folder, always there, and written by administrators alone.
NEUTRAL_FOLDER = _system_folder()
#: The job that each child was put into, so that what it starts can be ended, too.
_jobs: "WeakKeyDictionary[subprocess.Popen[bytes], int]" = WeakKeyDictionary()


def start_child(
    command: Sequence[str],
    *,
    stdin: Stream = None,
    stdout: Stream = None,
    stderr: Stream = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `command` in a job of its own, without a window; it goes on when this process ends."""
    process = subprocess.Popen(  # noqa: S603 - the caller's command; no shell
        command,
        cwd=NEUTRAL_FOLDER,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=None if env is None else with_system(env),
        creationflags=subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP,
    )
    if job := kernel32.CreateJobObjectW(None, None):
        # The handle has no public name; to open one by the number could meet another process.
        if kernel32.AssignProcessToJobObject(job, int(process._handle)):  # type: ignore[attr-defined]
            _jobs[process] = job
        else:
            kernel32.CloseHandle(job)
    return process


def end_child(process: "subprocess.Popen[bytes]") -> None:
    """End what `start_child` started, and all that it started, at once."""
    if job := _jobs.pop(process, None):
        kernel32.TerminateJobObject(job, _KILLED)
        kernel32.CloseHandle(job)
    with contextlib.suppress(OSError):
        process.kill()
    process.wait()


def read_line(source: IO[bytes], seconds: float) -> bytes:
    """The next line of the pipe, or nothing when it does not come within so many seconds."""
    found: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            found.append(source.readline())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else b""


def process_lives(pid: int) -> bool:
    """Whether there is a process of this number. (`os.kill(pid, 0)` is no question on Windows: 0
    is Ctrl-C to every process of the console, and what cannot get it is terminated.)"""
    if pid <= 0:
        return False
    handle = kernel32.OpenProcess(_QUERY_LIMITED | _SYNCHRONIZE, False, pid)
    if not handle:
        return ctypes.get_last_error() == 5  # there, and another user's
    try:
        return bool(kernel32.WaitForSingleObject(handle, 0) == _STILL_RUNS)
    finally:
        kernel32.CloseHandle(handle)


def process_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal: there is none that does so."""
    return False


def how_ended(code: int) -> Ended:
    """What the exit code of a child says."""
    code &= 0xFFFFFFFF
    if code == _QUOTA:
        return Ended.KILLED
    if code == _ILLEGAL_INSTRUCTION:
        return Ended.ILLEGAL_INSTRUCTION
    return Ended.ABORTED if code in _ABORTED else Ended.BY_ITSELF


def with_system(env: Mapping[str, str]) -> dict[str, str]:
    """`env` with what Windows itself needs to start a process: without it there are no sockets."""
    needed = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "COMSPEC", "PATHEXT")
    return {n: os.environ[n] for n in needed if n in os.environ} | dict(env)
