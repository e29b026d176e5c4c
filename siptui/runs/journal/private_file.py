"""The journal's files are plain files of this user, closed to all others."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from siptui.host.files import open_private
from siptui.host.private_files import close_to_others, other_owner, rights_of_others
from siptui.runs.journal.sqlite_file import COMPANIONS, COPY, JournalError, with_suffix

_ELSEWHERE = "or set SIPTUI_STATE_DIR to another folder"


def make_private(path: Path) -> None:
    """Make the file if it is not there; close it and its companions to other users.

    Companions that SQLite makes later get the mode of the file. A symbolic link is refused: the
    log would lie elsewhere, and setting aside would leave the wrong half behind. So is a file of
    another user, who may have it open still and write entries into it.
    """
    files = (path, *(with_suffix(path, suffix) for suffix in (*COMPANIONS, COPY)))
    for file in files:
        with suppress(FileNotFoundError):  # another process may take a companion away meanwhile
            _require_own(file)
    if not path.exists():
        with suppress(FileExistsError):  # another process was faster
            os.close(open_private(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    for file in files:
        with suppress(FileNotFoundError):
            if rights_of_others(file.stat(), file):
                close_to_others(file)


def _require_own(file: Path) -> None:
    found = file.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise JournalError(
            f"{file} is not a plain file",
            remedy="Put the journal itself there, " + _ELSEWHERE + ".",
        )
    if other := other_owner(found, file):
        raise JournalError(
            f"{file} belongs to another user ({other})",
            remedy="Look at what it is and remove it, " + _ELSEWHERE + ".",
        )
