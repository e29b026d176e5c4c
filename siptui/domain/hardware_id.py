"""The hardware id of a SIP device: a MAC address, with a port number for an analog adapter."""

import re

_GROUPS = {6: 2, 3: 4, 2: 6, 1: 12}  # number of groups -> hexadecimal digits in each
_PREFIX = re.compile(r"^(SEP|ATA)(?=[0-9A-Fa-f])", re.IGNORECASE)
_PORT = re.compile(r":([0-9]{3})$")
_EXPONENT = re.compile(r"^[0-9](?:[.,][0-9]*)?E\+?[0-9]+$", re.IGNORECASE)
_CANONICAL = re.compile(r"(?:[0-9A-F]{2}-){5}[0-9A-F]{2}(?::[0-9]{3})?")
_LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "i": "1"})
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣-", "-"))
_HEX = frozenset("0123456789abcdefABCDEF")


class HardwareIdError(ValueError):
    """Why a text is no hardware id: a stable `rule`, and a `suggestion` where one is likely."""

    def __init__(self, rule: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.suggestion = suggestion


class HardwareId(str):
    """A hardware id in the form the service wants: `XX-XX-XX-XX-XX-XX`, or with `:NNN` for a port.

    Upper case, hyphens, port from 001 (Microsoft Learn, "Configure SIP Gateway"). Made by
    `parse`; a plain string is never one.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "HardwareId":
        """The hardware id that `text` names in any usual form; `HardwareIdError` otherwise.

        Read are pairs, fours and sixes of hexadecimal digits with one of `-`, `:`, `.`
        throughout, twelve bare digits, each with `SEP` or `ATA` before and `:NNN` behind.
        """
        text = text.strip()
        if _CANONICAL.fullmatch(text):
            digits, port = text[:17].replace("-", ""), text[18:]
        else:
            digits, port = _split(text)
        digits = digits.upper()
        if digits == "0" * 12:
            raise HardwareIdError("all_zero", "a MAC address of zeros belongs to no device")
        if digits == "F" * 12:
            raise HardwareIdError("broadcast", "this is the broadcast address, not a device")
        if int(digits[1], 16) & 1:
            raise HardwareIdError("multicast", "this is a multicast address, not a device")
        if port == "000":
            raise HardwareIdError("port", "ports are counted from 001")
        return cls(_hyphens(digits) + (f":{port}" if port else ""))

    @property
    def mac(self) -> str:
        """The MAC address without the port."""
        return self[:17]

    @property
    def port(self) -> int | None:
        """The port of an analog adapter, counted from 1, or none."""
        return int(self[18:]) if len(self) > 17 else None


def _hyphens(digits: str) -> str:
    return "-".join(digits[i : i + 2] for i in range(0, 12, 2))


def _split(text: str) -> tuple[str, str]:
    """Twelve hexadecimal digits and the port digits (or nothing) of a hardware id in any form."""
    if not text:
        raise HardwareIdError("missing", "the hardware id is missing")
    body = _PREFIX.sub("", text)
    port = ""
    if found := _PORT.search(body):
        body, port = body[: found.start()], found.group(1)
    separators = {c for c in body if c in "-:."}
    groups = re.split(r"[-:.]", body)
    whole = all(c in _HEX for group in groups for c in group)
    size = _GROUPS.get(len(groups))
    if whole and len(separators) <= 1 and size and all(len(g) == size for g in groups):
        return "".join(groups), port
    raise _why_not(text, groups, separators, whole, port)


def _why_not(
    text: str, groups: list[str], separators: set[str], whole: bool, port: str
) -> HardwareIdError:
    tail = f":{port}" if port else ""
    if _EXPONENT.match(text):
        return HardwareIdError(
            "excel_number",
            "Excel turned this MAC address into a number and its digits are lost; "
            "take it from the source again, with the column formatted as text",
        )
    if len(groups) == 1 and len(text) < 12 and text.isascii() and text.isdigit():
        return HardwareIdError(
            "excel_leading_zeros",
            f"only {len(text)} digits of 12; Excel drops the leading zeros of a bare MAC address",
            _hyphens(text.zfill(12)) + tail,
        )
    if not whole:
        mended = text.translate(_DASHES).translate(_LETTERS)
        suggestion = _try(mended) if mended != text else ""
        if suggestion:
            return HardwareIdError(
                "look_alike",
                "letters or dashes that only look like those of a MAC address",
                suggestion,
            )
        return HardwareIdError("not_hexadecimal", "a MAC address has the digits 0-9 and A-F only")
    if len(separators) > 1:
        joined = "".join(groups)
        return HardwareIdError(
            "mixed_separators",
            "more than one kind of separator",
            _try(joined + tail) if len(joined) == 12 else "",
        )
    if len(groups) == 6 and all(1 <= len(g) <= 2 for g in groups):
        return HardwareIdError(
            "dropped_zeros",
            "an octet lost its leading zero",
            "-".join(g.upper().zfill(2) for g in groups) + tail,
        )
    if len(groups) == 7 and len(groups[6]) in (1, 2) and len(separators) == 1:
        return HardwareIdError(
            "port",
            "the port has three digits, from 001",
            _try(":".join(groups[:6]) + ":" + groups[6].zfill(3)) if groups[6].isdigit() else "",
        )
    digits = sum(len(g) for g in groups)
    if digits == 12:
        return HardwareIdError(
            "grouping",
            "the digits are not grouped as in a MAC address",
            _try("".join(groups) + tail),
        )
    return HardwareIdError("length", f"{digits} hexadecimal digits instead of 12")


def _try(text: str) -> str:
    try:
        return str(HardwareId.parse(text))
    except HardwareIdError:
        return ""
