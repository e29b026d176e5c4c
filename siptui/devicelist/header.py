"""The header: which delimiter, which column is what, and what to do when there is none.

Names are compared without regard to case, blanks, underscores, hyphens and full stops. Where
several columns could be meant, the name that stands first in the lists below wins. A header that
a profile names for a column (`Mapped`) takes the place of its list; it must be there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from siptui.devicelist.cells import clean
from siptui.devicelist.lines import records, split
from siptui.devicelist.model import Fault, ListError
from siptui.devicelist.results import BLOCK
from siptui.domain.columns import COLUMNS, NOT_MAPPED, Mapped, folded_name
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.user_name import UserName, UserNameError

#: No list of phones comes near it, and rows as wide as a spreadsheet program allows cost memory.
MAX_COLUMNS = 1_000
DELIMITERS = (",", ";", "\t", "|")
NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}

USER = (
    *("username", "userprincipalname", "upn", "user", "benutzername", "benutzer"),
    *("benutzerprinzipalname", "anmeldename", "account", "accountname", "useraccount", "konto"),
    *("signinname", "signin", "login", "loginname", "userid", "sipaddress", "sipuri", "sip"),
    *("emailaddress", "email", "mail", "utilisateur", "nomdutilisateur", "usuario"),
    *("nombredeusuario", "utente", "nomeutente", "gebruiker", "gebruikersnaam"),
)
HARDWARE = (
    *("hardwareid", "hwid", "macaddress", "mac", "macadresse", "macaddr", "hardwareaddress"),
    *("hardwareadresse", "ethernetaddress", "ethernetmac", "physicaladdress", "devicemac"),
    *("phonemac", "adressemac", "direccionmac", "indirizzomac", "macadres"),
    *("deviceid", "devicename", "device", "gerät", "gerätename"),
)
REGION = ("region", "targetregion", "sipgatewayregion")
MODEL = ("model", "devicemodel", "phonemodel", "devicetype", "modell", "gerätemodell")
ONBOARDED = ("onboardedat", "onboarded", "onboardingdate", "provisionedat")

# Parts of a name that say enough where no column has one of the names above.
_USER_PART = re.compile(r"\bupn\b|user ?principal ?name|user ?name|benutzername")
_HARDWARE_PART = re.compile(r"\bmac\b|mac ?addr|mac ?adress|hardware ?id")

_SEP = re.compile(r'^"?sep=(.)"?[,;|\s]*$', re.IGNORECASE)

#: What the columns are called in messages, by their key in a profile.
_WHAT = {
    "username": "user name",
    "hardware_id": "hardware id",
    "region": "region",
    "model": "model",
    "onboarded_at": "date of onboarding",
    "signed_out_at": "date of sign-out",
    "phone_number": "phone number",
    "number_type": "kind of the number",
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are, by index from 0. `first` is the index of the first line below it.

    `results` are the places of an earlier run's results in a list that siptui itself wrote.
    """

    line: int
    first: int
    delimiter: str
    names: tuple[str, ...]
    user: int
    hardware: int
    region: int | None
    model: int | None
    onboarded: int | None
    extra: tuple[tuple[str, int], ...]
    results: dict[str, int]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    def name(self, index: int | None, default: str = "") -> str:
        """The header of a column as it stands in the file, or `default` for no column."""
        return default if index is None else self.names[index]


def _spaced(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).casefold()


def read_header(
    file: str, lines: Sequence[str], delimiter: str | None, columns: Mapped = NOT_MAPPED
) -> Header:
    """The header of the list in `lines`; `ListError` if there is none that can be used."""
    start = 0
    said = _delimiter(delimiter)
    while start < len(lines):
        line = lines[start].strip()
        if found := _SEP.match(line):
            said = said or (found.group(1) if found.group(1) not in "\"'" else None)
        elif line.strip(',;|"') and not line.upper().startswith("#TYPE "):
            break  # PowerShell 5 writes a #TYPE line before its header
        start += 1
    else:
        raise _no_header(file, 1, "")
    chosen = said or _best(lines[start], columns)
    record = next(records(lines, chosen, start))
    cells = [clean(cell) for cell in record.cells]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise ListError(
            f"{file}, line {record.line}: {len(cells):,} columns; the limit is {MAX_COLUMNS:,}.",
            code="too_many_columns",
            remedy="Leave out the columns that are not needed.",
        )
    return _Columns(file, record.line, chosen, cells, columns).header(record.below)


