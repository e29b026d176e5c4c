"""Names that are to be forgotten, and texts without them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from siptui.domain.patterns import regex
from siptui.domain.text import folded

#: What stands where a forgotten name stood.
FORGOTTEN = "(forgotten)"
_UPN = regex(r"[\w.!#^~+'’\u0300-\u036f-]+@[\w-]+(?:\.[\w-]+)+")
_HARDWARE_ID = regex(
    r"(?:(?<![0-9A-Za-z%])|(?<=%[0-9A-Fa-f]{2}))(?:SEP|ATA)?((?:[0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2})(?::\d{3})?(?![0-9A-Za-z])"
)
#: A user name in an address of a page.
_QUOTED = regex(r"[\w.~+%'!-]+%40[\w.%-]+", re.IGNORECASE)
#: What ends the name of a file and of no domain: a list may be called after an account.
_FILE_ENDING = regex(r"(?:\.(?:csv|tsv|txt|log|xls[xmb]?|ods|jsonl?|html))+", re.IGNORECASE)


def stand_in(number: int) -> str:
    """What stands in place of a user name or hardware id, another for each device of a run."""
    return f"(forgotten-{number})"


def is_stand_in(text: str) -> bool:
    """Whether `text` stands in place of a forgotten name."""
    return text.startswith("(forgotten-")


@dataclass(frozen=True, slots=True)
class ForgottenNames:
    """User names without case, and hardware ids as twelve digits (see `names_of`)."""

    users: frozenset[str] = frozenset()
    hardware: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.users or self.hardware)

    def in_text(self, text: str) -> bool:
        """Whether one of them stands in `text`."""
        return self.without(text) != text

    def without(self, text: str) -> str:
        """`text` with `FORGOTTEN` in place of each of them, however it is written."""
        if self.users:
            text = _UPN.sub(self._user, _QUOTED.sub(self._quoted, text))
        if self.hardware:
            text = _HARDWARE_ID.sub(self._hardware_id, text)
        return text

    def _user(self, found: re.Match[str]) -> str:
        word = found.group()
        starts = (0, *(mark.end() for mark in re.finditer(r"['’.-]", word.partition("@")[0])))
        ends = (len(word), *(m.start() for m in re.finditer(r"[.-](?=[^@]*$)", word)))
        for start in starts:  # an apostrophe may be of the name, or stand before it
            for end in ends:
                if _plain(word[start:end]) in self.users and _apart(word, start, end):
                    return word[:start] + FORGOTTEN + word[end:]
        return word

    def _quoted(self, found: re.Match[str]) -> str:
        plain = unquote(found.group())
        new = _UPN.sub(self._user, plain)
        return new if new != plain else found.group()

    def _hardware_id(self, found: re.Match[str]) -> str:
        return FORGOTTEN if _digits(found[1]) in self.hardware else found.group()


def _plain(word: str) -> str:
    """`word` without case, and with one apostrophe where a filter or a line for PowerShell has two,
    or a text the printed one."""
    return folded(word.replace("''", "'").replace("’", "'"))


def _apart(word: str, start: int, end: int) -> bool:
    """Whether what stands there is a name of its own, and no part of a longer one."""
    before, behind = word[:start], word[end:]
    ended = behind.strip(".-") == "" or _FILE_ENDING.fullmatch(behind)
    return before.strip("'’.-") == "" and bool(ended)


def names_of(users: Iterable[str], hardware_ids: Iterable[str]) -> ForgottenNames:
    """The names to be forgotten, of user names and hardware ids as lists have them."""
    return ForgottenNames(
        frozenset(_plain(user) for user in users),
        frozenset(
            _digits(one.partition(":")[0]) if one.count(":") == 1 else _digits(one)
            for one in hardware_ids
        ),
    )


def replaced_values(found: Any, names: ForgottenNames) -> Any:
    """`found` with every text in it without the names; names of fields stay."""
    if isinstance(found, dict):
        return {key: replaced_values(value, names) for key, value in found.items()}
    if isinstance(found, list):
        return [replaced_values(value, names) for value in found]
    return names.without(found) if isinstance(found, str) else found


def _digits(text: str) -> str:
    return re.sub(r"[^0-9A-Fa-f]", "", text)[:12].upper()
