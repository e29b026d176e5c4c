"""Workers: processes that go on when the terminal and the session end (Windows).

OpenSSH, terminals, editors and the programs that start Python in a virtual environment each put
what they start into a job, and most of these jobs are ended with them. There are three ways out,
tried in this order, and each time it is looked whether the process is out before anything rests on
it:

1. It leaves the job (CREATE_BREAKAWAY_FROM_JOB), or the job lets every child go.
2. A launcher between: of two jobs one in the other, the inner one lets every child go but grants no
   leave, and the outer one grants leave, as in a virtual environment over OpenSSH.
3. The WMI service starts the launcher.

Where none does, it is started all the same, and is known to end with the terminal.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from ctypes import wintypes as w
from functools import cache, partial
from pathlib import Path
from typing import Any

assert sys.platform == "win32"


import ctypes

from siptui.host.child_process import Detached
from siptui.host.surrounding import WorkerEnd
from siptui.host.windows import launcher, wmi
from siptui.host.windows.jobs import in_job
from siptui.host.windows.kernel import kernel32
from siptui.host.windows.processes import NEUTRAL_FOLDER, read_line, with_system
from siptui.host.windows.security import runs_as_this_one
from siptui.host.windows.start_pipes import StartPipes

_LOG = logging.getLogger(__name__)
_BREAKAWAY = subprocess.CREATE_BREAKAWAY_FROM_JOB
_DETACHED = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
_QUERY_LIMITED, _SYNCHRONIZE, _TERMINATE = 0x1000, 0x100000, 0x1
_FOREVER = 0xFFFFFFFF
_KILLED = 1
#: Seconds that the launcher may take to come up, and then to start the process.
_LIMIT = 20.0
#: What is started to see whether a way works: it waits for its end.
_PROBE = (sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()")

Way = Callable[[Sequence[str], Mapping[str, str]], Detached]


def start_detached(command: Sequence[str], env: Mapping[str, str]) -> Detached:
    """Start `command` so that it outlives this process and, where there is a way, the terminal and
    the session, with pipes for standard input and output and nothing else of this process. Raises
    `OSError`."""
    way = way_out()
    return (way or _plain)(command, env)


def worker_end() -> WorkerEnd:
    """What ends a worker here: found out by starting a process that does nothing, once."""
    return WorkerEnd.NOTHING if way_out() else WorkerEnd.TERMINAL


def worker_way() -> str:
    """By which way a worker comes out of the job, for people; nothing where there is none to leave,
    or no way."""
    return _TOLD.get(way_out(), "")


@cache
def way_out() -> Way | None:
    """The way by which a process that does nothing came out, or none. It does not change while
    this process runs, which cannot leave its own job."""
    if not in_job(kernel32.GetCurrentProcess()):
        return _plain
    for way in (_leaving, _plain, _by_stepping, _by_service):
        try:
            tried = way(_PROBE, os.environ)
        except OSError as error:
            _LOG.debug("no worker can be started by %s: %s", way.__name__, error)
            continue
        out = tried.outlives_terminal
        tried.end()
        _close(tried)
        if out:
            return way
    return None


def _close(process: Detached) -> None:
    with suppress(OSError):
        process.stdin.close()
    process.stdout.close()


def _plain(command: Sequence[str], env: Mapping[str, str], flags: int = 0) -> Detached:
    process = subprocess.Popen(  # noqa: S603 - the caller's command; no shell
        command,
        cwd=NEUTRAL_FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=with_system(env),
        close_fds=True,
        creationflags=_DETACHED | flags,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        with suppress(OSError):
            process.kill()
        process.wait()

    out = not in_job(int(process._handle))  # type: ignore[attr-defined]  # there is no other way
    return Detached(process.pid, process.stdin, process.stdout, out, process.wait, end)


def _leaving(command: Sequence[str], env: Mapping[str, str]) -> Detached:
    return _plain(command, env, _BREAKAWAY)


def _by_stepping(command: Sequence[str], env: Mapping[str, str]) -> Detached:
    def start(words: Sequence[str]) -> None:
        subprocess.Popen(  # noqa: S603 - the launcher
            words,
            cwd=NEUTRAL_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=_DETACHED,
        )

    return _launched(start, command, env, lambda answer: not answer["in_job"])


def _by_service(command: Sequence[str], env: Mapping[str, str]) -> Detached:
    def start(words: Sequence[str]) -> None:
        wmi.create_process(subprocess.list2cmdline(words), str(NEUTRAL_FOLDER))

    def out(answer: dict[str, Any]) -> bool:
        # What the service starts is in a job of the service's, seen without the end of its members.
        # Around that there is none of this terminal's: it is no child of this process.
        job = answer["job"]
        members = job["pids"] or [os.getpid()]  # not known: perhaps it is in this terminal's
        return not answer["in_job"] or not (job["ends_members"] or os.getpid() in members)

    return _launched(start, command, env, out)


_TOLD: dict[Way | None, str] = {
    _leaving: "it leaves the job",
    _by_stepping: "it leaves one job after the other",
    _by_service: "the WMI service starts it",
}


def _launched(
    start: Callable[[Sequence[str]], None],
    command: Sequence[str],
    env: Mapping[str, str],
    out: Callable[[dict[str, Any]], bool],
) -> Detached:
    """Have `start` start the launcher, and that `command`. Raises `OSError` where anything is
    otherwise than it must be; what was started then ends without its order."""
    # The interpreter itself: the one of a virtual environment would put it into one more job.
    python = getattr(sys, "_base_executable", None) or sys.executable
    pipes = StartPipes()
    try:
        start([python, "-I", "-S", str(Path(launcher.__file__).resolve()), *pipes.names])
    except BaseException:
        pipes.close()
        raise
    orders, answers, helper = pipes.connected(_LIMIT)
    with ExitStack() as failed:
        failed.callback(answers.close)
        failed.callback(orders.close)
        failed.callback(_end_pid, helper)  # first: a reader that waits holds its pipe
        _check(helper)
        order = {
            "command": list(command),
            "env": with_system(env),
            "folder": str(NEUTRAL_FOLDER),
        }
        orders.write(json.dumps(order).encode() + b"\n")
        orders.flush()
        line = read_line(answers, _LIMIT)  # its one line, or its end
        try:
            answer = json.loads(line or b"{}")
            if "pid" not in answer:
                raise OSError(None, "the launcher started nothing", None, answer.get("error", 0))
            pid, is_out = int(answer["pid"]), out(answer)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OSError(None, "the answer of the launcher cannot be read") from error
        handle = kernel32.OpenProcess(_QUERY_LIMITED | _SYNCHRONIZE | _TERMINATE, False, pid)
        if not handle:
            raise ProcessLookupError("what was started does not live")
        failed.callback(kernel32.CloseHandle, handle)
        failed.callback(kernel32.TerminateProcess, handle, _KILLED)
        if not runs_as_this_one(handle):
            raise PermissionError("what was started has other rights than this process")
        failed.pop_all()
    return Detached(pid, orders, answers, is_out, partial(_wait, handle), partial(_end, handle))


def _check(pid: int) -> None:
    """Raise `OSError` if what opened the pipes is not this user with the same rights."""
    handle = kernel32.OpenProcess(_QUERY_LIMITED, False, pid)
    if not handle:
        raise ProcessLookupError("the launcher does not live")
    try:
        if not runs_as_this_one(handle):
            raise PermissionError("the launcher has other rights than this process")
    finally:
        kernel32.CloseHandle(handle)


def _end_pid(pid: int) -> None:
    if handle := kernel32.OpenProcess(_TERMINATE, False, pid):
        kernel32.TerminateProcess(handle, _KILLED)
        kernel32.CloseHandle(handle)


def _wait(handle: int) -> int:
    kernel32.WaitForSingleObject(handle, _FOREVER)
    code = w.DWORD()
    kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
    return code.value


def _end(handle: int) -> None:
    kernel32.TerminateProcess(handle, _KILLED)
    kernel32.WaitForSingleObject(handle, _FOREVER)
