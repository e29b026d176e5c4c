"""The header: which delimiter, which column is what, and what to do when there is none.

Names are compared without regard to case, blanks, underscores, hyphens and full stops. Where
several columns could be meant, the name that stands first in the lists below wins.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from siptui.devicelist.cells import clean
from siptui.devicelist.lines import records, split
from siptui.devicelist.model import Fault, ListError
from siptui.devicelist.results import BLOCK
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.user_name import UserName, UserNameError

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
_FOLD = re.compile(r"[\s_\-./]+")


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

    def name(self, index: int | None, default: str = "") -> str:
        """The header of a column as it stands in the file, or `default` for no column."""
        return default if index is None else self.names[index]


def folded_name(name: str) -> str:
    """What spellings of one header have in common."""
    return _FOLD.sub("", name).casefold()


def _spaced(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name).casefold()


def read_header(file: str, lines: Sequence[str], delimiter: str | None) -> Header:
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
    chosen = said or _best(lines[start])
    record = next(records(lines, chosen, start))
    cells = [clean(cell) for cell in record.cells]
    while cells and not cells[-1]:
        cells.pop()
    return _mapped(file, record.line, record.below, chosen, cells)


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


def _best(line: str) -> str:
    def worth(delimiter: str) -> tuple[int, int]:
        cells = split(line, delimiter) or line.split(delimiter)
        names = {folded_name(clean(cell)) for cell in cells}
        spaced = [_spaced(cell) for cell in cells]
        known = sum(
            not names.isdisjoint(words) or any(map(part.search, spaced))
            for words, part in ((USER, _USER_PART), (HARDWARE, _HARDWARE_PART))
        )
        # One cell that names both is the whole line, split by the wrong character.
        known = min(known, len(cells))
        return known, len(cells)

    return max(DELIMITERS, key=worth)  # the first of equals


def _mapped(file: str, line: int, first: int, delimiter: str, names: list[str]) -> Header:
    folded = [folded_name(name) for name in names]
    results = _results(folded)
    faults: list[Fault] = []
    taken: set[int | None] = set(results.values())

    def find(words: Sequence[str], what: str, part: re.Pattern[str] | None = None) -> int | None:
        places = [i for i, name in enumerate(folded) if name in words and i not in taken]
        if not places and part is not None:
            near = [i for i, name in enumerate(names) if part.search(_spaced(name))]
            if len(near) == 1 and near[0] not in taken:
                taken.add(near[0])
                message = f"the {what} is read from “{names[near[0]]}”"
                fault = Fault(line, names[near[0]], "", "column_guessed", message, "warning")
                faults.append(fault)
                return near[0]
        places.sort(key=lambda i: words.index(folded[i]))
        if not places:
            return None
        best = places[0]
        also = [names[i] for i in places[1:]]
        if len(places) > 1 and folded[places[1]] == folded[best]:
            raise ListError(
                f"{file}, line {line}: two columns are named “{names[best]}”, "
                f"and it is not clear which holds the {what}.",
                code="ambiguous_header",
                remedy="Rename or remove one of them.",
            )
        if also:
            others = ", ".join(f"“{name}”" for name in also)
            message = f"the {what} is read from “{names[best]}”; {others} kept as it is"
            faults.append(Fault(line, names[best], "", "several_columns", message, "warning"))
        taken.add(best)
        return best

    user = find(USER, "user name", _USER_PART)
    hardware = find(HARDWARE, "hardware id", _HARDWARE_PART)
    if user is None or hardware is None:
        raise _unusable(file, line, delimiter, names, user, hardware)
    region = find(REGION, "region")
    model, onboarded = find(MODEL, "model"), find(ONBOARDED, "date of onboarding")
    taken -= {model, onboarded}  # they stay among the extra columns
    extra = _distinct([(name, i) for i, name in enumerate(names) if name and i not in taken])
    return Header(
        line,
        first,
        delimiter,
        tuple(names),
        user,
        hardware,
        region,
        model,
        onboarded,
        extra,
        results,
        tuple(faults),
    )


def _results(folded: list[str]) -> dict[str, int]:
    """The places of an earlier run's results, if siptui wrote this list."""
    block = [folded_name(name) for name in BLOCK]
    if folded[3 : 3 + len(block)] != block or folded[:3] != ["username", "hardwareid", "region"]:
        return {}
    return {name: 3 + i for i, name in enumerate(BLOCK)}


def _distinct(columns: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    seen = {name for name, _ in columns}
    used: set[str] = set()
    done = []
    for name, place in columns:
        new, number = name, 2
        while new in used:
            new, number = f"{name} ({number})", number + 1
            if new in seen:
                new = name
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
    if user is None and hardware is None:
        guess = [_kind(name) for name in names]
        if "Username" in guess or "HardwareId" in guess:
            return _no_header(file, line, delimiter.join(k or "…" for k in guess))
    lacking = " and ".join(
        what for what, place in (("user name", user), ("hardware id", hardware)) if place is None
    )
    shown = ", ".join(f"“{name[:40]}”" for name in names[:12]) or "nothing"
    return ListError(
        f"{file}, line {line}: no column for the {lacking} in the header; found {shown}.",
        code="header",
        remedy="Name the columns “Username” and “HardwareId” in the first line. "
        "If the columns are not split right, name the character between them with --delimiter.",
    )


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
