"""A Python that has imported siptui and forks a process for each order.

Run as `python -P fork_server.py FD MODULE…` with what to import ahead, in the environment in which
it is imported; orders come through the socket FD. What is forked becomes `python -m siptui …`, a
worker, what reads workbooks or what asks a keyring, from the first line of that program on: in a
process of its own, with the order's streams, folder, environment and arguments. It is a child of
the one who orders and not of this process (`CLONE_PARENT`), so that one waits for it as for any
child.
"""

import array
import asyncio
import atexit
import ctypes
import fcntl
import gc
import io
import json
import os
import platform
import re
import runpy
import socket
import sys
import termios
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

_CLONE_PARENT, _SIGCHLD = 0x8000, 17
#: As many as it takes until Python has seen enough of them.
_REQUESTS = 10
#: Given to `re.sub` and the like as they are.
_USED = (r"\\([0-7]{3})", "[^a-z0-9]", r"[\s_-]", r"\d{9,14}(\.\d+)?", "([&~|])")
_CALLS = {"x86_64": 56, "aarch64": 220}


def supported() -> bool:
    """Whether a process can be forked here as a child of this one's parent."""
    return sys.platform == "linux" and platform.machine() in _CALLS


def _fork_beside() -> int:
    """As `os.fork`, but a sibling of this process. This process has one thread."""
    python = ctypes.pythonapi  # calls keep the interpreter's lock
    python.PyOS_BeforeFork()
    call = ctypes.c_long(_CALLS[platform.machine()])
    flags = ctypes.c_long(_CLONE_PARENT | _SIGCHLD)
    pid: int = python.syscall(call, flags, *[ctypes.c_long(0)] * 4)
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return pid


def _orders(ours: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Fork for each order; returns in what was forked, with the order and its descriptors."""
    size = array.array("i").itemsize
    while True:
        text, ancillary, _, _ = ours.recvmsg(1 << 20, socket.CMSG_SPACE(4 * size))
        if not text:
            os._exit(0)
        handed = array.array("i")
        for _, _, data in ancillary:
            handed.frombytes(data[: len(data) - len(data) % size])
        pid = _fork_beside()
        if pid == 0:
            return json.loads(text), list(handed)
        for number in handed:
            os.close(number)
        ours.send(b"%d" % pid)


def _open_streams() -> None:
    """Standard streams as Python opens them, by the two variables that say something else."""
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, f"__{name}__")
        given = "backslashreplace" if number == 2 else errors or ("strict" if encoding else "")
        mode, size = ("wb", 0 if unbuffered else -1) if number else ("rb", -1)
        stream = io.TextIOWrapper(
            open(number, mode, size, closefd=False),  # noqa: SIM115 - the process's own
            encoding or before.encoding,
            given or before.errors,
            line_buffering=number == 2 or os.isatty(number),
            write_through=unbuffered and number > 0,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _serve(ours: socket.socket) -> str:
    """Serve; returns in what was forked, with the module that it is to run.

    A command gets a server of its own, for the workers that it starts: they are its children. An
    order may be for another server, which imports some more.
    """
    order, handed = _orders(ours)
    ours.close()
    if ahead := order.get("ahead"):
        os.environ.update(order["env"])
        return _serve(_prepared(handed[0], ahead))
    module = str(order["module"])
    if module != "siptui":
        _become(order, handed)
        return module
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        os.setsid()  # no key and no end of a terminal reaches it
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        for number in (ours.detach(), null, *handed):
            os.close(number)
        return _serve(theirs)
    theirs.close()
    _become(order, handed, ours)
    forking.begin(ours)
    return "siptui"


def _become(order: dict[str, Any], handed: list[int], own: socket.socket | None = None) -> None:
    """Be what Python would be if it had been started so; of its files only `own` stays open."""
    folder, *streams = handed
    if order["session"]:
        os.setsid()
    if order["terminal"]:
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
    os.umask(order["umask"])
    os.fchdir(folder)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    kept = own.fileno() if own else 3
    os.closerange(3, kept)
    os.closerange(kept + bool(own), max(handed) + 64)
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    sys.argv = ["siptui", *order["args"]]
    _open_streams()
    places = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    sys.path[:0] = places
    for place in places:
        if (custom := Path(place, "sitecustomize.py")).exists():
            runpy.run_path(str(custom))
            break


def _compile_patterns() -> None:
    """Compile what is compiled at its first use, for all that will be forked."""
    from siptui.domain.patterns import _Pattern

    for one in gc.get_objects():
        if type(one) is _Pattern:
            for use in ("finditer", "fullmatch", "match", "search", "sub"):
                getattr(one, use)


class _Answer(asyncio.Protocol):
    """The other end of the first requests."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if b"\r\n\r\n" in data:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
            self._transport.write(head + b"{}")


async def _make_requests() -> None:
    """Some requests to this very process: what is made once for all requests, and what Python
    learns of the code that carries them, is there for all that will be forked."""
    from siptui.transport import open_client
    from siptui.transport.messages import Call

    server = await asyncio.get_running_loop().create_server(_Answer, "127.0.0.1", 0)
    url = "http://127.0.0.1:{1}/".format(*server.sockets[0].getsockname())
    async with server, open_client() as http:
        for _ in range(_REQUESTS):
            await http.send(Call.READ, "GET", url)
            await http.send(Call.SUBMIT, "POST", url, body=b"{}")


def _compile_used() -> None:
    """Compile what Python's own library and `re.sub` compile at their first use."""
    for pattern in _USED:
        re.compile(pattern)
    for name in ("*", "*.lock", "*.hand"):
        next(Path(os.devnull).glob(name), None)


def _run(module: str) -> None:
    """Run `module` to its end, and end as Python does: other threads, what was to be done at the
    exit, the standard streams. Only the modules are not taken apart: that would copy, for nothing,
    all the memory that is shared with the server. What ends otherwise is left to Python."""
    code: Any = None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
        if not isinstance(code, int | None):
            raise
    threading._shutdown()  # type: ignore[attr-defined]  # of CPython
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError:
        raise SystemExit(code) from None  # Python tries once more, tells of it and ends with 120
    os._exit((code or 0) & 0xFF)


def _prepared(number: int, ahead: Sequence[str]) -> socket.socket:
    """The socket by that number, once all of `ahead` is imported and what it leads to was told."""
    for name in ahead:
        import_module(name)
    _compile_patterns()
    _compile_used()
    asyncio.run(_make_requests())
    gc.collect()
    gc.freeze()
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "forked with threads"
    ours = socket.socket(fileno=number)
    ours.send(b"ready")
    return ours


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.support import forking

    del sys.path[0]
    _run(_serve(_prepared(int(sys.argv[1]), sys.argv[2:])))
