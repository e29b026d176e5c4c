"""Analog adapters that SIP Gateway serves: how many ports they have, and how many are served.

Microsoft Learn, "Plan SIP Gateway": of an MP-114 three of four ports can be used, of an MP-118 six
of eight, of an MP-124 eighteen of twenty-four, of the others all.
"""

import re
from dataclasses import dataclass

from siptui.domain.patterns import regex

#: The most ports that an adapter has, those of an MP-1288.
MOST_PORTS = 288


@dataclass(frozen=True, slots=True)
class Adapter:
    """A model of an adapter: its name for people, the ports built in and those that are served."""

    name: str
    ports: int
    served: int


_MEDIA_PACK = {
    "112": (2, 2),
    "114": (4, 3),
    "118": (8, 6),
    "124": (24, 18),
    "1288": (288, 288),
    "502": (2, 2),
    "504": (4, 4),
    "508": (8, 8),
    "516": (16, 16),
    "524": (24, 24),
    "532": (32, 32),
}
_ATA = {"190": 2, "191": 2, "192": 2, "400": 1, "402": 2}
_OBI = {"300": 1, "302": 2}
_MODEL = regex(
    r"(?<![a-z0-9])(?:mp[\s\-]?(?P<mp>\d{3,4})|ata[\s\-]?(?P<ata>\d{3})|obi[\s\-]?(?P<obi>\d{3}))"
    r"(?!\d)",
    re.IGNORECASE,
)


def adapter_in(model: str) -> Adapter | None:
    """The adapter that the words of a model name, such as “AudioCodes MP118 FXS”; or none."""
    found = _MODEL.search(model)
    if found is None:
        return None
    if found["mp"] in _MEDIA_PACK:
        ports, served = _MEDIA_PACK[found["mp"]]
        return Adapter(f"MP-{found['mp']}", ports, served)
    if found["ata"] in _ATA:
        return Adapter(f"ATA {found['ata']}", _ATA[found["ata"]], _ATA[found["ata"]])
    if found["obi"] in _OBI:
        return Adapter(f"OBi{found['obi']}", _OBI[found["obi"]], _OBI[found["obi"]])
    return None
