"""A part of a device list: `--where 'Site=Berlin'`, what it means and which rows it takes. Pure."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from siptui.domain.columns import COLUMNS, KNOWN, folded_name
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.text import visible

_ABOUT = "Write it as COLUMN=VALUE or COLUMN!=VALUE; several values are separated by commas."
#: Columns that every device has, whatever the list calls them.
_OWN = ("username", "hardware_id", "region")
#: Columns and values that are named in one message, and signs of each.
_SHOWN, _SIGNS = 12, 200


class NoSuchColumnError(UsageError):
    """A part of the list is named by a column that the list does not have."""

    title = "No such column"
    code = "no_such_column"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row's cell must say. `values` are compared without case and outer blanks; `text` is
    the whole right side, which counts as one value, too, since a value may hold commas."""

    column: str
    values: tuple[str, ...]
    text: str
    other: bool = False  # `!=`

    def test(self) -> Callable[[str], bool]:
        """What tells of a cell whether its row is in the part. The values are made ready once: they
        may be thousands."""
        wanted = frozenset(map(_folded, (self.text, *self.values)))
        return lambda cell: (_folded(cell) in wanted) is not self.other

    def __str__(self) -> str:
        shown = " or ".join(_shortened(value) or "(empty)" for value in self.values[:_SHOWN])
        if (more := len(self.values) - _SHOWN) > 0:
            shown += f" or {more:,} more"
        return visible(f"{_shortened(self.column)} {'is not' if self.other else '='} {shown}")


def _shortened(text: str) -> str:
    return text if len(text) <= _SIGNS else f"{text[:_SIGNS]}…"


def condition(text: str) -> Condition:
    """`Site=Berlin`, `Site!=Berlin,Hamburg`, `Site=` (empty). Raises `UsageError`."""
    column, sign, value = text.partition("=")
    other = column.endswith("!")
    column = column.removesuffix("!").strip()
    if not sign or not column:
        raise UsageError(
            f"“{visible(_shortened(text))}” does not name a part of a list.", remedy=_ABOUT
        )
    value = value.removeprefix("=").strip()  # `==` is what programmers type
    parts = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    return Condition(column, parts, value, other)


def conditions(texts: Iterable[str]) -> tuple[Condition, ...]:
    """Every text as a condition. Those that want values of the same column are one: a row must
    have any of them. Raises `UsageError`."""
    found: dict[tuple[str, bool], Condition] = {}
    alone: list[Condition] = []
    for text in texts:
        one = condition(text)
        key = (folded_name(one.column) or one.column, one.other)
        before = found.get(key)
        if one.other or before is None:
            found.setdefault(key, one)
            if before is not None:
                alone.append(one)  # each `!=` takes something away
            continue
        values = tuple(dict.fromkeys((*before.values, *one.values)))
        whole = (before.text, one.text) if before.text not in before.values else (one.text,)
        values = tuple(dict.fromkeys((*values, *whole)))
        found[key] = Condition(before.column, values, before.text)
    return (*found.values(), *alone)


def in_words(wanted: Sequence[Condition]) -> str:
    """The part in words: “Site = Berlin, Floor is not 3”; nothing for the whole list."""
    return ", ".join(map(str, wanted))


def column_of(name: str, extra: Collection[str], headers: Mapping[str, str]) -> str:
    """The column meant by `name`: one of `extra` as it is kept, or `username`, `hardware_id` or
    `region`. `headers` are the list's own headers of those that were read, by their keys.

    Raises `NoSuchColumnError` that names the columns there are.
    """
    if name in extra:
        return name
    wanted = folded_name(name)
    keys = {folded_name(header): key for key, header in headers.items()}
    by_name = {folded_name(one): one for one in extra}
    for key in _OWN:  # a header of the list beats siptui's own name of a column
        if wanted in (folded_name(key), folded_name(COLUMNS[key])):
            keys.setdefault(wanted, key)
    if wanted and wanted in by_name:
        return by_name[wanted]
    key = keys.get(wanted, "") if wanted else ""
    if key in _OWN:
        return key
    if key and (kept := by_name.get(folded_name(COLUMNS[key]))):
        return kept
    for usual, kept_as in COLUMNS.items():  # “Site” for a list that says “Standort”
        if wanted in (folded_name(usual), folded_name(kept_as)):
            alike = [one for folded, one in by_name.items() if folded in KNOWN.get(usual, ())]
            if len(alike) == 1:
                return alike[0]
    there = list(dict.fromkeys([*(headers.get(key) or COLUMNS[key] for key in _OWN), *extra]))
    shown = ", ".join(f"“{_shortened(one)}”" for one in there[:_SHOWN])
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    raise NoSuchColumnError(
        f"There is no column “{visible(_shortened(name))}” here.",
        remedy=f"The columns are {shown}{more}.",
    )


def taker(
    wanted: Sequence[Condition], extra: Collection[str], headers: Mapping[str, str]
) -> Callable[[Mapping[str, str], Mapping[str, str]], bool]:
    """Whether a row is in the part, from its own columns (`username`, …) and its further ones.

    Raises `NoSuchColumnError`.
    """
    named = [(column_of(one.column, extra, headers), one) for one in wanted]
    tests = [(key, (_spelled(one) if key == "hardware_id" else one).test()) for key, one in named]

    def takes(own: Mapping[str, str], further: Mapping[str, str]) -> bool:
        return all(
            test(further[column] if column in further else own.get(column, ""))
            for column, test in tests
        )

    return takes


def _spelled(wanted: Condition) -> Condition:
    """A condition on hardware ids, whose cells are not kept as the list spells them."""
    both = (*wanted.values, *map(_canonical, wanted.values))
    return replace(wanted, values=tuple(dict.fromkeys(both)))


def _canonical(text: str) -> str:
    try:
        return str(HardwareId.parse(text))
    except HardwareIdError:
        return text


#: What rows without a value are called.
NO_VALUE = "(empty)"


def grouper(devices: Iterable[Device], column: str) -> Callable[[Device], str]:
    """The group of each device by its value in `column`, one of its further columns or one that
    every device has. Spellings that differ in case or blanks are one group, called as the first
    of them."""
    called: dict[str, str] = {}
    for device in devices:
        value = value_of(device, column)
        called.setdefault(_folded(value), value.strip() or NO_VALUE)
    return lambda device: called[_folded(value_of(device, column))]


def value_of(device: Device, column: str) -> str:
    """What `device` has in `column`, as it is kept."""
    found = device.extra.get(column)
    return own_columns(device).get(column, "") if found is None else found


def own_columns(device: Device) -> Mapping[str, str]:
    """What every device has, by the names of the columns."""
    own = (device.user_name, device.hardware_id, device.region)
    return dict(zip(_OWN, map(str, own), strict=True))


def _folded(text: str) -> str:
    """A value without case, spare blanks, and the two ways to write a letter with its mark."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip().casefold()
