"""The log of one run: events go to the journal first, then into the run's state."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from siptui.domain.errors import SiptuiError
from siptui.runs.audit_trail import AuditTrail
from siptui.runs.events import Event, Level, Note
from siptui.runs.journal.codec import event_body
from siptui.runs.journal.journal import Journal, JournalGoneError, timestamp
from siptui.runs.state import RunState

_LOG = logging.getLogger(__name__)
#: Seconds by which a clock must have been set back for the operator to be told.
_TELL_SET_BACK = 60.0


class LockGoneError(SiptuiError):
    """The file that says who works on the run is gone: a second process may have taken it."""

    title = "The lock is gone"
    code = "lock_gone"


class RunLog:
    """Writes events to the journal first and folds them into `state` second.

    Others write to the same run (orders), so the state is only ever brought up to date by
    reading; `changed` is called whenever something new was read. `still_mine` raises
    `LockGoneError` when others may take the run to be free. `audit` gets each entry, too.

    Its time never goes back. When the computer's clock is set back, it goes on from where the
    journal stands: a wait until a quarter past must not become a wait of an hour.
    """

    def __init__(
        self,
        journal: Journal,
        run: str,
        now: Callable[[], datetime],
        *,
        still_mine: Callable[[], None] = lambda: None,
        audit: AuditTrail | None = None,
    ) -> None:
        self._journal = journal
        self._still_mine = still_mine
        self._audit = audit
        self._now = now
        self.run = run
        self.state = RunState(run, journal.devices(run))
        self.changed: Callable[[], None] = lambda: None
        self._ahead = self._told = timedelta()
        self._noted: set[tuple[str, int | None]] = set()
        self.catch_up()
        last = self.state.last_at
        self._latest = datetime.fromisoformat(last) if last else now()

    @property
    def journal(self) -> Journal:
        """The journal, to read what other runs did."""
        return self._journal

    def write(self, *events: Event) -> None:
        """Append `events` in one transaction; on return they are on the disk and in `state`."""
        self._append(events, None)

    def decide(self, *events: Event) -> bool:
        """Append what follows from `state`, if that is still all there is to know of the run.

        Others may have written since it was read. Then nothing is written, `state` has what they
        wrote, and the answer is false: it must be decided anew.
        """
        return self._append(events, self.state.last_seq)

    def _append(self, events: tuple[Event, ...], after: int | None) -> bool:
        at = self.clock()
        back = self._ahead - self._told
        if back.total_seconds() >= _TELL_SET_BACK:
            self._told = self._ahead
            minutes = round(back.total_seconds() / 60)
            text = f"the computer's clock was set back by {minutes} min; this run's times go on"
            events = (Note(level="warning", text=text), *events)
        try:
            written = self._journal.append(self.run, events, at, after=after)
        except JournalGoneError:
            for event in events:  # the log may be the only place that is left for it
                _LOG.error("not in the journal: %s", event_body(event), extra={"run": self.run})
            raise
        if waited := self._journal.waiting.take_waited():
            note = Note(level="warning", text=f"{waited}; the run waited and goes on")
            self._journal.append(self.run, [note], at)
        self.catch_up()
        return written

    def note(self, text: str, *, level: Level = "info", batch: int | None = None) -> None:
        """Write down something the operator should know."""
        self.write(Note(level=level, text=text, batch=batch))

    def note_once(self, text: str, *, kind: str, batch: int | None = None) -> None:
        """Write down a warning, unless one of this `kind` was written about `batch` already.

        What the service says at every look is told once: by each process in whatever words, and
        in the same words by none after another.
        """
        if (kind, batch) in self._noted:
            return
        self._noted.add((kind, batch))
        if (batch, text) not in self.state.warned:
            self.note(text, level="warning", batch=batch)

    def check(self) -> None:
        """Raise `JournalGoneError` where no reader would get what is written any more, and what
        `still_mine` does."""
        self._journal.check()
        self._still_mine()

    def look(self) -> None:
        """Read what others wrote, if they did; raises as `check` does."""
        self.check()
        for text in self._audit.take_news() if self._audit else ():
            self.note(text, level="warning")
        if self._journal.changed():
            self.catch_up()

    def catch_up(self) -> None:
        """Read everything that is new."""
        events = self._journal.read(self.run, self.state.last_seq)
        for stored in events:
            self.state.apply(stored)
            if self._audit:
                self._audit.follow(self.state, stored)
        if events:
            if self._audit:
                self._audit.write()
            self.changed()

    def now(self, ahead: float = 0.0) -> str:
        """The time, or the time in `ahead` seconds, as the journal writes it."""
        return timestamp(self.clock() + timedelta(seconds=ahead))

    def clock(self) -> datetime:
        """The time: the computer's, as long as that does not go back."""
        now = self._now() + self._ahead
        if now < self._latest:
            self._ahead += self._latest - now
            now = self._latest
        self._latest = now
        return now
