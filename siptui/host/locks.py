"""Locks on files, with the name of the process that holds one."""

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct
from msgspec.structs import asdict, replace

from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.domain.times import second, zone
from siptui.host.files import open_private, read_at, read_plain, write_at
from siptui.host.private_files import PrivateFileError, private_folder
from siptui.host.processes import process_stopped
from siptui.host.user import user_name

if sys.platform == "win32":
    from siptui.host.windows.locks import lock_for_writing, locked_for_writing
else:
    from siptui.host.posix.locks import lock_for_writing, locked_for_writing

#: How often and how long apart a lock is tried: another process may be looking who holds it.
_LOCK_TRIES, _LOCK_PAUSE = 5, 0.02
#: What the opening of a file says that another user put there, or that is none.
_PLANTED = frozenset({errno.EPERM, errno.EACCES, errno.EINVAL, errno.ELOOP, errno.ENOTDIR})
#: What a network file system says that was mounted without locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


class NoLocksError(SiptuiError):
    """The file system has no locks, so two processes could not tell that they do the same."""

    title = "No locks here"
    code = "no_locks"


class HeldError(SiptuiError):
    """Another process holds the lock. `holder` says who, as far as is known."""

    title = "In use by another process"
    code = "held"
    exit_code = ExitCode.HELD

    def __init__(self, path: Path, holder: "Holder", *, remedy: str = "") -> None:
        super().__init__(
            f"{path.name} is held by {holder}.",
            remedy=remedy or "Wait until it is done, or end that process; its lock ends with it.",
        )
        self.holder = holder


class Holder(Struct, frozen=True):
    """Who holds a lock, as the lock file says; fields that are not known are empty or 0."""

    pid: int = 0
    host: str = ""
    user: str = ""
    since: str = ""
    waits: str = ""  # what it waits for, where it cannot say so in the journal
    asked: str = ""  # when what it works with last answered, RFC 3339
    stopped: bool = False  # by a signal, as a look at its process shows; not in the file

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        since = f"since {second(self.since)} {zone(self.since)}"
        return f"process {self.pid} of {self.user} on {self.host}, {since}"


class FileLock:
    """An advisory lock on a file, held from its making until `release` or the process's end.

    The file stays; what counts is the lock on it, so a file left by a killed process is free.
    Raises `HeldError` when it is held, at once or after `wait` seconds, `PrivateFileError` for what
    another user put there. Not inherited by started programs.
    """

    def __init__(self, path: Path, wait: float = 0.0) -> None:
        import socket

        self.path = path
        self._fd = _opened(path, os.O_RDWR | os.O_CREAT)
        try:
            if not _try_lock(self._fd, path, wait):
                raise HeldError(path, _holder_in(self._fd))
            me = Holder(
                os.getpid(),
                socket.gethostname(),
                user_name(),
                datetime.now(UTC).isoformat(timespec="seconds"),
            )
            os.ftruncate(self._fd, 0)
            write_at(self._fd, json.dumps(asdict(me)).encode(), 0)
        except BaseException:
            os.close(self._fd)
            self._fd = -1
            raise

    def release(self) -> None:
        """Let go. Doing it twice does no harm."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def file_lock(path: Path, *, wait: float = 0.0) -> FileLock:
    """Lock `path` for this process, as a context manager; `HeldError` if it is held, and
    still does after `wait` seconds."""
    return FileLock(path, wait)


class CountedLock:
    """A lock on a file that counts how often it was taken or given back: a process that looked at
    something before can tell whether another process had a turn since, or had one then. Not
    inherited by started programs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def count(self) -> int:
        """The count so far; nothing is taken by looking."""
        try:
            return _number(read_plain(self.path, 32))
        except OSError:
            return 0

    def take(self) -> int | None:
        """Take it and count; the count before, or None when another process has it. Raises
        `OSError` and `NoLocksError`."""
        fd = self._opened()
        try:
            if not _try_lock(fd, self.path, tries=1) or not _is_at(fd, self.path):
                os.close(fd)  # another process has it, or removed it in the meantime
                return None
            before = _number(read_at(fd, 32, 0))
            _write_number(fd, before + 1)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return before

    def remove(self, unused_since: float) -> bool:
        """Remove the file, unless a process has it or took it after that time; whether it is gone.
        One that opens it in the meantime finds that it is another file than it was."""
        fd = open_private(self.path, os.O_RDWR)
        try:
            if not _try_lock(fd, self.path, tries=1) or not _is_at(fd, self.path):
                return False
            if os.fstat(fd).st_mtime >= unused_since:
                return False
            self.path.unlink()
            return True
        finally:
            os.close(fd)

    def _opened(self) -> int:
        try:
            return open_private(self.path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # its folder was removed as unused
            private_folder(self.path.parent)
            return open_private(self.path, os.O_RDWR | os.O_CREAT)

    def release(self, *, used: bool = True) -> None:
        """Let go; the turn counts only if it was `used`. Doing it twice does no harm."""
        if self._fd >= 0:
            try:
                _write_number(self._fd, _number(read_at(self._fd, 32, 0)) + (1 if used else -1))
            finally:
                os.close(self._fd)
                self._fd = -1


def _is_at(fd: int, path: Path) -> bool:
    """Whether the open file is the one that is at `path` now."""
    try:
        here = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(fd), here)


