"""The three regions of SIP Gateway. A device record lives in exactly one of them."""

from enum import StrEnum


class Region(StrEnum):
    """A SIP Gateway region, as the service spells it (Microsoft Learn, "Configure SIP Gateway")."""

    APAC = "APAC"
    EMEA = "EMEA"
    NOAM = "NOAM"

    @classmethod
    def parse(cls, text: str) -> "Region":
        """The region named by `text`, whatever its case; `ValueError` names the three otherwise."""
        try:
            return cls(text.strip().upper())
        except ValueError:
            raise ValueError(f"{text!r} is not a region; use APAC, EMEA or NOAM") from None
