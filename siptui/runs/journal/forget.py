"""Forgetting: rows that are deleted or made unreadable leave no trace in the journal's files.

All of it is done at once: a reader finds a run whole or not at all, whatever ends the process in
between. Then the copy is written anew, the file is built anew without free pages, and its log is
emptied. What a killed process left of that the next one that opens the journal does.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from siptui.domain.forgotten_text import ForgottenNames, replaced_values, stand_in
from siptui.host.locks import FileLock, file_lock
from siptui.runs.events import Actor, DevicesForgotten
from siptui.runs.journal.codec import event_body, timestamp
from siptui.runs.journal.file_identity import forgetting_lock
from siptui.runs.journal.forgotten import (
    Remembered,
    delete_run,
    forget_fingerprints,
    last_number,
    mark_cleaned,
    next_number,
    remember,
    remember_plan,
    uncleaned,
)
from siptui.runs.journal.sqlite_file import JournalError, Wait, transaction
from siptui.runs.journal.text_copy import JournalCopy

#: Seconds to wait for another process that forgets something.
_PATIENCE = 30.0
#: How often the emptying of the log is tried while others read it.
_TRIES = 20


class TracesLeftError(JournalError):
    """It is forgotten, but traces may be left in the files until they could be written anew."""

    title = "Traces may be left"
    code = "traces_left"


class Forgetting(Struct, frozen=True):
    """What is to be forgotten: whole `runs`, or in `rows` the devices of runs, by their places.

    `names` are those that no device has then; with `runs` they go from what other runs say, too.

    `plans` are the plan files that the runs submitted, by their SHA-256 and run: none is submitted
    a second time. `remembered` are devices whose fingerprints are kept; with `no_fingerprints`
    none is, also of those of before.
    """

    at: datetime
    runs: Sequence[str] = ()
    rows: dict[str, Sequence[int]] = field(default_factory=dict)
    names: ForgottenNames = ForgottenNames()
    actor: Actor = Actor()
    remembered: Sequence[Remembered] = ()
    plans: dict[str, str] = field(default_factory=dict)
    no_fingerprints: bool = False


def lock_forgetting(path: Path) -> FileLock:
    """Keep others from forgetting at the same time. Raises `HeldError`."""
    return file_lock(forgetting_lock(path), wait=_PATIENCE)


def forget(
    db: sqlite3.Connection, wait: Wait, what: Forgetting, *, unless: Callable[[], object]
) -> None:
    """Delete and rewrite the rows, all or nothing. `unless` may read the journal and raise."""
    db.execute("PRAGMA secure_delete=1")
    at = timestamp(what.at)
    with transaction(db, wait):
        unless()
        next_number(db, at)
        for run in what.runs:
            delete_run(db, run)
            db.execute("INSERT OR REPLACE INTO forgotten_runs VALUES (?, ?)", (run, at))
        for plan, run in what.plans.items():
            remember_plan(db, plan, run, at)
        if what.runs and what.names:
            _rewrite(db, "SELECT seq, body FROM events", (), what.names)
            _rewrite_cells(db, "", (), what.names)
        for run, devices in what.rows.items():
            _make_unreadable(db, run, devices, what, at)
        if what.no_fingerprints:
            forget_fingerprints(db)
        elif what.remembered:
            remember(db, what.remembered)


def _make_unreadable(
    db: sqlite3.Connection, run: str, devices: Sequence[int], what: Forgetting, at: str
) -> None:
    for device in devices:
        name = stand_in(device + 1)
        db.execute(
            "UPDATE devices SET user_name = ?, hardware_id = ?, extra = NULL"
            " WHERE run = ? AND device = ?",
            (name, name, run, device),
        )
    _rewrite(db, "SELECT seq, body FROM events WHERE run = ?", (run,), what.names)
    _rewrite_cells(db, " AND run = ?", (run,), what.names)
    if not devices:
        return
    event = DevicesForgotten(devices=list(devices), actor=what.actor)
    db.execute("INSERT INTO events (run, at, body) VALUES (?, ?, ?)", (run, at, event_body(event)))


def _rewrite(
    db: sqlite3.Connection, query: str, values: tuple[str, ...], names: ForgottenNames
) -> None:
    """Take the names out of the entries that a query finds."""
    rows = db.execute(query, values).fetchall()
    changed = [(new, seq) for seq, body in rows if (new := _without(body, names)) != body]
    db.executemany("UPDATE events SET body = ? WHERE seq = ?", changed)


def _rewrite_cells(
    db: sqlite3.Connection, which: str, values: tuple[str, ...], names: ForgottenNames
) -> None:
    """Take the names out of what a list says in other columns: a row may name another's phone."""
    # `which` is a condition of this module's own, its values are bound.
    query = f"SELECT run, device, extra FROM devices WHERE extra IS NOT NULL{which}"  # noqa: S608
    rows = db.execute(query, values).fetchall()
    changed = [
        (new, run, device)
        for run, device, extra in rows
        if (new := _without(extra, names)) != extra
    ]
    db.executemany("UPDATE devices SET extra = ? WHERE run = ? AND device = ?", changed)


def _without(body: str, names: ForgottenNames) -> str:
    if not names.in_text(body):
        return body
    found: Any = replaced_values(msgspec.json.decode(body), names)
    return msgspec.json.encode(found).decode()


def clean(db: sqlite3.Connection, copy: JournalCopy, wait: Wait) -> None:
    """Remove the traces of what was forgotten. Errors as SQLite's and the system's."""
    number = last_number(db)
    db.execute("PRAGMA secure_delete=1")
    db.execute("PRAGMA temp_store=MEMORY")  # no names in the system's folder for such files
    with transaction(db, wait):
        copy.rebuild(db)
    wait(lambda: db.execute("VACUUM"))
    for _ in range(_TRIES):
        # Waits for readers as long as the connection does.
        busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            break
    else:
        raise sqlite3.OperationalError("another process reads the log of the journal")
    with transaction(db, wait):
        mark_cleaned(db, number)


def clean_up(db: sqlite3.Connection, path: Path, copy: JournalCopy, wait: Wait) -> bool:
    """End what a killed process left; whether there was something. Errors as `clean`, `HeldError`.

    It is numbered as one more, so that other processes know the files' change for what it is.
    """
    if not uncleaned(db):
        return False
    with file_lock(forgetting_lock(path)):
        with transaction(db, wait):
            at = db.execute("SELECT at FROM forgettings ORDER BY number DESC LIMIT 1").fetchone()[0]
            next_number(db, at)
        clean(db, copy, wait)
    return True


def describe_left(path: Path, error: JournalError, runs: Iterable[str]) -> TracesLeftError:
    """The error where forgetting was done and cleaning failed."""
    return TracesLeftError(
        f"It is forgotten ({', '.join(runs)}), but traces may be left in {path}: {error.message}",
        remedy="Remove the cause, free some space for one. The next siptui that opens the journal, "
        "such as “siptui runs”, removes them.",
    )
