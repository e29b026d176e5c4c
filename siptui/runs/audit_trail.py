"""What a run did to the tenant, as lines of the audit log.

The lines follow from the entries of the journal, in their order, and how far they have been written
is kept beside the run's lock. So a worker that goes on with a run writes what a killed one left
out, and what a full disk kept out; one that is killed between a line and its mark writes the
line again, with the same `entry`.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.host.files import read_plain
from siptui.host.private_files import PrivateFileError, write_private
from siptui.logs.audit import Act, AuditLine, AuditLog, Outcome
from siptui.runs import events as ev
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import OWED, audited_path, holder_of, owing
from siptui.runs.state import BatchRecord, RunState

_LOG = logging.getLogger(__name__)
#: The orders that change what becomes of passwords in the tenant.
_ACTS: dict[str, Act] = {
    "retry": "retry",
    "resubmit": "resubmit",
    "adopt": "adopt",
    "give_up": "give_up",
}


class AuditTrail:
    """Writes the acts of one run to `log`. Only the process that holds the run has one.

    `mark` is the file that says how far. A log that cannot be written is no reason to stop: the
    lines wait, and `take_news` says so once for each reason, and when they are written. As long as
    they do a file beside `mark` says so, so that they are not lost with the end of the run.
    """

    def __init__(self, log: AuditLog, mark: Path) -> None:
        self._log = log
        self._mark = mark
        self._written = _read(mark)
        self._seen = 0
        self._actor = ev.Actor()
        self._waiting: deque[AuditLine] = deque()
        self._owed = mark.with_suffix(OWED).exists()
        self._why = ""
        self._news: list[str] = []

    def follow(self, state: RunState, stored: ev.Stored) -> None:
        """An entry of the run was read, and taken into `state`."""
        if stored.seq <= self._seen:
            return  # the run is read once more from its beginning
        self._seen = stored.seq
        event = stored.event
        if isinstance(event, ev.RunPlanned | ev.WorkerStarted) or (
            isinstance(event, ev.Order) and event.what == "new_token"
        ):
            self._actor = _latest(self._actor, event.actor)
        if stored.seq > self._written:
            self._waiting.extend(_lines(state, stored, self._actor))

    def write(self) -> None:
        """Write what waits, if it can be written."""
        self._written = min(self._written, self._seen)  # of a journal that was repaired
        count = len(self._waiting)
        why = ""
        while self._waiting and not (why := self._log.write(self._waiting[0])):
            self._written = self._waiting.popleft().entry
        if len(self._waiting) < count:
            with contextlib.suppress(OSError, PrivateFileError):  # then a line may come twice
                write_private(self._mark, str(self._written).encode())
        self._owe(bool(self._waiting))
        if why:
            if why != self._why:
                self._news.append(
                    f"the audit log cannot be written ({self._log}: {why}); its lines wait, "
                    "and the run goes on"
                )
                _LOG.warning("%s", self._news[-1])
            self._why = why
        elif count and self._why:
            lines = "1 line that had to wait is" if count == 1 else f"{count} lines are"
            self._news.append(f"the audit log can be written again; {lines} written")
            self._why = ""

    @property
    def waits(self) -> bool:
        """Whether lines wait."""
        return bool(self._waiting)

    def _owe(self, owed: bool) -> None:
        if owed is self._owed:
            return
        with contextlib.suppress(OSError, PrivateFileError):
            if owed:
                write_private(self._mark.with_suffix(OWED), b"")
            else:
                self._mark.with_suffix(OWED).unlink(missing_ok=True)
            self._owed = owed

    def take_news(self) -> list[str]:
        """What an operator should know of the log, once."""
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """A last try; what is left waits for who works on this run, or on another one, next."""
        self.write()
        if self._waiting:
            _LOG.error(
                "%d lines are not in the audit log %s: %s",
                len(self._waiting),
                self._log,
                self._why,
            )


def write_owed(journal: Journal, log: AuditLog) -> None:
    """Write the acts of runs that no process works on, which a log that was full or away kept
    waiting to their end and beyond. Ends at the first that still waits."""
    for run in owing(journal.path):
        if holder_of(journal.path, run) is not None:
            continue
        trail = AuditTrail(log, audited_path(journal.path, run))
        try:
            state = RunState(run, journal.devices(run))
            for stored in journal.read(run):
                state.apply(stored)
                trail.follow(state, stored)
        except SiptuiError as error:
            _LOG.warning("run %s owes lines to the audit log: %s", run, error.code)
            continue
        if not state.last_seq:
            continue  # it is in another journal, if anywhere
        trail.write()
        if trail.waits:
            return


def _latest(before: ev.Actor, now: ev.Actor) -> ev.Actor:
    """Who works on the run `now`, with what was known `before` where that is not told."""
    if not now.os_user:
        return before
    account = now.account or before.account
    return ev.Actor(account=account, os_user=now.os_user, host=now.host)


def _read(mark: Path) -> int:
    try:
        return int(read_plain(mark, 40))
    except (OSError, ValueError):
        return 0


def _lines(state: RunState, stored: ev.Stored, actor: ev.Actor) -> Iterator[AuditLine]:
    event = stored.event
    match event:
        case ev.BatchAccepted():
            batch = state.batches[event.batch]
            accounts = {state.devices[i].device.user_name.key for i in batch.devices}
            yield _submit(
                state,
                stored,
                actor,
                batch,
                outcome="accepted",
                batch_id=event.batch_id,
                passwords_reset=len(accounts),
                found=event.adopted,
            )
        case ev.BatchInDoubt():
            batch = state.batches[event.batch]
            yield _submit(state, stored, actor, batch, outcome="unknown", passwords_reset=None)
        case ev.BatchRejected():
            batch = state.batches[event.batch]
            yield _submit(state, stored, actor, batch, outcome="refused", passwords_reset=0)
        case ev.Order() if event.what in _ACTS:
            named = state.batches.get(event.batch or 0)
            yield AuditLine(
                at=stored.at,
                act=_ACTS[event.what],
                outcome="ordered",
                entry=stored.seq,
                tenant=_tenant(state),
                account=event.actor.account,
                user=event.actor.os_user,
                host=event.actor.host,
                run=state.run,
                batch=event.batch or 0,
                batch_id=event.batch_id,
                region=str(named.region) if named else "",
                devices=len(event.devices) or (len(named.devices) if named else 0),
            )


def _submit(
    state: RunState,
    stored: ev.Stored,
    actor: ev.Actor,
    batch: BatchRecord,
    *,
    outcome: Outcome,
    batch_id: str = "",
    passwords_reset: int | None,
    found: bool = False,
) -> AuditLine:
    return AuditLine(
        at=stored.at,
        act="submit",
        outcome=outcome,
        entry=stored.seq,
        tenant=_tenant(state),
        account=actor.account,
        user=actor.os_user,
        host=actor.host,
        run=state.run,
        batch=batch.number,
        batch_id=batch_id,
        region=str(batch.region),
        devices=len(batch.devices),
        passwords_reset=passwords_reset,
        found=found,
    )


def _tenant(state: RunState) -> str:
    return state.plan.tenant if state.plan else ""
