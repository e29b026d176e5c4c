"""The three regions of SIP Gateway. A device record lives in exactly one of them."""

import re
from enum import StrEnum

_BREAKS = re.compile(r"[\W_]+")


class Region(StrEnum):
    """A SIP Gateway region, as the service spells it (Microsoft Learn, "Configure SIP Gateway")."""

    APAC = "APAC"
    EMEA = "EMEA"
    NOAM = "NOAM"

    @classmethod
    def meant(cls, text: str) -> "Region | None":
        """The region that another name of a part of the world points to, or none. It is for
        suggestions: which region a phone lives in is decided by the URL it was provisioned with."""
        word = " ".join(_BREAKS.sub(" ", text).upper().split())
        return next((region for region, names in _OTHER_NAMES.items() if word in names), None)

    @classmethod
    def parse(cls, text: str) -> "Region":
        """The region named by `text`, whatever its case; `ValueError` names the three otherwise."""
        try:
            return cls(text.strip().upper())
        except ValueError:
            raise ValueError(f"{text!r} is not a region; use APAC, EMEA or NOAM") from None


_OTHER_NAMES = {
    Region.APAC: frozenset(
        ("APJ", "JAPAC", "ASIA", "ASIA PACIFIC", "ASIAPAC", "AP", "ANZ", "OCEANIA", "ASIEN", "ASIE")
    ),
    Region.EMEA: frozenset(
        ("EU", "EUR", "EUROPE", "MEA", "EUROPA", "EMEIA", "EUROPE MIDDLE EAST AFRICA")
    ),
    Region.NOAM: frozenset(
        (
            *("AMER", "AMERICAS", "AMERICA", "NA", "NAM", "NORAM", "NAMER", "US", "USA", "LATAM"),
            *("AMS", "NORTH AMERICA", "NORDAMERIKA", "AMERIKA"),
        )
    ),
}
