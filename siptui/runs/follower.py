"""Reading a run from the journal while somebody else writes it."""

from collections.abc import Iterator
from pathlib import Path

from siptui.runs.bulk import collected_later
from siptui.runs.desk import Changes
from siptui.runs.events import Stored
from siptui.runs.journal import Journal
from siptui.runs.state import RunState

_NOTHING = Changes((), frozenset())


class Follower:
    """A run as the journal tells it. `poll` costs one page read when nothing is new."""

    def __init__(self, path: Path, run: str) -> None:
        self._journal = Journal(path, read_only=True, run=run)
        with collected_later():
            self.state = RunState(run, self._journal.devices(run))

    def poll(self) -> Changes:
        """Read what is new into `state`."""
        if not self._journal.changed():
            return _NOTHING
        changed: set[int] = set()
        with collected_later():
            events = self._journal.read(self.state.run, self.state.last_seq)
            for stored in events:
                changed |= self.state.apply(stored)
        return Changes(events, frozenset(changed)) if events else _NOTHING

    def steps(self) -> Iterator[tuple[Stored, set[int]]]:
        """What is new, an event at a time, each with the devices it changed; `state` is then
        that of this very event."""
        if self._journal.changed():
            for stored in self._journal.read(self.state.run, self.state.last_seq):
                yield stored, self.state.apply(stored)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()
