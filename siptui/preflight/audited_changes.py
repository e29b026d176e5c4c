"""What was changed in the tenant, as lines of the audit log.

The lines follow from those of the record of changes, and how far they have been written is kept in
a file beside it: what a killed process or a full disk kept out is written with the next change.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from siptui.host.files import read_plain
from siptui.host.private_files import PrivateFileError, write_private
from siptui.logs.audit import Act, AuditLine, AuditLog, Outcome
from siptui.preflight.recorded_line import Line, Step, Who

_LOG = logging.getLogger(__name__)
#: The name of that file in the folder of the record.
NAME = "fixes.audited"


class AuditedChanges:
    """Writes the changes of one record to `log`; `mark` is the file that says how far."""

    def __init__(self, log: AuditLog, mark: Path) -> None:
        self._log = log
        self._mark = mark
        self._lines = 0
        self._first: dict[str, Line] = {}
        self._last: dict[str, Step] = {}
        self._who = Who()
        self._waiting: deque[AuditLine] = deque()
        self._why = ""
        self._news: list[str] = []

    def begin(self) -> None:
        """The record is read from its beginning, since it was made or written anew."""
        self._lines = 0
        self._waiting.clear()

    def follow(self, raw: bytes) -> None:
        """Further whole lines of the record."""
        written = self._written()
        while self._waiting and self._waiting[0].entry <= written:
            self._waiting.popleft()  # another process wrote it
        for text in raw.splitlines():
            self._lines += 1
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                line = msgspec.json.decode(text, type=Line)
                found = list(self._acts(line))
                if self._lines > written:
                    self._waiting.extend(found)
        done = self._lines
        while self._waiting:
            if why := self._log.write(self._waiting[0]):
                self._say(why)
                done = self._waiting[0].entry - 1
                break
            self._waiting.popleft()
        else:
            self._why = ""
        if done > written:
            with contextlib.suppress(OSError, PrivateFileError):  # then a line may come twice
                write_private(self._mark, str(done).encode())

    def take_news(self) -> list[str]:
        """What an operator should know of the log, once."""
        news, self._news = self._news, []
        return news

    def _say(self, why: str) -> None:
        if why != self._why:
            self._why = why
            text = (
                f"the audit log cannot be written ({self._log}: {why}); its lines wait for the "
                "next change"
            )
            self._news.append(text)
            _LOG.warning("%s", text)

    def _written(self) -> int:
        try:
            return int(read_plain(self._mark, 40))
        except (OSError, ValueError):
            return 0

    def _acts(self, line: Line) -> Iterator[AuditLine]:
        before = self._last.get(line.fix)
        self._last[line.fix] = line.step
        if line.change is not None:
            self._first.setdefault(line.fix, line)
        if line.who is not None:
            self._who = line.who
        first = self._first.get(line.fix)
        found = _ACTS.get((before, line.step))
        if first is None or first.change is None or found is None:
            return
        act, outcome, seen = found
        yield AuditLine(
            at=line.at,
            act=act,
            outcome=outcome,
            entry=self._lines,
            tenant=first.tenant,
            account=self._who.account,
            user=self._who.os_user,
            host=self._who.host,
            fix=line.fix,
            kind=str(first.change.kind),
            # An account's name would be where "siptui forget" does not reach it.
            target="" if first.change.of_account else first.change.target,
            found=seen,
        )


#: By the step before and the step: the act, what came of it, whether that was found out later.
_ACTS: dict[tuple[Step | None, Step], tuple[Act, Outcome, bool]] = {
    (Step.INTENDED, Step.SENT): ("fix", "accepted", False),
    (Step.INTENDED, Step.IN_DOUBT): ("fix", "unknown", False),
    (Step.INTENDED, Step.FAILED): ("fix", "refused", False),
    (Step.SENT, Step.FAILED): ("fix", "refused", True),
    (Step.NOT_SEEN, Step.FAILED): ("fix", "refused", True),
    (Step.IN_DOUBT, Step.FAILED): ("fix", "refused", True),
    (Step.IN_DOUBT, Step.SEEN): ("fix", "accepted", True),
    (Step.UNDOING, Step.UNDONE): ("undo", "accepted", False),
    (Step.UNDOING, Step.UNDO_NOT_SEEN): ("undo", "unknown", False),
    (Step.UNDO_NOT_SEEN, Step.UNDONE): ("undo", "accepted", True),
    **{
        (Step.UNDOING, back): ("undo", "refused", False)
        for back in (Step.SEEN, Step.NOT_SEEN, Step.SENT, Step.IN_DOUBT, Step.INTENDED)
    },
}
