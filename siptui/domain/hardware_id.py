"""The hardware id of a SIP device: a MAC address, with a port number for an analog adapter."""

import re
import unicodedata

from siptui.domain.adapters import MOST_PORTS
from siptui.domain.patterns import regex

_PAIR = "[0-9A-Fa-f]{2}"
_PREFIX = "(?:[Ss][Ee][Pp]|[Aa][Tt][Aa])"
#: Every form that is read: pairs, fours or sixes with one separator throughout, or bare.
_FORM = regex(
    rf"{_PREFIX}?({_PAIR}(?:([-:.]){_PAIR}(?:\2{_PAIR}){{4}}"
    rf"|{_PAIR}(?:([-:.]){_PAIR}{_PAIR}\3{_PAIR}{_PAIR}"
    rf"|{_PAIR}[-:.]?{_PAIR}{_PAIR}{_PAIR})))(?::([0-9]{{3}}))?"
)
_MARKS = str.maketrans("", "", "-:.")

_EXPONENT = regex(r"[0-9](?:[.,][0-9]*)?E\+?[0-9]+|inf(?:inity)?|∞|nan", re.IGNORECASE)
_FORMATTED = regex(r"[0-9]{1,3}(?:[.,'’ ][0-9]{3})+(?:[.,][0-9]+)?|[0-9]+[.,][0-9]{1,2}")
_EXCEL_ERROR = regex(r"#(?:#+|N/A|REF!|NUM!|VALUE!|NAME\?|DIV/0!|NULL!)", re.IGNORECASE)
_TAIL = regex(r":([0-9]{3})\Z")
_HIDDEN = regex(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_LETTERS = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "i": "1"})
_LOOK_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－_", "-"),
        **dict.fromkeys("‘’‚‛“”„‟′″`´\"'", ""),
        **dict.fromkeys("：∶꞉", ":"),
    }
) | str.maketrans("авсеАВСЕΑΒΕО", "abceABCEABE0")
# An address somewhere in a cell, and what may stand for the port behind it.
_SOMEWHERE = regex(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}(?:[-:. ]?[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f])")
_PORT = regex(
    r"(?P<mac>[0-9A-F]{2}(?:[-:. ]?[0-9A-F]{2}){5})"
    r"(?:\s*[-:/#.,;_([]\s*|\s+|\s*(?=[a-z]))(?:fxs|port|line|p|ch)?[\s.:#\-_]*"
    r"0*(?P<port>[0-9]{1,3})[)\]]?",
    re.IGNORECASE,
)
_DIVIDED = regex(r"[,;/|]")
_NO_PORT = regex(r"\s*[-:/#.,]?\s*[0-9]+$")
_GATEWAY = regex(r"(?:VG|AN|SKIGW|ATA)([0-9A-F]{12})([0-9]{2,3})", re.IGNORECASE)
_WORDS = regex(r"^(?:SEP|ATA)[-_ ]?(?=[0-9A-F])", re.IGNORECASE)
#: Fewer digits than this have not lost leading zeros: no vendor's addresses begin with so many.
_FEWEST = 7


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
        if isinstance(text, cls):
            return text
        text = text.strip()
        found = _FORM.fullmatch(text)
        if found is None:
            raise _why_not(text)
        octets, port = _octets(found.group(1)), found.group(4)
        if refused := _refused(octets, port):
            raise HardwareIdError(*refused)
        return cls(_joined(octets, port))

    @property
    def mac(self) -> str:
        """The MAC address without the port."""
        return self[:17]

    @property
    def port(self) -> int | None:
        """The port of an analog adapter, counted from 1, or none."""
        port = self.partition(":")[2]
        return int(port) if port else None

    def with_port(self, port: int) -> "HardwareId":
        """The same adapter's port `port`. Raises `ValueError` for one that no adapter has."""
        if not 1 <= port <= MOST_PORTS:
            raise ValueError(f"no adapter has a port {port}")
        return HardwareId(f"{self.mac}:{port:03}")


def _octets(digits: str) -> bytes:
    """The six octets of twelve digits with or without marks between."""
    return bytes.fromhex(digits if len(digits) == 12 else digits.translate(_MARKS))


def _joined(octets: bytes, port: str | None) -> str:
    mac = octets.hex("-").upper()
    return f"{mac}:{port}" if port else mac


def _refused(octets: bytes, port: str | None) -> tuple[str, str] | None:
    """Rule and message if six octets are the address of no single device."""
    if octets == bytes(6):
        return "all_zero", "a MAC address of zeros belongs to no device"
    if octets == b"\xff" * 6:
        return "broadcast", "this is the broadcast address, not a device"
    if octets[0] % 2:
        return "multicast", "this is a multicast address, not a device"
    if port == "000":
        return "port", "ports are counted from 001"
    return None