def _delimiter(given: str | None) -> str | None:
    if given is None:
        return None
    char = NAMED.get(given.lower(), given)
    if len(char) != 1 or char.isalnum() or char in "\"'\r\n\0@.:-_ ":
        raise ListError(
            f"{clean(given)!r} cannot be a delimiter.",
            code="delimiter",
            remedy="Use one character, or comma, semicolon, tab or pipe.",
        )
    return char


def _best(line: str, columns: Mapped) -> str:
    named = {folded_name(name) for names in columns.headers.values() for name in names}

    def worth(delimiter: str) -> tuple[int, int]:
        cells = split(line, delimiter) or line.split(delimiter)
        names = {folded_name(clean(cell)) for cell in cells}
        spaced = [_spaced(cell) for cell in cells]
        known = sum(
            not names.isdisjoint(words) or any(map(part.search, spaced))
            for words, part in ((USER, _USER_PART), (HARDWARE, _HARDWARE_PART))
        )
        known += len(named & names)
        # One cell that names both is the whole line, split by the wrong character.
        known = min(known, len(cells))
        return known, len(cells)

    return max(DELIMITERS, key=worth)  # the first of equals


class _Columns:
    """The columns of one header, found one by one: each place is taken once."""

    def __init__(
        self, file: str, line: int, delimiter: str, names: list[str], columns: Mapped
    ) -> None:
        self.file, self.line, self.delimiter, self.names = file, line, delimiter, names
        self.folded = [folded_name(name) for name in names]
        self.results = _results(self.folded)
        # A list that siptui wrote has siptui's own headers, whatever a supplier's are called.
        self.columns = NOT_MAPPED if self.results else columns
        self.taken: set[int] = set(self.results.values())
        self.faults: list[Fault] = []

    def header(self, first: int) -> Header:
        """All of it. Raises `ListError` where there is no user name or hardware id."""
        named = {key: self._named(key, names) for key, names in self.columns.headers.items()}

        def find(key: str, words: Sequence[str], part: re.Pattern[str] | None = None) -> int | None:
            return named[key] if key in named else self._known(words, _WHAT[key], part)

        user = find("username", USER, _USER_PART)
        hardware = find("hardware_id", HARDWARE, _HARDWARE_PART)
        if user is None or hardware is None:
            raise _unusable(self.file, self.line, self.delimiter, self.names, user, hardware)
        region = find("region", REGION)
        model, onboarded = find("model", MODEL), find("onboarded_at", ONBOARDED)
        # Those who look for a further column know it by siptui's name, so it goes by that; first,
        # so that no other column of such a name comes before it.
        further = {
            place: COLUMNS[key]
            for key, place in named.items()
            if place not in (user, hardware, region)
        }
        self.taken -= {place for place in (model, onboarded) if place is not None}
        others = [
            (name, place)
            for place, name in enumerate(self.names)
            if name and place not in self.taken and place not in further
        ]
        return Header(
            self.line,
            first,
            self.delimiter,
            tuple(self.names),
            user,
            hardware,
            region,
            model,
            onboarded,
            _distinct([*((name, place) for place, name in further.items()), *others]),
            self.results,
            tuple(self.faults),
            self._notes(named),
        )

    def _named(self, key: str, names: Sequence[str]) -> int:
        """The place of the header that the profile names for `key`."""
        place = self._place([folded_name(name) for name in names], _WHAT[key])
        if place is None:
            if example := _example(self.names, self.delimiter):
                raise _no_header(self.file, self.line, example)
            wanted = " or ".join(f"“{clean(name)}”" for name in names)
            raise ListError(
                f"{self.file}, line {self.line}: no column {wanted} in the header, from which the "
                f"{_WHAT[key]} is to be read; found {_found(self.names)}.",
                code="mapped_column",
                remedy=f"Correct “{key}” in {self.columns.origin}, or the header of the list.",
            )
        return place

    def _notes(self, named: dict[str, int]) -> tuple[str, ...]:
        if not named:
            return ()
        said = ", ".join(f"{_WHAT[key]} from “{self.names[i]}”" for key, i in named.items())
        return (f"Read as {self.columns.origin} says: {said}",)

    def _known(
        self, words: Sequence[str], what: str, part: re.Pattern[str] | None = None
    ) -> int | None:
        """The place of a header with one of the usual names, or with a telling part in its name."""
        place = self._place(words, what)
        if place is not None or part is None:
            return place
        near = [i for i, name in enumerate(self.names) if part.search(_spaced(name))]
        if len(near) != 1 or near[0] in self.taken:
            return None
        self.taken.add(near[0])
        name = self.names[near[0]]
        message = f"the {what} is read from “{name}”"
        self.faults.append(Fault(self.line, name, "", "column_guessed", message, "warning"))
        return near[0]

    def _place(self, words: Sequence[str], what: str) -> int | None:
        names, folded = self.names, self.folded
        places = [i for i, name in enumerate(folded) if name in words and i not in self.taken]
        places.sort(key=lambda i: words.index(folded[i]))
        if not places:
            return None
        best = places[0]
        also = [names[i] for i in places[1:]]
        if len(places) > 1 and folded[places[1]] == folded[best]:
            raise ListError(
                f"{self.file}, line {self.line}: two columns are named “{names[best]}”, "
                f"and it is not clear which holds the {what}.",
                code="ambiguous_header",
                remedy="Rename or remove one of them.",
            )
        if also:
            others = ", ".join(f"“{name}”" for name in also)
            message = f"the {what} is read from “{names[best]}”; {others} kept as it is"
            fault = Fault(self.line, names[best], "", "several_columns", message, "warning")
            self.faults.append(fault)
        self.taken.add(best)
        return best


