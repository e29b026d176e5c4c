"""Files and folders that only this user can read (Windows: owner and access list).

Administrators and the system itself reach everything on Windows, as root does elsewhere; they count
as this user.
"""

import contextlib
import msvcrt
import os
import stat
import sys
from pathlib import Path

assert sys.platform == "win32"


from siptui.domain.text import visible
from siptui.host.errors import InUseError, PrivateFileError
from siptui.host.windows.files import (
    flush_to_disk,
    in_full,
    open_private,
    open_shared,
    open_to_read,
    replace_file,
)
from siptui.host.windows.security import (
    READ_OR_WRITE,
    WRITE,
    Rights,
    account_name,
    make_mine_alone,
    rights_of,
    rights_of_handle,
    user_name,
)

_ELSEWHERE = "Choose another folder with SIPTUI_CONFIG_DIR or SIPTUI_STATE_DIR."


def private_folder(path: Path) -> Path:
    """`path` as a folder that only this user can enter, made or tightened as needed.

    It and every folder above it that is missing are made for this user alone. Raises
    `PrivateFileError` when it belongs to another user, cannot be made, or lies behind a link or
    junction of another user: who owns the link decides where it leads.
    """
    path = in_full(path)
    try:
        for place in (*reversed(path.absolute().parents), path.absolute()):
            if not os.path.lexists(place):
                with contextlib.suppress(FileExistsError):  # another process was faster
                    place.mkdir()
                    make_mine_alone(place, folder=True)
            if _is_link(place) and not rights_of(place).mine:
                raise PrivateFileError(
                    f"{visible(str(place))} is a link of another user "
                    f"({account_name(rights_of(place).owner)}).",
                    remedy=_ELSEWHERE,
                )
        real = _real(path)
        if not real.is_dir():
            raise NotADirectoryError(20, "it is a file", str(path))
        rights = rights_of(real)
        if not rights.mine:
            raise PrivateFileError(
                f"{visible(str(path))} belongs to another user ({account_name(rights.owner)}).",
                remedy=_ELSEWHERE,
            )
        if rights.others(READ_OR_WRITE):
            make_mine_alone(real, folder=True)
    except OSError as error:
        raise PrivateFileError(
            f"The folder {visible(str(path))} cannot be made or entered: {error.strerror}.",
            remedy=_ELSEWHERE,
        ) from error
    return path


def read_trusted(path: Path) -> bytes:
    """The content of `path`, if only this user and administrators can write it.

    For files that name commands to run and hosts to trust. The file, its folder, and links that
    lead to them must belong to this user or administrators, and no one else may write them.
    Raises `PrivateFileError` otherwise, `OSError` when it cannot be read.
    """
    with os.fdopen(_opened_file(path), "rb") as file:
        real = _real(path)
        for place in dict.fromkeys((path, path.parent, real, real.parent)):
            _refuse_foreign(path, place, rights_of(place))
        return file.read()