def _write_number(fd: int, number: int) -> None:
    write_at(fd, b"%020d" % number, 0)


def _number(data: bytes) -> int:
    return int(data) if data.isdigit() else 0


@contextlib.contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """While the block runs no other process is in such a block for `path`; waits for its turn.

    For moments only. After half a second it is entered all the same (a process may have been
    stopped in its block), and so it is on a file system without locks. Raises `OSError`.
    """
    fd = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        for _ in range(5):
            with contextlib.suppress(NoLocksError):
                if not _try_lock(fd, path):
                    continue
            break
        yield
    finally:
        os.close(fd)


def lock_holder(path: Path) -> Holder | None:
    """Who holds the lock on `path` now, or none. Looking does not take it."""
    try:
        fd = _opened(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return _as_it_is(_holder_in(fd)) if locked_for_writing(fd) else None
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        os.close(fd)


def _opened(path: Path, flags: int) -> int:
    try:
        return open_private(path, flags)
    except OSError as error:
        if error.errno not in _PLANTED:
            raise
        raise PrivateFileError(
            f"{visible(str(path))} cannot be used as a lock: {error.strerror}.",
            remedy="Look at what it is; remove it if it is not yours.",
        ) from error


def _as_it_is(holder: Holder) -> Holder:
    """The holder, with what it cannot say itself: that it was stopped and says nothing more."""
    import socket

    if holder.host != socket.gethostname() or not process_stopped(holder.pid):
        return holder
    why = (
        f"process {holder.pid} was stopped by a signal; it submits and follows nothing until it "
        f"is continued: kill -CONT {holder.pid}"
    )
    return replace(holder, waits=why, stopped=True)


def say_in_lock(path: Path, waits: str | None = None, *, asked: str | None = None) -> None:
    """Write beside the lock that this process has on `path` what it waits for, or nothing, and
    when it last had an answer."""
    try:
        fd = open_private(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        holder = _holder_in(fd)
        if holder.pid == os.getpid():
            waits = holder.waits if waits is None else waits[:500]
            asked = holder.asked if asked is None else asked
            data = json.dumps(asdict(replace(holder, waits=waits, asked=asked))).encode()
            write_at(fd, data, 0)
            os.ftruncate(fd, len(data))
    finally:
        os.close(fd)


def _try_lock(fd: int, path: Path, wait: float = 0.0, tries: int = _LOCK_TRIES) -> bool:
    tried, until = 0, time.monotonic() + wait
    while True:
        try:
            if lock_for_writing(fd):
                return True
        except OSError as error:
            raise _explained(error, path) from error
        tried += 1
        if tried >= tries and time.monotonic() >= until:
            return False
        time.sleep(_LOCK_PAUSE)


def _explained(error: OSError, path: Path) -> Exception:
    """What it means that a lock can neither be had nor be refused."""
    if error.errno not in _NO_LOCKS:
        return error
    return NoLocksError(
        f"The file system of {path} has no locks ({error.strerror}), by which processes keep out "
        "of each other's way.",
        remedy="Set SIPTUI_STATE_DIR to a folder on a local disk.",
    )


def _holder_in(fd: int) -> Holder:
    try:
        # What lies behind it is of a longer text before, which is being cut off.
        found, _ = json.JSONDecoder().raw_decode(read_at(fd, 4096, 0).decode())
        host, user, since = (visible(str(found[key])) for key in ("host", "user", "since"))
        waits, asked = (visible(str(found.get(key, ""))) for key in ("waits", "asked"))
        return Holder(int(found["pid"]), host, user, since, waits, asked)
    except (ValueError, LookupError, TypeError, OSError):
        return Holder()
