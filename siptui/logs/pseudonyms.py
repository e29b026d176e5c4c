"""Stand-ins for people, phones and addresses: the same for the same within one file.

Made by a keyed hash whose key is thrown away with the process, so that a support bundle or a
recording can be followed but not turned back.
"""

import hashlib
import os
import re
from collections.abc import Iterable

from siptui.domain.guid import GUID

_MAC = re.compile(
    r"(?<![0-9A-Fa-f:.-])(?P<prefix>SEP|ATA)?(?P<mac>(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"
    r"|(?:[0-9A-Fa-f]{4}[.-]){2}[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12})(?P<port>:[0-9]{3})?(?![0-9A-Fa-f])"
)
_WORD = r"[\w.+#!$%&*^`{|}~-]+"
_UPN = re.compile(rf"{_WORD}(?:'{_WORD})*@[\w-]+(?:\.[\w-]+)+")
_GUID = re.compile(rf"(?<![0-9A-Fa-f-]){GUID.pattern}(?![0-9A-Fa-f-])")
_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.]*[\w])")
_H16 = r"[0-9A-Fa-f]{1,4}"
_IPV6 = re.compile(  # three colons at least, or two in a row: a time of day is none
    rf"(?<![\w:.])(?:(?:{_H16}:){{3,7}}{_H16}|(?:{_H16}(?::{_H16})*)?::(?:{_H16}(?::{_H16})*)?)"
    r"(?:%\w+)?(?![\w:])",
    re.ASCII,
)
_PHONE = re.compile(r"(?<![\w+])(?:tel:)?\+[0-9][0-9 ().-]{5,20}[0-9]")
#: Hosts that all tenants share: Microsoft's, and this computer.
_PLAIN_HOST = re.compile(
    r"(?i)(?:^|\.)(?:microsoft\.(?:com|us)|microsoftonline\.(?:com|us|cn)|chinacloudapi\.cn)(?::\d+)?$"
    r"|^aka\.ms$|^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$"
)
_URL = re.compile(
    r"(?i)\b(?P<scheme>[a-z][a-z0-9+.-]*://)(?:[^\s/@\"'<>]*@)?"
    r"(?P<host>\[[0-9a-f:.%]+\]|[^\s/:?#\"'<>()\[\]{}\\,;]+)(?P<port>:\d+)?"
    r"(?P<rest>[/?#][^\s\"'<>]*)?"
)
_LOOPBACK = re.compile(r"127\.|0\.0\.0\.0$|255\.")


def is_common_host(host: str) -> bool:
    """Whether it is a host that all tenants share; any other may bear a company's name."""
    return _PLAIN_HOST.search(host) is not None


class Pseudonyms:
    """Stand-ins under one key; without `key`, a new random one.

    `names` are replaced wherever they stand as words of their own, whatever their case: those of
    profiles, tenants, users, computers.
    """

    def __init__(self, key: bytes = b"", names: Iterable[str] = ()) -> None:
        self._key = key or os.urandom(32)
        # The longest first, so that no name is cut up by one that is part of it.
        known = sorted({name for name in names if len(name) > 1}, key=len, reverse=True)
        either = "|".join(map(re.escape, known))
        self._names = re.compile(rf"(?i)(?<!\w)(?:{either})(?!\w)") if known else None

    def _digest(self, kind: str, value: str) -> bytes:
        data = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        import hmac

        return hmac.new(self._key, data, hashlib.sha256).digest()

    def user(self, text: str) -> str:
        """`user-XXXX@tenant-YYYY.example` for a user name, whatever its case."""
        local, _, domain = text.casefold().rpartition("@")
        name = self._digest("user", local + "@" + domain).hex()[:8]
        return f"user-{name}@tenant-{self._digest('tenant', domain).hex()[:6]}.example"

    def hardware_id(self, text: str) -> str:
        """A locally administered MAC address in the canonical form; a port stays as it is."""
        digits = re.sub(r"[^0-9A-Fa-f]", "", text)[:12].upper()
        made = self._digest("mac", digits)
        body = bytes([0x02, *made[:5]]).hex("-").upper()
        return body + (found.group() if (found := re.search(r":[0-9]{3}$", text)) else "")

    def guid(self, text: str) -> str:
        """Another GUID."""
        hexes = self._digest("guid", text.casefold()).hex()
        return f"{hexes[:8]}-{hexes[8:12]}-4{hexes[13:16]}-8{hexes[17:20]}-{hexes[20:32]}"

    def address(self, text: str) -> str:
        """An IP address of those set apart for tests and documentation."""
        made = self._digest("ip", text.casefold())
        if ":" in text:
            return f"2001:db8::{made[:2].hex()}:{made[2:4].hex()}"
        return f"198.18.{made[0]}.{made[1]}"

    def phone(self, text: str) -> str:
        """A number of an unused country code."""
        digits = re.sub(r"[^0-9]", "", text)
        made = int.from_bytes(self._digest("phone", digits)[:8]) % 10**9
        return ("tel:" if text.startswith("tel:") else "") + f"+999{made:09d}"

    def host(self, text: str) -> str:
        """A host, perhaps with a port: as it is where all tenants share it, else a stand-in."""
        if is_common_host(text):
            return text
        name, colon, port = text.rpartition(":")
        if colon and port.isdigit():
            return f"{self.word(name.casefold())}:{port}"
        return self.word(text.casefold())

    def word(self, text: str) -> str:
        """For a name or other free text."""
        return f"text-{self._digest('text', text).hex()[:8]}" if text else ""

    def scrub(self, text: str) -> str:
        """`text` with every user name, hardware id, GUID, IP address, phone number, address of a
        web page and known name replaced."""
        # Marked while other patterns run, so that no stand-in is taken for a find of theirs.
        made: list[str] = []

        def kept(value: str) -> str:
            made.append(value)
            return f"\ue000{len(made) - 1}\ue001"

        text = text.replace("\ue000", "?").replace("\ue001", "?")
        text = _URL.sub(lambda m: kept(self._url(m)) if self._url(m) else m.group(), text)
        text = _UPN.sub(lambda m: kept(self.user(m.group())), text)
        text = _GUID.sub(lambda m: kept(self.guid(m.group())), text)
        text = _MAC.sub(lambda m: kept(self.hardware_id(m["mac"] + (m["port"] or ""))), text)
        text = _PHONE.sub(lambda m: kept(self.phone(m.group())), text)
        text = _IPV4.sub(
            lambda m: m.group() if _LOOPBACK.match(m.group()) else kept(self.address(m.group())),
            text,
        )
        text = _IPV6.sub(
            lambda m: m.group() if m.group() in ("::", "::1") else kept(self.address(m.group())),
            text,
        )
        if self._names is not None:
            text = self._names.sub(lambda m: kept(self.word(m.group().casefold())), text)
        return re.sub("\ue000([0-9]+)\ue001", lambda m: made[int(m[1])], text)

    def _url(self, found: re.Match[str]) -> str:
        """An address without what names its owner; nothing for one that all tenants share. Its path
        may be a secret, as that of a webhook is."""
        host = found["host"] + (found["port"] or "")
        if is_common_host(host):
            return ""
        return f"{found['scheme']}{self.host(host)}{'/…' if found['rest'] else ''}"
