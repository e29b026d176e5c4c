"""The rows below the header: cells cleaned, and what is no row of the list left out by name.

Comments, totals, a header that stands there again and the second line of a header are left out;
blank rows are passed over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from siptui.devicelist.cells import EDGE, MAX_CELL, NumberText, clean
from siptui.devicelist.changes import Changes, lines_of
from siptui.devicelist.column_choice import looks_like_hardware, looks_like_user
from siptui.devicelist.column_names import USUAL, fits, spaced
from siptui.devicelist.delimiters import unwrapped
from siptui.devicelist.header import Header
from siptui.devicelist.records import Record, records
from siptui.devicelist.row_rules import LONG_CELL, OTHER_HEADER
from siptui.domain.columns import NEEDED, folded_name
from siptui.domain.patterns import regex
from siptui.domain.text import HIDDEN

# A line without any of these is divided at its delimiters and is clean but for blanks.
_ODD = regex(f"[\"'=]|[{EDGE.replace(' ', '')}]|{HIDDEN}")
_ODD_IN_TABS = regex(_ODD.pattern.replace("\t", "").replace(r"\x00-\x1f", r"\x00-\x08\x0a-\x1f"))
_TOTAL = regex(
    r"(?:(?:grand |sub ?)?totals?|sum|summe|gesamt(?:summe|zahl)?|zwischensumme|insgesamt|anzahl|"
    r"count|somme|suma|totale?|totaal|(?:number|amount) of|nombre (?:de|total)|n[uú]mero de|aantal)"
    r"\b([\s:=]*[\d.,]*[^\d@]{0,40}[\d.,]*)",
    re.IGNORECASE,
)
#: “(2 rows affected)”, as databases end their answers.
_COUNT = regex(
    r"\(?[\d.,]+ (?:rows?|records?|entries|devices?|phones?|zeilen?|datens[aä]tze?|ger[aä]te?|"
    r"eintr[aä]ge|lignes?|filas?|righe|rijen)\b[^@;\d]{0,30}\)?",
    re.IGNORECASE,
)
#: What may stand beside the word of a totals row: numbers, and formulas that were not computed.
_COUNTED = regex(r"[\d.,%\s]*|\(.*\)")
_LETTER = regex(r"[^\W\d]")
_RULED = regex(r"[\s:=_+|-]*")
#: What Excel shows for a value it cannot, at the start of a cell: no comment.
_EXCEL = regex(r"#(?:#|N/A|REF!|NUM!|VALUE!|NAME\?|DIV/0!|NULL!)")
_DATA = regex(r"[\d@]")
_WORDS = frozenset(
    (
        *("required", "optional", "mandatory", "text", "string", "hex", "format", "name"),
        *("address", "adresse", "pflicht", "pflichtfeld", "obligatoire", "requis", "obligatorio"),
        *("verplicht", "obbligatorio"),
    )
)
_LONGEST_NAME = 80
COMMENT = "a comment"
TOTAL = "a totals row"
AGAIN = "the header once more"
RULE = "a ruled line"
SECOND = "the second line of the header"


class Row(NamedTuple):
    """A row of the list: its cells cleaned, and the rule it breaks if it cannot be divided."""

    line: int
    cells: list[str]
    broken: str = ""


class LeftOut(Struct):
    """The lines below the header that are no rows of the list, by the reason."""

    lines: dict[int, str] = field(default_factory=dict)

    def notes(self, word: str = "line") -> tuple[str, ...]:
        """A sentence for each reason."""
        why: dict[str, list[int]] = {}
        for line, reason in self.lines.items():
            why.setdefault(reason, []).append(line)
        return tuple(
            f"{_capital(lines_of(lines, word))} left out: {reason}" for reason, lines in why.items()
        )


def rows_of_lines(
    lines: Sequence[str], header: Header, changes: Changes, out: LeftOut
) -> Iterator[Row]:
    """The rows of a text that is divided by `header.delimiter`."""
    yield from _kept(_divided(lines, header, changes), header, out)


def rows_of_records(given: Iterable[Record], header: Header, out: LeftOut) -> Iterator[Row]:
    """The rows of a source that is divided already, as a sheet is."""
    width = len(header.names)
    yield from _kept((_row(record, width) for record in given), header, out)


def _row(record: Record, width: int) -> Row:
    cells, broken = record.cells, ""
    line = "|".join(cells)
    if len(line) > MAX_CELL or _is_odd(line):
        cells, broken = _cleaned(cells)
    elif line[:1] == " " or line[-1:] == " " or " |" in line or "| " in line:
        cells = [cell if cell.__class__ is NumberText else cell.strip(" ") for cell in cells]
    while len(cells) > width and not cells[-1]:
        cells.pop()  # a sheet has as many cells in each row as in its longest
    return Row(record.line, cells, broken)


def _is_odd(line: str) -> bool:
    """Whether a line may hold more to be cleaned than blanks. Most are known without `_ODD`."""
    if line.isascii() and line.isprintable():
        return "'" in line or '"' in line  # nothing else is done about an equals sign
    return _ODD.search(line) is not None


def _divided(lines: Sequence[str], header: Header, changes: Changes) -> Iterator[Row]:
    delimiter, width = header.delimiter, len(header.names)
    odd = _ODD_IN_TABS.search if delimiter == "\t" else _is_odd
    for record in records(lines, header.wrapped or delimiter, header.first):
        line = lines[record.line - 1]
        if record.broken:
            yield Row(record.line, [clean(c) for c in record.cells], record.broken)
        elif header.wrapped:
            yield Row(record.line, *_cleaned(header.parted(record.cells)))
        elif len(line) <= MAX_CELL and not odd(line):
            yield Row(record.line, [cell.strip(" ") for cell in record.cells])
        else:
            cells, broken = _cleaned(record.cells)
            if width > 1 and not broken and not any(cells[1:]):
                cells = _whole(record, cells, delimiter, changes)
            yield Row(record.line, cells, broken)


def _whole(record: Record, cells: list[str], delimiter: str, changes: Changes) -> list[str]:
    """The cells of a row that stands in one cell as a whole."""
    found = unwrapped(cells[:1], delimiter)
    if found is None:
        return cells
    changes.add("A whole row in the quotation marks of one cell, divided", record.line, cells[0])
    return _cleaned(found)[0]


def _cleaned(cells: Sequence[str]) -> tuple[list[str], str]:
    if all(len(cell) <= MAX_CELL for cell in cells):
        return [cell if isinstance(cell, NumberText) else clean(cell) for cell in cells], ""
    return [clean(cell) if len(cell) <= MAX_CELL else cell for cell in cells], LONG_CELL


def _kept(rows: Iterable[Row], header: Header, out: LeftOut) -> Iterator[Row]:
    """`rows` without what is no row of the list."""
    own = frozenset(header.results.values())
    again = _folded(_without(header.names, own))
    title = header.names[0]
    first, below = True, False
    for row in rows:
        if not any(row.cells):
            continue
        # What an earlier run said of a row is no part of it.
        cells = _without(row.cells, own)
        lead = cells[0] if cells else ""
        if "@" in lead and lead[0] not in "#/" and len(lead) < _LONGEST_NAME and lead != title:
            # It begins with an account: nothing that is left out does, nor a header.
            yield Row(row.line, row.cells, OTHER_HEADER) if below else row
        elif lead.startswith(("#", "//")) and not _EXCEL.match(lead):
            out.lines[row.line] = COMMENT
        elif first and _second(cells):
            out.lines[row.line] = SECOND
        elif cells and all(map(_RULED.fullmatch, cells)):
            out.lines[row.line] = RULE
        elif _is_total(cells):
            out.lines[row.line] = TOTAL
        elif lead == title and _folded(cells) == again:
            out.lines[row.line] = AGAIN
            below = False
        else:
            below = below or _is_header(cells)
            yield Row(row.line, row.cells, OTHER_HEADER) if below else row
        first = False


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a row is the header of another list: it names both columns that a list needs."""
    named = []
    for cell in cells:
        if len(cell) < _LONGEST_NAME:
            if _DATA.search(cell):
                return False
            named.append(cell)
    return all(any(fits(key, cell) == USUAL for cell in named) for key in NEEDED)


def _without(cells: Sequence[str], own: frozenset[int]) -> Sequence[str]:
    """`cells` without those of an earlier run's results."""
    return [cell for i, cell in enumerate(cells) if i not in own] if own else cells


def _folded(cells: Sequence[str]) -> str:
    """The names of a header in one text, without empty ones at its end."""
    return "|".join(map(folded_name, cells)).rstrip("|")


def _is_total(cells: Sequence[str]) -> bool:
    lead = next(filter(None, cells), "")
    others = [cell for cell in cells if cell is not lead]
    if _COUNT.fullmatch(lead) and not any(others):
        return True
    found = _TOTAL.fullmatch(lead)
    if found is None:
        return False
    if _LETTER.search(found.group(1)) and not all(map(_COUNTED.fullmatch, others)):
        return False
    return not any(looks_like_user(cell) or looks_like_hardware(cell) for cell in cells)


def _second(cells: Sequence[str]) -> bool:
    """Whether the first row below the header only says more about its columns."""
    if any(map(_DATA.search, cells)):
        return False
    return any(
        _WORDS.intersection(spaced(cell).split()) or any(fits(k, cell) == USUAL for k in NEEDED)
        for cell in cells
        if len(cell) < _LONGEST_NAME
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
