"""What was found wrong with a journal, until the operator says that it was read.

It lies in a file of its own: whatever becomes of the journal, the next command tells it again.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from siptui.host.private_files import read_private, write_private
from siptui.runs.journal.codec import timestamp
from siptui.runs.journal.sqlite_file import with_suffix

_SUFFIX = ".warnings.json"


class Mark(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One finding. `runs` are those that were worked on and that the journal does not know.

    `acknowledged` is the time at which the operator said so, as the journal writes it, and `by`
    the user of this computer.
    """

    at: str
    text: str
    runs: list[str] = []
    acknowledged: str = ""
    by: str = ""


class _Marks(msgspec.Struct, frozen=True, omit_defaults=True):
    found: list[Mark]


def open_marks(journal: Path) -> list[Mark]:
    """The findings that no operator acknowledged, oldest first."""
    return [mark for mark in _read(journal) if not mark.acknowledged]


def add_mark(journal: Path, text: str, runs: list[str] | None = None) -> None:
    """Write a finding down; one that is there already, unacknowledged, is not doubled."""
    marks = _read(journal)
    new = Mark(at=timestamp(datetime.now(UTC)), text=text, runs=runs or [])
    if not any((m.text, m.runs) == (new.text, new.runs) for m in marks if not m.acknowledged):
        _write(journal, [*marks, new])


def acknowledge_marks(journal: Path, by: str) -> list[Mark]:
    """Say that the findings were read; those that were open."""
    marks, now = _read(journal), timestamp(datetime.now(UTC))
    read = [mark for mark in marks if not mark.acknowledged]
    if read:
        seen = [
            mark if mark.acknowledged else msgspec.structs.replace(mark, acknowledged=now, by=by)
            for mark in marks
        ]
        _write(journal, seen)
    return read


def _read(journal: Path) -> list[Mark]:
    path = with_suffix(journal, _SUFFIX)
    if not os.path.lexists(path):
        return []
    try:
        return msgspec.json.decode(read_private(path), type=_Marks).found
    except msgspec.MsgspecError:
        text = f"{path} cannot be read: what was found wrong with the journal before is not known."
        return [Mark(at="", text=text)]


def _write(journal: Path, marks: list[Mark]) -> None:
    data = msgspec.json.format(msgspec.json.encode(_Marks(marks)))
    write_private(with_suffix(journal, _SUFFIX), data + b"\n")
