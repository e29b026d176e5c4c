"""Runs by rollout: those of one list and of lists made from it, which are known by device."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from siptui.runs.run_head import RunHead
from siptui.runs.service import RunService


class RunGroup(Struct, frozen=True):
    """The runs of a rollout, newest first. `rollout` is the id of its first run."""

    rollout: str
    heads: tuple[RunHead, ...]

    @property
    def file(self) -> str:
        """The list that the others were made from: that of the longest run, the first of equals."""
        return max(reversed(self.heads), key=lambda head: head.devices).file


def run_groups(run_service: RunService) -> list[RunGroup]:
    """The runs of the journal by rollout, the newest first. Raises `JournalError`."""
    return grouped(run_service.runs(), run_service.journal.first_runs())


def grouped(
    heads: Sequence[RunHead], first_runs: Mapping[str, Mapping[str, int]]
) -> list[RunGroup]:
    """`heads`, newest first, by rollout. `first_runs` says of each run how many of its devices
    came first in which run.

    Two lists are of one rollout where one has at least half of the other's devices. A phone of the
    lab that is in every list makes none of all of them.
    """
    # Not by their ids: two of one second have them in any order.
    place = {head.run: n for n, head in enumerate(reversed(heads))}
    rollouts: list[_Rollout] = []
    for run in place:
        counts = first_runs.get(run, {})
        size = sum(counts.values())
        joined = [one for one in rollouts if one.shares(counts, size)]
        rest = [one for one in rollouts if one not in joined]
        new = _Rollout([run], counts.get(run, 0))
        for one in joined:
            new = _Rollout([*one.runs, *new.runs], one.devices + new.devices)
        rollouts = [*rest, new]
    of = {run: min(one.runs, key=lambda run: place[run]) for one in rollouts for run in one.runs}
    found: dict[str, list[RunHead]] = {}
    for head in heads:
        found.setdefault(of[head.run], []).append(head)
    return [RunGroup(rollout, tuple(runs)) for rollout, runs in found.items()]


class _Rollout(Struct, frozen=True):
    """Runs, and how many different devices they have."""

    runs: Sequence[str]
    devices: int

    def shares(self, counts: Mapping[str, int], size: int) -> bool:
        both = sum(counts.get(run, 0) for run in self.runs)
        return both > 0 and both * 2 >= min(size, self.devices)
