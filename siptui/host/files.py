"""Files: opened for this user alone or for reading whatever they are, replaced as a whole.

`open_private` takes the flags of `os.open` for reading, writing and making; a symbolic link is not
followed, no started program inherits the descriptor, and what is made is this user's alone. What is
there already and is another user's, or no plain file, is an `OSError`: it was put there. So is a
hard link where others may have put it (on Windows they need the right to write the file itself).
`open_given` opens what others gave this user to read, but nothing that another user left in a
folder that everyone may write. `open_to_read` follows links, and never waits for the writer of a
pipe; `read_plain` is the content of a plain file, and an `OSError` for a pipe, a device or a
folder. `open_appending` follows the links of this user, root and the folder's owner, and makes what
is not there. No other user can lead what is made, added to or read by a name of the operator's to
another file, not for a moment either; where folders are made, `refuse_led_astray` looks at the way
first. `replace_file` gives a file another's name; where the system refuses that while another
program has it open, the `OSError` says so in its `strerror`.
`name_file` gives a file a name that none has, and raises `FileExistsError` else.
`names_can_be_moved` says whether other users can put something in the place of a file of this user
in a folder: nothing is opened by name there that this user made before.
`require_usable_name` raises `OSError` for a name that no file can have on this system or that
stands for another, and `in_full` is the form of a path whose length has no limit; what makes or
opens a file here needs neither. `flush_to_disk` returns when the file is on the disk, and
`flush_folder` when its name is. `read_at` and `write_at` do not move the place in the file.
"""

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from siptui.host.errors import NO_PLAIN_FILE

if sys.platform == "win32":
    from siptui.host.windows.files import (
        flush_folder,
        flush_to_disk,
        in_full,
        name_file,
        names_can_be_moved,
        open_appending,
        open_given,
        open_private,
        open_to_read,
        read_at,
        refuse_led_astray,
        replace_file,
        require_usable_name,
        write_at,
    )
else:
    from siptui.host.posix.files import (
        flush_folder,
        flush_to_disk,
        in_full,
        name_file,
        names_can_be_moved,
        open_appending,
        open_given,
        open_private,
        open_to_read,
        read_at,
        refuse_led_astray,
        replace_file,
        require_usable_name,
        write_at,
    )

__all__ = [
    "flush_folder",
    "flush_to_disk",
    "in_full",
    "make_folder",
    "make_folders",
    "name_file",
    "name_open_file",
    "names_can_be_moved",
    "open_appending",
    "open_given",
    "open_private",
    "open_to_read",
    "read_at",
    "read_plain",
    "replace_file",
    "require_usable_name",
    "same_file",
    "write_at",
]


def make_folders(path: Path) -> None:
    """Make the folder `path` and what is missing above it, each for this user alone; one that is
    there keeps its rights. `Path.mkdir` with `parents` would leave those above to the umask.
    Raises `OSError`, also where another user leads elsewhere on the way."""
    require_usable_name(path)
    refuse_led_astray(path / "x")
    path = in_full(path)
    for place in (*reversed(path.absolute().parents), path.absolute()):
        if not os.path.lexists(place):
            with contextlib.suppress(FileExistsError):  # another process was faster
                place.mkdir(mode=0o700)


def make_folder(path: Path) -> None:
    """Make the folder `path`, for this user alone, in one that is there. Raises `OSError`."""
    require_usable_name(path)
    refuse_led_astray(path)
    in_full(path).mkdir(mode=0o700)


def name_open_file(fd: int, path: Path, name: Path, *, replace: bool) -> None:
    """Give the file at `path`, which is open as `fd`, another name, in the place of what has it
    with `replace`. Raises `OSError`, also where another user put something else in its place before
    that: so it is only told that a file was written which is this one."""
    if replace:
        replace_file(path, name)
    else:
        name_file(path, name)
    if not names_can_be_moved(in_full(name).parent):
        return
    mine = os.fstat(fd)
    if not same_file((mine.st_dev, mine.st_ino), in_full(name).lstat()):
        why = "another user put something else there while it was written"
        raise PermissionError(errno.EPERM, why, str(name))


def read_plain(path: Path, most: int = -1) -> bytes:
    """The content of the plain file at `path`, or its first `most` bytes; links are followed."""
    fd = open_to_read(path)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, NO_PLAIN_FILE, str(path))
    with os.fdopen(fd, "rb") as file:
        return file.read(most)


def same_file(known: tuple[int, int], found: os.stat_result) -> bool:
    """Whether `found` is of the file with this device and number. Where the system does not tell
    them, as Windows while another program keeps a file to itself, it is taken for the same."""
    return known == (found.st_dev, found.st_ino) or 0 in (known[1], found.st_ino)
