"""Files and their owners (POSIX)."""

import contextlib
import fcntl
import os
import pwd
import sys
from pathlib import Path

assert sys.platform != "win32"


from siptui.domain.text import visible

read_at, write_at = os.pread, os.pwrite


def name_of(uid: int) -> str:
    """The user's name, or the number where there is no entry for it, as in a container."""
    try:
        return visible(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def user_name() -> str:
    """Name of the user this process runs as: by its uid, whatever the environment says."""
    return name_of(os.geteuid())


def open_private(path: Path, flags: int) -> int:
    """A descriptor of `path`; made with the mode 0600 if `flags` say so."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)


def open_appending(path: Path) -> int:
    """A descriptor of `path` that only adds to it; what is made has the mode 0600."""
    flags = os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDWR | flags, 0o600)
    except PermissionError:  # it may be added to, and not be read
        return os.open(path, os.O_WRONLY | flags, 0o600)


def open_to_read(path: Path) -> int:
    """A descriptor of `path`, whatever it is."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def replace_file(source: Path, target: Path) -> None:
    """Give `source` the name of `target`."""
    source.replace(target)


def name_file(source: Path, target: Path) -> None:
    """Give `source` the name `target` if no file has it; unlike a rename, a link never replaces."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links: claim the name first, then rename onto the claim.
        os.close(open_private(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        try:
            replace_file(source, target)
        except BaseException:
            with contextlib.suppress(OSError):
                target.unlink()
            raise
    else:
        source.unlink()


def require_usable_name(path: Path) -> None:
    """Nothing: every name that a path can hold is one."""


def in_full(path: Path) -> Path:
    """`path`: there is no form of it without a limit."""
    return path


def flush_to_disk(fd: int) -> None:
    """Return when what was written is on the disk."""
    if full := getattr(fcntl, "F_FULLFSYNC", None):  # macOS: fsync alone leaves it in the disk
        fcntl.fcntl(fd, full)
    else:
        os.fsync(fd)


def flush_folder(folder: Path) -> None:
    """Return when the names in `folder` are on the disk; some file systems cannot do that."""
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
