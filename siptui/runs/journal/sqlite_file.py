"""The journal's file: what can go wrong with it, how it is opened, whose it is, its schema.

Nothing here knows events or devices.
"""

import errno
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from siptui.domain.errors import ExitCode, SiptuiError
from siptui.domain.text import visible
from siptui.host.files import read_plain, replace_file
from siptui.host.mounts import mount_of
from siptui.runs.journal.forgotten import make_tables

#: "Qpui", in the file's header: tells a journal from any other SQLite file. Never to be changed.
APPLICATION_ID = 0x51707569
#: What SQLite puts beside a database file. They belong to it and go where it goes.
COMPANIONS = ("-wal", "-shm", "-journal")
#: What a repair has built, until it is put in the journal's place.
BUILT = ".built"
#: The same entries in a plain file (see `journal_copy`).
COPY = ".copy"
#: The folder beside it with a file for each run that was ever worked on.
HELD = "held"

_LONGEST = 512 - max(map(len, COMPANIONS)) - len(BUILT)
#: With room for what is put beside it, and for the companions of that.
_LONGEST = 512 - 40
_MAGIC = b"SQLite format 3\0"
#: Bytes of the smallest page: less is no database.
LEAST_PAGE = 512
#: Seconds that one statement waits for others before who waits is asked again.
_BUSY_SECONDS = 2.0
_CHANGE_SECONDS = 10.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_NOT_THERE = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_READONLY_DBMOVED})
_TABLES = frozenset({"runs", "devices", "events"})
_SAFE = "Nothing was half written, and nothing more was submitted."
_AGAIN = "Then {again}"
_ELSEWHERE = "or set SIPTUI_STATE_DIR to another folder"


#: Runs a statement, and may try it again while another process has the journal locked.
Wait = Callable[[Callable[[], object]], object]


class JournalError(SiptuiError):
    """The journal cannot be used."""

    title = "The journal cannot be used"
    code = "journal"
    exit_code = ExitCode.ERROR


_SQLITE_REASONS = {
    sqlite3.SQLITE_FULL: ("the disk is full", f"Free some space. {_SAFE} {_AGAIN}"),
    sqlite3.SQLITE_READONLY: (
        "it cannot be written",
        f"Make the folder and the file writable, {_ELSEWHERE}. {_SAFE} {_AGAIN}",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened",
        f"Make the folder and the file readable and writable, {_ELSEWHERE}. {_SAFE} {_AGAIN}",
    ),
    sqlite3.SQLITE_BUSY: (
        "another process keeps it locked",
        f"End that process, or wait until it is done. {_SAFE} {_AGAIN}",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk or the file system failed",
        f"Look at the disk and at its quota, {_ELSEWHERE}. {_SAFE} {_AGAIN}",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged",
        f"End every siptui and start it again: it keeps what can still be read. {_SAFE}",
    ),
}
_SQLITE_REASONS[sqlite3.SQLITE_PERM] = _SQLITE_REASONS[sqlite3.SQLITE_CANTOPEN]
_SQLITE_REASONS[sqlite3.SQLITE_NOTADB] = _SQLITE_REASONS[sqlite3.SQLITE_CORRUPT]
_OS_REASONS = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
}


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (https://sqlite.org/rescode.html), 0 when Python raised it."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has locked what was wanted."""
    return primary_code(error) == sqlite3.SQLITE_BUSY


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content may not be what was written, or no longer be at its path.

    In a file that was emptied no table is found, which is SQLite's error without a further name.
    """
    if primary_code(error) in (*_DAMAGED, sqlite3.SQLITE_ERROR):
        return True
    return getattr(error, "sqlite_errorcode", 0) in _NOT_THERE


@contextmanager
def explained(path: Path, again: str = "try again.") -> Iterator[None]:
    """Turn SQLite's and the system's errors into `JournalError`: what, where, what to do.

    `again` is what to do once the cause is gone.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        if isinstance(error, OSError):
            code, detail = _OS_REASONS.get(error.errno or 0, 0), error.strerror or str(error)
        else:
            code, detail = primary_code(error), str(error)
        unknown = ("it failed", f"{_SAFE} {_AGAIN}")
        what, remedy = _SQLITE_REASONS.get(code, unknown)
        said = remedy.format(again=again)
        raise JournalError(f"{path}: {what} ({visible(detail)})", remedy=said) from error


def refuse_long(path: Path) -> None:
    """Raise `JournalError` for a path that is too long for SQLite, which names no reason itself.

    It takes 512 bytes (`MAX_PATHNAME` of os_unix.c), names of companions included.
    """
    size = len(os.fsencode(os.path.realpath(path)))
    if size > _LONGEST:
        raise JournalError(
            f"The path of the journal is too long for SQLite: {size} bytes, {_LONGEST} at most "
            f"({visible(str(path))})",
            remedy="Set SIPTUI_STATE_DIR to a folder with a shorter path. Nothing was written.",
        )


def connect(
    path: Path, query: str = "mode=rw", *, seconds: float = _BUSY_SECONDS
) -> sqlite3.Connection:
    """A connection to a file that is there; none is made. A statement waits for other processes'
    locks for so many seconds."""
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{query}",
        uri=True,
        timeout=seconds,
        isolation_level=None,
        check_same_thread=False,
    )


