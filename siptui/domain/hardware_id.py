"""The hardware id of a SIP device: a MAC address, with a port number for an analog adapter."""

import re

_GROUPS = {6: 2, 3: 4, 2: 6, 1: 12}  # number of groups -> hexadecimal digits in each
_PREFIX = re.compile(r"(?:SEP|ATA)(?=[0-9A-F])", re.IGNORECASE)
_PORT = re.compile(r":([0-9]{3})\Z")
_SHORT_PORT = re.compile(r"(.+):([0-9]{1,2})", re.DOTALL)
_EXPONENT = re.compile(r"[0-9](?:[.,][0-9]*)?E\+?[0-9]+", re.IGNORECASE)
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
        if not text:
            raise HardwareIdError("missing", "the hardware id is missing")
        parts = _split(text)
        if parts is None:
            raise _why_not(text)
        digits, port = parts
        if refused := _refused(digits, port):
            raise HardwareIdError(*refused)
        return cls(_joined(digits, port))

    @property
    def mac(self) -> str:
        """The MAC address without the port."""
        return self[:17]

    @property
    def port(self) -> int | None:
        """The port of an analog adapter, counted from 1, or none."""
        return int(self[18:]) if len(self) > 17 else None


def _joined(digits: str, port: str) -> str:
    mac = "-".join(digits[i : i + 2] for i in range(0, 12, 2))
    return f"{mac}:{port}" if port else mac


def _refused(digits: str, port: str) -> tuple[str, str] | None:
    """Rule and message if twelve upper-case digits are the address of no single device."""
    if digits == "0" * 12:
        return "all_zero", "a MAC address of zeros belongs to no device"
    if digits == "F" * 12:
        return "broadcast", "this is the broadcast address, not a device"
    if int(digits[1], 16) & 1:
        return "multicast", "this is a multicast address, not a device"
    if port == "000":
        return "port", "ports are counted from 001"
    return None


def _groups(text: str) -> tuple[list[str], str]:
    """The groups of digits in `text` without a prefix, and the port's digits or nothing."""
    prefix = _PREFIX.match(text)
    body = text[prefix.end() :] if prefix else text
    port = ""
    if found := _PORT.search(body):
        body, port = body[: found.start()], found.group(1)
    return re.split(r"[-:.]", body), port


def _split(text: str) -> tuple[str, str] | None:
    """Twelve upper-case digits and the port's digits (or nothing), if `text` has a known form."""
    if _CANONICAL.fullmatch(text):
        return text[:17].replace("-", ""), text[18:]
    groups, port = _groups(text)
    size = _GROUPS.get(len(groups))
    if size is None or any(len(group) != size or not _HEX.issuperset(group) for group in groups):
        return None
    if len(_separators(text, port)) > 1:
        return None
    return "".join(groups).upper(), port


def _separators(text: str, port: str) -> set[str]:
    return set("-:.").intersection(text.removesuffix(f":{port}") if port else text)


def _why_not(text: str) -> HardwareIdError:
    groups, port = _groups(text)
    separators = _separators(text, port)
    whole = all(_HEX.issuperset(group) for group in groups)
    tail = f":{port}" if port else ""
    if _EXPONENT.fullmatch(text):
        return HardwareIdError(
            "excel_number",
            "Excel turned this MAC address into a number and its digits are lost; "
            "take it from the source again, with the column formatted as text",
        )
    if len(groups) == 1 and len(groups[0]) < 12 and groups[0].isascii() and groups[0].isdigit():
        return HardwareIdError(
            "excel_leading_zeros",
            f"only {len(groups[0])} digits of 12; "
            "Excel drops the leading zeros of a bare MAC address",
            _try(groups[0].zfill(12) + tail),
        )
    if not whole:
        if suggestion := _try("".join(text.split())):
            return HardwareIdError("blanks", "blanks inside the MAC address", suggestion)
        mended = text.translate(_DASHES).translate(_LETTERS)
        suggestion = _try(mended) if mended != text else ""
        if suggestion:
            return HardwareIdError(
                "look_alike",
                "letters or dashes that only look like those of a MAC address",
                suggestion,
            )
        return HardwareIdError("not_hexadecimal", "a MAC address has the digits 0-9 and A-F only")
    if (found := _SHORT_PORT.fullmatch(text)) and (
        suggestion := _try(f"{found.group(1)}:{found.group(2).zfill(3)}")
    ):
        return HardwareIdError("port", "the port has three digits, from 001", suggestion)
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
            _try("-".join(g.zfill(2) for g in groups) + tail),
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
    """The hardware id `text` names, or nothing: a suggestion is always one that will be read."""
    parts = _split(text)
    return "" if parts is None or _refused(*parts) else _joined(*parts)
