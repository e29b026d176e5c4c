"""How each group of a run by a column stands, in numbers."""

from collections import Counter
from dataclasses import dataclass, field

from siptui.domain.state import DeviceState
from siptui.runs.state import RunState


@dataclass(slots=True)
class GroupTally:
    """A group: its devices by outcome, `left` those without one, and the causes of failures."""

    group: str
    devices: int = 0
    succeeded: int = 0
    failed: int = 0
    unknown: int = 0
    left: int = 0
    stopped: bool = False
    causes: Counter[str] = field(default_factory=Counter)


def tallies(state: RunState) -> list[GroupTally]:
    """The groups of the run in the order of the list; none where it goes by no column."""
    found: dict[str, GroupTally] = {}
    for index in sorted(state.group_of):
        group, record = state.group_of[index], state.devices[index]
        one = found.setdefault(group, GroupTally(group, stopped=group in state.stopped_groups))
        one.devices += 1
        one.succeeded += record.state is DeviceState.SUCCEEDED
        one.failed += record.state is DeviceState.FAILED
        one.unknown += record.state is DeviceState.UNKNOWN
        if record.outcome and record.state in (DeviceState.FAILED, DeviceState.UNKNOWN):
            one.causes[str(record.outcome.cause)] += 1
    for one in found.values():
        one.left = one.devices - one.succeeded - one.failed - one.unknown
    return list(found.values())
