"""What a journal keeps of what it forgot: how often, which runs, and fingerprints of devices.

A fingerprint is a keyed hash of user name and hardware id. It names no one, and tells that a device
of a list was signed in, or may have been, by a run that was forgotten: it is not submitted again
without the operator's word.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from siptui.domain.device import DeviceKey

#: Bytes of a fingerprint and of its key.
_SIZE, _KEY_SIZE = 16, 32
_AT_ONCE = 500
#: In place of a device's state: the mark is the SHA-256 of a plan file that was submitted.
_PLAN = "plan"


class Remembered(Struct, frozen=True):
    """A device of a forgotten run: what it was (`succeeded` or `unknown`) since `at`, in `run`."""

    key: DeviceKey
    state: str
    at: str
    run: str


class CopiedForgotten(msgspec.Struct, frozen=True, kw_only=True, tag="forgotten"):
    """The same in the journal's copy: number of the last forgetting, (run, time), key of the
    fingerprints, and (fingerprint, state, time, run)."""

    number: int
    runs: list[tuple[str, str]]
    key: str
    fingerprints: list[tuple[str, str, str, str]]


class CopiedNumber(msgspec.Struct, frozen=True, kw_only=True, tag="forgetting"):
    """The number of the last forgetting, as the first line of a copy."""

    number: int


def make_tables(db: sqlite3.Connection) -> None:
    """The step of the schema that brings all of this."""
    db.execute(
        "CREATE TABLE forgettings (number INTEGER PRIMARY KEY, at TEXT NOT NULL,"
        " cleaned INTEGER NOT NULL DEFAULT 0)"
    )
    db.execute("CREATE TABLE forgotten_runs (run TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID")
    db.execute(
        "CREATE TABLE fingerprints (mark TEXT PRIMARY KEY, state TEXT NOT NULL, at TEXT NOT NULL,"
        " run TEXT NOT NULL) WITHOUT ROWID"
    )
    db.execute("CREATE TABLE fingerprint_key (key TEXT NOT NULL)")


def last_number(db: sqlite3.Connection) -> int:
    """The number of the last forgetting; 0 where there was none. Other errors as SQLite's."""
    try:
        return int(db.execute("SELECT coalesce(max(number), 0) FROM forgettings").fetchone()[0])
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # of an earlier version
            return 0
        raise


def uncleaned(db: sqlite3.Connection) -> bool:
    """Whether traces of what was forgotten may be left in the files."""
    return bool(db.execute("SELECT 1 FROM forgettings WHERE NOT cleaned").fetchone())


def mark_cleaned(db: sqlite3.Connection, number: int) -> None:
    """No trace is left of what was forgotten up to `number`."""
    db.execute("UPDATE forgettings SET cleaned = 1 WHERE number <= ?", (number,))


def next_number(db: sqlite3.Connection, at: str) -> int:
    """Number a forgetting, within its transaction."""
    db.execute("INSERT INTO forgettings (at) VALUES (?)", (at,))
    return last_number(db)


def forgotten_runs(db: sqlite3.Connection) -> dict[str, str]:
    """The runs that were forgotten, and when."""
    if not last_number(db):
        return {}
    return dict(db.execute("SELECT run, at FROM forgotten_runs"))


def remember(db: sqlite3.Connection, devices: Iterable[Remembered]) -> None:
    """Keep the fingerprints of these, within the transaction that forgets them. The newest of a
    device counts."""
    key = _key(db, make=True)
    rows = sorted((one.at, _fingerprint(key, one.key), one.state, one.run) for one in devices)
    db.executemany(
        "INSERT INTO fingerprints (at, mark, state, run) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (mark) DO UPDATE SET at = excluded.at, state = excluded.state,"
        " run = excluded.run WHERE excluded.at >= fingerprints.at",
        rows,
    )


