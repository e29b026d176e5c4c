"""Which header of a device list is what, where a profile says so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

#: What a profile can name a header for, and the header that siptui itself writes for it.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "username": "Username",
        "hardware_id": "HardwareId",
        "region": "Region",
        "model": "Model",
        "onboarded_at": "OnboardedAt",
        "signed_out_at": "SignedOutAt",
        "phone_number": "PhoneNumber",
        "number_type": "NumberType",
    }
)
_FOLD = re.compile(r"[\s_\-./]+")


def folded_name(name: str) -> str:
    """What spellings of one header have in common: case, blanks, `_`, `-`, `.` and `/` aside."""
    return _FOLD.sub("", name).casefold()


@dataclass(frozen=True, slots=True)
class Mapped:
    """The headers a profile names: for a key of `COLUMNS` the header, or several of which a list
    has one. `origin` is where that is written, for people."""

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.headers)


#: No header is named: the ones that are known by themselves hold.
NOT_MAPPED = Mapped()
