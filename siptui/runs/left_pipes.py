"""Pipes over which workers take a sign-in, left behind by those that were killed."""

from contextlib import suppress
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.host.locks import file_lock, lock_holder
from siptui.runs.journal.locks import lock_path
from siptui.runs.journal.sqlite_file import HELD


def remove_left_pipes(journal: Path) -> None:
    """Remove the pipes of workers that were killed: no sign-in is taken from them any more."""
    for pipe in (journal.parent / HELD).glob("*.hand"):
        lock = lock_path(journal, pipe.stem)
        with suppress(SiptuiError, OSError):
            if lock.exists() and lock_holder(lock) is None:
                with file_lock(lock):  # a worker that starts now would make its own
                    pipe.unlink(missing_ok=True)
