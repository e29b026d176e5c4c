"""Which process has a byte of a file locked (POSIX record locks, as SQLite takes them).

Asked by a program of its own: a process that opens and closes a file loses every lock of this kind
that it has on it (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

import fcntl
import os
import struct
import subprocess
import sys
from pathlib import Path

assert sys.platform != "win32"


# struct flock: https://man7.org/linux/man-pages/man2/fcntl.2.html; the BSDs' has its parts the
# other way round.
_LINUX = sys.platform.startswith("linux")
_FLOCK = "@hhqqi4x" if _LINUX else "@qqihh"
_SECONDS = 3.0


def lock_owner(path: Path, places: tuple[int, ...]) -> int:
    """The process that has one of these bytes of `path` locked for writing; 0 if none is known."""
    try:
        done = subprocess.run(  # noqa: S603 - this module
            [sys.executable, "-I", "-S", __file__, str(path), *map(str, places)],
            capture_output=True,
            timeout=_SECONDS,
            env={},
            check=True,
        )
        return int(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


def process_name(pid: int) -> str:
    """The short name of a process, or nothing where it cannot be told."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        pass
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system
            ["/bin/ps", "-o", "comm=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return Path(done.stdout.strip()).name


def _owner(path: str, place: int) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _LINUX:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
        else:
            asked = struct.pack(_FLOCK, place, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
            _, _, pid, kind, _ = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
        return int(pid) if kind == fcntl.F_WRLCK and pid > 0 else 0
    finally:
        os.close(fd)


if __name__ == "__main__":
    _found = (_owner(sys.argv[1], int(place)) for place in sys.argv[2:])
    sys.stdout.write(str(next(filter(None, _found), 0)))
