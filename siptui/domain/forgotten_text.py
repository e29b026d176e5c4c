"""Names that are to be forgotten, and texts without them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

#: What stands where a forgotten name stood.
FORGOTTEN = "(forgotten)"
#: Where a name or a hardware id may begin and end: at blanks, quotation marks, brackets, and what
#: parts an address of a page or a list.
_WORD = re.compile(r"[^\s\"'“”‘’<>()\[\]{},;=?&|/\\]+(?:'[^\s\"'“”‘’<>()\[\]{},;=?&|/\\]+)*")
_HEX = re.compile(r"(?:SEP|ATA)?((?:[0-9A-Fa-f]{2}[:.-]?){5}[0-9A-Fa-f]{2})(?::\d{3})?")
_TAIL = ".:!…"


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

    def has(self, word: str) -> bool:
        """Whether `word` is one of them, however it is written."""
        folded = word.casefold()
        if folded in self.users or ("%" in folded and unquote(folded) in self.users):
            return True
        found = _HEX.fullmatch(unquote(word) if "%" in word else word)
        return found is not None and _digits(found[1]) in self.hardware

    def in_text(self, text: str) -> bool:
        """Whether one of them stands in `text`."""
        return self.without(text) != text

    def without(self, text: str) -> str:
        """`text` with `FORGOTTEN` in place of each of them."""
        return _WORD.sub(self._replaced, text) if self else text

    def _replaced(self, found: re.Match[str]) -> str:
        word = found.group()
        if self.has(word):
            return FORGOTTEN
        core = word.rstrip(_TAIL)
        if core != word and self.has(core):
            return FORGOTTEN + word[len(core) :]
        head, mark, rest = word.partition(":")  # “user:” or “mailto:user”
        if mark and (self.has(rest.rstrip(_TAIL)) or self.has(head)):
            return (FORGOTTEN if self.has(head) else head) + ":" + self.without(rest)
        return word


def names_of(users: Iterable[str], hardware_ids: Iterable[str]) -> ForgottenNames:
    """The names to be forgotten, of user names and hardware ids as lists have them."""
    return ForgottenNames(
        frozenset(user.casefold() for user in users),
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
