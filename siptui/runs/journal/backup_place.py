"""Where a backup is built until it is whole.

SQLite opens a database by its name, and what lies beside it by theirs: where others write, such as
in /tmp, they could put a journal of SQLite beside it that is played back into it. So it is built in
a folder of its own; and where others could put another folder in the place of that one, with a link
to any database of the operator's in it, in the folder of the journal.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from siptui.host.files import (
    flush_to_disk,
    make_folder,
    name_open_file,
    names_can_be_moved,
    open_private,
    replace_file,
)
from siptui.host.private_files import private_folder
from siptui.runs.journal.sqlite_file import COMPANIONS, with_suffix


@contextmanager
def built_for(target: Path, journal: Path, *, replace: bool) -> Iterator[Path]:
    """An empty file, which is at `target` when the block ends well. Raises `OSError`."""
    name = f".{target.name[:100]}.{os.urandom(6).hex()}.tmp"
    movable = names_can_be_moved(target.parent)
    place = (private_folder(journal.parent) if movable else target.parent) / name
    building = place / "journal.db"
    make_folder(place)
    try:
        os.close(open_private(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        yield building
        if movable:
            _copy(building, target.with_name(name), target, replace=replace)
        else:
            replace_file(building, target)
    finally:
        for suffix in ("", *COMPANIONS):
            with_suffix(building, suffix).unlink(missing_ok=True)
        with suppress(OSError):
            place.rmdir()


def _copy(source: Path, temporary: Path, target: Path, *, replace: bool) -> None:
    fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with (
            os.fdopen(fd, "wb") as copy,
            os.fdopen(open_private(source, os.O_RDONLY), "rb") as file,
        ):
            shutil.copyfileobj(file, copy)
            copy.flush()
            flush_to_disk(fd)
            name_open_file(fd, temporary, target, replace=replace)
    finally:
        with suppress(OSError):
            temporary.unlink()
