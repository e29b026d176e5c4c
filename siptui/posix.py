"""What only POSIX systems have: locks, signals, pipes.

This module, `private_files` and `lock_owner`, a program of its own, alone import `fcntl`, `pwd` and
the like, so that a port has few places to change.

Over 400 lines because locks, private files and signals of one system share their refusals.
"""

import contextlib
import errno
import fcntl
import json
import os
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.private_files import PrivateFileError as PrivateFileError
from siptui.private_files import private_folder as private_folder
from siptui.private_files import read_private as read_private
from siptui.private_files import user_name as user_name
from siptui.private_files import write_private as write_private

#: How often and how long apart a lock is tried: somebody may be looking who holds it.
_LOCK_TRIES, _LOCK_PAUSE = 5, 0.02
#: What a network file system says that was mounted without locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


class NoLocksError(SiptuiError):
    """The file system has no locks, so two processes could not tell that they do the same."""

    title = "No locks here"
    code = "no_locks"


class HeldError(SiptuiError):
    """Somebody else holds the lock. `holder` says who, as far as is known."""

    title = "In use by another process"
    code = "held"
    exit_code = ExitCode.HELD

    def __init__(self, path: Path, holder: "Holder", *, remedy: str = "") -> None:
        super().__init__(
            f"{path.name} is held by {holder}.",
            remedy=remedy or "Wait until it is done, or end that process; its lock ends with it.",
        )
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as the lock file says; fields that are not known are empty or 0."""

    pid: int = 0
    host: str = ""
    user: str = ""
    since: str = ""
    waits: str = ""  # what it waits for, where it cannot say so in the journal

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since}"


class FileLock:
    """An advisory lock on a file, held from its making until `release` or the process's end.

    The file stays; what counts is the lock on it, so a file left by a killed process is free.
    Raises `HeldError` when somebody holds it, at once or after `wait` seconds. Not inherited by
    started programs.
    """

    def __init__(self, path: Path, wait: float = 0.0) -> None:
        import socket

        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
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
            os.pwrite(self._fd, json.dumps(asdict(me)).encode(), 0)
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
    """Lock `path` for this process, as a context manager; `HeldError` if somebody holds it, and
    still does after `wait` seconds."""
    return FileLock(path, wait)


class CountedLock:
    """A lock on a file that counts how often it was taken or given back: whoever looked at
    something before can tell whether another process had a turn since, or had one then. Not
    inherited by started programs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def count(self) -> int:
        """The count so far; nothing is taken by looking."""
        try:
            return _number(self.path.read_bytes())
        except OSError:
            return 0

    def take(self) -> int | None:
        """Take it and count; the count before, or None when another process has it. Raises
        `OSError` and `NoLocksError`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self.path, flags, 0o600)
        try:
            if not _try_lock(fd, self.path, tries=1):
                os.close(fd)
                return None
            before = _number(os.pread(fd, 32, 0))
            _write_number(fd, before + 1)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return before

    def release(self, *, used: bool = True) -> None:
        """Let go; the turn counts only if it was `used`. Doing it twice does no harm."""
        if self._fd >= 0:
            try:
                _write_number(self._fd, _number(os.pread(self._fd, 32, 0)) + (1 if used else -1))
            finally:
                os.close(self._fd)
                self._fd = -1


def _write_number(fd: int, number: int) -> None:
    os.pwrite(fd, b"%020d" % number, 0)


def _number(data: bytes) -> int:
    return int(data) if data.isdigit() else 0


def runtime_folder() -> Path:
    """A folder of this user alone that all programs of this host find, for locks and no data.

    Raises `PrivateFileError` where there can be none.
    """
    folder = Path(tempfile.gettempdir()) / f"siptui-{os.geteuid()}"
    if folder.is_symlink():
        raise PrivateFileError(f"{folder} is a symbolic link.", remedy="Remove it.")
    return private_folder(folder)


@contextlib.contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """While the block runs no other process is in such a block for `path`; waits for its turn.

    For moments only. After half a second it is entered all the same (a process may have been
    stopped in its block), and so it is on a file system without locks. Raises `OSError`.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
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
    """Who holds the lock on `path` now, or none. Looking does not take it from anybody."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder_in(fd)
    except OSError as error:
        raise _explained(error, path) from error
    else:
        return None
    finally:
        os.close(fd)


def say_in_lock(path: Path, waits: str) -> None:
    """Write beside the lock that this process has on `path` what it waits for, or nothing."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        holder = _holder_in(fd)
        if holder.pid == os.getpid():
            data = json.dumps(asdict(replace(holder, waits=waits[:500]))).encode()
            os.pwrite(fd, data, 0)
            os.ftruncate(fd, len(data))
    finally:
        os.close(fd)


def _try_lock(fd: int, path: Path, wait: float = 0.0, tries: int = _LOCK_TRIES) -> bool:
    tried, until = 0, time.monotonic() + wait
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tried += 1
            if tried >= tries and time.monotonic() >= until:
                return False
            time.sleep(_LOCK_PAUSE)
        except OSError as error:
            raise _explained(error, path) from error
        else:
            return True


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
        found, _ = json.JSONDecoder().raw_decode(os.pread(fd, 4096, 0).decode())
        host, user, since = (visible(str(found[key])) for key in ("host", "user", "since"))
        return Holder(int(found["pid"]), host, user, since, visible(str(found.get("waits", ""))))
    except (ValueError, LookupError, TypeError, OSError):
        return Holder()


class OpenFilesError(SiptuiError):
    """The limit of open files is too low to work with."""

    title = "Too few open files allowed"
    code = "open_files"


#: Files that a command with a service and a journal may have open at once: standard streams,
#: journal with its log, locks, the log, event loops, connections of three regions.
_NEEDED_FILES = 64
_WANTED_FILES = 1024


def require_open_files() -> None:
    """See to it that this process and those it starts may open as many files as they need.

    The limit is raised as far as the system lets us. Raises `OpenFilesError` before anything is
    begun that would end in the middle.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _WANTED_FILES:
        return
    most = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, _WANTED_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
        soft = max(soft, most)
    if soft < _NEEDED_FILES:
        raise too_few_files(soft)


def too_few_files(allowed: int | None = None) -> OpenFilesError:
    """The error for a limit of `allowed` open files."""
    told = f"{allowed} open files are" if allowed is not None else "No more open files are"
    return OpenFilesError(
        f"{told} allowed to a process here; siptui needs {_NEEDED_FILES}. Nothing was begun."
        if allowed is not None
        else f"{told} allowed to this process; siptui needs up to {_NEEDED_FILES}.",
        remedy="Raise the limit and try again: ulimit -n 256 (or LimitNOFILE= of the service).",
    )


#: Of prctl(2).
_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """See to it that the memory of this process, in which there may be a token, is never written
    to a file, nor read by other processes of the user.

    The limit alone does not do on Linux: where the kernel hands cores to a program
    (systemd-coredump, apport), it is not asked about (core(5)).
    """
    import ctypes
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError, TypeError):  # there is no such call
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextlib.contextmanager
def ending_as_interrupted(here: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, SIGTERM and SIGHUP raise `KeyboardInterrupt` in it if `here` says so,
    else they end the process as ever. One that is ignored (nohup) stays ignored.

    After SIGHUP nothing can be printed any more, and nothing fails for that.
    """

    def end(number: int, _: object) -> None:
        if not here():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if number == signal.SIGHUP:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (1, 2):
                os.dup2(null, stream)
            os.close(null)
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():  # others cannot set any
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    """Send `line` through the `PrivatePipe` at `path`; False when nobody listens there.

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
