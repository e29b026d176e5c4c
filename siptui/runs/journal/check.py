"""What an opened journal is held against: its copy, and the runs that were worked on beside it."""

import logging
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from siptui.host.locks import lock_holder
from siptui.runs.journal.codec import DeviceRow, timestamp
from siptui.runs.journal.damage_mark import Mark, add_mark, open_marks
from siptui.runs.journal.forgotten import (
    CopiedForgotten,
    forgotten_runs,
    last_number,
    put_back,
)
from siptui.runs.journal.sqlite_file import HELD, Wait, is_busy, transaction
from siptui.runs.journal.text_copy import Copied, CopiedEntry, CopiedRun, JournalCopy

_LOG = logging.getLogger(__name__)
_LOOK = (
    "Look at what the service has (siptui batches) before you submit any of these devices again."
)


class _Differences(Struct):
    """What the copy has otherwise than the journal."""

    missing: list[CopiedEntry] = field(default_factory=list)
    #: Entries of another run or time under the same number.
    other: int = 0
    #: Entries that were written as the copy has them: its lines have checksums, rows have none.
    altered: list[CopiedEntry] = field(default_factory=list)
    #: Runs whose devices were written as the copy has them.
    altered_runs: list[CopiedRun] = field(default_factory=list)
    #: What the copy has forgotten and the journal has still.
    forgotten: CopiedForgotten | None = None

    def __bool__(self) -> bool:
        found = self.missing or self.other or self.altered or self.altered_runs
        return bool(found or self.forgotten)


def compare_with_copy(
    db: sqlite3.Connection, path: Path, copy: JournalCopy, wait: Wait, *, thorough: bool
) -> None:
    """Give the journal back what only its copy has, and the copy what only the journal has.

    What the journal had lost is written down for the operator. `thorough` compares every entry
    and every device, of which else the newest entry is looked at. Errors as SQLite's and the
    system's.
    """
    last = copy.last()
    number, copied_number = last_number(db), copy.forgetting()
    if number > copied_number:
        with transaction(db, wait):  # ended between the journal and its copy
            if last_number(db) > copy.forgetting():
                copy.rebuild(db)
        return
    thorough = thorough or number < copied_number
    if copied_number and last is None and number < copied_number and not copy.read().entries:
        with transaction(db, wait):
            if (forgotten := copy.read().forgotten) and last_number(db) < forgotten.number:
                put_back(db, forgotten, timestamp(datetime.now(UTC)))
                copy.rebuild(db)
        return
    if last is not None and (not _has(db, last) or (thorough and _differences(db, copy.read()))):
        with transaction(db, wait):
            copied = copy.read()  # another process may have been quicker
            if differences := _differences(db, copied):
                _take_over(db, path, copy, copied, differences)
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
        # Its holder writes to the journal; the next entry brings the copy up to date.


def _has(db: sqlite3.Connection, entry: CopiedEntry) -> bool:
    found = db.execute("SELECT run, at, body FROM events WHERE seq = ?", (entry.seq,)).fetchone()
    return bool(found == (entry.run, entry.at, entry.body))


def _differences(db: sqlite3.Connection, copied: Copied) -> _Differences:
    found = _Differences()
    if copied.forgotten is not None and copied.forgotten.number > last_number(db):
        found.forgotten = copied.forgotten
    known = {seq: row for seq, *row in db.execute("SELECT seq, run, at, body FROM events")}
    for seq, entry in sorted(copied.entries.items()):
        row = known.get(seq)
        if row is None:
            found.missing.append(entry)
        elif row[:2] != [entry.run, entry.at]:
            found.other += 1
        elif row[2] != entry.body:
            found.altered.append(entry)
    devices: dict[str, list[DeviceRow]] = {}
    rows = db.execute(
        "SELECT run, line, user_name, hardware_id, region, extra FROM devices ORDER BY run, device"
    )
    for run, *row in rows:
        devices.setdefault(run, []).append(tuple(row))
    found.altered_runs = [
        run for run in copied.runs.values() if devices.get(run.run, run.devices) != run.devices
    ]
    return found


def _take_over(
    db: sqlite3.Connection,
    path: Path,
    copy: JournalCopy,
    copied: Copied,
    differences: _Differences,
) -> None:
    if differences.other:
        aside = copy.path.with_name(f"{copy.path.name}.other-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        add_mark(
            path,
            f"The journal {path} and its copy have different entries: one of them is of another "
            f"time or place. The journal was kept, its copy was set aside as {aside.name}. {_LOOK}",
        )
        copy.path.rename(aside)
        copy.rebuild(db)
        return
    if differences.forgotten is not None:
        put_back(db, differences.forgotten, timestamp(datetime.now(UTC)))
    add_mark(path, _lost(path, differences, copied))
    for run in copied.runs.values():
        if not db.execute("SELECT 1 FROM runs WHERE run = ?", (run.run,)).fetchone():
            db.execute("INSERT INTO runs VALUES (?, ?)", (run.run, run.created))
            _insert_devices(db, run)
    for run in differences.altered_runs:
        db.execute("DELETE FROM devices WHERE run = ?", (run.run,))
        _insert_devices(db, run)
    db.executemany(
        "INSERT OR REPLACE INTO events (seq, run, at, body) VALUES (?, ?, ?, ?)",
        (
            (entry.seq, entry.run, entry.at, entry.body)
            for entry in (*differences.missing, *differences.altered)
        ),
    )


def _insert_devices(db: sqlite3.Connection, run: CopiedRun) -> None:
    db.executemany(
        "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((run.run, index, *row) for index, row in enumerate(run.devices)),
    )


def _lost(path: Path, differences: _Differences, copied: Copied) -> str:
    text = ""
    if count := len(differences.missing):
        text += (
            f"The journal {path} had lost its newest entries (its log was cut off or deleted, or an"
            f" older version was put in its place): {count} were taken from its copy. "
        )
    if count := len(differences.altered):
        text += (
            f"The journal {path} was damaged: {count} of its entries were not as they had been"
            " written, and were taken from its copy. "
        )
    if differences.altered_runs:
        runs = ", ".join(run.run for run in differences.altered_runs)
        text += (
            f"The journal {path} was damaged: devices of {runs} were not as they had been written,"
            " and were taken from its copy. "
        )
    if differences.forgotten is not None and not text:
        text = f"The journal {path} was an older version: what it had still was forgotten again. "
    if not copied.whole:
        text += "The copy is damaged, too, so that others may be missing. "
    return text + _LOOK


def mark_unknown_runs(db: sqlite3.Connection, path: Path) -> None:
    """Write down the runs that were worked on here and that the journal does not know."""
    names = {lock.stem for lock in (path.parent / HELD).glob("[!.]*.lock")}
    if not names:
        return
    unknown = names - {run for (run,) in db.execute("SELECT run FROM runs")}
    unknown -= forgotten_runs(db).keys()
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
