"""A run by the values of a column: which groups are tried, which are stopped. Pure rules.

Of each group the first few go out before the rest of it. When more of a group failed than may, also
later on, nothing more of it is submitted; the other groups go on.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from msgspec import Struct

from siptui.domain.state import BatchState, DeviceState
from siptui.runs.events import GroupStopped
from siptui.runs.state import BatchRecord, DeviceRecord, RunState

_UNDECIDED = frozenset({DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING})
_LIVE = frozenset({BatchState.SUBMITTING, BatchState.RUNNING, BatchState.IN_DOUBT})


class GroupProgress(Struct, frozen=True):
    """How a group stands: whether its first devices are still being tried, how many devices are
    through (`tried`), how many of them were not signed in, and whether those are too many."""

    trying: bool
    tried: int
    bad: int
    stopped: bool


class Closed(Struct, frozen=True):
    """The groups of which nothing may go out now: `stopped` ones, and those whose first devices
    must show that it works, of which only these may. `why` is for people, by group."""

    stopped: frozenset[str]
    why: dict[str, str]

    def has(self, batch: BatchRecord) -> bool:
        """Whether `batch` may not go out for its group's sake."""
        return batch.group in self.stopped or (batch.group in self.why and not batch.probe)


def progress(state: RunState) -> Mapping[str, GroupProgress]:
    """How each group of the run stands; none where it goes by no column.

    An engine asks at each of its steps: only what changed since is worked out anew.
    """
    memo: dict[str, GroupProgress] = state.group_memo
    for group, members in state.group_members.items():
        if group not in memo:
            memo[group] = _progress(state, group, [state.devices[i] for i in members])
    return memo


def _progress(state: RunState, group: str, records: Collection[DeviceRecord]) -> GroupProgress:
    most = state.options.max_failures
    probes = (r for r in records if r.index in state.probes)
    # Also while their batch is not over: what came of its devices counts from then on.
    trying = any(r.state in _UNDECIDED or _is_live(state, r) for r in probes)
    # A lost answer is looked for; most often the service has the batch, and nothing failed.
    through = [r for r in records if r.state not in _UNDECIDED and not _is_in_doubt(state, r)]
    over = [r for r in through if not _is_live(state, r)]
    bad = sum(r.state is not DeviceState.SUCCEEDED for r in through)
    bad_over = sum(r.state is not DeviceState.SUCCEEDED for r in over)
    # Of the batches that are over; or already more than may fail of the whole group.
    too_many = 100 * bad_over > most * len(over) or 100 * bad > most * len(records)
    stopped = group in state.stopped_groups or (not trying and too_many)
    released = group in state.released_groups
    return GroupProgress(trying, len(through), bad, stopped and not released)


def _is_live(state: RunState, record: DeviceRecord) -> bool:
    return state.batches[record.batch].state in _LIVE


def _is_in_doubt(state: RunState, record: DeviceRecord) -> bool:
    return state.batches[record.batch].state is BatchState.IN_DOUBT


def closed_groups(state: RunState) -> Closed:
    """What may not go out for the sake of its group."""
    column = state.options.by
    why, stopped = {}, set()
    for group, one in progress(state).items():
        if one.stopped:
            stopped.add(group)
            why[group] = f"{column} {group} was stopped: too many of its devices failed"
        elif one.trying:
            why[group] = f"the first devices of {column} {group} must show that it works"
    return Closed(frozenset(stopped), why)


def newly_stopped(state: RunState) -> list[GroupStopped]:
    """The groups that are to be stopped and are not yet written down as such."""
    left: dict[str, int] = defaultdict(int)
    for batch in state.queued_batches():
        left[batch.group] += len(batch.devices)
    column = state.options.by
    return [
        GroupStopped(column=column, group=group, bad=one.bad, tried=one.tried, left=left[group])
        for group, one in progress(state).items()
        if one.stopped and group not in state.stopped_groups and left[group]
    ]
