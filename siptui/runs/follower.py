"""Reading a run from the journal while somebody else writes it."""

from pathlib import Path

from siptui.runs.desk import Changes
from siptui.runs.journal import Journal
from siptui.runs.state import RunState

_NOTHING = Changes((), frozenset())


class Follower:
    """A run as the journal tells it. `poll` costs one page read when nothing is new."""

    def __init__(self, path: Path, run: str) -> None:
        self._journal = Journal(path, read_only=True)
        self.state = RunState(run, self._journal.devices(run))

    def poll(self) -> Changes:
        """Read what is new into `state`."""
        if not self._journal.changed():
            return _NOTHING
        events = self._journal.read(self.state.run, self.state.last_seq)
        if not events:
            return _NOTHING
        changed: set[int] = set()
        for stored in events:
            changed |= self.state.apply(stored)
        return Changes(events, frozenset(changed))

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()
