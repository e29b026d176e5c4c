"""The journal: every event of every run of one profile, appended before the act, in SQLite.

Write-ahead log with `synchronous=FULL`, so that what was appended survives a crash and a power
cut (WAL with less keeps commits over a crash only). Network file systems have no shared memory
for the log; there the rollback journal serves.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from siptui.domain.device import Device
from siptui.domain.errors import ExitCode, SiptuiError, UsageError
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName
from siptui.posix import filesystem_is_network, private_folder
from siptui.runs.events import AnyEvent, Event, Stored

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x51707569  # "Sipui": tells this file from any other SQLite file
_BUSY_SECONDS = 10.0

_SCHEMA = """
CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    created TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE devices (
    run TEXT NOT NULL REFERENCES runs(run),
    device INTEGER NOT NULL,
    line INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    hardware_id TEXT NOT NULL,
    region TEXT NOT NULL,
    extra TEXT,
    PRIMARY KEY (run, device)
) WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES runs(run),
    at TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_of_run ON events(run, seq);
"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyEvent).decode
_extra = msgspec.json.Decoder(dict[str, str]).decode


class JournalError(SiptuiError):
    """The journal cannot be used."""

    title = "The journal cannot be used"
    code = "journal"
    exit_code = ExitCode.ERROR


class NoSuchRunError(UsageError):
    """No run, or more than one, goes by that name."""

    title = "No such run"
    code = "no_such_run"


def timestamp(when: datetime) -> str:
    """`when` as the journal writes it: RFC 3339, UTC, milliseconds."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours: what, where, what to do."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        remedy = "Nothing further was submitted. Set it right, then go on with: siptui resume"
        if "full" in text:
            text, remedy = "the disk is full", "Free some space. " + remedy
        elif "readonly" in text or "unable to open" in text:
            remedy = "Make the folder writable or set SIPTUI_STATE_DIR to another. " + remedy
        raise JournalError(f"{path}: {text}", remedy=remedy) from error


class Journal:
    """One connection to the journal file. Use one per thread.

    All methods raise `JournalError` when the file cannot be read or written; nothing is then
    half written.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        with _explained(path):
            if not read_only:
                private_folder(path.parent)
                if not path.exists():
                    path.touch(mode=0o600)
            self._db = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            if not read_only:
                mode = "DELETE" if filesystem_is_network(path) else "WAL"
                self._db.execute(f"PRAGMA journal_mode={mode}")
                self._db.execute("PRAGMA synchronous=FULL")
                self._prepare()
            else:
                self._db.execute("PRAGMA query_only=1")
        self._seen = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return
        if version > SCHEMA_VERSION:
            raise JournalError(
                f"{self.path} was written by a newer siptui (schema {version})",
                remedy="Use that version, or set SIPTUI_STATE_DIR to another folder.",
            )
        with self._transaction():
            if self._db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
                return  # another process was quicker
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def create(
        self, run: str, devices: Sequence[Device], events: Iterable[Event], at: datetime
    ) -> None:
        """Write a new run down: its devices and first events, all or nothing."""
        when = timestamp(at)
        with _explained(self.path), self._transaction():
            self._db.execute("INSERT INTO runs VALUES (?, ?)", (run, when))
            self._db.executemany(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        run,
                        index,
                        device.line,
                        device.user_name,
                        device.hardware_id,
                        device.region.value,
                        _encode(dict(device.extra)).decode() if device.extra else None,
                    )
                    for index, device in enumerate(devices)
                ),
            )
            self._insert(run, events, when)

    def append(self, run: str, events: Iterable[Event], at: datetime) -> None:
        """Write events down. When this returns they are on the disk."""
        with _explained(self.path), self._transaction():
            self._insert(run, events, timestamp(at))

    def _insert(self, run: str, events: Iterable[Event], when: str) -> None:
        self._db.executemany(
            "INSERT INTO events (run, at, body) VALUES (?, ?, ?)",
            ((run, when, _encode(event).decode()) for event in events),
        )

    def read(self, run: str, after: int = 0) -> list[Stored]:
        """The events of `run` behind `after`, in order."""
        with _explained(self.path):
            rows = self._db.execute(
                "SELECT seq, at, body FROM events WHERE run = ? AND seq > ? ORDER BY seq",
                (run, after),
            ).fetchall()
        return [Stored(seq, at, _decode(body)) for seq, at, body in rows]

    def first_and_last(self, run: str) -> tuple[Stored, Stored]:
        """The first and the newest event of `run`."""
        query = "SELECT seq, at, body FROM events WHERE run = ? ORDER BY seq {} LIMIT 1"
        with _explained(self.path):
            rows = [
                self._db.execute(query.format(order), (run,)).fetchone() for order in ("", "DESC")
            ]
        first, last = (Stored(seq, at, _decode(body)) for seq, at, body in rows)
        return first, last

    def changed(self) -> bool:
        """Whether another connection wrote since the last call; true at the first. Cheap."""
        with _explained(self.path):
            version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        changed, self._seen = version != self._seen, version
        return changed

    def devices(self, run: str) -> list[Device]:
        """The devices of `run` in the order of the plan."""
        regions = {region.value: region for region in Region}
        with _explained(self.path):
            rows = self._db.execute(
                "SELECT line, user_name, hardware_id, region, extra FROM devices"
                " WHERE run = ? ORDER BY device",
                (run,),
            )
            return [
                Device(line, UserName(user), HardwareId(hardware_id), regions[region])
                if extra is None
                else Device(
                    line, UserName(user), HardwareId(hardware_id), regions[region], _extra(extra)
                )
                for line, user, hardware_id, region, extra in rows
            ]

    def runs(self) -> list[str]:
        """The ids of all runs, newest first."""
        with _explained(self.path):
            rows = self._db.execute("SELECT run FROM runs ORDER BY created DESC, run DESC")
            return [run for (run,) in rows]

    def find(self, name: str) -> str:
        """The run called `name`, or the only one whose id begins or ends so."""
        runs = self.runs()
        if name in runs:
            return name
        found = [run for run in runs if run.startswith(name) or run.endswith(name)]
        if len(found) == 1 and name:
            return found[0]
        what = "more than one run is" if found else "no run is"
        raise NoSuchRunError(f"{what} called {name!r}", remedy="See them all with: siptui runs")
