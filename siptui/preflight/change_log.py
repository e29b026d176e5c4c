"""The record of what was changed in a tenant from here: append-only, one JSON line a step.

A change is written down before it is sent and again when it is known what became of it, so that
nothing that may have been done is forgotten, whatever happens in between. The file lies in the
profile's state folder and only this user can read it.
"""

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from siptui.domain.forgotten_text import ForgottenNames
from siptui.host.files import open_private, read_at
from siptui.host.locks import FileLock, file_lock
from siptui.host.private_files import (
    PrivateFileError,
    close_to_others,
    private_folder,
    read_private,
    write_private,
)
from siptui.logs.audit import AuditLog
from siptui.preflight import audited_changes
from siptui.preflight.audited_changes import AuditedChanges
from siptui.preflight.finding import Check
from siptui.preflight.recorded_line import CHECKS, Change, Kind, Line, Step, Who

__all__ = ["CHECKS", "NAME", "Change", "Kind", "Line", "Record", "Recorded", "Step", "Who"]

NAME = "fixes.jsonl"
#: Seconds to wait for another process that writes a line.
_PATIENCE = 5.0


class Recorded(Struct, frozen=True):
    """A change as the record tells it: what, by whom, and every step with its time."""

    fix: str
    change: Change
    who: Who
    tenant: str
    steps: tuple[tuple[Step, datetime, str], ...]

    @property
    def step(self) -> Step:
        """The last that is known."""
        return self.steps[-1][0]

    @property
    def begun(self) -> datetime:
        """When it was sent, or about to be."""
        return self.steps[0][1]

    @property
    def holds(self) -> bool:
        """Whether it was done, or may have been, and was not taken back."""
        return self.step not in (Step.FAILED, Step.UNDONE)


class Record:
    """The record of one profile. Several processes may write to it."""

    def __init__(
        self,
        folder: Path,
        *,
        tenant: str = "",
        who: Who = Who(),  # noqa: B008 - frozen
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        audit: AuditLog | None = None,
    ) -> None:
        mark = folder / audited_changes.NAME
        self._mark = mark
        self._audit = AuditedChanges(audit, mark) if audit else None
        self._followed = (0, 0)  # the file that was followed, and how far
        self.path = folder / NAME
        self._tenant = tenant
        self._who = who
        self._now = now

    def hold(self) -> FileLock:
        """Keep other processes from changing things with this record, as a context manager.

        Raises `HeldError` (exit 11) at once where another one does.
        """
        private_folder(self.path.parent)
        return file_lock(self.path.with_suffix(".held"))

    def intend(self, changes: Iterable[tuple[str, Change]]) -> None:
        """Write down what is about to be sent: (id, change), synced before this returns."""
        self._append(
            Line(
                fix=fix,
                step=Step.INTENDED,
                at=self._stamp(),
                tenant=self._tenant,
                who=self._who,
                change=change,
            )
            for fix, change in changes
        )

    def note(self, steps: Iterable[tuple[str, Step, str]]) -> None:
        """Write down what became of changes: (id, step, detail)."""
        self._append(
            Line(
                fix=fix,
                step=step,
                at=self._stamp(),
                detail=detail,
                who=self._who if step is Step.UNDOING else None,
            )
            for fix, step, detail in steps
        )

    def take_news(self) -> list[str]:
        """What an operator should know of the audit log, once."""
        return self._audit.take_news() if self._audit else []

    def changes(self) -> dict[str, Recorded]:
        """Every change, oldest first. A line that was cut off by a crash is passed over."""
        found: dict[str, Recorded] = {}
        for line in self._lines():
            at = _parsed(line.at)
            before = found.get(line.fix)
            if before is None:
                if line.change is None:
                    continue
                found[line.fix] = Recorded(
                    line.fix,
                    line.change,
                    line.who or Who(),
                    line.tenant,
                    ((line.step, at, line.detail),),
                )
            else:
                found[line.fix] = Recorded(
                    before.fix,
                    before.change,
                    before.who,
                    before.tenant,
                    (*before.steps, (line.step, at, line.detail)),
                )
        return found

    def remove(self, fixes: Collection[str], names: ForgottenNames) -> int:
        """Remove these changes for good, and `names` from all others; how many lines changed.

        Raises `HeldError` while another process makes changes.
        """
        if not self.path.exists():
            return 0
        with self.hold(), file_lock(self.path.with_suffix(".lock"), wait=_PATIENCE):
            kept, changed = [], 0
            for raw in read_private(self.path).splitlines():
                line = names.without(raw.decode(errors="replace"))
                with contextlib.suppress(msgspec.MsgspecError, ValueError):
                    if msgspec.json.decode(raw, type=Line).fix in fixes:
                        line = ""
                changed += line != raw.decode(errors="replace")
                kept += [line.encode() + b"\n"] if line else []
            if changed:
                write_private(self.path, b"".join(kept))
                if self._mark.exists():
                    write_private(self._mark, str(len(kept)).encode())
            return changed

    def age(self, one: Recorded) -> timedelta:
        """How long ago the change was sent, or about to be."""
        return self._now() - one.begun

    def lately(self, hours: float) -> dict[tuple[Check, str], datetime]:
        """What was changed in the last `hours` and still holds, as `check.Changes` wants it."""
        since = self._now() - timedelta(hours=hours)
        found: dict[tuple[Check, str], datetime] = {}
        for one in self.changes().values():
            if one.holds and one.begun > since:
                target = one.change.target.casefold() if one.change.of_account else ""
                found[CHECKS[one.change.kind], target] = one.begun
        return found

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")

    def _lines(self) -> Iterator[Line]:
        try:
            content = read_private(self.path)
        except FileNotFoundError:
            return
        for raw in content.splitlines():
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                yield msgspec.json.decode(raw, type=Line)

    def _append(self, lines: Iterable[Line]) -> None:
        data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        if not data:
            return
        private_folder(self.path.parent)
        with file_lock(self.path.with_suffix(".lock")):
            try:
                fd = open_private(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            except OSError as error:
                raise PrivateFileError(
                    f"{self.path} cannot be written: {error.strerror}. Nothing was changed.",
                    remedy="Look at what it is; remove it if it is not yours.",
                ) from error
            try:
                size = os.fstat(fd).st_size
                if not size:  # where the folder hands its rights down, not every file system does
                    close_to_others(self.path)
                if size and read_at(fd, 1, size - 1) != b"\n":
                    data = b"\n" + data  # the last writer was cut off in the middle of a line
                view = memoryview(data)
                while view:
                    view = view[os.write(fd, view) :]
                os.fsync(fd)
                self._follow(fd)
            finally:
                os.close(fd)

    def _follow(self, fd: int) -> None:
        """Write to the audit log what the record has more than at the last time."""
        if self._audit is None:
            return
        found = os.fstat(fd)
        file, at = self._followed
        if file != found.st_ino or at > found.st_size:  # the record was written anew
            self._audit.begin()
            at = 0
        self._followed = (found.st_ino, found.st_size)
        self._audit.follow(read_at(fd, found.st_size - at, at))


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)
