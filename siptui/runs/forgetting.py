"""Which runs may be forgotten, and what is known of their devices afterwards. Pure rules."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.runs.events import DevicesForgotten, Stored
from siptui.runs.journal.forgotten import Remembered
from siptui.runs.state import RunState


class Obstacle(StrEnum):
    """Why a run is not forgotten unless it is named with `--force`; the first not even then."""

    AT_WORK = "at_work"  # a process works on it
    LIVE = "live"  # the service has batches of it
    UNFINISHED = "unfinished"  # something waits in it
    UNKNOWN = "unknown"  # the outcome of devices is not known
    UNDOABLE = "undoable"  # changes of accounts of it can be undone still


class RunToForget(Struct, frozen=True):
    """A run as forgetting sees it. `ended` is its last entry; `why` says for people what the
    obstacle is, or nothing where there is none."""

    state: RunState
    ended: datetime
    obstacle: Obstacle | None = None
    why: str = ""

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.state.run


_OPEN = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING})


def judged(
    state: RunState,
    events: Iterable[Stored],
    *,
    held_by: str,
    undoable: Collection[str],
) -> RunToForget:
    """The run and what stands against forgetting it. `held_by` is the process that works on it;
    `undoable` the user names (without case) of accounts with changes that can be undone."""
    found, why = _obstacle(state, held_by, undoable)
    last = max((e.at for e in events if not isinstance(e.event, DevicesForgotten)), default="")
    return RunToForget(state, datetime.fromisoformat(last or state.planned_at), found, why)


def _obstacle(
    state: RunState, held_by: str, undoable: Collection[str]
) -> tuple[Obstacle | None, str]:
    if held_by:
        return Obstacle.AT_WORK, f"it is worked on by {held_by}"
    if batches := state.open_batches():
        return Obstacle.LIVE, f"the service has {plural(len(batches), 'batch')} of it"
    unknown = state.counts[DeviceState.UNKNOWN]
    if unknown or state.unsettled_batches():
        return Obstacle.UNKNOWN, f"the outcome of {plural(unknown, 'device')} is not known"
    if state.finished is None:
        waits = state.counts[DeviceState.QUEUED]
        return Obstacle.UNFINISHED, f"it is not finished, {plural(waits, 'device')} wait in it"
    changed = {r.device.user_name.key for r in state.devices} & set(undoable)
    if changed:
        return Obstacle.UNDOABLE, (
            f"changes of {plural(len(changed), 'account')} of it can be undone with “siptui fix "
            "--undo ID”, by their record alone"
        )
    return None, ""


def remembered(state: RunState, places: Collection[int] | None = None) -> Iterator[Remembered]:
    """What is to be known still of the devices of a run, or of some of them, when it is forgotten:
    those that must not be submitted again without a word."""
    for record in state.devices:
        if (places is not None and record.index not in places) or record.index in state.forgotten:
            continue
        at = record.as_of or state.planned_at
        for key in sorted(record.keys):  # a list may have what was corrected still
            if record.state is DeviceState.SUCCEEDED:
                yield Remembered(key, DeviceState.SUCCEEDED.value, at, state.run)
            elif record.state is DeviceState.UNKNOWN or record.state in _OPEN:
                yield Remembered(key, DeviceState.UNKNOWN.value, at, state.run)
