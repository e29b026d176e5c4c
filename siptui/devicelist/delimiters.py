"""Which character stands between the cells of a text, named or found out, and rows in one cell."""

from collections.abc import Sequence
from itertools import islice

from siptui.devicelist.cells import clean
from siptui.devicelist.column_choice import looks_like_hardware, looks_like_user
from siptui.devicelist.model import ListError
from siptui.devicelist.records import records, split

DELIMITERS = (",", ";", "\t", "|")
NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|"}
WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
#: Lines in which rows are looked for, blank ones among them.
LINES = 2_000
_LOOKED_AT = 200  # rows by which the character between the cells of rows is found


def named_delimiter(given: str | None) -> str | None:
    """The character that `given` names. Raises `ListError` for what can be none."""
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


def unwrapped(cells: Sequence[str], delimiter: str) -> list[str] | None:
    """The cells of a row that stands in one cell as a whole, or none if it does not."""
    if len(cells) != 1 or delimiter not in cells[0]:
        return None
    return split(cells[0], delimiter) or cells[0].split(delimiter)


def names_device(cells: Sequence[str]) -> bool:
    """Whether a row has the user name and the hardware id of a device."""
    if not cells or cells[0].startswith(("#", "//")):
        return False
    return any(map(looks_like_user, cells)) and any(map(looks_like_hardware, cells))


def rows_divided_by(
    lines: Sequence[str], first: int, divided: str, width: int, named: str | None
) -> str:
    """The character that divides the rows below a header of `width` columns."""
    if width < 2 or named is not None:
        return divided
    some = list(islice(records(lines[: first + LINES], divided, first), _LOOKED_AT))
    rows = [lines[r.line - 1] for r in some if r.below == r.line]
    rows = [row for row in rows if not row.lstrip().startswith("#")]
    devices = {one: sum(_is_device(row, one) for row in rows) for one in DELIMITERS}
    devices.setdefault(divided, sum(_is_device(row, divided) for row in rows))
    if any(devices.values()):
        best = max(devices, key=lambda one: devices[one])
        return best if devices[best] > devices[divided] else divided
    if any(divided in row for row in rows):
        return divided
    for other in DELIMITERS:
        fit = sum(len(_filled(row.split(other))) in range(2, width + 1) for row in rows)
        if fit > 0.8 * len(rows):
            return other
    return divided


def _is_device(line: str, delimiter: str) -> bool:
    cells = _filled(split(line, delimiter) or line.split(delimiter))
    cells = unwrapped(cells, delimiter) or cells
    return names_device(cells)


def _filled(cells: Sequence[str]) -> list[str]:
    found = [clean(cell) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found
