"""A device to be signed in: one row of a device list that passed every rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.user_name import UserName

#: No further columns.
NOTHING: Mapping[str, str] = MappingProxyType({})

#: What results are matched by, beside the batch: user name without case, and hardware id.
DeviceKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Device:
    """One phone or adapter port and the shared account that is to be signed in on it.

    `line` is the line of the list it stands on (1 is the header), `extra` the list's further
    columns by their header, never sent to the service.
    """

    line: int
    user_name: UserName
    hardware_id: HardwareId
    region: Region
    extra: Mapping[str, str] = field(default_factory=lambda: NOTHING, hash=False)

    @property
    def key(self) -> DeviceKey:
        """What the service's answers are matched to this device by."""
        return (self.user_name.casefold(), self.hardware_id)
