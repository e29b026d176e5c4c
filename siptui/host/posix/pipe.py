"""Lines from other processes of the same user (POSIX: a pipe in the file system)."""

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
from pathlib import Path

assert sys.platform != "win32"


from siptui.host.errors import PrivateFileError


class PrivatePipe:
    """A named pipe through which other processes of this user can send lines to this one.

    Only this user can open it (0600). Reading never waits; what is left unread goes with `close`.
    A pipe left by a killed process is replaced. Raises `PrivateFileError` when it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.unlink(missing_ok=True)
            os.mkfifo(path, 0o600)
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            # A writer of our own: without any, a pipe is at its end and always ready to be read.
            self._open = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise PrivateFileError(f"{path} cannot be made: {error.strerror}.") from error
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._fd

    def lines(self) -> list[bytes]:
        """The lines that were sent since the last look; a broken one is left out."""
        parts = [self._rest]
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._fd, 65536):
                parts.append(part)
        *whole, self._rest = b"".join(parts).split(b"\n")
        return [line for line in whole if line]

    def close(self) -> None:
        """Take it away. Doing it twice does no harm; one that came in its place is left."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(self._fd), self.path.lstat()):
                    self.path.unlink()
            os.close(self._open)
            os.close(self._fd)
            self._fd = -1


#: Seconds to wait for a reader that does not fetch what it was sent.
_PIPE_LIMIT = 5.0


def send_line(path: Path, line: bytes) -> bool:
    """Send `line` through the `PrivatePipe` at `path`; False when no process reads it.

    Raises `PrivateFileError` for a pipe that others can open, or whose reader fetches nothing.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise PrivateFileError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        found = os.fstat(fd)
        if (
            not stat.S_ISFIFO(found.st_mode)
            or found.st_uid != os.geteuid()
            or stat.S_IMODE(found.st_mode) & 0o077
        ):
            raise PrivateFileError(f"{path} is not a pipe of this user alone.", remedy="Remove it.")
        fcntl.flock(fd, fcntl.LOCK_EX)  # long lines of two writers would mix
        left = memoryview(b"\n" + line + b"\n")  # a line that a killed writer began ends here
        until = time.monotonic() + _PIPE_LIMIT
        while left:
            try:
                left = left[os.write(fd, left) :]
            except BlockingIOError:
                if time.monotonic() > until:
                    raise PrivateFileError(f"The reader of {path} does not fetch it.") from None
                time.sleep(0.02)
            except BrokenPipeError:
                return False
        return True
    finally:
        os.close(fd)
