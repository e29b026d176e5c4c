"""A damaged journal is set aside, and what can be read of it and of its copy goes into a new one.

Where the copy does not tell all of a run, what was lost is not known, and nothing that could have
been submitted is taken for not submitted: batches still waiting are handed to the operator, who
alone may have them submitted.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.domain.text import visible
from siptui.host.files import replace_file
from siptui.host.locks import file_lock, lock_holder
from siptui.runs.events import (
    Event,
    Note,
    RunFinished,
    RunPlanned,
    Stored,
)
from siptui.runs.journal.cautions import cautions
from siptui.runs.journal.codec import (
    device_row,
    devices_digest,
    event_body,
    known_event,
    stored_device,
    stored_event,
    timestamp,
)
from siptui.runs.journal.damage_mark import add_mark
from siptui.runs.journal.forgotten import CopiedForgotten, copied_forgotten, put_back
from siptui.runs.journal.private_file import make_private
from siptui.runs.journal.sqlite_file import (
    BUILT,
    COMPANIONS,
    JournalError,
    closed,
    connect,
    damage,
    migrate,
    opened,
    swap_built,
    transaction,
    with_suffix,
)
from siptui.runs.journal.text_copy import Copied, JournalCopy
from siptui.runs.state import RunState

_BUILDING = ".building"
_CHUNK = 1024
_Cell = int | float | bytes | None
_LEAST_ENTRY = 40  # bytes an event takes at the very least, to know where to end looking


class _Run(Struct):
    """What could be read of a run. `whole`: the copy had all of it that counts."""

    run: str
    whole: bool = False
    events: list[tuple[Stored, str]] = field(default_factory=list)  # with the body as it was
    devices: list[Device] = field(default_factory=list)
    state: RunState | None = None


def repair(path: Path) -> str:
    """Set the damaged journal at `path` aside, put a new one in its place; what to tell people.

    The old file keeps its content under a name with the time, its companions with it. Raises
    `JournalError` while another process works with it, `HeldError` while another repairs it.
    Killed at any point, the next start goes on from there.
    """
    with file_lock(with_suffix(path, ".repair.lock")):
        head = opened(path)
        try:
            with closing(connect(path)) as db:
                why = damage(db, path, head)
        finally:
            closed(path)
        if not why:
            return ""  # another process was quicker
        _refuse_while_used(path)
        now = datetime.now(UTC)
        aside = _set_aside(path, now)
        try:
            kept, dropped, last, forgotten = _salvage(aside, JournalCopy(path).read())
            notice = _notice(path, why, aside, kept, dropped)
            _build(with_suffix(path, _BUILDING), kept, last, forgotten, notice, timestamp(now))
            add_mark(path, notice)  # before the new one is in place: it is never untold
        except BaseException:
            for suffix in ("", *COMPANIONS):
                with_suffix(aside, suffix).unlink(missing_ok=True)  # the originals are in place
                with_suffix(path, _BUILDING + suffix).unlink(missing_ok=True)
            raise
        replace_file(with_suffix(path, _BUILDING), with_suffix(path, BUILT))
        swap_built(path)
        return notice


def finish_repair(path: Path) -> None:
    """End what a killed `repair` left: a new journal that is complete but not in its place."""
    if with_suffix(path, BUILT).exists():
        with file_lock(with_suffix(path, ".repair.lock")):
            if with_suffix(path, BUILT).exists():
                swap_built(path)


def _refuse_while_used(path: Path) -> None:
    # Each run has a lock there while a process works on it. That process would go on writing
    # into the file set aside, which is not read.
    for lock in sorted((path.parent / "held").glob("*.lock")):
        if holder := lock_holder(lock):
            raise JournalError(
                f"{path} is damaged, and {holder} still works on the run {lock.stem}",
                remedy="End that process and every other siptui, then start siptui again: it"
                " sets the file aside and keeps what can still be read.",
            )


def _set_aside(path: Path, now: datetime) -> Path:
    name = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    number, aside = 1, path.with_name(name)
    while aside.exists():
        number += 1
        aside = path.with_name(f"{name}-{number}")
    for suffix in ("", *COMPANIONS):
        old, new = with_suffix(path, suffix), with_suffix(aside, suffix)
        if old.exists():
            try:
                os.link(old, new)  # takes no space, which may be what is wrong
            except OSError:
                shutil.copy2(old, new)
    return aside


def _salvage(
    aside: Path, copied: Copied
) -> tuple[list[_Run], list[str], int, CopiedForgotten | None]:
    """The runs that can be kept, the names of those that cannot, the last number given, and what
    was forgotten."""
    runs: dict[str, _Run] = {}
    dropped: dict[str, None] = {}
    with ExitStack() as stack:
        db, last = _opened(aside, stack), copied.last
        forgotten = copied.forgotten
        if db is not None:
            last = max(last, _last_seq(db, aside))
            _collect(db, last, runs)
            with suppress(sqlite3.DatabaseError):
                found = copied_forgotten(db)
                if found and found.number > (forgotten.number if forgotten else 0):
                    # The copy was to be written anew: it has still what was forgotten.
                    copied, forgotten = Copied(whole=False), found
        _merge(copied, runs)
        for name, _ in forgotten.runs if forgotten else ():
            runs.pop(name, None)
        for run in runs.values():
            if not _complete(db, run, copied):
                dropped[run.run] = None
        for (cell,) in _rows(db, _RUNS, (), 1):
            with suppress(ValueError):
                if (name := _text(cell)) not in runs:
                    dropped[visible(name)] = None
    for name, _ in forgotten.runs if forgotten else ():
        dropped.pop(name, None)
    return [run for run in runs.values() if run.run not in dropped], list(dropped), last, forgotten


def _opened(aside: Path, stack: ExitStack) -> sqlite3.Connection | None:
    """A connection to what was set aside, or none where nothing can be read of it."""
    if not aside.stat().st_size:
        return None  # looking at it would make SQLite remove the log
    log = with_suffix(aside, "-wal")
    # Read without leaving a trace in it: what is set aside stays as it was found.
    query = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    db = stack.enter_context(closing(connect(aside, query)))
    db.text_factory = bytes
    try:
        db.execute("SELECT name FROM sqlite_master").fetchall()
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # the latter by Python, of the schema
        return None
    return db


def _collect(db: sqlite3.Connection, last: int, runs: dict[str, _Run]) -> None:
    """The entries that can be read, by their runs."""
    for seq, *cells in _rows(db, _EVENTS, (), last):
        try:
            name, at, body = (_text(cell) for cell in cells)
            # What a newer siptui wrote cannot be told from a damaged letter of a kind, but in
            # the copy, which has checksums.
            stored = known_event(_number(seq), at, body)
        except ValueError:
            continue  # lost; whether the run holds together without it is seen later
        runs.setdefault(name, _Run(name)).events.append((stored, body))


def _merge(copied: Copied, runs: dict[str, _Run]) -> None:
    """Add what the copy has; of two that differ its own counts, which has a checksum."""
    for entry in copied.entries.values():
        with suppress(ValueError):
            stored = stored_event(entry.seq, entry.at, entry.body)
            runs.setdefault(entry.run, _Run(entry.run)).events.append((stored, entry.body))
    for run in runs.values():
        run.whole = copied.whole and run.run in copied.runs
        by_seq = {stored.seq: (stored, body) for stored, body in run.events}
        run.events = [by_seq[seq] for seq in sorted(by_seq)]


_EVENTS = "SELECT seq, run, at, body FROM events NOT INDEXED WHERE seq BETWEEN ? AND ? ORDER BY seq"
_DEVICES = (
    "SELECT device, line, user_name, hardware_id, region, extra FROM devices"
    " WHERE run = ? AND device BETWEEN ? AND ? ORDER BY device"
)
_RUNS = "SELECT run FROM runs WHERE 1 BETWEEN ? AND ?"


def _last_seq(db: sqlite3.Connection, aside: Path) -> int:
    """The highest number an event may have, from what can be read."""
    files = (with_suffix(aside, suffix) for suffix in ("", "-wal"))
    most = sum(file.stat().st_size for file in files if file.exists()) // _LEAST_ENTRY
    found = []
    for query in (
        "SELECT seq FROM sqlite_sequence WHERE name = 'events'",
        "SELECT max(seq) FROM events NOT INDEXED",
    ):
        with suppress(sqlite3.DatabaseError):
            found += [last for (last,) in db.execute(query) if isinstance(last, int)]
    return min(max(found), most) if len(found) == 2 else most


def _rows(
    db: sqlite3.Connection | None, query: str, first: tuple[str, ...], last: int
) -> Iterator[tuple[_Cell, ...]]:
    """The rows with keys from 0 to `last`, around the pages that cannot be read."""
    for start in range(0, last + 1 if db else 0, _CHUNK):
        assert db is not None
        spans = [(start, min(start + _CHUNK - 1, last))]
        while spans:
            low, high = spans.pop()
            try:
                yield from db.execute(query, (*first, low, high)).fetchall()
            except sqlite3.DatabaseError:
                if low < high:
                    middle = (low + high) // 2
                    spans += [(middle + 1, high), (low, middle)]


def _complete(db: sqlite3.Connection | None, run: _Run, copied: Copied) -> bool:
    """Read the devices of `run` and fold its events; whether it holds together."""
    planned = run.events[0][0].event
    if not isinstance(planned, RunPlanned):
        return False
    try:
        run.devices = copied.devices(run.run) or []
        wanted = 0 if run.devices else planned.devices
        for device, line, *cells in _rows(db, _DEVICES, (run.run,), wanted - 1):
            if device != len(run.devices):
                return False  # events name devices by their place: none may be missing
            user, hardware_id, region = (_text(cell) for cell in cells[:3])
            extra = None if cells[3] is None else _text(cells[3])
            run.devices.append(stored_device((_number(line), user, hardware_id, region, extra)))
        if len(run.devices) != planned.devices:
            return False
        run.state = RunState(run.run, run.devices)
        for stored, _ in run.events:
            run.state.apply(stored)
    except (ValueError, LookupError):
        return False
    if run.state.forgotten or not planned.devices_digest:
        return True  # what was forgotten is not as it was planned
    return devices_digest(run.devices) == planned.devices_digest


def _text(cell: _Cell) -> str:
    if not isinstance(cell, bytes):
        raise ValueError(cell)
    return cell.decode()


def _number(cell: _Cell) -> int:
    if not isinstance(cell, int):
        raise ValueError(cell)
    return cell


def _build(
    target: Path,
    runs: list[_Run],
    last: int,
    forgotten: CopiedForgotten | None,
    notice: str,
    at: str,
) -> None:
    for suffix in ("", *COMPANIONS):
        with_suffix(target, suffix).unlink(missing_ok=True)
    make_private(target)
    with closing(connect(target)) as db:
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA fullfsync=1")
        migrate(db)
        with transaction(db):
            if forgotten is not None:
                put_back(db, forgotten, at)
            for run in runs:
                db.execute("INSERT INTO runs VALUES (?, ?)", (run.run, run.events[0][0].at))
                db.executemany(
                    "INSERT INTO devices VALUES (?, ?, ?, ?, ?, ?, ?)",
                    ((run.run, i, *device_row(d)) for i, d in enumerate(run.devices)),
                )
                # With the numbers they had: orders are named by them.
                db.executemany(
                    "INSERT INTO events VALUES (?, ?, ?, ?)",
                    ((s.seq, run.run, s.at, body) for s, body in run.events),
                )
            # No number is given twice: what was lost stays a gap.
            db.execute("DELETE FROM sqlite_sequence")
            db.execute("INSERT INTO sqlite_sequence VALUES ('events', ?)", (last,))
            for run in runs:
                db.executemany(
                    "INSERT INTO events (run, at, body) VALUES (?, ?, ?)",
                    ((run.run, at, event_body(event)) for event in _cautions(run, notice)),
                )


def _cautions(run: _Run, notice: str) -> list[Event]:
    """What a run goes on with after a loss of unknown size. Pure."""
    state = run.state
    assert state is not None
    if isinstance(run.events[-1][0].event, RunFinished) and not state.queued_batches():
        return []
    if run.whole:
        return [Note(level="warning", text=notice)]
    return cautions(
        state,
        notice,
        "the journal was damaged, so it is not certain that this batch was never"
        " submitted; look in the Teams admin center",
    )


def _notice(path: Path, why: str, aside: Path, kept: list[_Run], dropped: list[str]) -> str:
    text = f"The journal {path} was damaged ({why}) and was set aside as {aside.name}. "
    entries = sum(len(run.events) for run in kept)
    if kept and all(run.whole for run in kept):
        text += f"Kept: {len(kept)} run(s) with {entries} entries, with the help of its copy. "
    elif kept:
        text += f"Kept: {len(kept)} run(s) with {entries} entries; the last ones may be missing. "
        text += "Batches that were still waiting are submitted on your word only. "
    else:
        text += "No run could be kept. "
    if dropped:
        text += f"Not kept, because parts are missing: {', '.join(sorted(dropped))}. "
    return text + "Look in the Teams admin center before you submit any of these devices again."
