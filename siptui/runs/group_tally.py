"""How each group of a run by a column stands, in numbers."""

import shlex
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from siptui.domain.row_filter import NO_VALUE
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.runs.events import GroupStopped
from siptui.runs.state import RunState


class GroupTally(Struct):
    """A group: its devices by outcome, `left` those without one, and the causes of failures.
    `stop` says why nothing more of it is submitted, until an operator goes on with it."""

    group: str
    devices: int = 0
    succeeded: int = 0
    failed: int = 0
    unknown: int = 0
    left: int = 0
    stop: GroupStopped | None = None
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def stopped(self) -> bool:
        """Whether nothing more of it is submitted because too many failed."""
        return self.stop is not None


def tallies(state: RunState) -> list[GroupTally]:
    """The groups of the run in the order of the list; none where it goes by no column."""
    return _tallied(state, state.group_of)


def tallies_by(state: RunState, column: str) -> list[GroupTally]:
    """The same for a run that goes by no column: its devices by what the list has in `column`."""
    own = {r.index: r.device.extra.get(column, "").strip() or NO_VALUE for r in state.devices}
    return _tallied(state, own)


def _tallied(state: RunState, group_of: Mapping[int, str]) -> list[GroupTally]:
    found: dict[str, GroupTally] = {}
    for index in sorted(group_of):
        group, record = group_of[index], state.devices[index]
        one = found.setdefault(group, GroupTally(group, stop=stop_of(state, group)))
        one.devices += 1
        one.succeeded += record.state is DeviceState.SUCCEEDED
        one.failed += record.state is DeviceState.FAILED
        one.unknown += record.state is DeviceState.UNKNOWN
        if record.outcome and record.state in (DeviceState.FAILED, DeviceState.UNKNOWN):
            one.causes[str(record.outcome.cause)] += 1
    for one in found.values():
        one.left = one.devices - one.succeeded - one.failed - one.unknown
    return list(found.values())


def stop_of(state: RunState, group: str) -> GroupStopped | None:
    """Why the group is stopped; nothing once an operator went on with it all the same."""
    goes_on = group in state.released_groups and not state.stopping
    return None if goes_on else state.stopped_groups.get(group)


def goes_on(run: RunState, group: str) -> str:
    """The command that submits what is to do of one group alone, whatever happens to the run."""
    column = run.plan.options.by if run.plan else ""
    value = "" if group == NO_VALUE else visible(group)
    return f"siptui run LIST --where {shlex.quote(f'{visible(column)}={value}')} --new-only"


def stop_words(stop: GroupStopped, most: float) -> str:
    """Why a group was stopped, for people; `most` is the share of it that may fail."""
    waits = f"; {stop.left} not submitted" if stop.left else ""
    of = plural(stop.tried, "device")
    return f"{stop.bad} of {of} not signed in, more than {most:g} %{waits}"
