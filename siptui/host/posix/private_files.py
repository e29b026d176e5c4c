"""Files and folders that only this user can read (POSIX: owner and mode)."""

import contextlib
import errno
import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path

assert sys.platform != "win32"


from siptui.domain.text import visible
from siptui.host.errors import NO_PLAIN_FILE, PrivateFileError
from siptui.host.posix.files import (
    NAMED_BY_OTHERS,
    OPEN,
    flush_folder,
    flush_to_disk,
    may_be_named_by_others,
    open_private,
    open_to_read,
    refuse_swapped,
)
from siptui.host.posix.users import name_of, user_name
from siptui.host.posix.walk import Entry

_ELSEWHERE = "Choose another folder with SIPTUI_CONFIG_DIR or SIPTUI_STATE_DIR."


def private_folder(path: Path) -> Path:
    """`path` as a folder that only this user can enter, made or tightened as needed.

    It and every folder above it that is missing are made with the mode 0700 at once. Raises
    `PrivateFileError` when it belongs to another user, cannot be made, or lies behind a symbolic
    link of another user: who owns the link decides where it leads. So it does, after it closed a
    folder that others could write, while there are further names of files in it that they may have
    given (`may_be_named_by_others`): a file of another user tells whose it is at any time, these
    do not.
    """
    try:
        *above, last = (*reversed(path.absolute().parents), path.absolute())
        within: os.stat_result | None = None
        for place in above:
            link = _made(place)
            found = place.stat() if stat.S_ISLNK(link.st_mode) else link
            _refuse_open_to_all(place, found, within or found)
            _refuse_foreign_link(place, link)
            within = found
        _refuse_foreign_link(last, _made(last))
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if found.st_uid != os.geteuid():
                raise PrivateFileError(
                    f"{visible(str(path))} belongs to another user ({name_of(found.st_uid)}).",
                    remedy=_ELSEWHERE,
                )
            _close(fd, path, found.st_mode)
        finally:
            os.close(fd)
    except OSError as error:
        raise PrivateFileError(
            f"The folder {visible(str(path))} cannot be made or entered: {error.strerror}.",
            remedy=_ELSEWHERE,
        ) from error
    return path


def _made(place: Path) -> os.stat_result:
    """What lies at `place`: a folder of our own where nothing did."""
    try:
        return place.lstat()
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):  # another process was faster
            place.mkdir(mode=0o700)
        return place.lstat()


def _refuse_foreign_link(place: Path, link: os.stat_result) -> None:
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid()):
        raise PrivateFileError(
            f"{visible(str(place))} is a symbolic link of another user ({name_of(link.st_uid)}).",
            remedy=_ELSEWHERE,
        )


def _close(fd: int, folder: Path, mode: int) -> None:
    """Close the folder to others. One that they could write has the sticky bit, which means nothing
    else in a folder that only its owner writes, until it was looked through and nothing found."""
    if mode & (OPEN | stat.S_ISVTX):
        os.fchmod(fd, 0o700 | stat.S_ISVTX)
        with os.scandir(fd) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if found.st_nlink > 1 and stat.S_ISREG(found.st_mode):
                    raise _named(folder, folder / entry.name)
        os.fchmod(fd, 0o700)
    elif stat.S_IMODE(mode) & 0o077:
        os.fchmod(fd, 0o700)


def _named(folder: Path, file: Path) -> PrivateFileError:
    """The error for a hard link in a folder that others could write until now."""
    shown, inside = visible(shlex.quote(str(file))), visible(shlex.quote(str(folder)))
    return PrivateFileError(
        f"{visible(str(file))} has another name elsewhere (a hard link), and other users could "
        "write the folder it is in until siptui closed it: they may have put that name there, so "
        "that another file of yours is written.",
        remedy=f"If it is not a file of siptui's, remove that name: rm {shown}. If you gave it the "
        f"other name yourself, as a backup: chmod 700 {inside}",
    )


