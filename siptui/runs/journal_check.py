"""What an opened journal is held against: its copy, and the runs that were worked on beside it."""

import logging
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from siptui.posix import lock_holder
from siptui.runs.journal_copy import Copied, CopiedEntry, JournalCopy
from siptui.runs.journal_file import HELD, Wait, is_busy, transaction
from siptui.runs.journal_mark import Mark, add_mark, open_marks

_LOG = logging.getLogger(__name__)
_LOOK = (
    "Look at what the service has (siptui batches) before you submit any of these devices again."
)


def compare_with_copy(
    db: sqlite3.Connection, path: Path, copy: JournalCopy, wait: Wait, *, thorough: bool
) -> None:
    """Give the journal back what only its copy has, and the copy what only the journal has.

    What the journal had lost is written down for the operator. `thorough` reads the whole copy,
    which else is looked at where it ends. Errors as SQLite's and the system's.
    """
    last = copy.last()
    if last is not None and not _has(db, last):
        with transaction(db, wait):
            if not _has(db, last):  # another process may have been quicker
                _take_over(db, path, copy)
    elif last is None or (thorough and not copy.sound()):
        if last is not None:
            _LOG.warning("the copy of the journal was damaged and is written anew")
        _write_anew(db, copy, wait)


def _write_anew(db: sqlite3.Connection, copy: JournalCopy, wait: Wait) -> None:
    if not db.execute("SELECT 1 FROM events LIMIT 1").fetchone():
        return
    try:
        with transaction(db, wait):
            copy.rebuild(db)
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        # Whoever has the journal locked writes to it; the next entry brings the copy up to date.


def _has(db: sqlite3.Connection, entry: CopiedEntry) -> bool:
    found = db.execute("SELECT run, at, body FROM events WHERE seq = ?", (entry.seq,)).fetchone()
    return bool(found == (entry.run, entry.at, entry.body))


def _take_over(db: sqlite3.Connection, path: Path, copy: JournalCopy) -> None:
    copied = copy.read()
    known = dict(db.execute("SELECT seq, body FROM events").fetchall())
    missing = [entry for seq, entry in sorted(copied.entries.items()) if seq not in known]
    other = sum(known.get(seq, entry.body) != entry.body for seq, entry in copied.entries.items())
    if other:
        aside = copy.path.with_name(f"{copy.path.name}.other-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        add_mark(
            path,
            f"The journal {path} and its copy have different entries: one of them is of another "
            f"time or place. The journal was kept, its copy was set aside as {aside.name}. {_LOOK}",
        )
        copy.path.rename(aside)
        copy.rebuild(db)
        return
    add_mark(path, _lost(path, len(missing), copied))
    for run in copied.runs.values():
        if not db.execute("SELECT 1 FROM runs WHERE run = ?", (run.run,)).fetchone():
            db.execute("INSERT INTO runs VALUES (?, ?)", (run.run, run.created))
            db.executemany(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((run.run, index, *row) for index, row in enumerate(run.devices)),
            )
    db.executemany(
        "INSERT INTO events (seq, run, at, body) VALUES (?, ?, ?, ?)",
        ((entry.seq, entry.run, entry.at, entry.body) for entry in missing),
    )


def _lost(path: Path, count: int, copied: Copied) -> str:
    text = (
        f"The journal {path} had lost its newest entries (its log was cut off or deleted, or an "
        f"older version was put in its place): {count} were taken from its copy. "
    )
    if not copied.whole:
        text += "The copy is damaged, too, so that others may be missing. "
    return text + _LOOK


def mark_unknown_runs(db: sqlite3.Connection, path: Path) -> None:
    """Write down the runs that were worked on here and that the journal does not know."""
    names = {lock.stem for lock in (path.parent / HELD).glob("[!.]*.lock")}
    if not names:
        return
    unknown = names - {run for (run,) in db.execute("SELECT run FROM runs")}
    unknown -= {run for mark in open_marks(path) for run in mark.runs}
    if unknown:
        listed = ", ".join(sorted(unknown))
        text = (
            f"The journal {path} does not know {len(unknown)} run(s) that were worked on here: "
            f"{listed}. It was deleted, or an older version was put in its place. {_LOOK}"
        )
        add_mark(path, text, sorted(unknown))


def forget_unknown_runs(path: Path, marks: list[Mark]) -> None:
    """Delete what is left of the runs in these acknowledged `marks`, so that they are not found
    once more."""
    for run in {run for mark in marks for run in mark.runs}:
        lock = path.parent / HELD / f"{run}.lock"
        if lock_holder(lock) is None:
            lock.unlink(missing_ok=True)
