"""Starts one process in the name of another one that cannot (Windows).

A program of its own, of which only the standard library is needed: `detached.py` has it started
where the job of the terminal does not reach, and it starts the worker there. Environment and pipes
cannot be handed to what the WMI service starts, but this one can hand them on: it gets the order,
one JSON line with `command`, `env` and `folder`, through a pipe that only the user can open, whose
names are its arguments, and the worker gets the two pipes for its standard streams. It answers with
one JSON line, `pid`, `in_job`, `job` (`ends_members`, and `pids`, null where they cannot be told),
or `error`, and ends.
"""

import ctypes
import json
import os
import subprocess
import sys
from ctypes import wintypes as w
from typing import Any

assert sys.platform == "win32"


_BREAKAWAY, _DETACHED, _NEW_GROUP = 0x1000000, 0x8, 0x200
_ACCESS_DENIED = 5
_MEMBERS, _EXTENDED_LIMITS = 3, 9
#: Of JOBOBJECT_EXTENDED_LIMIT_INFORMATION: its size and where the flags are, on 32 and 64 bits.
_LIMITS_SIZE, _FLAGS_AT = 144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112, 16
_KILL_ON_CLOSE = 0x2000
_MOST_MEMBERS = 4096


def main(orders: str, answers: str) -> int:
    """Take one order, carry it out, say what came of it; the exit code."""
    said = os.open(answers, os.O_WRONLY | os.O_BINARY)
    asked = os.open(orders, os.O_RDONLY | os.O_BINARY)
    line = _line(asked)
    if not line:
        return 1  # the starter has gone
    try:
        answer = _started(json.loads(line), asked, said)
    except OSError as error:
        answer = {"error": getattr(error, "winerror", None) or error.errno or -1}
    os.write(said, json.dumps(answer).encode() + b"\n")
    return 0


def _line(source: int) -> bytes:
    """The next line of the pipe, and not a byte more: what follows is the worker's."""
    line = bytearray()
    while not line.endswith(b"\n"):
        try:
            part = os.read(source, 1)
        except OSError:
            return b""
        if not part:
            return b""
        line += part
    return bytes(line)


def _started(order: dict[str, Any], asked: int, said: int) -> dict[str, Any]:
    try:
        process = _start(order, asked, said, _BREAKAWAY)
    except OSError as error:
        if getattr(error, "winerror", None) != _ACCESS_DENIED:
            raise
        process = _start(order, asked, said, 0)
    kernel32 = ctypes.WinDLL("kernel32")
    inside = w.BOOL(True)
    handle = w.HANDLE(int(process._handle))  # type: ignore[attr-defined]  # there is no other way
    kernel32.IsProcessInJob(handle, None, ctypes.byref(inside))
    return {"pid": process.pid, "in_job": bool(inside.value), "job": _own_job(kernel32)}


def _start(order: dict[str, Any], asked: int, said: int, flags: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - the starter's command; no shell
        order["command"],
        cwd=order["folder"],
        env=order["env"],
        stdin=asked,
        stdout=said,
        stderr=subprocess.DEVNULL,
        creationflags=_DETACHED | _NEW_GROUP | flags,
    )


def _own_job(kernel32: "ctypes.WinDLL") -> dict[str, Any]:
    """The innermost job of this process, which what it starts is in as well."""
    limits = (ctypes.c_ubyte * _LIMITS_SIZE)()
    ends = True
    if kernel32.QueryInformationJobObject(None, _EXTENDED_LIMITS, limits, _LIMITS_SIZE, None):
        ends = bool(w.DWORD.from_buffer(limits, _FLAGS_AT).value & _KILL_ON_CLOSE)
    pids = (ctypes.c_size_t * (_MOST_MEMBERS + 1))()
    if not kernel32.QueryInformationJobObject(None, _MEMBERS, pids, ctypes.sizeof(pids), None):
        return {"ends_members": ends, "pids": None}  # not known
    # The first eight bytes are two numbers of 32 bits: all, and how many are in the list.
    count = w.DWORD.from_buffer(pids, 4).value
    first = 8 // ctypes.sizeof(ctypes.c_size_t)
    return {"ends_members": ends, "pids": list(pids[first : first + count])}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
