"""A copy of a journal in one file, made while others write; and putting one in a journal's place.

A backup is older than what happened since, and what happened since cannot be told from it. So it
never takes the place of a journal that knows anything else, and what waits in its unfinished runs
is submitted by the operator's decision alone.
"""

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from siptui.domain.errors import UsageError
from siptui.domain.text import plural, visible
from siptui.domain.times import minute
from siptui.host.files import (
    in_full,
    open_private,
    open_to_read,
    read_plain,
    replace_file,
    require_usable_name,
)
from siptui.host.locks import file_lock
from siptui.host.private_files import private_folder
from siptui.runs.events import RunFinished, RunPlanned, Stored
from siptui.runs.journal.backup_checksum import add_checksum, checksum_fits
from siptui.runs.journal.backup_place import built_for
from siptui.runs.journal.cautions import cautions
from siptui.runs.journal.codec import event_body, stored_device, stored_event, timestamp
from siptui.runs.journal.damage_mark import add_mark
from siptui.runs.journal.forgotten import (
    copied_forgotten,
    delete_run,
    next_number,
    put_back,
)
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.private_file import make_private
from siptui.runs.journal.sqlite_file import (
    APPLICATION_ID,
    BUILT,
    COMPANIONS,
    SCHEMA_VERSION,
    JournalError,
    connect,
    damage,
    explained,
    migrate,
    swap_built,
    transaction,
    with_suffix,
)
from siptui.runs.state import RunState

_BUILDING, _COPIED = ".restoring", ".restoring-source"
_WHY = (
    "the journal was restored from a backup, so it is not certain that this batch was never "
    "submitted; look at what the service has (siptui batches)"
)


class BackupError(UsageError):
    """A file is no backup that can be used, or must not be put in the journal's place. Nothing was
    changed."""

    title = "Not restored"
    code = "backup"


class BackedUp(Struct, frozen=True):
    """What a backup has: how many runs and bytes, and the time of its newest entry."""

    runs: int
    size: int
    newest: str


class Restored(Struct, frozen=True):
    """What was restored: the runs that the journal did not have, and those of them in which
    something waits for the operator's decision."""

    runs: tuple[str, ...]
    unfinished: tuple[str, ...]
    newest: str


def write_backup(journal: Journal, target: Path, *, replace: bool = False) -> BackedUp:
    """Copy the journal into the file `target`, for this user alone; others write to the journal
    meanwhile. Raises `BackupError` for a file that is there, `JournalError`."""
    target = in_full(target)
    try:
        require_usable_name(target)
    except OSError as error:
        raise BackupError(
            f"{visible(str(target))}: {error.strerror}. Nothing was written.",
            title="No backup was written",
            remedy="Choose another name.",
        ) from error
    try:
        mode = target.lstat().st_mode
    except OSError:  # not there, or the writing itself will say what is wrong
        mode = 0
    if mode and not replace:
        raise BackupError(
            f"{visible(str(target))} is there already. Nothing was written.",
            title="No backup was written",
            remedy="Choose another name, or replace it with --force.",
        )
    if mode and not stat.S_ISREG(mode):
        raise BackupError(
            f"{visible(str(target))} is no plain file. Nothing was written.",
            title="No backup was written",
            remedy="Choose another name.",
        )
    with (
        _written(target),
        explained(target, "try again."),
        built_for(target, journal.path, replace=replace) as building,
    ):
        with closing(connect(building)) as db:
            journal.copy_to(db)
            # One file: its log would have to go along.
            db.execute("PRAGMA journal_mode=DELETE")
            found = BackedUp(*_counts(db), newest=_newest(db))
        add_checksum(building)
    return found


@contextmanager
def _written(target: Path) -> Iterator[None]:
    """What the system or SQLite refused of the backup, which is no fault of the journal."""
    try:
        yield
    except JournalError as error:
        if not error.message.startswith(str(target)):
            raise  # of the journal that is read
        raise BackupError(
            f"{error.message}.", title="No backup was written", remedy="Choose another place."
        ) from error


def _counts(db: sqlite3.Connection) -> tuple[int, int]:
    runs = int(db.execute("SELECT count(*) FROM runs").fetchone()[0])
    pages, size = (
        int(db.execute(f"PRAGMA {n}").fetchone()[0]) for n in ("page_count", "page_size")
    )
    return runs, pages * size


