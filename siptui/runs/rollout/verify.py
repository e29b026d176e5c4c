"""Following the device inventory until the phones of a run are seen signed in as their accounts."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.runs.rollout.evidence import Seen, SourceRead

#: Seconds between looks at the inventory: each reads all of it.
APART = 15.0
#: Reads the inventory once.
Look = Callable[[], Awaitable[tuple[Mapping[str, Seen], SourceRead]]]


class Sight(StrEnum):
    """As what the inventory has a phone that the service says was signed in."""

    SIGNED_IN = "signed_in"
    NOT_YET = "not_yet"
    OTHER = "other"


def seen_as(device: Device, seen: Mapping[str, Seen]) -> tuple[Sight, str]:
    """Whether the inventory has the phone signed in as its account, and as whom it has it."""
    found = seen.get(str(device.hardware_id)) or seen.get(str(device.hardware_id.mac))
    if found is None or not found.signed_in or not found.user_name:
        return Sight.NOT_YET, ""
    same = found.user_name.casefold() == device.user_name.casefold()
    if not same and device.hardware_id.mac != device.hardware_id:
        return Sight.NOT_YET, ""  # it may be of another port of the adapter
    return (Sight.SIGNED_IN if same else Sight.OTHER), found.user_name


class Verification(Struct):
    """What is seen of `wanted` so far. `source` tells of the last look, `looks` how many there
    were; a look that failed leaves what was seen before."""

    wanted: Sequence[Device]
    seen: Mapping[str, Seen] = field(default_factory=dict)
    source: SourceRead | None = None
    looks: int = 0

    def sight(self, device: Device) -> tuple[Sight, str]:
        """Whether the device is seen signed in as its account, and as whom it is seen."""
        return seen_as(device, self.seen)

    def signed_in(self) -> list[Device]:
        """Those that are seen signed in as their accounts."""
        return [one for one in self.wanted if self.sight(one)[0] is Sight.SIGNED_IN]

    @property
    def complete(self) -> bool:
        """Whether all are seen signed in as their accounts."""
        return len(self.signed_in()) == len(self.wanted)

    async def follow(self, look: Look, seconds: float, on_look: Callable[[], None]) -> None:
        """Look until all are seen, for so many seconds; `on_look` is called after each look."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while self.wanted:
            seen, self.source = await look()
            self.looks += 1
            if not self.source.error:
                self.seen = seen
            on_look()
            there_is_none = bool(self.source.error) and self.source.cause is None
            if there_is_none or self.complete or clock() >= end:
                return
            await asyncio.sleep(min(APART, max(0.05, end - clock()), seconds / 10))