def _refuse_open_to_all(folder: Path, found: os.stat_result, within: os.stat_result) -> None:
    """Raise `PrivateFileError` for a folder in which everyone may put another folder in the place
    of a private one, or another user who owns it, be it open to all or left where all may write:
    the journal would be lost, and what was submitted with it. `within` is the folder it is in."""
    mode, theirs = found.st_mode, found.st_uid not in (0, os.geteuid())
    open_to_all = bool(mode & stat.S_IWOTH)
    left_there = within.st_mode & stat.S_IWOTH and found.st_uid != within.st_uid
    if theirs and (open_to_all or left_there):
        raise PrivateFileError(
            f"{visible(str(folder))} belongs to another user ({name_of(found.st_uid)}), who can "
            "rename and replace what is in it, private folders of siptui too.",
            remedy=_elsewhere(folder),
        )
    if stat.S_ISDIR(mode) and open_to_all and not mode & stat.S_ISVTX:
        raise PrivateFileError(
            f"Every user can rename and replace what is in {visible(str(folder))} (mode "
            f"{stat.S_IMODE(mode):04o}), private folders of siptui too.",
            remedy=f"Close it: chmod o-w {visible(shlex.quote(str(folder)))}. Or: "
            f"{_elsewhere(folder)}",
        )


def _elsewhere(folder: Path) -> str:
    """How another folder is used in place of `folder`. The demo's lie in that for temporary files,
    which in a container without root may be one that no user of the container owns."""
    temporary = Path(tempfile.gettempdir())
    if folder != temporary and temporary not in folder.parents:
        return _ELSEWHERE
    return "Choose another folder with TMPDIR, SIPTUI_CONFIG_DIR or SIPTUI_STATE_DIR."


def read_trusted(path: Path) -> bytes:
    """The content of `path`, if only this user and root can write it.

    For files that name commands to run and hosts to trust. The file, its folder, and symbolic
    links that lead to them must belong to this user or root, and neither group nor others may
    write them. Raises `PrivateFileError` otherwise, `OSError` when it cannot be read.
    """
    fd = open_to_read(path)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise PrivateFileError(
            f"{visible(str(path))} is no plain file.", remedy="Put a file there."
        )
    with os.fdopen(fd, "rb") as file:
        real = Path(os.path.realpath(path))
        folders = dict.fromkeys((path.parent, real.parent))
        _refuse_foreign(path, path, found)
        for place in (path, *folders):
            _refuse_foreign(path, place, place.lstat())
            _refuse_foreign(path, place, place.stat())
        return file.read()