def read_own(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file that decides what is done, and lies wherever it does.

    The file, and a link that leads to it, must belong to this user or administrators, and no other
    user may write the file. Raises `PrivateFileError` otherwise, `OSError` when it cannot be read.
    """
    with os.fdopen(open_to_read(path), "rb") as file:
        for place in dict.fromkeys((path, Path(os.path.realpath(path)))):
            rights = rights_of(place)
            if not rights.mine:
                raise PrivateFileError(
                    f"{visible(str(place))} belongs to another user "
                    f"({account_name(rights.owner)}).",
                    remedy="Copy it into a folder of your own, then look at what is in it.",
                )
            if others := rights.others(WRITE):
                raise PrivateFileError(
                    f"{visible(str(place))} can be written by others ({_names(others)}).",
                    remedy=f"Close it, then look at what is in it: {closing_command(place)}",
                )
        return file.read(most)


def _opened_file(path: Path) -> int:
    try:
        return open_to_read(path)
    except IsADirectoryError:
        raise PrivateFileError(
            f"{visible(str(path))} is no plain file.", remedy="Put a file there."
        ) from None


def _refuse_foreign(path: Path, place: Path, rights: Rights) -> None:
    """Raise `PrivateFileError` if others can change what is read from `path` by way of `place`."""
    if not rights.mine:
        raise PrivateFileError(
            f"{visible(str(place))} belongs to another user ({account_name(rights.owner)}), who "
            "could have any command run and any host asked.",
            remedy="Look at what is in it. Then copy it into a folder of your own and name that in "
            "SIPTUI_CONFIG_DIR.",
        )
    if others := rights.others(WRITE):
        raise PrivateFileError(
            f"{visible(str(place))} can be written by others ({_names(others)}), who could have "
            "any command run and any host asked.",
            remedy=f"Look at what is in it. Then close it: {closing_command(place)}",
        )


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` as a whole, readable by this user alone.

    Written beside it, flushed and renamed: a reader, a crash or a power cut finds the old content
    or the new, never a part. A symbolic link in its place is replaced, not followed.
    """
    path = in_full(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(fd, "wb") as file:
            make_mine_alone(temporary, folder=False)
            file.write(data)
            file.flush()
            flush_to_disk(file.fileno())
        replace_file(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def read_private(path: Path) -> bytes:
    """The content of `path`, if it is a plain file of this user that no other user may read.

    Raises `PrivateFileError` otherwise, `FileNotFoundError` when it is not there, and
    `InUseError` while another program keeps it to itself.
    """
    try:
        if _is_link(path):
            raise OSError(0, "it is a link")
        if path.is_dir():
            raise PrivateFileError(f"{path} is not a plain file.", remedy="Remove it.")
        fd = open_shared(path)
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise InUseError(
            f"{visible(str(path))} cannot be read: {error.strerror}.",
            remedy="Nothing was lost. Try again when that program is done.",
        ) from error
    except OSError as error:
        raise PrivateFileError(
            f"{path} is a symbolic link or cannot be opened: {error.strerror}.",
            remedy="Look at what it is; remove it if it is not yours.",
        ) from error
    with os.fdopen(fd, "rb") as file:
        rights = rights_of_handle(msvcrt.get_osfhandle(file.fileno()))
        if not rights.mine:
            raise PrivateFileError(f"{path} belongs to another user.", remedy="Remove it.")
        if others := rights.others(READ_OR_WRITE):
            raise PrivateFileError(
                f"{path} can be read or written by others ({_names(others)}).",
                remedy=f"Remove it, or close it with: {closing_command(path)}",
            )
        return file.read()


def runtime_place() -> Path:
    """Where the user's folder for locks and short notes is or would be; nothing is made. Raises
    `PrivateFileError` where what lies there is not this user's.

    Not the folder for temporary files: every session of a remote desktop has one of its own.
    """
    from platformdirs import user_data_path

    # Beside the folders of profiles, none of which can have such a name.
    folder = user_data_path("siptui", appauthor=False) / ".run"
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if _is_link(folder) or not folder.lstat() or not rights_of(folder).mine:
            raise PrivateFileError(f"{folder} is a link, or another user's.", remedy="Remove it.")
    return folder


def other_owner(found: os.stat_result, path: Path) -> str:
    """Who owns the file, where it is neither this user nor an administrator; else nothing."""
    rights = rights_of(path)
    return "" if rights.mine else account_name(rights.owner)


def rights_of_others(found: os.stat_result, path: Path) -> str:
    """What others may do with the plain file at `path`, in a few words; nothing if nothing."""
    if not stat.S_ISREG(found.st_mode):
        return ""
    others = rights_of(_real(path)).others(READ_OR_WRITE)
    return _names(others) if others else ""


def close_to_others(path: Path) -> None:
    """Let only this user read and write the file at `path`, if it is this user's."""
    if path.is_file() and not _is_link(path):
        rights = rights_of(path)
        if rights.mine and rights.others(READ_OR_WRITE):
            make_mine_alone(path, folder=False)


def closing_command(path: Path) -> str:
    """The command by which an operator closes `path` to others, in any shell of Windows."""
    return f'icacls "{visible(str(path))}" /inheritance:r /grant:r "{user_name()}:F"'


def _names(sids: list[str]) -> str:
    return ", ".join(dict.fromkeys(account_name(sid) for sid in sids))


def _real(path: Path) -> Path:
    """Where `path` leads to. (Asked only where a link is on the way: Wine does not tell it of long
    paths.)"""
    if any(map(_is_link, (path, *path.absolute().parents))):
        return Path(os.path.realpath(path))
    return path


def _is_link(path: Path) -> bool:
    """Whether `path` is a symbolic link or junction; a file that a cloud keeps is none."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return found.st_reparse_tag in (
        stat.IO_REPARSE_TAG_SYMLINK,
        stat.IO_REPARSE_TAG_MOUNT_POINT,
    )
