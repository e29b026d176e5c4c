"""Reading a run from the journal while its worker writes it."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from siptui.domain.state import DeviceState
from siptui.gc_pause import collected_later
from siptui.runs.events import DeviceChanged, Stored
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.lock_wait import JournalBusyError
from siptui.runs.state import RunState


class RunUpdate(Struct, frozen=True):
    """What is new since the last look: the events, and the places of the devices they changed."""

    events: Sequence[Stored]
    devices: frozenset[int]

    @property
    def only_progress(self) -> bool:
        """Whether devices went on and nothing else: no batch, no end, no stop, nothing unknown."""
        return all(
            isinstance(one.event, DeviceChanged) and one.event.state is not DeviceState.UNKNOWN
            for one in self.events
        )


_NOTHING = RunUpdate((), frozenset())
#: Seconds between two looks whether it is still the journal.
_CHECK = 1.0


class Follower:
    """A run as the journal tells it. `poll` costs one page read when nothing is new."""

    def __init__(self, path: Path, run: str) -> None:
        self._journal = Journal(path, read_only=True, run=run)
        self._journal.find(run)
        with collected_later():
            self.state = RunState(run, self._journal.devices(run))
        self._journal.waiting.patience = 0.0
        self._checked = 0.0

    def poll(self) -> RunUpdate:
        """Read what is new into `state`. Raises `JournalGoneError` when the file is no
        longer the journal at its path."""
        if not self._changed():
            return _NOTHING
        changed: set[int] = set()
        with collected_later():
            events = self._journal.read(self.state.run, self.state.last_seq)
            for stored in events:
                changed |= self.state.apply(stored)
        return RunUpdate(events, frozenset(changed)) if events else _NOTHING

    def steps(self) -> Iterator[tuple[Stored, set[int]]]:
        """What is new, an event at a time, each with the devices it changed; `state` is then
        that of this very event."""
        if self._changed():
            for stored in self._journal.read(self.state.run, self.state.last_seq):
                yield stored, self.state.apply(stored)

    def check(self) -> None:
        """Raise `JournalGoneError` if the journal is no longer the one at its path. `poll` and
        `steps` ask now and then."""
        self._checked = time.monotonic()
        self._journal.check()

    def _changed(self) -> bool:
        try:
            if time.monotonic() - self._checked >= _CHECK:
                self.check()
            return self._journal.changed()
        except JournalBusyError:
            return False  # a screen does not stand still for that

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()
