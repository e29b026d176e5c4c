"""What is typed behind `/`: words, `!` to invert, and `status:` `cause:` `batch:` and the like."""

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct, field

from siptui.domain.state import WORDS, DeviceState
from siptui.domain.text import folded

NO_COLUMNS: Mapping[str, str] = MappingProxyType({})
_ALIASES = {
    "user": "user",
    "username": "user",
    "hw": "hardware_id",
    "hardware": "hardware_id",
    "mac": "hardware_id",
    "status": "status",
    "state": "status",
    "cause": "cause",
    "batch": "batch",
    "region": "region",
    "line": "line",
    "pre": "pre",
    "check": "check",
}
_WORDS = frozenset({"pre", "check"})  # several words, each found by its beginning
_EXACT = frozenset({"batch", "line"})
_DIGITS = re.compile(r"[-:.\s]")
_HEX = re.compile(r"[0-9a-f]+")

#: The status filters, in turn: a word and the states that it lets through.
STATUS: tuple[tuple[str, frozenset[DeviceState | None]], ...] = (
    ("all", frozenset(DeviceState)),
    ("failed", frozenset({DeviceState.FAILED})),
    ("running", frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING})),
    ("succeeded", frozenset({DeviceState.SUCCEEDED})),
    ("unknown", frozenset({DeviceState.UNKNOWN})),
    ("queued", frozenset({DeviceState.QUEUED})),
    ("invalid", frozenset({DeviceState.INVALID})),
    ("left out", frozenset({None})),
)
#: The same before a run, where a row that can be submitted is called so.
LISTED = tuple(("ready" if word == "queued" else word, states) for word, states in STATUS)
#: What begins like the name of a column: `cause` in `cause:offline`, not the `00` of `00:04:f2`.
_NAME = re.compile(r"[^\W\d_][\w-]*")
_SIGN = re.compile(r"[:=]")
_STATES = tuple(folded(word) for state in DeviceState for word in (state, WORDS[state]))


class RowFilter(Struct):
    """What the table is filtered by: words that were typed, and a status by its place in
    `steps`."""

    typed: str = ""
    place: int = 0
    steps: Sequence[tuple[str, frozenset[Any]]] = STATUS
    #: How the rows stand or may stand; a status of none of these is passed over.
    present: Collection[Any] | None = None
    #: The rows that stay in sight whatever their status is meanwhile, by key: they were retried
    #: from what the table was filtered by.
    kept: set[Hashable] = field(default_factory=set)
    _kept_for: str = ""

    def keep(self, keys: Iterable[Hashable]) -> None:
        """Have these rows stay in sight as long as the filter is the same."""
        self.forget_kept(unless=self.words)
        self.kept.update(keys)

    def forget_kept(self, *, unless: str = "") -> None:
        """Keep no row in sight but what was kept for `unless`."""
        if not unless or unless != self._kept_for:
            self.kept.clear()
        self._kept_for = unless

    @property
    def status(self) -> str:
        """The status by its word; empty where all are shown."""
        return self.steps[self.place][0] if self.place else ""

    @property
    def states(self) -> frozenset[Any] | None:
        """The states that are shown; none where all are."""
        return self.steps[self.place][1] if self.place else None

    @property
    def next_place(self) -> int:
        """The place of the next status filter, after the last the first."""
        for place in range(self.place + 1, len(self.steps)):
            if self.present is None or self.steps[place][1] & frozenset(self.present):
                return place
        return 0

    @property
    def next_status(self) -> str:
        """The status that is shown next, by its word."""
        return self.steps[self.next_place][0]

    @property
    def words(self) -> str:
        """What the table is filtered by, in words; empty where it is not."""
        return " ".join((self.status, f"/{self.typed}" if self.typed else "")).strip()


class Probe(NamedTuple):
    """What a filter may look at: the row's whole text and some of its parts, all folded."""

    text: str
    user: str = ""
    hardware_id: str = ""
    status: str = ""
    cause: str = ""
    batch: str = ""
    region: str = ""
    line: str = ""
    pre: str = ""
    check: str = ""
    extra: Mapping[str, str] = {}


def column_name(title: str) -> str:
    """What is typed for one of the list's own columns: its title without blanks, folded."""
    return "".join(folded(title).split())


