"""The processes of `pytest -n`, forked from one that has imported the tests.

Each would import pytest, siptui and all tests for itself, which is half of what it needs before its
first test. They are children of the one who starts them like any other, and begin as `execnet` has
them begin. Where something is asked for that is not known here, they are started as ever.
"""

import array
import atexit
import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from tests.support import fork_server, forking

#: What `execnet` starts: a Python that is told through its standard input what it is to be.
_BEGINNING = "import sys;exec(eval(sys.stdin.readline()))"
_COMMAND = [sys.executable, "-u", "-c", _BEGINNING]


def begin(root: Path, modules: Iterable[Path]) -> None:
    """Import `modules` of tests in a process, and have `subprocess.Popen` fork from it what would
    be another of pytest."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        try:
            ours.close()
            _import(root, modules)
            _be_forked(theirs)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    theirs.close()
    if ours.recv(100) == b"ready":
        _use(ours)


def _use(server: socket.socket) -> None:
    execute = subprocess.Popen._execute_child  # type: ignore[attr-defined]  # of CPython

    def fork(popen: "subprocess.Popen[bytes]", *args: Any, **named: Any) -> None:
        how = forking.signature.bind(popen, *args, **named).arguments
        if how["args"] != _COMMAND or how["env"] or how["cwd"] or how["preexec_fn"]:
            execute(popen, *args, **named)
            return
        streams = (how["p2cread"], how["c2pwrite"], how["errwrite"])
        handed = [number if given == -1 else given for number, given in enumerate(streams)]
        server.sendmsg([b"{}"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handed))])
        popen.pid = int(server.recv(100))
        popen._child_created = True  # type: ignore[attr-defined]
        popen._close_pipe_fds(*(how[name] for name in forking.PIPES))  # type: ignore[attr-defined]

    subprocess.Popen._execute_child = fork  # type: ignore[attr-defined]  # on purpose


def _import(root: Path, modules: Iterable[Path]) -> None:
    """What cannot be imported is told of by the processes that come of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the others tell of it, too
    shown = os.dup(2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    for path in modules:
        with contextlib.suppress(BaseException):
            import_module(".".join(path.relative_to(root).with_suffix("").parts))
    with contextlib.suppress(Exception):  # of this version: it reads every source for them
        from hypothesis.internal.conjecture.providers import _get_local_constants

        _get_local_constants()
    fork_server.compile_patterns()
    os.dup2(shown, 2)


def _be_forked(ours: socket.socket) -> NoReturn:
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "forked with threads"
    atexit._clear()  # type: ignore[attr-defined]  # that is for the process it was forked from
    gc.collect()
    gc.freeze()
    ours.send(b"ready")
    _, streams = fork_server.orders(ours)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, max(streams) + 64)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["-c"]
    fork_server.open_streams(unbuffered=True)
    forking.take_over()
    with contextlib.suppress(SystemExit):
        exec(_BEGINNING, {"__name__": "__main__", "__builtins__": __builtins__})
    threading._shutdown()  # type: ignore[attr-defined]  # of CPython
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)
