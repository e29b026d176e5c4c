"""Which column is what: by what its cells hold as well as by its name.

A header that the operator names (`Mapped`) is read and no other. Else a column is taken for its
name where its cells are what the name says; where two columns could be the account or the hardware
id and differ, nothing is taken: the operator is asked. A column whose name speaks of another
person or thing (“Old MAC”, “Contact e-mail”) is never taken, one with an unknown name is proposed.

Over 400 lines because the rules weigh the same columns against each other.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from siptui.devicelist.column_names import PART, USUAL, fits, never, rank, spaced, spoken_for
from siptui.devicelist.dates import is_date
from siptui.devicelist.model import (
    ColumnRead,
    Fault,
    ListError,
    Option,
    Question,
    Reason,
    UndecidedError,
)
from siptui.domain.columns import COLUMNS, NEEDED, WHAT, Mapped, folded_name
from siptui.domain.patterns import regex

_SAMPLE = 300  # rows by which a column of an unknown name is judged
_MOSTLY = 0.6  # share of its filled cells that must look like what is looked for
_FILLED = 0.5  # share of the rows in which it must be filled
_SHOWN = 12
_FEW = 20  # rows by which an unnamed column of dates is known
_EXAMPLES = 3

#: Dates of something else in the life of a phone.
_ELSEWHEN = regex(
    r"\b(?:purchas|bought|warrant|order|invoice|deliver|birth|modif|updat|chang|seen|contact|expir|"
    r"lease|end|until|kauf|garantie|rechnung|bestell|liefer|geburt|geander|ablauf|achat|factur|"
    r"livraison|fin|compra|acquist|aankoop)"
)

_USER = regex(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+")
_SIP = regex(r"^sips?:", re.IGNORECASE)
_PAIR = "[0-9A-F]{2}"
# One separator throughout: “25.11.2026 09:00” has twelve digits as well.
_HARDWARE = regex(
    rf"(?:SEP|ATA|VG)?{_PAIR}(?:([-:. ]){_PAIR}(?:\1{_PAIR}){{4}}"
    rf"|{_PAIR}(?:([-:.]){_PAIR}{_PAIR}\2{_PAIR}{_PAIR}|{_PAIR}[-:.]?{_PAIR}{_PAIR}{_PAIR}))"
    r"(?:[-:/ ]{1,8}[0-9]{1,3})?",
    re.IGNORECASE,
)
_TELLING = regex(r"[A-F:.-]", re.IGNORECASE)
_MARKS = regex(r"^(?:SEP|ATA)|[-:. ]", re.IGNORECASE)


def looks_like_user(cell: str) -> bool:
    """Whether `cell` has the form of a user principal name."""
    return "@" in cell and _USER.fullmatch(cell) is not None


def looks_like_hardware(cell: str) -> bool:
    """Whether `cell` has the form of a MAC address, in any usual spelling."""
    return len(cell) >= 12 and _HARDWARE.fullmatch(cell) is not None


def _cell_at(row: Sequence[str], place: int) -> str:
    """What stands there in a row, nothing where it is shorter."""
    return row[place] if place < len(row) else ""


def _same_user(cell: str) -> str:
    return _SIP.sub("", cell).casefold()


def _same_hardware(cell: str) -> str:
    return _MARKS.sub("", cell).upper()


class _Kind(Struct, frozen=True):
    """What the cells of a column look like, and what two spellings of a cell have in common."""

    looks: Callable[[str], bool]
    same: Callable[[str], str]


_KINDS = {
    "username": _Kind(looks_like_user, _same_user),
    "hardware_id": _Kind(looks_like_hardware, _same_hardware),
}


class Columns(Struct):
    """The place of each column that is read, by key, counted from 0; and what is to be said."""

    places: dict[str, int] = field(default_factory=dict)
    read: list[ColumnRead] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


class Choice:
    """The columns of one list, found one by one: each place is taken once.

    `where` is the place of the header, for messages, `line` its line; `names` are the headers,
    told apart, nothing where there is none; `rows` the cells below.
    `results` are the places of an earlier run's results, which have no other role; a list that
    is `ours` was written by siptui, with the columns it needs in front.
    """

    def __init__(
        self,
        where: str,
        line: int,
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        mapped: Mapped,
        results: frozenset[int] = frozenset(),
        *,
        ours: bool = False,
    ) -> None:
        self.where, self.line, self.names, self.rows, self.mapped = where, line, names, rows, mapped
        self.columns = Columns(taken=set(results))
        self.taken = self.columns.taken
        self.ours = ours
        self.sample = rows[:: max(1, len(rows) // _SAMPLE)]

    def choose(self) -> Columns:
        """All of them. Raises `ListError`, `UndecidedError`."""
        if self.ours:
            for place, key in enumerate(("username", "hardware_id", "region")):
                self._take(key, place, "ours", "as siptui wrote it")
        for key in self.mapped.headers:
            self._named(key)
        for key in NEEDED:
            if key not in self.columns.places:
                self._needed(key)
        for key in COLUMNS:
            if key not in self.columns.places and self.mapped.headers.get(key) != ():
                self._usual(key)
        self._unread_dates()
        self.columns.read.sort(key=lambda read: list(COLUMNS).index(read.key))
        return self.columns

    # -- headers that were named

    def _named(self, key: str) -> None:
        wanted = self.mapped.headers[key]
        if not wanted:  # left out as the operator said
            place = next((i for i, name in self._open() if fits(key, name) == USUAL), None)
            if place is not None:
                self.taken.add(place)
                self.columns.notes.append(
                    f"“{self.names[place]}” is not read as the {WHAT[key]}, as "
                    f"{self.mapped.origin_of(key)} says"
                )
            return
        folded = {folded_name(name): i for i, name in enumerate(wanted)}
        places = [i for i, name in self._open() if folded_name(name) in folded]
        if places:  # and where the same header stands there once more
            others = [i for i, name in self._open() if i not in places]
            places += [i for i in others if _base(self.names[i]) in folded]
        if key in self.mapped.given:  # of “MAC” and “mac” the one that was typed
            places = [i for i in places if self.names[i] in wanted] or places
        if not places:
            if key in self.mapped.given or key in NEEDED:
                raise self._missing(key, wanted)
            return  # a list need not have every column that a profile knows
        places.sort(key=lambda i: folded[self._wanted(i, folded)])
        if len(places) > 1 and self._twice(places[0], places[1]):
            raise self._ambiguous(key, places)
        self._take(key, places[0], "named", f"named by {self.mapped.origin_of(key)}")

    def _wanted(self, place: int, folded: Mapping[str, int]) -> str:
        """By which of the headers that are wanted the column is meant."""
        name = folded_name(self.names[place])
        return name if name in folded else _base(self.names[place])

    def _twice(self, one: int, other: int) -> bool:
        """Whether two columns have the same header in the list."""
        return _base(self.names[one]) == _base(self.names[other])

    def _missing(self, key: str, wanted: Sequence[str]) -> ListError:
        if example := self._example():
            return no_header(self.where, example)
        named = " or ".join(f"“{name}”" for name in wanted)
        return ListError(
            f"{self.where}: no column {named} in the header, from which the "
            f"{WHAT[key]} is to be read; found {found(self.names)}.",
            code="mapped_column",
            remedy=f"Correct {self.mapped.origin_of(key)}, or the header of the list.",
        )

    # -- user name and hardware id

    def _needed(self, key: str) -> None:
        kind = _KINDS[key]
        named = sorted(
            (i for i, name in self._open() if fits(key, name) and not never(key, name)),
            key=lambda i: (-fits(key, self.names[i]), rank(key, self.names[i])),
        )
        holding = [i for i in named if any(map(kind.looks, self._cells(i)))]
        unknown = [i for i in self._by_content(key) if i not in named]
        if holding:
            rivals = [i for i in (*holding[1:], *unknown) if self._differ(key, holding[0], i)]
            if rivals:
                raise self._ambiguous(key, [holding[0], *rivals])
            same = [i for i in (*holding[1:], *unknown) if not never(key, self.names[i])]
            best = rank(key, self.names[holding[0]])
            passed = [i for i in named if rank(key, self.names[i]) < best]
            others = [i for i in unknown if i not in same]
            self._take_needed(key, holding[0], passed, same, others)
        elif spare := self._spare(key, unknown):
            raise self._proposed(key, spare)
        elif named:
            if twins := [i for i in named[1:] if self._twice(named[0], i)]:
                raise self._ambiguous(key, [named[0], *twins])
            self._take_needed(key, named[0], named[1:], [])
        else:
            raise self._none(key)

    def _spare(self, key: str, unknown: Sequence[int]) -> list[int]:
        """Those of `unknown` whose names do not speak of another person or thing."""
        return [i for i in unknown if not never(key, self.names[i])]

    def _take_needed(
        self,
        key: str,
        place: int,
        passed: Sequence[int],
        same: Sequence[int],
        foreign: Sequence[int] = (),
    ) -> None:
        """Read `key` from `place`; `passed` could have been it by name, `same` say the same,
        `foreign` are by their names about another person or device."""
        name = self.names[place]
        others = [self.names[i] for i in passed]
        guessed = fits(key, name) == PART
        why = "by a part of its name" if guessed else "one of the usual names"
        if same:
            rest = ", ".join(f"“{self.names[i]}”" for i in same)
            self.columns.notes.append(f"{rest} says the same as “{name}”")
        if others:
            rest = ", ".join(f"“{other}”" for other in others)
            message = f"the {WHAT[key]} is read from “{name}”; {rest} kept as it is"
            self._warn(name, "several_columns", message)
            why += ", and its cells are what it says"
        if guessed:
            self._warn(name, "column_guessed", f"the {WHAT[key]} is read from “{name}”")
        if foreign:
            rest = ", ".join(f"“{self.names[i]}”" for i in foreign)
            other = "device" if key == "hardware_id" else "person"
            self.columns.notes.append(f"{rest} is by its name about another {other}: not read")
        others += [self.names[i] for i in foreign]
        self._take(key, place, "part" if guessed else "usual", why, tuple(others))

    def _by_content(self, key: str) -> list[int]:
        """Columns with an unknown name whose cells are what is looked for."""
        kind = _KINDS[key]
        return [
            i for i, name in self._open() if not spoken_for(key, name) and self._mostly(kind, i)
        ]

    def _mostly(self, kind: _Kind, place: int) -> bool:
        cells = self._filled(place, self.sample)
        if len(cells) < _FILLED * len(self.sample):
            return False
        good = [cell for cell in cells if kind.looks(cell)]
        if not any(map(_TELLING.search, good)):
            return False  # twelve digits throughout are more likely numbers of telephones
        return len(good) >= _MOSTLY * len(cells)

    def _differ(self, key: str, one: int, other: int) -> bool:
        """Whether the two columns mean different things in a row where both say something."""
        if never(key, self.names[other]):
            return False
        kind = _KINDS[key]
        pairs = ((_cell_at(row, one), _cell_at(row, other)) for row in self.rows)
        return any(
            a and a != b and kind.looks(b) and kind.same(a) != kind.same(b) for a, b in pairs
        )

    def _ambiguous(self, key: str, places: Sequence[int]) -> UndecidedError:
        count = {2: "two", 3: "three"}.get(len(places), str(len(places)))
        said = " and ".join(f"“{self.names[i]}” ({self._example_of(i)})" for i in places)
        return self._asked(
            key,
            f"{self.where}: {count} columns could hold the {WHAT[key]}, and they differ: {said}.",
            places,
        )

    def _proposed(self, key: str, places: Sequence[int]) -> UndecidedError:
        said = " and ".join(f"“{self.names[i]}” ({self._example_of(i)})" for i in places)
        holds = "holds" if len(places) == 1 else "hold"
        return self._asked(
            key,
            f"{self.where}: no column for the {WHAT[key]} is known by its name; "
            f"{said} {holds} {WHAT[key]}s.",
            places,
        )

    def _asked(self, key: str, message: str, places: Sequence[int]) -> UndecidedError:
        options = tuple(Option(self.names[i], tuple(self._examples(i))) for i in places)
        ways = " or ".join(as_option(key, option.header) for option in options)
        return UndecidedError(
            message,
            Question(key, f"Which column holds the {WHAT[key]}?", options),
            remedy=f"Say which: {ways}. For all lists, name it in the profile's columns.",
            names=self.names,
        )

    def _none(self, key: str) -> ListError:
        kind = _KINDS[key]
        if doubtful := self._by_content(key):
            said = " and ".join(f"“{self.names[i]}”" for i in doubtful)
            holds = "holds" if len(doubtful) == 1 else "hold"
            other = "device" if key == "hardware_id" else "person"
            return self._asked(
                key,
                f"{self.where}: no column for the {WHAT[key]}. {said} {holds} "
                f"{WHAT[key]}s, by the name those of another {other}, and is not guessed.",
                doubtful,
            )
        if example := self._example():
            return no_header(self.where, example)
        missing = [k for k in NEEDED if k not in self.columns.places and self._no(k)]
        lacking = " and ".join(WHAT[k] for k in NEEDED if k in missing)
        hint = ""
        if any(kind.looks(cell) for row in self.sample for cell in row):
            hint = "Or say which column it is: --column " + f"{key}=HEADER. "
        return ListError(
            f"{self.where}: no column for the {lacking} in the header; found {found(self.names)}.",
            code="header",
            remedy="Name the columns “Username” and “HardwareId” in the header. " + hint + "If the "
            "columns are not split right, name the character between them with --delimiter.",
        )

    def _no(self, key: str) -> bool:
        return not any(fits(key, name) and not never(key, name) for _, name in self._open())

    # -- what a list may have besides

    def _usual(self, key: str) -> None:
        places = [i for i, name in self._open() if fits(key, name) == USUAL]
        if not places:
            self._dates(key)
            return
        places.sort(key=lambda i: rank(key, self.names[i]))
        others = tuple(self.names[i] for i in places[1:])
        self._take(key, places[0], "usual", "one of the usual names", others)

    def _dates(self, key: str) -> None:
        """A column of dates that is known by a part of its name: no deadline is passed over."""
        for place, name in self._open():
            if fits(key, name) == PART:
                cells = self._filled(place, self.sample)
                if cells and sum(map(is_date, cells)) >= _MOSTLY * len(cells):
                    self._take(key, place, "part", "by a part of its name, and it holds dates")
                    return

    def _unread_dates(self) -> None:
        """Tell of columns of dates where none is known as that of the onboarding: a deadline that
        is not known is one that is missed."""
        if "onboarded_at" in self.columns.places or "onboarded_at" in self.mapped.headers:
            return
        for place, name in self._open():
            cells = self._filled(place, self.sample[:_FEW])
            # A number of five digits is an extension far more often than a date.
            dates = [cell for cell in cells if not cell.isdigit() and is_date(cell)]
            if cells and len(dates) >= _MOSTLY * len(cells) and not _ELSEWHEN.search(spaced(name)):
                self.columns.notes.append(
                    f"“{name}” holds dates and is not read; if the phones were onboarded then, say "
                    f"so, and their deadlines are known: {as_option('onboarded_at', name)}"
                )

    # -- helpers

    def _open(self) -> Iterator[tuple[int, str]]:
        """The columns whose name is not taken."""
        return ((i, name) for i, name in enumerate(self.names) if name and i not in self.taken)

    def _take(
        self, key: str, place: int, reason: Reason, why: str, others: tuple[str, ...] = ()
    ) -> None:
        self.taken.add(place)
        self.columns.places[key] = place
        self.columns.read.append(ColumnRead(key, self.names[place], reason, why, others))

    def _warn(self, name: str, rule: str, message: str) -> None:
        self.columns.faults.append(Fault(self.line, name, "", rule, message, "warning"))

    def _cells(self, place: int) -> Iterator[str]:
        return (_cell_at(row, place) for row in self.rows)

    def _filled(self, place: int, rows: Sequence[Sequence[str]]) -> list[str]:
        """What stands in a column of these rows, where it says something."""
        return [cell for row in rows if (cell := _cell_at(row, place))]

    def _examples(self, place: int) -> list[str]:
        seen: dict[str, None] = {}
        for cell in self._cells(place):
            if cell:
                seen[cell[:48]] = None
            if len(seen) == _EXAMPLES:
                break
        return list(seen)

    def _example_of(self, place: int) -> str:
        return ", ".join(self._examples(place)[:2]) or "empty"

    def _example(self) -> str:
        """The header that would stand above the names, if they are a device already."""
        return header_above(self.names)


def _base(name: str) -> str:
    """A header without the number by which it is told apart."""
    return folded_name(re.sub(r" \([0-9]+\)$", "", name))


def header_above(cells: Sequence[str], delimiter: str = ",") -> str:
    """The header that would stand above `cells`, if they are a device; nothing otherwise."""
    kinds = [
        "Username" if looks_like_user(c) else "HardwareId" if looks_like_hardware(c) else ""
        for c in cells
    ]
    known = "Username" in kinds or "HardwareId" in kinds
    return delimiter.join(kind or "…" for kind in kinds) if known else ""


def no_header(where: str, example: str) -> ListError:
    """There is no header: the text at `where` is a device already, or nothing at all."""
    return ListError(
        f"{where}: the header is missing; this is a device already."
        if example
        else f"{where}: no header and no devices.",
        code="no_header",
        remedy=f"Put this line above it: {example or 'Username,HardwareId'}",
    )


def found(names: Sequence[str]) -> str:
    """Headers as a message names them."""
    return ", ".join(f"“{name[:40]}”" for name in names[:_SHOWN] if name) or "nothing"


def as_option(key: str, header: str) -> str:
    """The option that names `header` for `key`, as it is typed in a shell."""
    plain = re.fullmatch(r"[\w.@%+-]+", header) is not None
    quoted = f"{key}={header}"
    if plain:
        return f"--column {quoted}"
    if "'" not in header:
        return f"--column '{quoted}'"
    return '--column "' + re.sub(r'(["$`\\])', r"\\\1", quoted) + '"'
