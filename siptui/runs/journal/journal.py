"""The journal: every event of every run of one profile, appended before the act, in SQLite.

Over 400 lines because a connection to the journal is one class.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.forgotten_text import ForgottenNames
from siptui.domain.times import day
from siptui.host.private_files import private_folder
from siptui.runs.events import (
    BatchAccepted,
    BatchSubmitting,
    DeviceChanged,
    DeviceCorrected,
    Event,
    Note,
    Stored,
    Waiting,
)
from siptui.runs.journal import forget as forgetting
from siptui.runs.journal.check import compare_with_copy, forget_unknown_runs, mark_unknown_runs
from siptui.runs.journal.codec import (
    device_row,
    event_body,
    stored_device,
    stored_event,
    stored_events,
    timestamp,
)
from siptui.runs.journal.damage_mark import acknowledge_marks, open_marks
from siptui.runs.journal.file_identity import JournalGoneError, JournalIdentity
from siptui.runs.journal.forgotten import (
    CopiedForgotten,
    Remembered,
    copied_forgotten,
    forgotten_runs,
    last_number,
    remembered,
    run_of_plan,
)
from siptui.runs.journal.lock_wait import JournalWait
from siptui.runs.journal.locks import remove_files
from siptui.runs.journal.private_file import make_private
from siptui.runs.journal.sqlite_file import (
    BUILT,
    SCHEMA_VERSION,
    JournalError,
    closed,
    connect,
    damage,
    explained,
    is_damage,
    opened,
    prepare_writing,
    primary_code,
    refuse_long,
    transaction,
    with_suffix,
)
from siptui.runs.journal.text_copy import JournalCopy

__all__ = [
    "SCHEMA_VERSION",
    "Journal",
    "JournalError",
    "JournalGoneError",
    "NoSuchRunError",
    "timestamp",
]

_LOG = logging.getLogger(__name__)
#: The name that stands for the newest run of the journal.
LAST = "@last"
#: Hardware ids asked for at once; older builds of SQLite take 999 values in a statement.
_AT_ONCE = 500
#: What nothing is decided by: it is copied together with the next entry that counts.
_LIGHT = (DeviceChanged, Waiting, Note)
_NEWEST_AND_FORGETTING = (
    "SELECT (SELECT coalesce(max(seq), 0) FROM events),"
    " (SELECT coalesce(max(number), 0) FROM forgettings)"
)
_RUNS_WITH = (
    "SELECT DISTINCT devices.hardware_id, run, created FROM devices JOIN runs USING (run)"
    " WHERE devices.hardware_id IN ({})"
)
#: An id begins with the time the run was made at, so that the first in order is the oldest.
#: SQLite takes `first` from the row that has the minimum. Ids of one second are in any order.
_FIRST_RUNS = (
    "SELECT run, first, COUNT(*) FROM devices JOIN"
    " (SELECT hardware_id, run AS first, MIN(created || run) FROM devices JOIN runs USING (run)"
    " GROUP BY hardware_id) USING (hardware_id) GROUP BY run, first"
)


class NoSuchRunError(UsageError):
    """No run, or more than one, goes by that name."""

    title = "No such run"
    code = "no_such_run"


class Journal:
    """One connection to the journal file. Use one per thread.

    All methods raise `JournalError` when the file cannot be read or written; nothing is then
    half written. Opened for writing, the file is made, checked and brought to this version's
    schema; a damaged one is set aside and what could be read of it is kept, and what only its copy
    has is given back to it. `notice` says so for people until it is acknowledged. A file of another
    program or of a newer siptui is refused and left as it is. With `read_only` a file must be
    there; nothing is checked or changed. `run` is the one that it is opened for, if it is for one:
    errors say how that goes on.
    """

    def __init__(self, path: Path, *, read_only: bool = False, run: str = "") -> None:
        self.path = path
        self._run = run
        self._seen = -1
        self._read_only = read_only
        #: How long other processes are waited for, and who is told of it.
        self.waiting = JournalWait(path)
        self._gone: JournalGoneError | None = None
        self._newest_seen = 0
        self._forgetting = 0
        self._copy = JournalCopy(path)
        self._open = self._ready = False
        refuse_long(path)
        with self._explained():
            if run and not path.exists():
                raise JournalGoneError(path, "was deleted or moved")
            if not read_only:
                private_folder(path.parent)
                if with_suffix(path, BUILT).exists():
                    from siptui.runs.journal.repair import finish_repair

                    finish_repair(path)
                make_private(path)
            self._files = JournalIdentity(path)
            self._db = connect(path)  # nothing is locked before the first statement
            try:
                head = opened(path)
                self._open = True
                if read_only:
                    self._prepare_reading(head)
                else:
                    self._prepare_writing(head)
                self._files.remember()
                self._files.forgetting = self._forgetting = last_number(self._db)
                if run:
                    self._files.count()
            except BaseException:
                self.close()
                raise
        self._ready = True

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
        with self._explained():
            self._db.close()
            if self._open:
                self._open = False
                closed(self.path)

    def _prepare_reading(self, head: bytes | None) -> None:
        self._db.execute("PRAGMA query_only=1")
        if why := damage(self._db, self.path, head, thorough=False):
            raise JournalError(
                f"{self.path} is damaged ({why})",
                remedy="End every siptui and start it again: it keeps what can still be read.",
            )

    def _prepare_writing(self, head: bytes | None) -> None:
        if damage(self._db, self.path, head):
            self.close()
            from siptui.runs.journal.repair import repair

            repair(self.path)
            opened(self.path)
            self._open = True
            self._files = JournalIdentity(self.path)
            self._db = connect(self.path)
        prepare_writing(self._db, self.path, self.waiting.call)
        thorough = bool(self._run)
        compare_with_copy(self._db, self.path, self._copy, self.waiting.call, thorough=thorough)
        mark_unknown_runs(self._db, self.path)
        try:
            if forgetting.clean_up(self._db, self.path, self._copy, self.waiting.call):
                self._files.accept()
        except (OSError, sqlite3.Error, SiptuiError) as error:
            _LOG.warning("traces of what was forgotten are left: %s", type(error).__name__)

    @property
    def notice(self) -> str:
        """The damage that was found and not acknowledged yet, for people; or nothing."""
        with self._explained():
            return " ".join(mark.text for mark in open_marks(self.path))

    def acknowledge(self, by: str) -> str:
        """The operator has read the notice, which is not told any more; what it was."""
        with self._explained():
            marks = acknowledge_marks(self.path, by)
            forget_unknown_runs(self.path, marks)
        return " ".join(mark.text for mark in marks)

    def create(
        self,
        run: str,
        devices: Sequence[Device],
        events: Iterable[Event],
        at: datetime,
        *,
        unless: Callable[[], object] = lambda: None,
    ) -> None:
        """Write a new run down: its devices and first events, all or nothing.

        `unless` may read the journal and raise; no other process writes to it in between.
        """
        when, events = timestamp(at), list(events)
        made_none = "start it again; no run was made."
        with explained(self.path, made_none), transaction(self._db, self.waiting.call):
            self.check()
            unless()
            self._db.execute("INSERT INTO runs VALUES (?, ?)", (run, when))
            self._db.executemany(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((run, index, *device_row(device)) for index, device in enumerate(devices)),
            )
            self._insert(run, events, when)
        self._written(run, events)

    def append(
        self,
        run: str,
        events: Iterable[Event],
        at: datetime,
        *,
        after: int | None = None,
        unless: Callable[[], object] = lambda: None,
    ) -> bool:
        """Write events down. When this returns true they are on the disk.

        With `after`, the newest entry of the run that the caller knows, nothing is written if
        there is a newer one, and the answer is false. `unless` may read the journal and raise.
        No other process writes to it in between. An intent to submit is then in the copy as well.
        """
        events = list(events)
        with self._explained(run), transaction(self._db, self.waiting.call):
            self.check()
            if after is not None and self._newest(run) > after:
                return False
            unless()
            if not self._db.execute("SELECT 1 FROM runs WHERE run = ?", (run,)).fetchone():
                raise self._no_such(run)
            self._insert(run, events, timestamp(at))
        self._written(run, events)
        return True

    def forget(
        self, what: forgetting.Forgetting, *, unless: Callable[[], object] = lambda: None
    ) -> None:
        """Forget runs, or rows of runs, without a trace in the journal's files; all or nothing.

        `unless` may read the journal and raise; no other process writes to it in between. Raises
        `HeldError` while another process forgets something, `TracesLeftError` where it is
        forgotten and the files could not be written anew.
        """
        with self._explained(), forgetting.lock_forgetting(self.path):
            self.check()
            forgetting.forget(self._db, self.waiting.call, what, unless=unless)
            self._newest_seen, self._forgetting = self._newest_and_forgetting()
            for run in what.runs:
                remove_files(self.path, run)
            try:
                with self._explained():
                    forgetting.clean(self._db, self._copy, self.waiting.call)
            except JournalError as error:
                named = what.runs or list(what.rows)
                raise forgetting.describe_left(self.path, error, named) from error
            finally:
                self._files.forgot(self._forgetting)

    def runs_naming(self, names: ForgottenNames) -> list[str]:
        """The runs in whose entries, or further cells of rows, one of the names stands, newest
        first."""
        found = []
        with self._explained():
            for run in self.runs():
                rows = self._fetch(
                    "SELECT body FROM events WHERE run = ? UNION ALL"
                    " SELECT extra FROM devices WHERE run = ? AND extra IS NOT NULL",
                    (run, run),
                )
                if any(names.in_text(body) for (body,) in rows):
                    found.append(run)
        return found

    def remembered(self, devices: Iterable[Device]) -> list[Remembered]:
        """What runs that were forgotten said of these devices (see `forgotten.py`)."""
        with self._explained():
            return remembered(self._db, (device.key for device in devices))

    def forgotten_run_of_plan(self, plan: str) -> str:
        """The forgotten run that submitted the plan file with this SHA-256, or nothing."""
        with self._explained():
            return run_of_plan(self._db, plan)

    def copied_forgotten(self) -> CopiedForgotten | None:
        """All that is kept of what was forgotten."""
        with self._explained():
            return copied_forgotten(self._db)

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy all of it into another database, as it is at one moment; others may write.

        Raises SQLite's error where the disk of the other one is full.
        """
        full = None
        with self._explained():
            self.check()
            try:
                self._db.backup(target)
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_FULL:
                    raise
                full = error  # to read fills no disk
        if full is not None:
            raise full

    def forgotten_runs(self) -> dict[str, str]:
        """The runs that were forgotten, and when."""
        with self._explained():
            return forgotten_runs(self._db)

    def check(self) -> None:
        """Raise `JournalGoneError` when the file at the path is no longer the one that is open
        here, now and at every later call. Each write checks this as well."""
        if self._gone is not None:
            raise self._gone
        with self._explained():
            self._check_files()
            newest, number = self._newest_and_forgetting()
            if newest < self._newest_seen and number <= self._forgetting:
                self._gone = JournalGoneError(self.path, "was replaced by an older version")
                raise self._gone
            self._forgetting = max(self._forgetting, number)
            self._newest_seen = newest

    def _written(self, run: str, events: Sequence[Event]) -> None:
        """After a commit: it is taken for ours, and the copy follows where it counts."""
        self._files.accept()
        with self._explained(run):
            self._newest_seen = self._last_seq()
            if all(isinstance(event, _LIGHT) for event in events):
                return
            intent = any(isinstance(event, BatchSubmitting) for event in events)
            try:
                with transaction(self._db, self.waiting.call):
                    self._copy.catch_up(self._db, sync=intent)
            except (OSError, sqlite3.Error) as error:
                if intent:
                    raise  # and nothing is sent
                _LOG.warning("the copy of the journal was not brought up to date: %s", error)

    def _last_seq(self) -> int:
        return int(self._fetch("SELECT coalesce(max(seq), 0) FROM events")[0][0])

    def _newest_and_forgetting(self) -> tuple[int, int]:
        """The newest entry's number and that of the last forgetting, in one look at the locks."""
        try:
            newest, number = self._fetch(_NEWEST_AND_FORGETTING)[0]
        except sqlite3.OperationalError:  # a file of an earlier version, most of all
            newest, number = self._last_seq(), last_number(self._db)
        return int(newest), int(number)

    def _newest(self, run: str) -> int:
        query = "SELECT coalesce(max(seq), 0) FROM events WHERE run = ?"
        return int(self._db.execute(query, (run,)).fetchone()[0])

    @contextmanager
    def _explained(self, run: str = "") -> Iterator[None]:
        """As `explained`; what a read finds damaged because the file was taken away or written
        over since it was looked at last is told as that."""
        run = run or self._run
        again = f"go on with: siptui resume {run}" if run else "try again."
        with explained(self.path, again):
            try:
                yield
            except sqlite3.DatabaseError as error:
                if self._ready and is_damage(error):
                    self._check_files()
                raise

    def _check_files(self) -> None:
        try:
            self._files.check(thorough=not self._read_only)
        except JournalGoneError as error:
            self._gone = error
            raise

    def _insert(self, run: str, events: Iterable[Event], when: str) -> None:
        self._db.executemany(
            "INSERT INTO events (run, at, body) VALUES (?, ?, ?)",
            ((run, when, event_body(event)) for event in events),
        )

    def read(self, run: str, after: int = 0) -> list[Stored]:
        """The events of `run` behind `after`, in order."""
        query = "SELECT seq, at, body FROM events WHERE run = ? AND seq > ? ORDER BY seq"
        with self._explained(run):
            rows = self._fetch(query, (run, after))
        found = stored_events(rows) if len(rows) > 1 else None
        return [self._event(run, *row) for row in rows] if found is None else found

    def first_and_last(self, run: str) -> tuple[Stored, Stored]:
        """The first and the newest event of `run`."""
        query = "SELECT seq, at, body FROM events WHERE run = ? ORDER BY seq {} LIMIT 1"
        with self._explained(run):
            rows = [
                row for order in ("", "DESC") for row in self._fetch(query.format(order), (run,))
            ]
        if not rows:
            raise self._no_such(run)
        first, last = (self._event(run, *row) for row in rows)
        return first, last

    def _fetch(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of a query, waited for as long as another process keeps readers out."""
        return self.waiting.call(lambda: self._db.execute(query, values).fetchall())

    def _event(self, run: str, seq: int, at: str, body: str) -> Stored:
        try:
            return stored_event(seq, at, body)
        except ValueError as error:
            raise self._unreadable(run, f"entry {seq}") from error

    def _unreadable(self, run: str, what: str) -> JournalError:
        return JournalError(
            f"{self.path}: {what} of the run {run} cannot be read",
            remedy="It is damaged or of another version of siptui. Nothing of this run is"
            " submitted; see in the Teams admin center what became of it.",
        )

    def changed(self) -> bool:
        """Whether another connection wrote since the last call; true at the first. Cheap."""
        with self._explained():
            version = int(self._fetch("PRAGMA data_version")[0][0])
        changed, self._seen = version != self._seen, version
        return changed

    def devices(self, run: str) -> list[Device]:
        """The devices of `run` in the order of the plan."""
        found: list[Device] = []
        query = (
            "SELECT device, line, user_name, hardware_id, region, extra FROM devices"
            " WHERE run = ? ORDER BY device"
        )
        with self._explained(run):
            rows = self._fetch(query, (run,))
        for device, *row in rows:
            try:
                if device != len(found):  # events name devices by their place
                    raise ValueError(device)
                found.append(stored_device(tuple(row)))
            except (ValueError, KeyError) as error:
                raise self._unreadable(run, f"device {len(found)}") from error
        return found

    def runs(self) -> list[str]:
        """The ids of all runs, newest first."""
        with self._explained():
            rows = self._fetch("SELECT run FROM runs ORDER BY created DESC, run DESC")
            return [run for (run,) in rows]

    def batches(self, after: int = 0) -> list[tuple[int, str, int, str]]:
        """The submits and acceptances of all runs behind `after`, in order: place in the journal,
        run, number of the batch, and the service's id of it (nothing for a submit)."""
        query = (
            "SELECT seq, run, body FROM events WHERE seq > ?"
            ' AND (body LIKE \'{"type":"batch_submitting"%\''
            ' OR body LIKE \'{"type":"batch_accepted"%\') ORDER BY seq'
        )
        with self._explained():
            rows = self._fetch(query, (after,))
        found = []
        for seq, run, body in rows:
            event = self._event(run, seq, "", body).event
            if isinstance(event, BatchSubmitting | BatchAccepted):
                batch_id = event.batch_id if isinstance(event, BatchAccepted) else ""
                found.append((seq, run, event.batch, batch_id))
        return found

    def batch_times(self, run: str) -> list[Stored]:
        """The acceptances and ends of the batches of `run`, in order, without reading the rest."""
        query = (
            "SELECT seq, at, body FROM events WHERE run = ?"
            ' AND (body LIKE \'{"type":"batch_accepted"%\''
            ' OR body LIKE \'{"type":"batch_finished"%\') ORDER BY seq'
        )
        with self._explained(run):
            return [self._event(run, *row) for row in self._fetch(query, (run,))]

    def runs_with(self, hardware_ids: Iterable[str]) -> dict[str, list[str]]:
        """The runs that have any of these hardware ids, newest first, and which, as they came."""
        found: dict[str, list[str]] = {}
        created: dict[str, str] = {}
        with self._explained():
            if not self._fetch("SELECT 1 FROM runs LIMIT 1"):
                return {}
            wanted = list(dict.fromkeys(hardware_ids))
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._fetch(_RUNS_WITH.format(marks), some)
                for hardware_id, run, when in rows:
                    found.setdefault(run, []).append(hardware_id)
                    created[run] = when
            corrected = self._corrected(wanted)
            for hardware_id, run, when in corrected:
                if hardware_id not in found.setdefault(run, []):
                    found[run].append(hardware_id)
                created[run] = when
        place = {hardware_id: index for index, hardware_id in enumerate(wanted)}
        newest_first = sorted(found, key=lambda run: (created[run], run), reverse=True)
        return {run: sorted(found[run], key=place.__getitem__) for run in newest_first}

    def _corrected(self, hardware_ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """The same of the names that devices got by a correction, with the time of each run."""
        wanted = set(hardware_ids)
        rows = self._fetch(
            "SELECT run, created, body FROM events JOIN runs USING (run)"
            ' WHERE body LIKE \'{"type":"device_corrected"%\''
        )
        found = []
        for run, when, body in rows:
            event = self._event(run, 0, "", body).event
            if isinstance(event, DeviceCorrected) and event.hardware_id in wanted:
                found.append((event.hardware_id, run, when))
        return found

    def first_runs(self) -> dict[str, dict[str, int]]:
        """Of each run, how many of its devices came first in which run (itself perhaps)."""
        found: dict[str, dict[str, int]] = {}
        with self._explained():
            rows = self._fetch(_FIRST_RUNS)
        for run, first, count in rows:
            found.setdefault(run, {})[first] = count
        return found

    def find(self, name: str) -> str:
        """The run called `name`, or the only one whose id begins or ends so; `@last` is the newest.

        Raises `NoSuchRunError`.
        """
        runs = self.runs()
        if name == LAST:
            if not runs:
                raise NoSuchRunError(
                    f"there is no run yet, so there is no {LAST}",
                    remedy="Start one: siptui FILE opens the console, siptui run FILE does "
                    "without. “siptui overview” shows the runs of other profiles.",
                )
            return runs[0]
        if name in runs:
            return name
        found = [run for run in runs if run.startswith(name) or run.endswith(name)]
        if len(found) == 1 and name:
            return found[0]
        raise self._no_such(name, more=bool(found))

    def _no_such(self, name: str, *, more: bool = False) -> NoSuchRunError:
        if not more and name and (at := forgotten_runs(self._db).get(name)):
            return NoSuchRunError(
                f"the run {name} was forgotten on {day(at)}",
                remedy="See the others with: siptui runs",
            )
        return _no_such_run(name, more=more)


def _no_such_run(name: str, *, more: bool = False) -> NoSuchRunError:
    what = "more than one run is" if more else "no run is"
    return NoSuchRunError(f"{what} called {name!r}", remedy="See them all with: siptui runs")