_EXCEL = (
    "Excel turned this MAC address into a number and its digits are lost; "
    "take it from the source again, with the column formatted as text"
)


def _why_not(text: str) -> HardwareIdError:
    if not text:
        return HardwareIdError("missing", "the hardware id is missing")
    if _EXCEL_ERROR.match(text):
        return HardwareIdError(
            "excel_error",
            "Excel shows an error, or a column too narrow, where the MAC address should be; "
            "take it from the source again, with the column formatted as text",
        )
    bare = text.isascii() and text.isdigit()
    if _EXPONENT.fullmatch(text) or _FORMATTED.fullmatch(text) or (bare and len(text) > 12):
        return HardwareIdError("excel_number", _EXCEL)
    tail = _TAIL.search(text)
    body, port = (text[: tail.start()], tail.group()) if tail else (text, "")
    if body.isascii() and body.isdigit() and _FEWEST <= len(body) < 12:
        return HardwareIdError(
            "excel_leading_zeros",
            f"only {len(body)} digits of 12; Excel drops the leading zeros of a bare MAC address",
            _try(body.zfill(12) + port),
        )
    if suggestion := _with_port(text):
        return HardwareIdError(
            "port", "the port has three digits behind a colon, from 001", suggestion
        )
    if suggestion := _try("".join(text.split())):
        return HardwareIdError("blanks", "blanks inside the MAC address", suggestion)
    if suggestion := _try(_DIVIDED.sub("-", text)):
        message = "the digits are divided by another character than - : or ."
        return HardwareIdError("separators", message, suggestion)
    mended = _mended(text)
    if suggestion := _try(mended) or _with_port(mended):
        return HardwareIdError(
            "look_alike",
            "characters that only look like those of a MAC address, or cannot be seen",
            suggestion,
        )
    return _misshapen(text, mended)


def _misshapen(text: str, mended: str) -> HardwareIdError:
    plain = _WORDS.sub("", mended)
    tail = _TAIL.search(plain)
    body, port = (plain[: tail.start()], tail.group()) if tail else (plain, "")
    groups = re.split(r"[-:.]", body)
    if all(group and all(c in "0123456789abcdefABCDEF" for c in group) for group in groups):
        joined = "".join(groups)
        if len(joined) == 12:
            mixed = len(set(re.findall(r"[-:.]", body))) > 1
            rule, message = (
                ("mixed_separators", "more than one kind of separator")
                if mixed
                else ("grouping", "the digits are not grouped as in a MAC address")
            )
            return HardwareIdError(rule, message, _try(joined + port))
        if len(groups) == 6 and all(len(group) <= 2 for group in groups):
            padded = "-".join(group.zfill(2) for group in groups)
            message = "an octet lost its leading zero"
            return HardwareIdError("dropped_zeros", message, _try(padded + port))
        return HardwareIdError("length", f"{len(joined)} hexadecimal digits instead of 12")
    found = _SOMEWHERE.findall(mended)
    if found and _NO_PORT.match(mended.partition(found[0])[2]):
        return HardwareIdError("port", f"ports go from 001 to {MOST_PORTS}")
    if len(found) > 1:
        return HardwareIdError("several", f"{len(found)} MAC addresses in one cell")
    if found and (suggestion := _try("".join(found[0].split()).translate(_MARKS))):
        return HardwareIdError("surplus", "more than the MAC address in the cell", suggestion)
    return HardwareIdError("not_hexadecimal", "a MAC address has the digits 0-9 and A-F only")


def _mended(text: str) -> str:
    """`text` with what only looks like a part of a MAC address replaced, and what cannot be seen
    taken out."""
    plain = unicodedata.normalize("NFKC", _HIDDEN.sub("", text).translate(_LOOK_ALIKE))
    plain = " ".join(plain.translate(_LOOK_ALIKE).split())
    if _SOMEWHERE.search(plain):
        return plain
    letters = plain.translate(_LETTERS)
    return letters if _SOMEWHERE.search(letters) else plain


def _with_port(text: str) -> str:
    """The hardware id that `text` names with a port in another form, or nothing."""
    plain = _WORDS.sub("", text)
    found = _PORT.fullmatch(plain) or _GATEWAY.fullmatch(text)
    if found is None:
        return ""
    mac, port = found.group(1).replace(" ", "").translate(_MARKS), int(found.group(2))
    return _try(f"{mac}:{port:03}") if 1 <= port <= MOST_PORTS else ""


def _try(text: str) -> str:
    """The hardware id `text` names, or nothing: a suggestion is always one that will be read."""
    found = _FORM.fullmatch(text)
    if found is None:
        return ""
    octets, port = _octets(found.group(1)), found.group(4)
    return "" if _refused(octets, port) else _joined(octets, port)
