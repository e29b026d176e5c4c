"""The two pipes through which a process gets its order that cannot inherit any (Windows).

Their names are of no use to others: who may open them is in their access list (this user), in
their label (no process of less integrity, such as a browser's), and each is opened once.
"""

import ctypes
import msvcrt
import os
import sys
import time
from contextlib import ExitStack
from ctypes import wintypes as w
from typing import IO

assert sys.platform == "win32"


from siptui.host.windows.kernel import INVALID_HANDLE, advapi32, kernel32, last_error
from siptui.host.windows.security import my_integrity, my_sid

#: What is only read cannot be told to wait; so both may be written.
_BOTH_WAYS = 0x3
_FIRST_INSTANCE = 0x80000
_NO_WAIT, _REJECT_REMOTE = 0x1, 0x8
_SIZE = 65536
_CONNECTED, _GONE_AGAIN = 535, 232
#: Seconds between two looks whether the other end is there.
_PAUSE = 0.01


class _SecurityAttributes(ctypes.Structure):
    _fields_ = (("size", w.DWORD), ("descriptor", w.LPVOID), ("inherit", w.BOOL))


class StartPipes:
    """One pipe to a process that another one starts, and one from it. Raises `OSError`."""

    def __init__(self) -> None:
        name = rf"\\.\pipe\siptui-start-{os.urandom(16).hex()}"
        #: What the process is to open: what it reads from, what it writes to.
        self.names = (f"{name}-orders", f"{name}-answers")
        with ExitStack() as made:
            self._orders = _pipe(self.names[0])
            made.callback(kernel32.CloseHandle, self._orders)
            self._answers = _pipe(self.names[1])
            made.pop_all()

    def connected(self, seconds: float) -> tuple[IO[bytes], IO[bytes], int]:
        """Both pipes, to write and to read, and the process at their other ends, once it has opened
        them. They are closed and `OSError` is raised where it does not do so in time."""
        try:
            until = time.monotonic() + seconds
            pids = {_other_end(pipe, until) for pipe in (self._answers, self._orders)}
            if len(pids) != 1:
                raise PermissionError("two processes opened the two pipes")
        except BaseException:
            self.close()
            raise
        orders = os.fdopen(msvcrt.open_osfhandle(self._orders, 0), "wb")
        answers = os.fdopen(msvcrt.open_osfhandle(self._answers, os.O_RDONLY), "rb")
        return orders, answers, pids.pop()

    def close(self) -> None:
        """Take them away, where no process has opened them."""
        kernel32.CloseHandle(self._orders)
        kernel32.CloseHandle(self._answers)


def _pipe(name: str) -> int:
    text = f"D:P(A;;GA;;;{my_sid()})S:(ML;;NWNR;;;{my_integrity()})"
    descriptor = w.LPVOID()
    if not advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text, 1, ctypes.byref(descriptor), None
    ):
        raise last_error(name)
    try:
        rights = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), descriptor, False)
        handle = kernel32.CreateNamedPipeW(
            name, _BOTH_WAYS | _FIRST_INSTANCE, _NO_WAIT | _REJECT_REMOTE, 1, _SIZE, _SIZE, 0,
            ctypes.byref(rights),
        )  # fmt: skip
        if handle == INVALID_HANDLE:
            raise last_error(name)
        return int(handle)
    finally:
        kernel32.LocalFree(descriptor)


def _other_end(pipe: int, until: float) -> int:
    """The process that has opened the pipe, which waits for what it reads and writes from now."""
    while not kernel32.ConnectNamedPipe(pipe, None):
        code = ctypes.get_last_error()
        if code == _CONNECTED:
            break
        if code == _GONE_AGAIN or time.monotonic() > until:
            raise TimeoutError("what was started does not ask for its order")
        time.sleep(_PAUSE)
    pid = w.ULONG()
    if not kernel32.GetNamedPipeClientProcessId(pipe, ctypes.byref(pid)):
        raise last_error()
    if not kernel32.SetNamedPipeHandleState(pipe, ctypes.byref(w.DWORD(0)), None, None):
        raise last_error()
    return pid.value
