"""Locks on open files (POSIX: flock, which belongs to the descriptor and ends with it)."""

import fcntl
import sys

assert sys.platform != "win32"


def lock_for_writing(fd: int) -> bool:
    """Lock the file until `fd` is closed; False when another descriptor has it locked."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def locked_for_writing(fd: int) -> bool:
    """Whether another descriptor has the file locked for writing."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False
