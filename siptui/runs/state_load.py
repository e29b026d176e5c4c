"""Reading a run from the journal."""

from typing import TYPE_CHECKING

from siptui.gc_pause import collected_later
from siptui.runs.journal.journal import Journal
from siptui.runs.state import RunState

if TYPE_CHECKING:
    pass


def load(journal: Journal, run: str) -> RunState:
    """The run as its events tell it, from the beginning."""
    with collected_later():
        state = RunState(run, journal.devices(run))
        for stored in journal.read(run):
            state.apply(stored)
    return state
