"""Whether the journal at its path is still the file that this process has open.

A file that was deleted, moved, replaced or restored over is written to without an error: what is
written there is never read, and a second process on the path submits the same phones.
"""

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from msgspec import Struct

from siptui.host.files import same_file
from siptui.host.locks import lock_holder
from siptui.runs.journal.forgotten import last_number
from siptui.runs.journal.sqlite_file import (
    LEAST_PAGE,
    JournalError,
    connect,
    is_busy,
    with_suffix,
)

#: The file, its log, and the memory by which processes agree on the log. Each is opened once.
_FILES = ("", "-wal", "-shm")
#: Bytes of a log from which on SQLite takes it over into the file at a commit: 1,000 pages
#: (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint).
_TAKEN_OVER = 1000 * 4096


def forgetting_lock(path: Path) -> Path:
    """The file whose lock a process holds while it removes what was forgotten from the files."""
    return with_suffix(path, ".forgetting.lock")


class _Content(Struct, frozen=True):
    """What tells from outside that a file was written to."""

    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class JournalGoneError(JournalError):
    """The open journal is no longer the one at its path. Nothing is written to it any more."""

    title = "The journal is gone"
    code = "journal_gone"

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(
            f"{path} {what} while it was in use",
            remedy="Nothing more is submitted by who had it open. Put it back as it was if you can,"
            " and compare it with what the service has (siptui batches) before you go on.",
        )


class JournalIdentity:
    """The files of one open journal as they were when it was opened.

    Only looks at them from outside, but for one case: content that changed without this
    connection is read once through a connection of its own, which has no page in memory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = with_suffix(path, "-wal")
        self._known: dict[Path, tuple[int, int]] = {}
        self._content: _Content | None = None
        self._rows = (0, 0)
        #: The number of the last forgetting that this process knows of (see `forget.py`).
        self.forgetting = 0
        self._remember(_FILES[:1])

    def remember(self) -> None:
        """Take the files that are there now for the right ones; called when all of them are open.

        Before that another process may be the last to close the journal, and remove its log.
        """
        self._remember(_FILES)

    def _remember(self, suffixes: Sequence[str]) -> None:
        for path in (with_suffix(self._path, suffix) for suffix in suffixes):
            if path not in self._known and (found := _lstat(path)) is not None:
                self._known[path] = (found.st_dev, found.st_ino)
        self.accept()

    def forgot(self, number: int) -> None:
        """This process itself removed what was forgotten, and has written the file anew."""
        self.forgetting, self._rows = number, (0, 0)
        self.count()
        self.accept()

    def accept(self) -> None:
        """The content is as this process left it just now."""
        found = _lstat(self._path)
        self._content = None if found is None else _Content.of(found)

    def count(self) -> None:
        """Remember how many entries there are, to notice later when some are gone."""
        self._rows = _counted(self._path, self._rows, thorough=False)

    def check(self, *, thorough: bool) -> None:
        """Raise `JournalGoneError` if one of the files is another one now, or lost content.

        Costs a look at each file. If the content changed, which the log's being taken over does
        too, its entries are counted; `thorough` then reads every page.
        """
        content = None
        for path, known in self._known.items():
            found = _lstat(path)
            if found is None:
                raise JournalGoneError(path, "was deleted or moved")
            if not same_file(known, found) or not stat.S_ISREG(found.st_mode):
                raise JournalGoneError(path, "was replaced by another file")
            if path == self._path:
                content = _Content.of(found)
        if content is None:
            raise JournalGoneError(self._path, "was deleted or moved")
        if content == self._content:
            return
        if content.size < LEAST_PAGE:
            raise JournalGoneError(self._path, "was emptied")
        if lock_holder(forgetting_lock(self._path)) is not None:
            return  # a process of siptui writes it anew; at the next look
        if (number := _last_forgetting(self._path)) > self.forgetting:
            self.forgetting, self._rows = number, (0, 0)
        else:
            self._refuse_if_written_over(content)
        try:
            self._rows = _counted(self._path, self._rows, thorough=thorough)
        except sqlite3.DatabaseError as error:
            if is_busy(error):
                return  # at the next look
            raise JournalGoneError(self._path, "was overwritten or cut off") from error
        self._content = content

    def _refuse_if_written_over(self, content: "_Content") -> None:
        """Other processes of siptui write to the log alone, as long as that is short."""
        log = _lstat(self._log) if self._log in self._known else None
        before = self._content
        if log is None or before is None or log.st_size >= _TAKEN_OVER:
            return
        if (content.size, content.modified) != (before.size, before.modified):
            raise JournalGoneError(self._path, "was written over by another program")


def _counted(path: Path, before: tuple[int, int], *, thorough: bool) -> tuple[int, int]:
    """The newest entry's number and how many there are up to it, compared with `before`."""
    last, count = before
    with closing(connect(path, seconds=1.0)) as db:
        db.execute("PRAGMA query_only=1")
        if thorough and db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise JournalGoneError(path, "was overwritten or cut off")
        query = "SELECT count(*) FROM events INDEXED BY events_of_run WHERE seq <= ?"
        if db.execute(query, (last,)).fetchone()[0] != count:
            raise JournalGoneError(path, "was replaced by another version")
        newest = db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0]
        return newest, db.execute(query, (newest,)).fetchone()[0]


def _last_forgetting(path: Path) -> int:
    """The number of the last forgetting; -1 where it cannot be read."""
    try:
        with closing(connect(path, seconds=1.0)) as db:
            db.execute("PRAGMA query_only=1")
            return last_number(db)
    except sqlite3.DatabaseError:
        return -1


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