def with_suffix(path: Path, suffix: str) -> Path:
    """The file beside `path` whose name goes on with `suffix`."""
    return path.with_name(path.name + suffix)


def prepare_writing(db: sqlite3.Connection, path: Path, wait: Wait = lambda call: call()) -> None:
    """Bring the schema up to date, and have every commit on the disk when it returns, also over a
    power cut.

    Write-ahead log with FULL (WAL with less keeps commits over a crash of the process only).
    Network file systems have no shared memory for the log: there the rollback journal serves. One
    that keeps locks from other hosts is refused. A new file gets its tables before it gets a log:
    they are then in the file itself, whose header says whose it is whatever happens.
    """
    mount = mount_of(path)
    if mount.locks_stay:
        raise JournalError(
            f"{path} lies on a network file system ({mount.kind} on {mount.place}) whose locks"
            f" other hosts do not see ({mount.locks_stay}): two could submit the same phones",
            remedy="Set SIPTUI_STATE_DIR to a folder on a local disk, or have it mounted with"
            " locks. Nothing was submitted.",
        )
    wanted = "delete" if mount.network else "wal"
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA fullfsync=1")  # macOS: fsync alone leaves it in the disk's cache
    migrate(db, wait=wait)
    # The change of mode does not wait for other processes.
    until = time.monotonic() + _CHANGE_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
        try:
            db.execute(f"PRAGMA journal_mode={wanted}")
            break
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


@contextmanager
def transaction(db: sqlite3.Connection, wait: Wait = lambda call: call()) -> Iterator[None]:
    """All or nothing; taken for writing at once, so that no two deadlock.

    `wait` is handed the statements that may have to wait for other processes.
    """
    wait(lambda: db.execute("BEGIN IMMEDIATE"))
    try:
        yield
        wait(lambda: db.execute("COMMIT"))  # in a rollback journal readers keep it waiting
    except BaseException:
        if db.in_transaction:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


#: How often this process has each journal open.
_opened: Counter[Path] = Counter()
_opening = threading.Lock()


def opened(path: Path) -> bytes | None:
    """Count the journal as open; its first bytes, or nothing if this process has it open already.

    Closing any descriptor of a file drops every lock the process has on it, SQLite's included
    (https://sqlite.org/howtocorrupt.html, section 2.2): others would take themselves for the last
    and remove the log that is still written to. So it is read by hand only before the first.
    """
    key = path.resolve()
    with _opening:
        head = None
        if not _opened[key]:
            head = read_plain(path, 100)
        _opened[key] += 1
    return head


def closed(path: Path) -> None:
    """Undo `opened`, after the connection is closed."""
    key = path.resolve()
    with _opening:
        _opened[key] -= 1
        if _opened[key] <= 0:
            del _opened[key]


def damage(db: sqlite3.Connection, path: Path, head: bytes | None, *, thorough: bool = True) -> str:
    """Why the file cannot be used as it is, or nothing.

    Raises `JournalError` when it is another program's or was written by a newer siptui: those
    are left alone. `thorough` reads every page and holds every index against its table: an entry
    that an index does not lead to would be passed over. `head` is the file's first 100
    bytes, or nothing where this process has the file open elsewhere and so looked at it before.
    """
    mark_in_file = APPLICATION_ID
    log = with_suffix(path, "-wal")
    logged = log.exists() and log.stat().st_size > 0
    if head is not None:
        if not head:
            worked = any((path.parent / HELD).glob("*.lock"))
            lost = "it is empty, although runs were worked on" if worked else ""
            lost = lost or ("it is empty, although its copy is not" if _copied(path) else "")
            return "it is empty beside its log" if logged else lost
        if path.stat().st_size < LEAST_PAGE:
            return "it is cut off"  # which SQLite would take for empty
        if head.startswith(_MAGIC):
            # Read by hand, because SQLite may not get so far in a damaged file.
            mark_in_file = int.from_bytes(head[68:72])
            _refuse(path, mark_in_file, int.from_bytes(head[60:64]))
    try:
        mark, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if tables and not mark:
            # Another process may have made them since; it set the mark in the same transaction.
            mark = db.execute("PRAGMA application_id").fetchone()[0] or -1
        _refuse(path, mark, version)
        if version and not tables >= _TABLES:
            return "a table is missing"
        if version and _cut_off(db, path, log):
            return "it is cut off"
        found = db.execute("PRAGMA integrity_check(1)").fetchone()[0] if thorough else "ok"
        return "" if found == "ok" else visible(str(found).splitlines()[-1])
    except UnicodeDecodeError as error:  # in the schema, which Python decodes itself
        return visible(str(error))
    except sqlite3.DatabaseError as error:
        short_read = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHORT_READ
        if not short_read and primary_code(error) not in _DAMAGED:
            raise
        if not mark_in_file and not logged and not _copied(path):
            _refuse(path, -1, 0)  # every journal has its mark in the file, or still in the log
        return visible(str(error))