def remember_plan(db: sqlite3.Connection, plan: str, run: str, at: str) -> None:
    """Keep that the plan file with this SHA-256 was submitted: it is not a second time."""
    db.execute("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?)", (plan, _PLAN, at, run))


def run_of_plan(db: sqlite3.Connection, plan: str) -> str:
    """The forgotten run that submitted the plan, or nothing."""
    if not plan or not last_number(db):
        return ""
    query = "SELECT run FROM fingerprints WHERE mark = ? AND state = ?"
    found = db.execute(query, (plan, _PLAN)).fetchone()
    return str(found[0]) if found else ""


def forget_fingerprints(db: sqlite3.Connection) -> None:
    """Keep none of them any more. Those of plan files are of no device."""
    db.execute("DELETE FROM fingerprints WHERE state != ?", (_PLAN,))
    db.execute("DELETE FROM fingerprint_key")


def remembered(db: sqlite3.Connection, devices: Iterable[DeviceKey]) -> list[Remembered]:
    """What is known of these devices by their fingerprints."""
    if not last_number(db) or not (key := _key(db, make=False)):
        return []
    marks = {_fingerprint(key, device): device for device in devices}
    wanted, found = list(marks), []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        places = ",".join("?" * len(some))
        # Only question marks are put into the text.
        rows = db.execute(
            f"SELECT mark, state, at, run FROM fingerprints WHERE mark IN ({places})",  # noqa: S608
            some,
        )
        found += [Remembered(marks[mark], state, at, run) for mark, state, at, run in rows]
    return found


def copied_forgotten(db: sqlite3.Connection) -> CopiedForgotten | None:
    """All of it for the copy; None where nothing was ever forgotten. A connection that reads texts
    as bytes, as of a damaged file, will do."""
    number = last_number(db)
    if not number:
        return None
    key = db.execute("SELECT key FROM fingerprint_key").fetchone()
    return CopiedForgotten(
        number=number,
        runs=[
            (_text(run), _text(at))
            for run, at in db.execute("SELECT run, at FROM forgotten_runs ORDER BY run")
        ],
        key=_text(key[0]) if key else "",
        fingerprints=[
            (_text(mark), _text(state), _text(at), _text(run))
            for mark, state, at, run in db.execute(
                "SELECT mark, state, at, run FROM fingerprints ORDER BY mark"
            )
        ],
    )


def put_back(db: sqlite3.Connection, copied: CopiedForgotten, at: str) -> None:
    """Bring a journal that knows less to where the copy stands, within a transaction: what was
    forgotten is removed once more."""
    db.execute("INSERT INTO forgettings VALUES (?, ?, 0)", (copied.number, at))
    for run, _ in copied.runs:
        delete_run(db, run)
    db.executemany("INSERT OR REPLACE INTO forgotten_runs VALUES (?, ?)", copied.runs)
    forget_fingerprints(db)
    if copied.key:
        db.execute("INSERT INTO fingerprint_key VALUES (?)", (copied.key,))
    db.executemany("INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?)", copied.fingerprints)


def delete_run(db: sqlite3.Connection, run: str) -> None:
    """Delete the rows of a run."""
    for statement in (
        "DELETE FROM events WHERE run = ?",
        "DELETE FROM devices WHERE run = ?",
        "DELETE FROM runs WHERE run = ?",
    ):
        db.execute(statement, (run,))


def _key(db: sqlite3.Connection, *, make: bool) -> bytes:
    found = db.execute("SELECT key FROM fingerprint_key").fetchone()
    if found is None and make:
        made = secrets.token_hex(_KEY_SIZE)
        db.execute("INSERT INTO fingerprint_key VALUES (?)", (made,))
        return bytes.fromhex(made)
    return bytes.fromhex(found[0]) if found else b""


def _fingerprint(key: bytes, device: DeviceKey) -> str:
    text = "\0".join(device).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, key=key, digest_size=_SIZE).hexdigest()


def _text(cell: object) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell)