def compile_filter(
    text: str, columns: Mapping[str, str] = NO_COLUMNS
) -> Callable[[Probe], bool] | None:
    """The filter that `text` means, or nothing for an empty one.

    Words must all be found; `!word` must not. `name:value` looks at one part: the status by the
    beginning of its word, batch and line exactly, the others anywhere. A hardware id is found
    in any form. `columns` are the list's own, by what is typed for them; of these `name=value`,
    `name!=value` and several values (`a,b`) mean the same as with `--where`.
    """
    tests = [test for word in text.split() if (test := _word(folded(word), columns))]
    if not tests:
        return None
    return lambda probe: all(test(probe) for test in tests)


def flaw(
    text: str,
    columns: Mapping[str, str],
    missing: Mapping[str, str],
    words: Collection[str] = _STATES,
) -> str:
    """What is wrong with a filter, in a few words: a column that there is not, one that has
    nothing in it yet (`missing`, with the reason), a status that is none of `words`. Else
    nothing."""
    for word in folded(text).split():
        name, colon, value = _parted(word.lstrip("!"))
        name = name.removesuffix("!")
        if not colon or not _NAME.fullmatch(name) or _HEX.fullmatch(name):
            continue
        part = _ALIASES.get(name)
        if part is None and name not in columns:
            near = get_close_matches(name, [*_ALIASES, *columns], n=1)
            return f"no column {name}{colon}" + (f", {near[0]}{colon} perhaps" if near else "")
        if part is not None and part in missing:
            return f"{name}: {missing[part]}"
        if part == "status" and value and not any(s.startswith(_state(value)) for s in words):
            return f"no status {value}"
    return ""


def _word(word: str, columns: Mapping[str, str]) -> Callable[[Probe], bool] | None:
    wanted = True
    while word.startswith("!"):
        wanted, word = not wanted, word[1:]
    if not word:
        return None
    name, colon, value = _parted(word)
    if colon == "=" and name.removesuffix("!") in (*_ALIASES, *columns):
        wanted, name = wanted is not name.endswith("!"), name.removesuffix("!")
    part = _ALIASES.get(name) if colon else None
    test: Callable[[Probe], bool] | None
    if part is None and colon == "=" and name in columns:
        test = _in_values(columns[name], value.removeprefix("="))
    elif part is None and colon and name in columns:
        test = _in_extra(columns[name], value) if value else None
    elif part is None:
        test = _anywhere(word)
    elif not value:
        return None
    elif part == "status":
        test = _status(value)
    elif part in _WORDS:
        test = _beginning(part, value)
    elif part == "hardware_id":
        test = _hardware_id(value)
    elif part in _EXACT:
        test = _exactly(part, value)
    else:
        test = _within(part, value)
    if test is None:
        return None
    return test if wanted else (lambda probe: not test(probe))


def _parted(word: str) -> tuple[str, str, str]:
    """A word in the name of a column, the sign behind it and the value; all but the name is empty
    where it has no sign."""
    found = _SIGN.search(word)
    return (word[: found.start()], found.group(), word[found.end() :]) if found else (word, "", "")


def _in_values(title: str, value: str) -> Callable[[Probe], bool]:
    values = {value, *value.split(",")}
    return lambda probe: " ".join(folded(probe.extra.get(title, "")).split()) in values


def _exactly(part: str, value: str) -> Callable[[Probe], bool]:
    return lambda probe: bool(getattr(probe, part) == value)


def _within(part: str, value: str) -> Callable[[Probe], bool]:
    return lambda probe: value in getattr(probe, part)


def _beginning(part: str, value: str) -> Callable[[Probe], bool]:
    return lambda probe: any(word.startswith(value) for word in getattr(probe, part).split("|"))


def _in_extra(title: str, value: str) -> Callable[[Probe], bool]:
    return lambda probe: value in folded(probe.extra.get(title, ""))


def _state(value: str) -> str:
    return value.replace("_", " ").replace("signed in", "succeeded")


def _status(value: str) -> Callable[[Probe], bool]:
    value = _state(value)
    return lambda probe: any(word.startswith(value) for word in probe.status.split("|"))


def _hardware_id(value: str) -> Callable[[Probe], bool]:
    digits = _DIGITS.sub("", value)
    return lambda probe: value in probe.hardware_id or digits in _DIGITS.sub("", probe.hardware_id)


def _anywhere(word: str) -> Callable[[Probe], bool]:
    digits = _DIGITS.sub("", word)
    if len(digits) < 4 or not _HEX.fullmatch(digits):
        return lambda probe: word in probe.text
    return lambda probe: word in probe.text or digits in _DIGITS.sub("", probe.hardware_id)
