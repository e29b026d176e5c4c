"""Files and folders that only this user can read, and those that only this user can write.

Where each system keeps rights differs; what counts is the same on all: a private file is read and
written by this user (and by administrators, whom nothing can keep out), a trusted one is written by
them alone. Both sides raise `PrivateFileError` with what to do.
"""

import sys
from pathlib import Path

from siptui.host.errors import PrivateFileError

if sys.platform == "win32":
    from siptui.host.windows.private_files import (
        close_to_others,
        closing_command,
        other_owner,
        private_folder,
        read_own,
        read_private,
        read_trusted,
        rights_of_others,
        runtime_place,
        write_private,
    )
else:
    from siptui.host.posix.private_files import (
        close_to_others,
        closing_command,
        other_owner,
        private_folder,
        read_own,
        read_private,
        read_trusted,
        rights_of_others,
        runtime_place,
        write_private,
    )

__all__ = [
    "PrivateFileError",
    "close_to_others",
    "closing_command",
    "other_owner",
    "private_folder",
    "read_own",
    "read_private",
    "read_trusted",
    "rights_of_others",
    "runtime_folder",
    "runtime_place",
    "write_private",
]


def runtime_folder() -> Path:
    """A folder of this user alone that all programs of this host find, for locks and short notes.

    Raises `PrivateFileError` where there can be none.
    """
    return private_folder(runtime_place())
