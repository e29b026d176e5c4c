"""The user name of a shared account: a user principal name.

Entra ID allows `A-Z a-z 0-9 ' . - _ ! # ^ ~`, no `.` right before the `@`, and at most 113
characters, 64 before the `@` and 48 behind it (Microsoft Learn, "Password policies and account
restrictions in Microsoft Entra ID", UserPrincipalName policies). `+` and Latin letters with marks
are not on that list, but occur in names of synchronised and old accounts: they are accepted and
pointed out (`unusual`). Everything else is refused, with what was probably meant.
"""

import re
import unicodedata

from siptui.domain.patterns import regex
from siptui.domain.text import visible

_MAX_LENGTH = 113
_PLAIN = regex(r"[A-Za-z0-9_!#^~'-]+(?:\.[A-Za-z0-9_!#^~'-]+)*")
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.-_!#^~")
_PLAIN_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = regex(rf"{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})+")
#: What nearly all user names are, found at once; any other is looked at part by part.
_USUAL = regex(
    rf"(?!--)[A-Za-z0-9_!^~'-]+(?:\.[A-Za-z0-9_!^~'-]+)*@{_PLAIN_LABEL}(?:\.{_PLAIN_LABEL})+"
)
_FORBIDDEN = regex(r"[\s\"(),:;<>\[\]\\/|=?*%&{}]")
_LABEL = regex(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_GUEST = regex(r"#ext#", re.IGNORECASE)
#: What marks a row as a comment. Entra ID would allow both, but no account is named so.
_COMMENT = ("#", "--")
#: “Bob <bob@contoso.com>”, “mailto:bob@contoso.com”, an address in quotation marks.
_WRAPPED = regex(
    r"(?:[^@<>]*<|[\"“„«(\[]|\s*(?:mailto|smtp|upn|e-?mail)\s*[:=]\s*)"
    r"([^\s@<>:]+@[^\s@<>:]+?)[>\"”“»)\]]?\s*",
    re.IGNORECASE,
)
_HIDDEN = regex(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
#: What is drawn like a character of a user name and is another; NFKC knows the wide forms.
_LOOK_ALIKE = (
    str.maketrans(
        {
            **dict.fromkeys("‐‑‒–—―−⁃˗﹘﹣－➖", "-"),
            **dict.fromkeys("‘’‚‛′ʹʻʼˈ`´＇", "'"),
            **dict.fromkeys("。｡․", "."),
        }
    )
    | str.maketrans("аеорсухіјѕһԁԛԝӏɑɡοανρυικ", "aeopcyxijshdqwlagoavpuik")
    | str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")
)


class UserNameError(ValueError):
    """Why a text is no user name: a stable `rule`, and a `suggestion` where one is likely."""

    def __init__(self, rule: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.suggestion = suggestion


class UserName(str):
    """A user principal name as the operator wrote it; compared through `key`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "UserName":
        """The user name in `text`; `UserNameError` says what is wrong with it."""
        text = text.strip()
        if len(text) <= _MAX_LENGTH and _USUAL.fullmatch(text):
            return cls(text)
        found = cls.read(text)
        local, _, host = text.rpartition("@")
        plain = _PLAIN.fullmatch(local) and host.isascii()
        if plain and "#" not in local and not local.startswith("--"):
            return found
        if _GUEST.search(local):
            raise UserNameError(
                "guest", "a guest account of another organisation, never that of a shared phone"
            )
        if problem := _odd(text):
            raise UserNameError(*problem, _suggestion(text))
        return found

    @classmethod
    def read(cls, text: str) -> "UserName":
        """The user name in `text` as the service writes it: held to the form of one, not to the
        characters. Raises `UserNameError`."""
        text = text.strip()
        if problem := _misshapen(text):
            raise UserNameError(*problem, _suggestion(text))
        return cls(text)

    @property
    def key(self) -> str:
        """What two spellings of one account have in common."""
        return self.casefold()

    @property
    def unusual(self) -> str:
        """The characters in it that Entra ID does not list as allowed, or nothing."""
        if self.isascii() and "+" not in self:
            return ""
        return "".join(dict.fromkeys(c for c in self if c not in _ALLOWED and c != "@"))


def _misshapen(text: str) -> tuple[str, str] | None:
    """Rule and message where `text` has not the form of a user name."""
    if not text:
        return "missing", "the user name is missing"
    local, at, host = text.rpartition("@")
    if not at:
        return "no_at_sign", "a user name has the form name@domain"
    if "@" in local:
        return "two_at_signs", "more than one @"
    if not local or not host:
        return "incomplete", "nothing before or behind the @"
    if len(text) > _MAX_LENGTH:
        return "too_long", f"{len(text)} characters; at most {_MAX_LENGTH}"
    if visible(text) != text or _HIDDEN.search(text):
        return "character", "a character that cannot be seen"
    if not _PLAIN.fullmatch(local):
        if found := _FORBIDDEN.search(local):
            return "character", f"{found.group()!r} cannot stand in a user name"
        if local.startswith(".") or local.endswith(".") or ".." in local:
            return "dots", "a dot at the start, at the end or doubled"
    if not _HOST.fullmatch(host) and (
        "." not in host or not all(_LABEL.fullmatch(label) for label in host.split("."))
    ):
        return "domain", f"{host!r} is not a domain name"
    return None


def _odd(text: str) -> tuple[str, str] | None:
    """Rule and message where a character cannot stand in a user name of Entra ID."""
    if text.startswith(_COMMENT):
        return "comment", "commented out? No account begins so; remove the row, or the mark"
    if _reread(text):
        return "mojibake", "this looks like UTF-8 that was read as Windows-1252 and saved again"
    for char in text:
        if char in _ALLOWED or char in "@+" or _latin(char):
            continue
        if char == "\ufffd":
            return "character_lost", "a character was lost when the list was converted"
        if _mended(char) != char:
            name = unicodedata.name(char, "").lower()
            return "look_alike", f"{char!r} ({name}) only looks like a character of a user name"
        return "character", f"{char!r} cannot stand in a user name"
    return None


def _latin(char: str) -> bool:
    """Whether `char` is a Latin letter with a mark, or one of the few besides a-z."""
    return char.isalpha() and (0xC0 <= ord(char) <= 0x24F or 0x1E00 <= ord(char) <= 0x1EFF)


def _reread(text: str) -> str:
    """`text` as it was before its UTF-8 was taken for Windows-1252, or nothing."""
    if text.isascii():
        return ""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""


def _mended(text: str) -> str:
    """`text` with what only looks like a character of a user name replaced."""
    return unicodedata.normalize("NFKC", text.translate(_LOOK_ALIKE)).translate(_LOOK_ALIKE)


def _suggestion(text: str) -> str:
    """What was probably meant: always a user name that would be accepted, and never `text`."""
    plain = _mended(_HIDDEN.sub("", _reread(text) or text))
    if wrapped := _WRAPPED.fullmatch(plain):
        plain = wrapped.group(1)
    local, at, host = plain.rpartition("@")
    local = local.strip().lstrip("#").removeprefix("--")
    plain = f"{local}{at}{re.sub(r'[.]+', '.', host).strip('. ')}"
    if _misshapen(plain) or _odd(plain) or _GUEST.search(plain):
        return ""
    return plain
