"""What the XML of a workbook says of its sheets besides the values of their cells: how far they
span, which rows are hidden, which cells are merged, errors, or formulas without a value.

Looked for by patterns, as a sheet may be of many megabytes; that it is well formed is known.
Numbers of rows and columns count from 0.
"""

import html
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from xml.parsers import expat

from siptui.devicelist.cells import NO_VALUE, column_place

#: How many cells the sheets of a workbook may span, blank ones included.
MAX_CELLS = 4_000_000

_NO_CELLS = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
#: A tag with something else around the sign of an attribute than `="`; no declaration.
_ODD_TAG = re.compile(rb"<[^<>!?][^<>]*?(?:\s=|=[^\"])")
_OTHER_CODE = re.compile(rb"encoding\s*=\s*[\"'](?!utf-?8)", re.IGNORECASE)
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBERED_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_PLAIN_ROW = re.compile(rb'<row r="(\d{1,7})"')  # found several times as fast
_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
#: A cell and a row that are not plainly among the first columns and rows: most sheets have none.
_FAR_CELL = re.compile(rb'<c(?! r="[A-Z]\d{1,5}")(?=[\s/>])')
_FAR_ROW = re.compile(rb'<row(?! r="\d{1,5}")(?=[\s/>])')
_NEAR = 99_999, 26
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_VALUE = rb"(?:\s*<(?:\w+:)?v\b[^>]*>([^<]*)</(?:\w+:)?v>|\s*<(?:\w+:)?v\s*/>)?"
_FORMULA = rb"\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
#: A cell that holds an error, or a formula; of the latter those that have no value are meant.
_ERROR = re.compile(rb'<(?:\w+:)?c\b([^>]*?\bt="e"[^>]*)>(?:' + _FORMULA + rb")?" + _VALUE)
_COMPUTED = re.compile(rb"<(?:\w+:)?c\b([^>/]*)>" + _FORMULA + _VALUE + rb"\s*</(?:\w+:)?c>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_HAS_VALUE = re.compile(rb"<(?:\w+:)?v[\s/>]")
_STRING = re.compile(rb'\bt="str"')
_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_ODS_NAME = re.compile(rb'\btable:name="([^"]*)"')
_ODS_REPEATED = re.compile(rb'\btable:number-(?:rows|columns)-repeated="(\d+)"')
_ODS_SPANNED = re.compile(rb'\btable:number-rows-spanned="(\d{1,7})"')
_ODS_TEXT = re.compile(rb"\s*<text:p>([^<]*)")
_ODS_HIDDEN = re.compile(rb'\btable:visibility="(?:collapse|filter)"')


class Marks:
    """What a sheet says besides the values of its cells: how far it spans at most, its `hidden`
    rows, `texts` of errors and of formulas without a value, `merged` cells with their last rows,
    and `twice`, a row that stands in it a second time, so that one of the two would be lost."""

    # No data class: what those need takes as long to be loaded as a small workbook to be read.
    __slots__ = ("height", "hidden", "merged", "texts", "twice", "width")

    def __init__(self, height: int = 0, width: int = 0) -> None:
        self.height = height
        self.width = width
        self.hidden: list[int] = []
        self.texts: dict[tuple[int, int], str] = {}
        self.merged: list[tuple[int, int, int]] = []
        self.twice: int | None = None


def plain(part: bytes) -> bytes:
    """`part` in the form in which the patterns look for cells: without comments, literal text and
    instructions, and with attributes as nearly all programs write them, `name="value"`."""
    if _is_odd(part):
        return _rewritten(part)
    if part.find(b"<!") < 0 and part.rfind(b"<?") <= 0:
        return part
    return _NO_CELLS.sub(b"", part)


def _is_odd(part: bytes) -> bool:
    """Whether an attribute in `part` may be written otherwise: `hidden='1'`, `hidden = "1"`."""
    begin = part.find(b"?>", 0, 200) + 1
    if _OTHER_CODE.search(part[:begin]):
        return True
    if part.count(b"=", begin) == part.count(b'="', begin) and b' ="' not in part:
        return False
    return _ODD_TAG.search(part) is not None  # a formula has such signs as well


def _rewritten(part: bytes) -> bytes:
    pieces: list[str] = []
    opened = False  # the last piece is a tag that is not closed yet

    def close(end: str = ">") -> None:
        nonlocal opened
        if opened:
            pieces.append(end)
            opened = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal opened
        close()
        said = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
        pieces.append(f"<{name}{said}")
        opened = True

    def end(name: str) -> None:
        if opened:
            close("/>")
        else:
            pieces.append(f"</{name}>")

    def text(data: str) -> None:
        close()
        pieces.append(html.escape(data, quote=False))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.buffer_text = True
    parser.Parse(part, True)
    return "".join(pieces).encode()


def sheet_parts(book: bytes, relations: bytes) -> list[tuple[str, str]]:
    """The name of each sheet of a workbook (`book` is its workbook.xml), and the part it is in."""
    parts = related_parts(relations)
    found = []
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", book):
        name = re.search(rb'\bname="([^"]*)"', tag)
        place = re.search(rb'\b\w+:id="([^"]*)"', tag)
        if name and place:
            found.append((_text(name.group(1)), parts.get(_text(place.group(1)), "")))
    return found


def related_parts(relations: bytes) -> dict[str, str]:
    """The parts that a workbook is related to, by the name of the relation."""
    found: dict[str, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
        name = re.search(rb'\bId="([^"]*)"', tag)
        target = re.search(rb'\bTarget="([^"]*)"', tag)
        if name and target:
            path = _text(target.group(1))
            path = posixpath.normpath(path if path.startswith("/") else f"/xl/{path}")
            found[_text(name.group(1))] = path.lstrip("/")
    return found


def xlsx_marks(part: bytes) -> Marks:
    """What a sheet of an .xlsx says."""
    marks = Marks(*_span(part))
    marks.twice = _row_that_is_twice(part)
    if b"hidden=" in part:
        marks.hidden = list(_xlsx_hidden(part))
    if b't="e"' in part:
        for cell in _ERROR.finditer(part):
            if place := _PLACE.search(cell.group(1)):
                marks.texts[_position(place)] = _text(cell.group(2) or b"#VALUE!")
    if b"<f" in part or b":f" in part:
        for cell in _COMPUTED.finditer(part):
            attributes, value = cell.groups()
            # Of a text that has a value none may be left of it: that is what the formula gives.
            empty = _STRING.search(attributes) and _HAS_VALUE.search(cell.group())
            place = _PLACE.search(attributes)
            if place and not (value or b"").strip() and not empty:
                marks.texts.setdefault(_position(place), NO_VALUE)
    for merged in _MERGED.finditer(part) if b"mergeCell" in part else ():
        letters, row, _, last = merged.groups()
        if int(last) > int(row) > 0:
            marks.merged.append((int(row) - 1, column_place(letters.decode()), int(last) - 1))
    return marks


def _row_that_is_twice(part: bytes) -> int | None:
    plain_rows = b":row" not in part and not _FAR_ROW.search(part)
    rows = (_PLAIN_ROW if plain_rows else _NUMBERED_ROW).findall(part)
    if len(set(rows)) == len(rows):
        return None
    return min(int(row) - 1 for row, count in Counter(rows).items() if count > 1)


def _span(part: bytes) -> tuple[int, int]:
    """How many rows and columns a sheet of an .xlsx spans at most."""
    prefixed = b":c" in part or b":row" in part
    if not (prefixed or _FAR_CELL.search(part) or _FAR_ROW.search(part)):
        return _NEAR
    found = _CELL.findall(part)
    rows = _NUMBERED_ROW.findall(part)
    # A cell that does not say where it is comes after the one before it.
    loose = len(_ANY_CELL.findall(part)) - len(found)
    height = max((int(n) for n in {*rows, *(number for _, number in found)}), default=0)
    columns = {letters.decode() for letters, _ in found}
    return height, max(map(column_place, columns), default=-1) + 1 + loose


def _xlsx_hidden(part: bytes) -> Iterator[int]:
    number = 0
    for found in _ROW.finditer(part):
        said = _NUMBER.search(found.group(1))
        number = int(said.group(1)) if said else number + 1
        if _HIDDEN.search(found.group(1)):
            yield number - 1


def _repeated(attributes: bytes) -> int:
    found = _ODS_REPEATED.search(attributes)
    return int(found.group(1)) if found else 1


def _position(place: re.Match[bytes]) -> tuple[int, int]:
    return int(place.group(2)) - 1, column_place(place.group(1).decode())


def _ods_cells(content: bytes) -> Iterator[tuple[str, int, int, int, bytes, int]]:
    """The tables, their rows and cells: sheet, row, how often what is told of is repeated, column
    (-1 for a row itself, -2 for the table), attributes, and where the tag ends."""
    name, row, repeated, column = "", 0, 0, 0
    for found in _ODS_TAG.finditer(content):
        tag, attributes = found.groups()
        if tag == b"table":
            said = _ODS_NAME.search(attributes)
            name, row, repeated = _text(said.group(1)) if said else "", 0, 0
            yield name, 0, 1, -2, attributes, found.end()
        elif tag == b"table-row":
            row, repeated, column = row + repeated, _repeated(attributes), 0
            yield name, row, repeated, -1, attributes, found.end()
        else:
            count = _repeated(attributes)
            yield name, row, count, column, attributes, found.end()
            column += count


def ods_marks(content: bytes) -> dict[str, Marks]:
    """What each sheet in the content of an .ods says, by its name, repeated rows counted."""
    sheets: dict[str, Marks] = {}
    marks, times = Marks(), 1
    for name, row, repeated, column, attributes, end in _ods_cells(content):
        if column == -2:
            marks = sheets.setdefault(name, Marks())
            continue
        if column < 0:
            times = repeated
            if _ODS_HIDDEN.search(attributes):
                room = MAX_CELLS - len(marks.hidden)
                marks.hidden += range(row, row + min(repeated, room))
            continue
        if not attributes.endswith(b"/") or b"office:value" in attributes:
            marks.height = max(marks.height, row + times)
            marks.width = max(marks.width, column + repeated)
        if b'calcext:value-type="error"' in attributes:
            text = _ODS_TEXT.match(content, end)
            marks.texts[row, column] = _text(text.group(1)) if text else "#VALUE!"
        spanned = _ODS_SPANNED.search(attributes)
        if spanned and int(spanned.group(1)) > 1:
            marks.merged.append((row, column, row + int(spanned.group(1)) - 1))
    return sheets


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace"))
