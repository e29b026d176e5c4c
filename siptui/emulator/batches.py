"""Batches and their devices: when each device's work starts and ends."""

import dataclasses
import heapq
import math
import random
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from siptui.domain.device import DeviceKey
from siptui.domain.region import Region
from siptui.emulator.device_outcome import canonical
from siptui.emulator.scenario import TimingTable


class ItemState(StrEnum):
    """Where a device of a batch stands. The last two are final."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


def device_key(user_name: str, hardware_id: str) -> DeviceKey:
    """What the tenant knows a device of a submit by: user without case, canonical hardware id."""
    return (user_name.strip().casefold(), str(canonical(hardware_id)))


class Item(Struct):
    """One device of a batch. `attempt` counts its accepted submits, this one included.

    `verdict` is decided at `ends`: None before, nothing for success, else the error text.
    `foretold` stands for the directory's judgement where a scenario fixes it.
    """

    user_name: str
    hardware_id: str
    key: DeviceKey
    attempt: int = 1
    starts: float = math.inf
    ends: float = math.inf
    verdict: str | None = None
    foretold: str | None = None
    silent: bool = False
    word: str = ""

    def state(self, now: float) -> ItemState:
        """Where it stands."""
        if self.verdict is not None:
            return ItemState.FAILED if self.verdict else ItemState.SUCCESS
        return ItemState.RUNNING if now >= self.starts else ItemState.WAITING


@dataclasses.dataclass(slots=True)
class Batch:
    """One accepted submit. `started` is None while it waits for a slot, `done` ends its life."""

    batch_id: str
    number: int
    region: Region
    by: str
    accepted: float
    requested: datetime
    items: list[Item]
    foreign: bool = False
    strong: bool = True  # its submitter may reset an administrator's password
    started: float | None = None
    ends: float = math.inf
    done: bool = False
    gone: bool = False  # the service answers as if it had never been
    listed: float = math.inf  # when a list of batches first had it
    keys: frozenset[DeviceKey] = dataclasses.field(init=False)
    accounts: frozenset[str] = dataclasses.field(init=False)
    devices: frozenset[str] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.keys = frozenset(item.key for item in self.items)
        self.accounts = frozenset(user for user, _ in self.keys)
        self.devices = frozenset(hardware_id for _, hardware_id in self.keys)


def schedule(
    items: Sequence[Item],
    began: float,
    timing: TimingTable,
    chance: random.Random,
    *,
    factors: Sequence[float],
) -> float:
    """Set when each item starts and ends; the moment the batch is over.

    `factors` stretch each item's time; infinity is an item that never ends, and then the batch
    does not either.
    """
    first = began + chance.uniform(*timing.start)
    lanes = [first] * timing.lanes
    last = first
    for item, factor in zip(items, factors, strict=True):
        item.starts = heapq.heappop(lanes)
        took = chance.uniform(*timing.device)
        # An item that never ends keeps its lane no longer than another, or it would hold up all.
        heapq.heappush(lanes, item.starts + (took if math.isinf(factor) else took * factor))
        item.ends = item.starts + took * factor
        last = max(last, item.ends)
    return last + chance.uniform(*timing.finish)