def _results(folded: list[str]) -> dict[str, int]:
    """The places of an earlier run's results, if siptui wrote this list."""
    block = [folded_name(name) for name in BLOCK]
    if folded[3 : 3 + len(block)] != block or folded[:3] != ["username", "hardwareid", "region"]:
        return {}
    return {name: 3 + i for i, name in enumerate(BLOCK)}


def _distinct(columns: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """The columns with their names told apart: the second “Note” is “Note (2)”, unless there is
    one that is called so."""
    seen = {name for name, _ in columns}
    used: set[str] = set()
    last: dict[str, int] = {}
    done = []
    for name, place in columns:
        new, number = name, last.get(name, 1)
        while new in used or (new != name and new in seen):
            number += 1
            new = f"{name} ({number})"
        last[name] = number
        used.add(new)
        done.append((new, place))
    return tuple(done)


def _unusable(
    file: str,
    line: int,
    delimiter: str,
    names: list[str],
    user: int | None,
    hardware: int | None,
) -> ListError:
    if user is None and hardware is None and (example := _example(names, delimiter)):
        return _no_header(file, line, example)
    lacking = " and ".join(
        what for what, place in (("user name", user), ("hardware id", hardware)) if place is None
    )
    return ListError(
        f"{file}, line {line}: no column for the {lacking} in the header; found {_found(names)}.",
        code="header",
        remedy="Name the columns “Username” and “HardwareId” in the first line. "
        "If the columns are not split right, name the character between them with --delimiter.",
    )


def _found(names: list[str]) -> str:
    return ", ".join(f"“{name[:40]}”" for name in names[:12]) or "nothing"


def _example(names: list[str], delimiter: str) -> str:
    """The header that would stand above `names`, if they are a device already."""
    guess = [_kind(name) for name in names]
    known = "Username" in guess or "HardwareId" in guess
    return delimiter.join(kind or "…" for kind in guess) if known else ""


def _kind(text: str) -> str:
    for kind, parse in (("HardwareId", HardwareId.parse), ("Username", UserName.parse)):
        try:
            parse(text)
        except (HardwareIdError, UserNameError):
            continue
        return kind
    return ""


def _no_header(file: str, line: int, example: str) -> ListError:
    return ListError(
        f"{file}: the header is missing; line {line} is a device already."
        if example
        else f"{file} has no header and no devices.",
        code="no_header",
        remedy=f"Put this line above it: {example or 'Username,HardwareId'}",
    )
