"""The plan: which device goes into which batch."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from siptui.domain.device import Device
from siptui.domain.limits import MAX_BATCH_SIZE
from siptui.domain.region import Region

#: What a confirmation says of every submit (Microsoft Learn, "Configure SIP Gateway").
CONSEQUENCE = (
    "The password of each account will be reset to an unknown value; this cannot be undone."
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Devices of one region that are submitted in one request. Numbers count from 1 in a run.

    `group` is the value of the column that the run goes by, nothing where it goes by none; `probe`:
    these are the first of their group, which are tried before the rest of it.
    """

    number: int
    region: Region
    devices: tuple[Device, ...]
    group: str = ""
    probe: bool = False

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts whose passwords this batch resets."""
        return frozenset(device.user_name.key for device in self.devices)


def make_batches(
    devices: Sequence[Device], *, size: int = MAX_BATCH_SIZE, first: int = 0, start: int = 1
) -> tuple[Batch, ...]:
    """`devices` cut into batches of at most `size`, a region each, in the order of the list.

    `first` above 0 puts that many devices into batches that go out before the others. Numbers
    count from `start`.
    A hardware id may occur once only, and no account twice in one batch: a second device of the
    same account goes into a later batch, and `may_live_together` keeps the two apart in time.
    Raises `ValueError` for a size outside 1-100, a negative `first`, or a hardware id that
    occurs twice.
    """
    if first < 0:
        raise ValueError(f"the first batch cannot have {first} devices")
    if not 1 <= size <= MAX_BATCH_SIZE:
        raise ValueError(f"a batch has 1 to {MAX_BATCH_SIZE} devices, not {size}")
    _refuse_twice(devices)
    ahead = _cut(devices[:first], size, start)
    return (*ahead, *_cut(devices[first:], size, start + len(ahead)))


def make_group_batches(
    devices: Sequence[Device],
    group_of: Callable[[Device], str],
    *,
    size: int = MAX_BATCH_SIZE,
    first: int = 0,
) -> tuple[Batch, ...]:
    """`devices` cut into batches of one group each, the groups in the order of the list.

    The `first` few of each group come in batches of their own before the rest of it. Otherwise as
    `make_batches`, which checks the same.
    """
    _refuse_twice(devices)
    groups: dict[str, list[Device]] = {}
    for device in devices:
        groups.setdefault(group_of(device), []).append(device)
    batches: list[Batch] = []
    for group, members in groups.items():
        for part, probe in ((members[:first], True), (members[first:], False)):
            cut = make_batches(part, size=size, start=len(batches) + 1)
            batches += [replace(batch, group=group, probe=probe) for batch in cut]
    return tuple(batches)


def _refuse_twice(devices: Iterable[Device]) -> None:
    """Raise `ValueError` where a hardware id occurs twice."""
    seen: set[str] = set()
    for device in devices:
        if device.hardware_id in seen:
            raise ValueError(f"line {device.line}: {device.hardware_id} occurs twice")
        seen.add(device.hardware_id)


def _cut(devices: Sequence[Device], size: int, start: int) -> list[Batch]:
    filled: list[list[Device]] = []
    # Of each region: the batches with room left, in order, and the last one an account went into.
    of_region: dict[Region, tuple[list[int], dict[str, int]]] = {}
    for device in devices:
        region, account = device.region, device.user_name.key
        if region not in of_region:
            of_region[region] = [], {}
        places, last = of_region[region]
        at = bisect_right(places, last.get(account, -1))
        if at == len(places):
            places.append(len(filled))
            filled.append([])
        place = last[account] = places[at]
        filled[place].append(device)
        if len(filled[place]) == size:
            del places[at]
    return [Batch(start + i, batch[0].region, tuple(batch)) for i, batch in enumerate(filled)]


def may_live_together(accounts: Iterable[str], live: Iterable[frozenset[str]]) -> bool:
    """Whether a batch of these `accounts` may be submitted while the `live` ones are alive.

    Two live batches that reset the same account's password would work against each other.
    """
    mine = frozenset(accounts)
    return all(mine.isdisjoint(other) for other in live)
