"""Files (Windows)."""

import errno
import msvcrt
import os
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path

assert sys.platform == "win32"


from siptui.domain.file_names import not_on_windows, windows_device
from siptui.domain.text import visible
from siptui.host.windows.kernel import (
    ERROR_ACCESS_DENIED,
    ERROR_SHARING_VIOLATION,
    INVALID_HANDLE,
    kernel32,
    last_error,
    long_path,
)
from siptui.host.windows.lock_owner import programs_with

_READ, _WRITE, _APPEND = 0x80000000, 0x40000000, 0x4
_READ_ATTRIBUTES, _WRITE_ATTRIBUTES, _SYNCHRONIZE, _READ_CONTROL = 0x80, 0x100, 0x100000, 0x20000
#: Others may read, write, rename and remove a file that is open here, as on POSIX.
_SHARE_ALL = 0x7
_CREATE_NEW, _CREATE_ALWAYS, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 2, 3, 4
_NORMAL, _REPARSE_POINT = 0x80, 0x00200000
_OF_C = os.O_RDONLY | os.O_WRONLY | os.O_RDWR | os.O_APPEND
#: Seconds that a file is waited for which another program has open: virus scanners and indexers
#: look at what is new for moments.
_PATIENCE, _PAUSE = 1.5, 0.02


def open_private(path: Path, flags: int) -> int:
    """A descriptor of `path`; a link is not followed. What is made has the rights of its folder,
    which is a private one or the operator's own choice."""
    if flags & os.O_CREAT:
        require_usable_name(path)
    access = {os.O_RDONLY: _READ, os.O_WRONLY: _WRITE, os.O_RDWR: _READ | _WRITE}[
        flags & (os.O_WRONLY | os.O_RDWR)
    ]
    if flags & os.O_APPEND:  # each write goes to the end, wherever that is by then
        access = access & ~_WRITE | _APPEND | _READ_ATTRIBUTES | _WRITE_ATTRIBUTES | _SYNCHRONIZE
    handle = kernel32.CreateFileW(
        long_path(path), access | _READ_CONTROL, _SHARE_ALL, None, _disposition(flags),
        _NORMAL | _REPARSE_POINT, None,
    )  # fmt: skip
    if handle == INVALID_HANDLE:
        raise last_error(path)
    fd = msvcrt.open_osfhandle(handle, flags & _OF_C | os.O_BINARY | os.O_NOINHERIT)
    if in_full(path).is_symlink():
        os.close(fd)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if flags & os.O_TRUNC:
        os.ftruncate(fd, 0)
    return fd


def _disposition(flags: int) -> int:
    if flags & os.O_CREAT:
        return _CREATE_NEW if flags & os.O_EXCL else _OPEN_ALWAYS
    return _OPEN_EXISTING


def open_appending(path: Path) -> int:
    """A descriptor of `path` that only adds to it; made where it is not there."""
    return open_private(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)


def open_shared(path: Path) -> int:
    """A descriptor of `path` to read it, of a link itself. Waits a moment for another program that
    keeps the file to itself; the error names it where that is known."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return open_private(path, os.O_RDONLY)
        except PermissionError as error:
            if error.winerror != ERROR_SHARING_VIOLATION or time.monotonic() > until:
                raise in_use(path, error) from error
            time.sleep(_PAUSE)


def open_to_read(path: Path) -> int:
    """A descriptor of `path`, if it is a file on a disk: reading a device may wait for ever."""
    _refuse_device(path)
    found = in_full(path).stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    handle = kernel32.CreateFileW(
        long_path(path), _READ, _SHARE_ALL, None, _OPEN_EXISTING, _NORMAL, None
    )
    if handle == INVALID_HANDLE:
        raise in_use(path, last_error(path))
    return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)


def open_given(path: Path) -> int:
    """A descriptor of `path` to read it."""
    return open_to_read(path)


def replace_file(source: Path, target: Path) -> None:
    """Give `source` the name of `target`. Waits a moment for another program that has one of them
    open; the error names it where that is known."""
    require_usable_name(target)
    from_, to = in_full(source), in_full(target)
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            from_.replace(to)
        except PermissionError as error:
            if to.is_dir() or time.monotonic() > until:
                raise in_use(target, error) from error
            time.sleep(_PAUSE)
        else:
            return


def name_file(source: Path, target: Path) -> None:
    """Give `source` the name `target` if no file has it."""
    require_usable_name(target)
    in_full(source).rename(in_full(target))


def refuse_led_astray(path: Path) -> None:
    """Nothing: only administrators make links, but for those that lead from folder to folder."""


def names_can_be_moved(folder: Path) -> bool:
    """No: what others may do with a file is up to the file's own access list first. And a FAT file
    system gives a file another number with its name, so that it could not be told from another."""
    return False


def in_full(path: Path) -> Path:
    """`path` in the form that has no limit of 260 characters, where it needs it."""
    return Path(long_path(path))


def flush_to_disk(fd: int) -> None:
    """Return when what was written is on the disk."""
    os.fsync(fd)


def flush_folder(folder: Path) -> None:
    """Nothing: a name is on the disk with the file (NTFS keeps a log of them)."""


def read_at(fd: int, size: int, place: int) -> bytes:
    """Up to `size` bytes from `place` on."""
    before = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, place, os.SEEK_SET)
        return os.read(fd, size)
    finally:
        os.lseek(fd, before, os.SEEK_SET)


def write_at(fd: int, data: bytes, place: int) -> int:
    """Write `data` from `place` on; how many bytes that were."""
    before = os.lseek(fd, 0, os.SEEK_CUR)
    try:
        os.lseek(fd, place, os.SEEK_SET)
        return os.write(fd, data)
    finally:
        os.lseek(fd, before, os.SEEK_SET)


def in_use(path: Path, error: OSError) -> OSError:
    """`error`, in words of ours where it is that another program has `path` open."""
    if getattr(error, "winerror", 0) not in (ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION):
        return error
    with suppress(OSError):
        names = [visible(name) for _, name in programs_with(path)]
        if names:
            said = f"{', '.join(names)} has it open; close it there and try again"
            return PermissionError(errno.EACCES, said, str(path))
    if getattr(error, "winerror", 0) == ERROR_SHARING_VIOLATION or path.is_file():
        said = (
            "another program has it open (a spreadsheet program?), or it may not be written; "
            "close it there and try again"
        )
        return PermissionError(errno.EACCES, said, str(path))
    return error


def require_usable_name(path: Path) -> None:
    """Raise `OSError` for a name that no file can have here, or that stands for another one, such
    as CON, aux.csv or x:y."""
    if fault := not_on_windows(path.name):
        raise OSError(errno.EINVAL, fault, str(path))


def _refuse_device(path: Path) -> None:
    if windows_device(path.name):
        raise OSError(errno.EINVAL, not_on_windows(path.name), str(path))
