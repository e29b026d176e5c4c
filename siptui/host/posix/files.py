"""Files and their owners (POSIX)."""

import contextlib
import errno
import fcntl
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

assert sys.platform != "win32"


from siptui.domain.text import visible
from siptui.host.errors import NO_PLAIN_FILE
from siptui.host.posix.users import name_of
from siptui.host.posix.walk import SWAPPED, Entry

read_at, write_at = os.pread, os.pwrite
#: Rights by which others than its owner may put something into a folder.
OPEN = stat.S_IWGRP | stat.S_IWOTH
#: Why a hard link that may be planted is not used.
NAMED_BY_OTHERS = (
    "it has another name elsewhere (a hard link), which others may have given it; remove it"
)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of `path`; made with the mode 0600 if `flags` say so.

    What another user put there before the folder was closed is refused: who has it open still
    reads and writes it, whatever the folder says.
    """
    cut = flags & os.O_TRUNC  # not before it is known whose it is
    named = flags & (os.O_EXCL | os.O_TRUNC | os.O_APPEND)  # by the operator, anywhere
    flags = flags & ~os.O_TRUNC | os.O_NONBLOCK
    if named:
        with contextlib.closing(Entry(path)) as entry:
            fd = entry.open(flags)
            with _closed_if_refused(fd):
                if not flags & os.O_EXCL:
                    refuse_planted(fd, path, entry.folder)
                refuse_swapped(fd, entry)
    else:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with _closed_if_refused(fd):
            refuse_planted(fd, path, path.parent.stat)
    if cut:
        with _closed_if_refused(fd):
            os.ftruncate(fd, 0)
    return fd


@contextlib.contextmanager
def _closed_if_refused(fd: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(fd)
        raise


def refuse_led_astray(path: Path) -> None:
    """Raise `PermissionError` where a folder on the way to `path` is a link that another user put
    into a folder that everyone may write, unless that folder is theirs as well: they would choose
    which file of the operator's has the name. As `fs.protected_symlinks` has it for folders with
    the sticky bit."""
    for place in path.absolute().parents:
        with contextlib.suppress(FileNotFoundError):
            _refuse_link(place, place.lstat(), path)


def _refuse_link(place: Path, found: os.stat_result, path: Path) -> None:
    if not stat.S_ISLNK(found.st_mode) or found.st_uid in (0, os.geteuid()):
        return
    folder = place.parent.stat()
    if folder.st_mode & stat.S_IWOTH and found.st_uid != folder.st_uid:
        whose = f"another user ({name_of(found.st_uid)}) leads from {visible(str(place))} elsewhere"
        raise PermissionError(errno.EPERM, whose, str(path))


def refuse_swapped(fd: int, entry: Entry, *, written: bool = True) -> None:
    """Raise `PermissionError` where others may give the name of the open file to another one and
    did so. What is `written` was looked at for a further name before (`may_be_named_by_others`);
    this name may have been taken away for that look, so it is looked for by this name as well."""
    if not _is_open(entry.folder()):
        return
    found = entry.found()
    if found is None or not os.path.samestat(found, os.fstat(fd)):
        raise PermissionError(errno.EPERM, SWAPPED, str(entry.path))
    if written and may_be_named_by_others(found, entry.folder):
        raise PermissionError(errno.EPERM, NAMED_BY_OTHERS, str(entry.path))


def refuse_planted(fd: int, path: Path, folder: Callable[[], os.stat_result]) -> None:
    """Raise `OSError` for what is no plain file, for one that is neither this user's nor root's,
    and for a further name that others may have given to one (`may_be_named_by_others`)."""
    found = os.fstat(fd)
    if found.st_uid not in (0, os.geteuid()):  # the system's own words lack who
        whose = f"it belongs to another user ({name_of(found.st_uid)}); remove it"
        raise PermissionError(errno.EPERM, whose, str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, NO_PLAIN_FILE, str(path))
    if may_be_named_by_others(found, folder):
        raise PermissionError(errno.EPERM, NAMED_BY_OTHERS, str(path))


def may_be_named_by_others(found: os.stat_result, folder: Callable[[], os.stat_result]) -> bool:
    """Whether a file may have its name in `folder` as a further one, from another user than its.

    Where `fs.protected_hardlinks` is off, and on systems without it, whoever may write a folder can
    put there a link to any file of the operator's on that disk: what is written to it, or cut off,
    is that file. Its owner does not tell that. But programs for backups (`cp -al`, `rsync
    --link-dest`) give further names as well, so a link counts only in a folder that others may
    write: one that is another user's than the file, or open to group or others. One that was open
    until now is looked through when it is closed (`private_folder`).
    """
    if found.st_nlink < 2 or not stat.S_ISREG(found.st_mode):
        return False
    within = folder()
    return bool(within.st_mode & OPEN) or within.st_uid not in (0, os.geteuid(), found.st_uid)


def open_appending(path: Path) -> int:
    """A descriptor of `path` that only adds to it; what is made has the mode 0600.

    The file may be another user's. Not so a link, nor anything in a folder that everyone may write,
    unless the folder is that user's as well: they were put there (the rules of
    `fs.protected_symlinks`, `_fifos` and `_regular`, which not every host has on). Nor a further
    name that others may have given to a file (`may_be_named_by_others`). A pipe is opened for
    writing alone: without a reader that fails, instead of losing what is written.
    """
    flags = os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    with contextlib.closing(Entry(path)) as entry:
        entry.follow_links(_refuse_of_others)
        found, folder = entry.found(), entry.folder()
        if found is not None:
            _refuse_of_others(found, folder, path)
        fd = _opened_to_append(
            entry, flags, is_pipe=found is not None and stat.S_ISFIFO(found.st_mode)
        )
        with _closed_if_refused(fd):
            found = os.fstat(fd)
            _refuse_of_others(found, folder, path)
            if may_be_named_by_others(found, entry.folder):
                raise PermissionError(errno.EPERM, NAMED_BY_OTHERS, str(path))
            refuse_swapped(fd, entry)
    return fd


def _opened_to_append(entry: Entry, flags: int, *, is_pipe: bool) -> int:
    if is_pipe:
        try:
            return entry.open(os.O_WRONLY | flags)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            why = "no program reads from this pipe"
            raise OSError(errno.ENXIO, why, str(entry.path)) from error
    try:
        return entry.open(os.O_RDWR | flags)
    except PermissionError:  # it may be added to, and not be read
        return entry.open(os.O_WRONLY | flags)


def _refuse_of_others(found: os.stat_result, folder: os.stat_result, path: Path) -> None:
    """Raise `PermissionError` for what another user may have planted in the folder."""
    is_link = stat.S_ISLNK(found.st_mode)
    whoever = is_link or folder.st_mode & stat.S_IWOTH
    if whoever and found.st_uid not in (0, os.geteuid(), folder.st_uid):
        what = "a symbolic link" if is_link else "a file"
        whose = f"it is {what} of another user ({name_of(found.st_uid)})"
        raise PermissionError(errno.EPERM, whose, str(path))


def open_to_read(path: Path) -> int:
    """A descriptor of `path`, whatever it is."""
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def open_given(path: Path) -> int:
    """A descriptor to read what was put at `path` for this user, by whomever: not what another
    user put, or leads to, in a folder that everyone may write and that is not theirs."""
    with contextlib.closing(Entry(path)) as entry:
        entry.follow_links(_refuse_of_others)
        fd = entry.open(os.O_RDONLY | os.O_NONBLOCK)
        with _closed_if_refused(fd):
            _refuse_of_others(os.fstat(fd), entry.folder(), path)
            refuse_swapped(fd, entry, written=False)
    return fd


def replace_file(source: Path, target: Path) -> None:
    """Give `source` the name of `target`."""
    with contextlib.closing(Entry(source)) as entry, contextlib.closing(Entry(target)) as wanted:
        entry.rename(wanted)


def name_file(source: Path, target: Path) -> None:
    """Give `source` the name `target` if no file has it; unlike a rename, a link never replaces."""
    with contextlib.closing(Entry(source)) as entry, contextlib.closing(Entry(target)) as wanted:
        try:
            entry.link(wanted)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links: claim the name first, then rename onto the claim.
            os.close(wanted.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            try:
                entry.rename(wanted)
            except BaseException:
                with contextlib.suppress(OSError):
                    wanted.unlink()
                raise
        else:
            entry.unlink()


def names_can_be_moved(folder: Path) -> bool:
    """Whether other users can put something in the place of a file of this one in `folder`, or in
    that of a folder on the way: one is another user's, or they may write it and the sticky bit does
    not keep them off."""
    named, led_to = folder.absolute(), Path(os.path.realpath(folder))
    places = {named, *named.parents, led_to, *led_to.parents}
    return any(_is_open(place.stat()) for place in places)


def _is_open(found: os.stat_result) -> bool:
    shared = found.st_mode & OPEN and not found.st_mode & stat.S_ISVTX
    return bool(shared) or found.st_uid not in (0, os.geteuid())


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
