"""Locks and waits in the user's runtime folder that nothing has used for a while are removed.

There is one folder for each service that was ever submitted to, emulated ones included.
"""

import contextlib
import time
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.host.locks import CountedLock
from siptui.host.private_files import write_private

#: The lock of a folder of turns to submit, and where the waits that services asked for are kept.
TURNS, WAITS = "submits", "waits"
_DAYS = 7.0
_DAY = 24 * 3600
#: Its age tells when the folder was gone through.
_NOTE = "gone-through"


def remove_unused_daily(folder: Path, *, keep: Path) -> None:
    """`remove_unused`, unless a process of this user did so within a day: to go through all the
    services of a long time takes longer than the start of what submits to one."""
    note = folder / _NOTE
    with contextlib.suppress(OSError):
        if 0 <= time.time() - note.lstat().st_mtime < _DAY:
            return
    remove_unused(folder, keep=keep)
    with contextlib.suppress(OSError, SiptuiError):
        write_private(note, b"")


def remove_unused(folder: Path, *, keep: Path, days: float = _DAYS) -> None:
    """Remove what lies in `folder` and was not used for so many days, but the folder `keep`.

    What a process has, and what cannot be removed, stays.
    """
    since = time.time() - days * _DAY
    for entry in _entries(folder):
        if entry == keep or not entry.is_dir() or entry.is_symlink():
            continue
        with contextlib.suppress(OSError, SiptuiError):
            if entry.name == WAITS:
                _remove_old(entry, since)
            elif CountedLock(entry / TURNS).remove(since):
                entry.rmdir()


def _remove_old(folder: Path, since: float) -> None:
    for file in _entries(folder):
        if file.lstat().st_mtime < since:
            file.unlink()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
