"""The journal's entries a second time, in a plain file beside it: what one of them loses, the other
has.

One line an entry: a checksum, a blank, JSON. The lines are the entries in their order without a
gap, so the last line alone tells how far the copy goes. Entries that nothing is decided by are
copied together with the next one that counts, and always before a request that follows from them.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.host.files import open_private, read_plain, replace_file
from siptui.runs.journal.codec import DeviceRow, stored_device
from siptui.runs.journal.forgotten import CopiedForgotten, CopiedNumber, copied_forgotten
from siptui.runs.journal.sqlite_file import COPY, with_suffix

#: Bytes at the end in which the last line is looked for first; a run with many devices is longer.
_TAIL = 1 << 16
#: Bytes that the line with the number of the last forgetting has at most.
_FIRST_LINE = 200
_encode = msgspec.json.Encoder().encode


class CopiedRun(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """A run and its devices, in front of its first entry."""

    run: str
    created: str
    devices: list[DeviceRow]


class CopiedEntry(msgspec.Struct, frozen=True, kw_only=True, tag="entry"):
    """An entry as its row has it."""

    seq: int
    run: str
    at: str
    body: str


_Line = CopiedRun | CopiedEntry | CopiedNumber | CopiedForgotten
_decode = msgspec.json.Decoder(_Line).decode


class Copied(Struct):
    """What a copy has. `whole`: every line can be read, but for a last one that was cut off."""

    runs: dict[str, CopiedRun] = field(default_factory=dict)
    entries: dict[int, CopiedEntry] = field(default_factory=dict)
    whole: bool = True
    forgotten: CopiedForgotten | None = None

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return max(self.entries, default=0)

    def devices(self, run: str) -> list[Device] | None:
        """The devices of a run, or nothing where the copy does not have them.

        `ValueError` or `KeyError` for what is no device.
        """
        found = self.runs.get(run)
        return None if found is None else [stored_device(row) for row in found.devices]


class JournalCopy:
    """The copy beside the journal at `path`.

    `catch_up` and `rebuild` are to be called while the journal is locked for writing. Errors are
    `OSError`s and SQLite's.
    """

    def __init__(self, path: Path) -> None:
        self.path = with_suffix(path, COPY)
        self._known: tuple[int, int, CopiedEntry] | None = None  # of which file and size the last

    def last(self) -> CopiedEntry | None:
        """The newest entry in it, or none."""
        return self._last_and_end()[0]

    def read(self) -> Copied:
        """Everything that can be read of it."""
        found = Copied()
        try:
            data = read_plain(self.path)
        except FileNotFoundError:
            return Copied(whole=False)
        *lines, rest = data.split(b"\n")
        found.whole = b"\0" not in rest
        before = 0
        for raw in lines:
            line = _parsed(raw)
            if line is None:
                found.whole = False
            elif isinstance(line, CopiedRun):
                found.runs[line.run] = line
            elif isinstance(line, CopiedForgotten):
                found.forgotten = line
            elif isinstance(line, CopiedEntry):
                found.whole = found.whole and line.seq > before
                before = line.seq
                found.entries[line.seq] = line
        return found

    def forgetting(self) -> int:
        """The number of the last forgetting that it knows; reads its first line alone."""
        try:
            line = _parsed(read_plain(self.path, _FIRST_LINE).partition(b"\n")[0])
        except FileNotFoundError:
            return 0
        return line.number if isinstance(line, CopiedNumber) else 0

    def sound(self) -> bool:
        """Whether every line is as it was written; reads the whole file."""
        try:
            *lines, _ = read_plain(self.path).split(b"\n")
        except FileNotFoundError:
            return True
        return all(_sound(raw) for raw in lines)

    def catch_up(self, db: sqlite3.Connection, *, sync: bool = True) -> None:
        """Append the entries that it does not have. With `sync` they are on the disk on return."""
        last, end = self._last_and_end()
        lines = _lines(db, last.seq if last else 0)
        if not lines or not isinstance(lines[-1], CopiedEntry):
            return
        fd = open_private(self.path, os.O_RDWR | os.O_CREAT)
        try:
            os.ftruncate(fd, end)  # a line that a killed process began
            os.lseek(fd, end, os.SEEK_SET)
            self._known = None
            size = end + _write(fd, lines, sync=sync)
            newest = lines[-1]
            assert isinstance(newest, CopiedEntry)
            self._known = (os.fstat(fd).st_ino, size, newest)
        finally:
            os.close(fd)

    def rebuild(self, db: sqlite3.Connection) -> None:
        """Write it anew from the journal."""
        building = self.path.with_name(self.path.name + ".building")
        fd = open_private(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            _write(fd, _lines(db, 0), sync=True)
        finally:
            os.close(fd)
        replace_file(building, self.path)
        self._known = None

    def _last_and_end(self) -> tuple[CopiedEntry | None, int]:
        """The newest entry, and where its line ends."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None, 0
        if self._known is not None and self._known[:2] == (found.st_ino, found.st_size):
            return self._known[2], found.st_size
        with os.fdopen(open_private(self.path, os.O_RDONLY), "rb") as file:
            for start in (max(0, found.st_size - _TAIL), 0):
                file.seek(start)
                data = file.read()
                end = start + data.rfind(b"\n") + 1
                for raw in reversed(data.split(b"\n")[:-1]):
                    line = _parsed(raw)
                    if isinstance(line, CopiedEntry):
                        self._known = (found.st_ino, end, line) if end == found.st_size else None
                        return line, end
                    end -= len(raw) + 1
        return None, 0


def _lines(db: sqlite3.Connection, after: int) -> list[_Line]:
    """The entries behind `after`, each run's devices in front of its first; in front of all what
    was forgotten."""
    rows = db.execute(
        "SELECT seq, run, at, body FROM events WHERE seq > ? ORDER BY seq", (after,)
    ).fetchall()
    first: dict[str, int] = {}
    lines: list[_Line] = []
    if not after and (forgotten := copied_forgotten(db)):
        lines += [CopiedNumber(number=forgotten.number), forgotten]
    for seq, run, at, body in rows:
        if run not in first:
            query = "SELECT min(seq) FROM events WHERE run = ?"
            first[run] = db.execute(query, (run,)).fetchone()[0]
            if first[run] == seq:
                lines += _run_line(db, run)
        lines.append(CopiedEntry(seq=seq, run=run, at=at, body=body))
    return lines


def _run_line(db: sqlite3.Connection, run: str) -> Iterator[CopiedRun]:
    devices: list[DeviceRow] = db.execute(
        "SELECT line, user_name, hardware_id, region, extra FROM devices WHERE run = ?"
        " ORDER BY device",
        (run,),
    ).fetchall()
    for (created,) in db.execute("SELECT created FROM runs WHERE run = ?", (run,)):
        yield CopiedRun(run=run, created=created, devices=devices)


def _write(fd: int, lines: Iterable[_Line], *, sync: bool) -> int:
    """Write `lines`; how many bytes that were."""
    bodies = (_encode(line) for line in lines)
    data = b"".join(b"%08x %b\n" % (zlib.crc32(body), body) for body in bodies)
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]
    if sync:
        os.fsync(fd)
    return len(data)


def _sound(raw: bytes) -> bool:
    return raw[8:9] == b" " and raw[:8] == b"%08x" % zlib.crc32(raw[9:])


def _parsed(raw: bytes) -> _Line | None:
    try:
        return _decode(raw[9:]) if _sound(raw) else None
    except msgspec.MsgspecError:
        return None