def _cut_off(db: sqlite3.Connection, path: Path, log: Path) -> bool:
    """Whether a part of the last page is missing, for which SQLite reads zeros. While there is
    something in the log, the file need not have all pages."""
    db.execute("BEGIN")
    try:  # neither the file nor the log is shortened under a reader
        pages, size = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        short = path.stat().st_size < pages * size
        return short and not (log.exists() and log.stat().st_size > 0)
    finally:
        db.execute("ROLLBACK")


def _copied(path: Path) -> bool:
    copy = with_suffix(path, COPY)
    return copy.exists() and copy.stat().st_size > 0


def _refuse(path: Path, mark: int, version: int) -> None:
    if mark not in (0, APPLICATION_ID):
        raise JournalError(
            f"{path} is a database of another program",
            remedy="It was left as it is. Move it away, " + _ELSEWHERE + ".",
        )
    if mark == APPLICATION_ID and version > SCHEMA_VERSION:
        raise JournalError(
            f"{path} was written by a newer siptui (schema {version}, this one knows up to"
            f" {SCHEMA_VERSION})",
            remedy="Use that version, " + _ELSEWHERE + ". It was left as it is.",
        )


def swap_built(path: Path) -> None:
    """Put what was built beside the journal in its place."""
    for suffix in COMPANIONS:  # a log of the old file must not be read into the new one
        with_suffix(path, suffix).unlink(missing_ok=True)
    replace_file(with_suffix(path, BUILT), path)


Migration = Callable[[sqlite3.Connection], None]


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE runs (run TEXT PRIMARY KEY, created TEXT NOT NULL) WITHOUT ROWID")
    db.execute(
        "CREATE TABLE devices (run TEXT NOT NULL REFERENCES runs(run), device INTEGER NOT NULL,"
        " line INTEGER NOT NULL, user_name TEXT NOT NULL, hardware_id TEXT NOT NULL,"
        " region TEXT NOT NULL, extra TEXT, PRIMARY KEY (run, device)) WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
        " run TEXT NOT NULL REFERENCES runs(run), at TEXT NOT NULL, body TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX events_of_run ON events(run, seq)")
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _find_devices(db: sqlite3.Connection) -> None:
    db.execute("CREATE INDEX devices_by_hardware_id ON devices(hardware_id, run)")


def _held_devices(db: sqlite3.Connection) -> None:
    """`DevicesHeld` and `DevicesSignedIn`: a version that passes them over would submit those."""


def _forgettings(db: sqlite3.Connection) -> None:
    """What was forgotten: a version that passes it over would take it back from the copy."""
    make_tables(db)


#: Step n takes a journal of schema n to n + 1. Steps are only ever added, and one is added also
#: when a new kind of event changes what may be submitted: older versions then refuse the file.
MIGRATIONS: Sequence[Migration] = (_first, _find_devices, _held_devices, _forgettings)
SCHEMA_VERSION = len(MIGRATIONS)


def migrate(
    db: sqlite3.Connection,
    steps: Sequence[Migration] = MIGRATIONS,
    wait: Wait = lambda call: call(),
) -> None:
    """Bring the schema up to date, every step or none of them."""
    if db.execute("PRAGMA user_version").fetchone()[0] >= len(steps):
        return
    with transaction(db, wait):
        version = db.execute("PRAGMA user_version").fetchone()[0]  # others may have been quicker
        for step in steps[version:]:
            step(db)
        db.execute(f"PRAGMA user_version={max(version, len(steps))}")
