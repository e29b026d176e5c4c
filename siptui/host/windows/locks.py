"""Locks on open files (Windows: LockFileEx, which belongs to the handle and ends with it)."""

import ctypes
import msvcrt
import sys

assert sys.platform == "win32"


from siptui.host.windows.kernel import (
    ERROR_IO_PENDING,
    ERROR_LOCK_VIOLATION,
    Overlapped,
    kernel32,
    last_error,
)

_AT_ONCE, _EXCLUSIVE = 0x1, 0x2
#: Far behind what any such file holds: a locked byte cannot be read, and the holder's name is.
_PLACE = 0x4000_0000


def lock_for_writing(fd: int) -> bool:
    """Lock the file until `fd` is closed; False when another descriptor has it locked."""
    return _lock(fd, _AT_ONCE | _EXCLUSIVE)


def locked_for_writing(fd: int) -> bool:
    """Whether another descriptor has the file locked for writing."""
    if not _lock(fd, _AT_ONCE):
        return True
    kernel32.UnlockFileEx(msvcrt.get_osfhandle(fd), 0, 1, 0, ctypes.byref(_place()))
    return False


def _lock(fd: int, how: int) -> bool:
    if kernel32.LockFileEx(msvcrt.get_osfhandle(fd), how, 0, 1, 0, ctypes.byref(_place())):
        return True
    if ctypes.get_last_error() in (ERROR_LOCK_VIOLATION, ERROR_IO_PENDING):
        return False
    raise last_error()


def _place() -> Overlapped:
    return Overlapped(offset=0, offset_high=_PLACE)