def _newest(db: sqlite3.Connection) -> str:
    return str(db.execute("SELECT coalesce(max(at), '') FROM events").fetchone()[0])


@contextmanager
def _own_copy(source: Path, path: Path) -> Iterator[Path]:
    """The bytes of `source` beside the journal at `path`: where the backup lies, another user may
    change it between the look at it and its use."""
    name = visible(str(source))
    copy = with_suffix(private_folder(path.parent) / path.name, _COPIED)
    copy.unlink(missing_ok=True)
    try:
        try:
            with (
                os.fdopen(open_to_read(source), "rb") as file,
                os.fdopen(open_private(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as own,
            ):
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise BackupError(f"{name} is no file.")
                shutil.copyfileobj(file, own)
        except FileNotFoundError:
            raise BackupError(f"{name} is no file.") from None
        except OSError as error:
            raise BackupError(f"{name} cannot be read: {visible(str(error.strerror))}.") from error
        yield copy
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def _opened(copy: Path, source: Path) -> Iterator[sqlite3.Connection]:
    """The backup `source` by its `copy`, after it was looked at. Raises `BackupError`."""
    name = visible(str(source))
    try:
        head = read_plain(copy, 100)
        with closing(connect(copy, "mode=ro&immutable=1")) as db:
            if why := damage(db, source, head):
                raise BackupError(
                    f"{name} is damaged ({why}).",
                    remedy="Take another backup. Nothing was changed.",
                )
            (mark,) = db.execute("PRAGMA application_id").fetchone()
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if mark != APPLICATION_ID or not 0 < version <= SCHEMA_VERSION:
                raise BackupError(f"{name} is no backup of a journal.")
            # SQLite would run a trigger with every entry that is written from then on.
            if db.execute(
                "SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')"
            ).fetchone():
                raise BackupError(
                    f"{name} was changed by another program.",
                    remedy="Use a file as “siptui backup FILE” wrote it. Nothing was changed.",
                )
            yield db
    except BackupError:
        raise
    except JournalError as error:  # of another program, or of a newer siptui
        raise BackupError(
            error.message + ".",
            remedy="Use a file that “siptui backup FILE” of this version or an earlier one wrote. "
            "Nothing was changed.",
        ) from error
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{name} cannot be read: {visible(str(error))}.") from error


def restore(
    source: Path, path: Path, *, same_tenant: Callable[[str], bool], now: datetime | None = None
) -> Restored:
    """Put the backup `source` in the place of the journal at `path`, if that knows nothing else.

    Called while no process decides or works on a run of it. Raises `BackupError`. Killed at any
    point, the journal is the old one or the restored one.
    """
    with _own_copy(source, path) as copy:
        return _restored(source, copy, path, same_tenant, now or datetime.now(UTC))


def _restored(
    source: Path, copy: Path, path: Path, same_tenant: Callable[[str], bool], now: datetime
) -> Restored:
    with _opened(copy, source) as db:
        states = {run: (state, events) for run, state, events in _runs(db, source)}
        for run, (state, _) in states.items():
            if state.plan and not same_tenant(state.plan.tenant):
                raise BackupError(
                    f"{visible(str(source))} is of another tenant: run {run} is of "
                    f"{visible(state.plan.tenant)}.",
                    remedy="Choose the profile of that tenant with --profile.",
                )
        newest = _newest(db)
    if not checksum_fits(copy):
        raise BackupError(
            f"{visible(str(source))} is damaged, or was changed by another program: its checksum "
            "does not fit.",
            remedy="Take another backup, as “siptui backup FILE” wrote it. Nothing was changed.",
        )
    known: dict[str, list[int]] = {}
    forgotten = None
    if path.exists() or with_suffix(path, ".copy").exists():
        with Journal(path) as journal:  # which takes back what only its copy has
            known = {run: [one.seq for one in journal.read(run)] for run in journal.runs()}
            _refuse_older(journal, {run: events for run, (_, events) in states.items()})
            forgotten = journal.copied_forgotten()
    gone = {run for run, _ in forgotten.runs} if forgotten else set()
    new = [run for run in states if run not in gone and _is_new(known, run, states[run][1])]
    at = timestamp(now)
    notice = (
        f"The journal {path} was restored from a backup whose newest entry is of "
        f"{minute(newest) or 'no time'}. What was submitted since is not in it. Look at what the "
        "service has (siptui batches) before you submit any of these devices again."
    )
    unfinished = [run for run in new if not _over(*states[run])]
    with explained(path, "try again."), file_lock(with_suffix(path, ".repair.lock")):
        building = with_suffix(path, _BUILDING)
        try:
            for suffix in ("", *COMPANIONS):
                with_suffix(building, suffix).unlink(missing_ok=True)
            make_private(building)
            with closing(connect(building)) as built:
                with closing(connect(copy, "mode=ro&immutable=1")) as db:
                    db.backup(built)
                copy.unlink()
                built.execute("PRAGMA journal_mode=DELETE")
                built.execute("PRAGMA secure_delete=1")
                migrate(built)
                with transaction(built):
                    if forgotten is not None and forgotten.number > _number(built):
                        put_back(built, forgotten, at)
                    for run in gone:
                        delete_run(built, run)
                    next_number(built, at)  # the copy of before is written anew by that
                    for run in unfinished:
                        events = cautions(states[run][0], notice, _WHY)
                        built.executemany(
                            "INSERT INTO events (run, at, body) VALUES (?, ?, ?)",
                            ((run, at, event_body(event)) for event in events),
                        )
            if new:
                add_mark(path, notice)
            replace_file(building, with_suffix(path, BUILT))
            swap_built(path)
        finally:
            for suffix in ("", *COMPANIONS):
                with_suffix(building, suffix).unlink(missing_ok=True)
    with Journal(path):
        pass  # checked, and its copy written
    return Restored(tuple(new), tuple(unfinished), newest)


def _number(db: sqlite3.Connection) -> int:
    found = copied_forgotten(db)
    return found.number if found else 0


def _is_new(known: dict[str, list[int]], run: str, events: Sequence[Stored]) -> bool:
    """Whether the journal does not have all of the run already."""
    return run not in known or known[run][-1:] != [events[-1].seq]


def _over(state: RunState, events: Sequence[Stored]) -> bool:
    return isinstance(events[-1].event, RunFinished) and not state.queued_batches()


def _runs(db: sqlite3.Connection, source: Path) -> Iterator[tuple[str, RunState, list[Stored]]]:
    """The runs of the backup, each folded: one that does not hold together is no backup."""
    for (run,) in db.execute("SELECT run FROM runs ORDER BY created, run").fetchall():
        try:
            devices = [
                stored_device(row)
                for row in db.execute(
                    "SELECT line, user_name, hardware_id, region, extra FROM devices"
                    " WHERE run = ? ORDER BY device",
                    (run,),
                )
            ]
            state = RunState(run, devices)
            events = [
                stored_event(*row)
                for row in db.execute(
                    "SELECT seq, at, body FROM events WHERE run = ? ORDER BY seq", (run,)
                )
            ]
            for stored in events:
                state.apply(stored)
            first = events[0].event
            if not isinstance(first, RunPlanned) or first.devices != len(devices):
                raise ValueError(run)
        except (ValueError, LookupError) as error:
            raise BackupError(
                f"{visible(str(source))} is damaged: run {visible(run)} cannot be read.",
                remedy="Take another backup. Nothing was changed.",
            ) from error
        yield run, state, events


def _refuse_older(journal: Journal, backup: dict[str, list[Stored]]) -> None:
    """Raise `BackupError` where the journal has entries that the backup does not have."""
    lost = []
    for run in journal.runs():
        here = journal.read(run)
        there = {one.seq: one for one in backup.get(run, ())}
        if any(there.get(one.seq) != one for one in here):
            lost.append((run, here))
    if not lost:
        return
    live = [run for run, here in lost if not isinstance(here[-1].event, RunFinished)]
    named = (live or [run for run, _ in lost])[0]
    what = "is not finished" if live else "is over"
    raise BackupError(
        f"The journal in use has entries that the backup does not have, of "
        f"{plural(len(lost), 'run')}: {named}, which {what}, for one. An older journal would "
        "forget what was submitted since. Nothing was changed.",
        title="The backup is older",
        code="backup_live" if live else "backup_older",
        remedy="To look at the runs of the backup, restore it under a profile of its own: siptui "
        "profiles add NAME --tenant TENANT, then siptui restore FILE --profile NAME. Both are then "
        "looked at before anything is submitted.",
    )
