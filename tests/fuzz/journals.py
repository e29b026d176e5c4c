"""Journals and backups with flipped bytes: what is read is what was written, or it is said."""

import contextlib
import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.domain.text import visible
from siptui.domain.user_name import UserName
from siptui.runs import events as ev
from siptui.runs.first_events import plan_events
from siptui.runs.journal.backup import restore, write_backup
from siptui.runs.journal.journal import Journal

_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_RUNS = ("20260302-080000-aaaa", "20260302-090000-bbbb")
_KEEP = "made"
Content = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def _devices(run: str) -> list[Device]:
    rows = range(2, 40)
    return [
        Device(
            row,
            UserName(f"room{row}.{run[-4:]}@contoso.example"),
            HardwareId(f"00-04-F2-{run[-2:].upper()}-00-{row:02}"),
            Region.EMEA,
            {"Site": "Bonn"},
        )
        for row in rows
    ]


def _made(folder: Path) -> tuple[Path, Path]:
    """A journal with two runs, and a backup of it, made once for a folder."""
    made = folder / _KEEP
    path, backup = made / "lab" / "journal.db", made / "backup.db"
    if not backup.exists():
        with Journal(path) as journal:
            for run in _RUNS:
                devices = _devices(run)
                planned = plan_events(
                    devices,
                    file="list.csv",
                    sha256="0" * 64,
                    tenant="contoso.example",
                    skipped=0,
                    options=ev.Options(),
                    actor=ev.Actor(os_user="a", host="h"),
                )
                journal.create(run, devices, planned, _AT)
                batch = ev.BatchSubmitting(batch=1, region=Region.EMEA, devices=len(devices))
                accepted = ev.BatchAccepted(batch=1, batch_id=f"b-{run}", adopted=False)
                done = [
                    ev.DeviceChanged(device=i, batch=1, state=DeviceState.SUCCEEDED)
                    for i in range(len(devices))
                ]
                journal.append(run, [batch, accepted, *done], _AT)
        with Journal(path) as journal:
            write_backup(journal, backup)
    return path, backup


def _content(path: Path) -> tuple[Content, str]:
    """What a journal says to a process that works on its runs: of each its devices and entries; and
    what was found wrong."""
    found: Content = {}
    with Journal(path) as journal:
        runs = journal.runs()
    for run in runs:
        with Journal(path, run=run) as journal:  # which holds every row against the copy
            found[run] = (
                tuple(map(repr, journal.devices(run))),
                tuple(repr(stored.event) for stored in journal.read(run)),
            )
    with Journal(path) as journal:
        return found, journal.notice


def _flipped(path: Path, rnd: random.Random) -> None:
    data = bytearray(path.read_bytes())
    kind = rnd.random()
    if kind < 0.7:
        for _ in range(rnd.randrange(1, 4)):
            data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
    elif kind < 0.85:
        at = rnd.randrange(len(data))
        data[at : at + 512] = rnd.choice((b"\0", b"\xff")) * 512
    else:
        del data[rnd.randrange(len(data)) :]
    path.write_bytes(data)


@contextlib.contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_WHOLE: dict[Path, Content] = {}


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One journal, its copy or a backup, damaged; whether nothing was lost.

    Raises `AssertionError` for a run that says otherwise than it did, and for one that is missing
    or has fewer entries without a notice.
    """
    path, backup = _made(folder)
    whole = _WHOLE.setdefault(path, _content(path)[0])
    with _emptied(folder / "hurt") as place:
        hurt = place / "lab" / "journal.db"
        which = rnd.choice(("journal", "journal", "copy", "both", "backup"))
        if which == "backup":
            place.mkdir(parents=True)
            shutil.copy2(backup, place / "backup.db")
            _flipped(place / "backup.db", rnd)
        else:
            shutil.copytree(path.parent, hurt.parent)
            for name in {"journal": ("",), "copy": (".copy",), "both": ("", ".copy")}[which]:
                _flipped(hurt.with_name(hurt.name + name), rnd)
        try:
            if which == "backup":
                restore(place / "backup.db", hurt, same_tenant=lambda _: True)
            found, notice = _content(hurt)
        except SiptuiError as error:
            shown = f"{error.message} {error.remedy}".replace("\n", " ")
            assert visible(shown) == shown, shown
            return False
        for run, (devices, entries) in found.items():
            assert devices == whole[run][0] or (notice and which != "backup"), (which, run)
            known = whole[run][1]
            kept = tuple(entry for entry in entries if entry in known)
            assert kept == known[: len(kept)] or notice, (which, run, entries)
            added = len(entries) - len(kept)
            assert not added or notice, (which, run, [e for e in entries if e not in known])
        assert found.keys() == whole.keys() or notice, (which, found.keys())
        return {run: len(entries) for run, (_, entries) in found.items()} == {
            run: len(entries) for run, (_, entries) in whole.items()
        }