def read_own(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file that decides what is done, and lies wherever it does.

    The file, and links that lead to it, must belong to this user or root, and no other user may
    write the file, have given it this name, or lead elsewhere on the way (`walk.Entry`). Raises
    `PrivateFileError` otherwise, `OSError` when it cannot be read.
    """

    def refuse(found: os.stat_result, _: os.stat_result, path: Path) -> None:
        shown, named = visible(str(path)), visible(shlex.quote(str(path)))
        if other := other_owner(found, path):
            raise PrivateFileError(
                f"{shown} belongs to another user ({other}).",
                remedy=f"Make it yours, then look at what is in it: cp {named} MINE",
            )
        if found.st_mode & 0o022 and not stat.S_ISLNK(found.st_mode):
            raise PrivateFileError(
                f"{shown} can be written by others (mode {stat.S_IMODE(found.st_mode):04o}).",
                remedy=f"Close it, then look at what is in it: chmod go-w {named}",
            )

    with contextlib.closing(Entry(path)) as entry:
        entry.follow_links(refuse)
        with os.fdopen(entry.open(os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            refuse(found, found, path)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, NO_PLAIN_FILE, str(path))
            if may_be_named_by_others(found, entry.folder):
                raise PermissionError(errno.EPERM, NAMED_BY_OTHERS, str(path))
            refuse_swapped(file.fileno(), entry)
            return file.read(most)


def _refuse_foreign(path: Path, place: Path, found: os.stat_result) -> None:
    """Raise `PrivateFileError` if others can change what is read from `path` by way of `place`."""
    if found.st_uid not in (0, os.geteuid()):
        folder = shlex.quote(str(path.parent))
        raise PrivateFileError(
            f"{visible(str(place))} belongs to another user ({name_of(found.st_uid)}), who could "
            "have any command run and any host asked.",
            remedy="Look at what is in it. Then copy it into a folder of your own and name that in "
            f"SIPTUI_CONFIG_DIR, or as root: chown -R {user_name()} {folder}",
        )
    if found.st_mode & 0o022 and not stat.S_ISLNK(found.st_mode):
        raise PrivateFileError(
            f"{visible(str(place))} can be written by others (mode "
            f"{stat.S_IMODE(found.st_mode):04o}), who could have any command run and any host "
            "asked.",
            remedy=f"Look at what is in it. Then close it: chmod go-w {shlex.quote(str(place))}",
        )


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` as a whole, readable by this user alone (0600).

    Written beside it, synced and renamed: a reader, a crash or a power cut finds the old
    content or the new, never a part. A symbolic link in its place is replaced, not followed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # whatever the umask
            file.write(data)
            file.flush()
            flush_to_disk(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    flush_folder(path.parent)


def read_private(path: Path) -> bytes:
    """The content of `path`, if it is a plain file of this user that no other user may read.

    Raises `PrivateFileError` otherwise, `FileNotFoundError` when it is not there.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PrivateFileError(
            f"{path} is a symbolic link or cannot be opened: {error.strerror}.",
            remedy="Look at what it is; remove it if it is not yours.",
        ) from error
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise PrivateFileError(f"{path} is not a plain file.", remedy="Remove it.")
    with os.fdopen(fd, "rb") as file:
        if found.st_uid != os.geteuid():
            raise PrivateFileError(f"{path} belongs to another user.", remedy="Remove it.")
        if mode := stat.S_IMODE(found.st_mode) & 0o077:
            raise PrivateFileError(
                f"{path} can be read or written by others (mode {mode | 0o600:04o}).",
                remedy=f"Remove it, or close it with: chmod 600 {path}",
            )
        return file.read()


def runtime_place() -> Path:
    """Where `runtime_folder` is or would be; nothing is made. Raises `PrivateFileError` where what
    lies there is not this user's."""
    folder = Path(tempfile.gettempdir()) / f"siptui-{os.geteuid()}"
    with contextlib.suppress(FileNotFoundError):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            what = "is no folder" if found.st_uid == os.geteuid() else "was made by another user"
            raise PrivateFileError(
                f"{visible(str(folder))} {what} ({name_of(found.st_uid)}).",
                remedy=f"Have it removed: sudo rm -r {visible(shlex.quote(str(folder)))}. Or set "
                "TMPDIR to a folder of your own, the same for all your commands.",
            )
    return folder


def other_owner(found: os.stat_result, path: Path) -> str:
    """Who owns the file, where it is neither this user nor root; else nothing."""
    return "" if found.st_uid in (0, os.geteuid()) else name_of(found.st_uid)


def rights_of_others(found: os.stat_result, path: Path) -> str:
    """What others may do with the plain file at `path`, in a few words; nothing if nothing."""
    if not stat.S_ISREG(found.st_mode) or not found.st_mode & 0o077:
        return ""
    return f"mode {stat.S_IMODE(found.st_mode):04o}"


def close_to_others(path: Path) -> None:
    """Let only this user read and write the file at `path`, if it is this user's."""
    found = path.lstat()
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
        path.chmod(0o600)


def closing_command(path: Path) -> str:
    """The command by which an operator closes `path` to others."""
    return f"chmod 600 {visible(shlex.quote(str(path)))}"
