"""The temporary folder of a session of tests."""

import os
from pathlib import Path

#: Where Linux has a file system in memory.
_MEMORY = Path("/dev/shm")
#: Bytes that a session may need, with much to spare.
_ENOUGH = 2 * 1024**3


def folder_of_all() -> Path:
    """Where other users may enter a folder that is made there and opened to them, unlike in those
    of a test."""
    return folder_in_memory() or Path("/tmp")


def folder_in_memory() -> Path | None:
    """A folder in memory that is as good as one on disk; nothing where there is none.

    Tests sync tens of thousands of times. What they need of a file system holds in memory as
    well, and no disk makes them wait.
    """
    if not hasattr(os, "statvfs") or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    there = os.statvfs(_MEMORY)
    if there.f_flag & getattr(os, "ST_NOEXEC", 0):  # scripts of tests are executed there
        return None
    return _MEMORY if there.f_bavail * there.f_frsize >= _ENOUGH else None
