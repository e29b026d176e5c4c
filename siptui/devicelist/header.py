"""Where the header is and how its cells are divided: looked for in the first rows of a list.

Above it may stand a title, comments, blank rows, `sep=` and `#TYPE` lines, a version line or a
first line of a header that has two.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from siptui.devicelist.cells import clean
from siptui.devicelist.column_choice import header_above, no_header
from siptui.devicelist.column_names import NOTHING, USUAL, fits
from siptui.devicelist.delimiters import (
    DELIMITERS,
    LINES,
    WORDS,
    named_delimiter,
    names_device,
    rows_divided_by,
    unwrapped,
)
from siptui.devicelist.model import ListError
from siptui.devicelist.records import Record, records
from siptui.devicelist.writing import BLOCK, LIST, STATUS
from siptui.domain.columns import COLUMNS, NEEDED, Mapped, folded_name
from siptui.domain.patterns import regex

#: Rows from the top in which the header is looked for.
SEARCHED = 30
#: No list of phones comes near it, and rows as wide as a spreadsheet program allows cost memory.
MAX_COLUMNS = 1_000

_BREAK = regex(r"[ \t]*[\r\n]+[ \t]*")
_DATA = regex(r"[\d@]")
_SEP = regex(r'^"?sep=(.)"?[,;|\s]*$', re.IGNORECASE)
_TYPE = regex(r'^"?#TYPE\b', re.IGNORECASE)
_BELOW = 60  # rows in which the first device is looked for
_STRAY = 2  # rows above the header that may look like devices: those of a contact


class Header(Struct, frozen=True):
    """The header of a list: its line (or row of the sheet), the index of the first row below it,
    and the names of its columns, told apart, nothing where a column has none.

    `delimiter` divides the rows, `divided` the header. Where each row stands in the first of
    several cells as a whole, `wrapped` divides those cells, and `inner` is how many names the first
    one holds. `results` are the places of an earlier run's results in a list that siptui wrote or
    filled in, by the names in `writing.py`.
    """

    line: int
    first: int
    names: tuple[str, ...]
    delimiter: str = ""
    divided: str = ""
    results: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    wrapped: str = ""
    inner: int = 1

    def parted(self, cells: list[str]) -> list[str]:
        """The cells of a row whose first cell may hold a whole row: those of that one first."""
        whole = unwrapped(cells[:1], self.delimiter) if self.wrapped else None
        if whole is None:
            return cells
        empty = [""] * (self.inner - len(whole))
        return [*whole[: self.inner], *empty, *cells[1:], *whole[self.inner :]]

    @property
    def ours(self) -> bool:
        """Whether siptui wrote the list: its first columns are user name, hardware id, region."""
        return BLOCK[0] in self.results


def is_header(cells: Sequence[str], mapped: Mapped) -> bool:
    """Whether `cells` name both columns that a list needs."""
    named = _cells(cells)
    return _Found(0, Record(1, 1, named), "", named).has_both(mapped)


def find_in_rows(file: str, rows: Sequence[Record], mapped: Mapped) -> Header:
    """The header among `rows` that are divided already, as those of a sheet."""
    top = rows[:_BELOW]
    found = [_Found(i, row, "", _cells(row.cells)) for i, row in enumerate(top[:SEARCHED])]
    best = _best(found, [i for i, r in enumerate(top) if names_device(_cells(r.cells))], mapped)
    if best is None:
        raise no_header(file, "")
    if example := header_above(best.cells):
        raise no_header(f"{file}, row {best.record.line}", example)
    return _header(f"{file}, row", best, "", "", best.at + 1, _not_read(best, "row"))


def find_in_lines(file: str, lines: Sequence[str], delimiter: str | None, mapped: Mapped) -> Header:
    """The header among `lines`, and what divides it. Raises `ListError` if there is none."""
    said, notes = named_delimiter(delimiter), list[str]()
    start = 0
    while start < len(lines) and (sep := _SEP.match(lines[start].strip()) or _blank(lines[start])):
        if said is None and isinstance(sep, re.Match) and sep.group(1) not in "\"'":
            said = sep.group(1)
        start += 1
    if wrapped := _wrapped(file, lines, start, said, mapped):
        return wrapped
    best = _among(lines, start, [said] if said else DELIMITERS, mapped)
    if said and delimiter is None and not (best and best.has_both(mapped)):
        other = _among(lines, start, DELIMITERS, mapped)
        if other and other.has_both(mapped):
            best = other
            notes.append(f"The line sep={said} is not true and was passed over")
    if best is None:
        raise no_header(file, "")
    if example := header_above(best.cells, best.delimiter):
        raise no_header(f"{file}, line {best.record.line}", example)
    divided = best.delimiter
    below = rows_divided_by(lines, best.record.below, divided, len(best.cells), delimiter)
    if below != divided:
        notes.append(
            f"The header is divided by {WORDS.get(divided, divided)}, the rows by "
            f"{WORDS.get(below, below)}; each was read so"
        )
    notes += _not_read(best, "line")
    return _header(f"{file}, line", best, below, divided, best.record.below, notes)


class _Found(Struct):
    """A row that could be the header."""

    at: int
    record: Record
    delimiter: str
    cells: list[str]
    above: tuple[int, ...] = ()  # lines above it that look like those of devices

    @property
    def folded(self) -> list[str]:
        """What the cells are compared by."""
        return [folded_name(name) for name in self.cells]

    def has_both(self, mapped: Mapped) -> bool:
        """Whether it names both columns that a list needs."""
        return self.roles(mapped)[0] == len(NEEDED)

    def roles(self, mapped: Mapped) -> tuple[int, int, int, int]:
        """How much of a header it is: of the needed columns how many are known by name, how many
        columns are named by the operator, how well the others fit, and how many it has."""
        wanted = {folded_name(n): k for k, names in mapped.headers.items() for n in names}
        needed: dict[str, int] = {}
        named: set[str] = set()
        others: set[str] = set()
        for name in self.cells[:MAX_COLUMNS]:
            if not name or len(name) > 80:
                continue
            if (key := wanted.get(folded_name(name))) is not None:
                if key in NEEDED:
                    needed[key] = USUAL
                named.add(key)
                continue
            for key in COLUMNS:
                fit = fits(key, name)
                if fit and key in NEEDED:
                    needed[key] = max(fit, needed.get(key, NOTHING))
                elif fit:
                    others.add(key)
        # One cell that names both is the whole line, divided by the wrong character.
        known = min(len(needed), len(self.cells))
        fit = sum(needed.values()) + len(others)
        return known, len(named), fit, min(len(self.cells), 50)


def _cells(cells: Iterable[str]) -> list[str]:
    # A name that a spreadsheet program shows on two lines is one name.
    found = [clean(_BREAK.sub(" ", cell)) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found


def _blank(line: str) -> bool:
    return not line.strip(' \t\x1a,;|"') or _TYPE.match(line.strip()) is not None


def _among(
    lines: Sequence[str], start: int, delimiters: Sequence[str], mapped: Mapped
) -> _Found | None:
    """The row from `start` on that is most of a header, divided by one of `delimiters`."""
    best: tuple[tuple[int, int, int, int], _Found] | None = None
    for delimiter in delimiters:
        found: list[_Found] = []
        devices: list[int] = []
        for at, record in enumerate(_top(lines, start, delimiter)):
            cells = _cells(record.cells)
            whole = unwrapped(cells, delimiter)
            cells = _cells(whole) if whole else cells
            if names_device(cells):
                devices.append(at)
            if at < SEARCHED and not _blank(lines[record.line - 1]):
                found.append(_Found(at, record, delimiter, cells))
        one = _best(found, devices, mapped)
        if one is not None:
            roles = one.roles(mapped)
            if best is None or roles > best[0]:
                best = roles, one
    return best[1] if best else None


def _wrapped(
    file: str, lines: Sequence[str], start: int, said: str | None, mapped: Mapped
) -> Header | None:
    """The header where it stands in the first of several cells as a whole, as it does when a list
    was opened in one column and saved again."""
    pairs = [(o, i) for o in DELIMITERS for i in DELIMITERS if said in (None, o, i)]
    for outer, inner in pairs:
        for record in islice(_top(lines, start, outer), SEARCHED):
            first, rest = unwrapped(record.cells[:1], inner), record.cells[1:]
            if first is None or not rest or record.broken:
                continue
            if not _Found(0, record, inner, _cells(first)).has_both(mapped):
                continue
            found = _Found(0, record, inner, _cells([*first, *rest]))
            quoted = lines[record.line - 1].lstrip().startswith('"')
            if quoted or not any(map(str.strip, rest)) or _results(found.folded):
                note = (
                    f"Each row stands in one cell as a whole, divided by {WORDS[inner]}; it was "
                    "read so"
                )
                header = _header(f"{file}, line", found, inner, inner, record.below, (note,))
                return replace(header, wrapped=outer, inner=len(first))
    return None


def _top(lines: Sequence[str], start: int, delimiter: str) -> Iterator[Record]:
    # `islice` alone would look through a million blank lines.
    yield from islice(records(lines[: start + LINES], delimiter, start), _BELOW)


def _best(found: Sequence[_Found], devices: Sequence[int], mapped: Mapped) -> _Found | None:
    """The row that is most of a header; of equals the one nearest above the first device.

    `devices` are the places of rows that look like those of devices."""
    device = devices[0] if devices else None
    found = [one for one in found if one.cells and not one.cells[0].startswith("//")]
    above = [one for one in found if device is None or one.at < device]
    known = [(roles, one) for one in above if (roles := one.roles(mapped))[0]]
    if not any(one.has_both(mapped) for _, one in known):
        if two := _two_lines(above, mapped):
            return two
        if late := _below_stray(found[len(above) :], devices, mapped):
            return late
    if not known:
        if device is not None and above:
            return above[-1]  # a header of unknown names
        return found[0] if found else None
    most = max(roles[:3] for roles, _ in known)
    same = [one for roles, one in known if roles[:3] == most]
    best = same[-1] if device is not None else same[0]
    lower = next((one for one in above if one.at == best.at + 1), None)
    if lower is not None and _says_more(best, lower):
        two = _two_lines([best, lower], mapped) or _completed(lower, [best])
        if two.has_both(mapped):
            return two
    return _completed(best, above)


def _below_stray(found: Sequence[_Found], devices: Sequence[int], mapped: Mapped) -> _Found | None:
    """A header below rows that only look like devices, as that of a contact does."""
    for one in found:
        stray = [at for at in devices if at < one.at]
        if len(stray) > _STRAY:
            return None
        if one.has_both(mapped):
            lines = (other.record.line for other in found if other.at in stray)
            return replace(one, above=tuple(lines))
    return None


def _not_read(best: _Found, word: str) -> list[str]:
    return [
        f"{word.capitalize()} {line} looks like a device, but stands above the header: not read"
        for line in best.above
    ]


def _says_more(upper: _Found, lower: _Found) -> bool:
    """Whether `lower` is the second line of a header: it names columns that `upper` leaves open."""
    if any(map(_DATA.search, lower.cells)):
        return False
    named = [bool(i < len(upper.cells) and upper.cells[i]) for i in range(len(lower.cells))]
    return any(name and not above for name, above in zip(lower.cells, named, strict=True))


def _completed(best: _Found, above: Sequence[_Found]) -> _Found:
    """`best` with names from the row above it where it has none: “Room” in the first of two."""
    upper = next((one for one in reversed(above) if one.at == best.at - 1), None)
    if upper is None or len(upper.cells) < 2 or len(upper.cells) > MAX_COLUMNS:
        return best
    names = list(best.cells) + [""] * (len(upper.cells) - len(best.cells))
    for place, name in enumerate(upper.cells):
        names[place] = names[place] or name
    return _Found(best.at, best.record, best.delimiter, names)


def _two_lines(above: Sequence[_Found], mapped: Mapped) -> _Found | None:
    """A header whose names stand on two lines: “User” above “Name”, “Phone” above “MAC”."""
    for upper, lower in pairwise(above):
        top = ""
        names = []
        filled_in = set(_results(lower.folded).values())  # they stand below no name of the list
        for i, name in enumerate(lower.cells):
            top = (upper.cells[i] if i < len(upper.cells) else "") or top
            names.append(name if i in filled_in else f"{top} {name}".strip() if name else "")
        both = _Found(lower.at, lower.record, lower.delimiter, names)
        if len(upper.cells) > 1 and both.has_both(mapped):
            return _completed(both, [upper])
    return None


def _header(
    where: str, best: _Found, delimiter: str, divided: str, first: int, notes: Sequence[str]
) -> Header:
    if len(best.cells) > MAX_COLUMNS:
        raise ListError(
            f"{where} {best.record.line} has {len(best.cells):,} columns; the limit is "
            f"{MAX_COLUMNS:,}.",
            code="too_many_columns",
            remedy="Leave out the columns that are not needed.",
        )
    results = _results(best.folded)
    own = set(results.values())
    names = told_apart([name if i not in own else "" for i, name in enumerate(best.cells)])
    names = tuple(best.cells[i] if i in own else name for i, name in enumerate(names))
    return Header(best.record.line, first, names, delimiter, divided, results, tuple(notes))


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """The headers, each another: the second “Note” is “Note (2)”, unless one is called so."""
    seen = set(names)
    used: set[str] = set()
    last: dict[str, int] = {}
    done = []
    for name in names:
        new, number = name, last.get(name, 1)
        while name and (new in used or (new != name and new in seen)):
            number += 1
            new = f"{name} ({number})"
        last[name] = number
        used.add(new)
        done.append(new)
    return tuple(done)


def _results(folded: list[str]) -> dict[str, int]:
    """The places of an earlier run's results, if siptui wrote this list, or filled it in: a file
    of results may have been filled in, too."""
    block = [folded_name(name) for name in BLOCK]
    found: dict[str, int] = {}
    if folded[3 : 3 + len(block)] == block and folded[:3] == [folded_name(n) for n in LIST]:
        found = {name: 3 + i for i, name in enumerate(BLOCK)}
    status = [folded_name(name) for name in STATUS]
    for at in range(len(folded) - len(status), 1, -1):
        if folded[at : at + len(status)] == status:
            names = [f"{STATUS[0]} {name}" if name in found else name for name in STATUS]
            return found | {name: at + i for i, name in enumerate(names)}
    return found
