"""A run in the history: one line of a journal's."""

from pathlib import Path

from msgspec import Struct

from siptui.domain.state import DeviceState
from siptui.runs.events import RunFinished, RunPlanned
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.state_load import load


class RunHead(Struct, frozen=True):
    """A run in the history. `state` is `running`, `stopped` or `finished`."""

    run: str
    started: str
    file: str
    tenant: str
    devices: int
    succeeded: int
    failed: int
    unknown: int
    skipped: int
    state: str
    held_by: str


def head_of(journal: Journal, path: Path, run: str) -> RunHead:
    """The line of this run. `journal` is the one at `path`."""
    events = journal.first_and_last(run)
    planned, last = events[0].event, events[-1].event
    assert isinstance(planned, RunPlanned)
    holder = holder_of(path, run)
    if isinstance(last, RunFinished):
        finished, counts = True, (last.succeeded, last.failed, last.unknown)
    else:
        # An order that came too late does not open a finished run again.
        state = load(journal, run)
        tally = state.counts
        finished = state.finished is not None
        counts = (
            tally[DeviceState.SUCCEEDED],
            tally[DeviceState.FAILED],
            tally[DeviceState.UNKNOWN],
        )
    return RunHead(
        run=run,
        started=events[0].at,
        file=planned.file,
        tenant=planned.tenant,
        devices=planned.devices,
        succeeded=counts[0],
        failed=counts[1],
        unknown=counts[2],
        skipped=planned.skipped,
        state="finished" if finished else "running" if holder else "stopped",
        held_by=str(holder) if holder else "",
    )
