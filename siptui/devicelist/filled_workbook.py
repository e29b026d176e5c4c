"""Status columns in a workbook (.xlsx, .xlsm): cells are put into the one sheet, all else stays.

The sheet's XML is not written anew but spliced, at the places that a parser names: formats, other
sheets, formulas, pictures, macros and whatever else a workbook has are the same bytes as before.
"""

import re
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from html import escape
from io import BytesIO
from xml.parsers import expat

from msgspec import Struct, field

from siptui.devicelist.archive import open_archive
from siptui.devicelist.cells import clean, column_letters, column_place, guard
from siptui.devicelist.model import ListError
from siptui.devicelist.sheet_xml import MAX_CELLS, plain, sheet_parts
from siptui.devicelist.writing import STATUS
from siptui.domain.columns import folded_name
from siptui.domain.text import visible

#: Bytes that the parts of a workbook may have together, and that are copied at once.
MAX_UNPACKED, _PIECE = 400 * 1024 * 1024, 1024 * 1024
#: What the parts of a damaged archive come to: an unknown compression is a RuntimeError, too.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, RuntimeError, OSError)
#: Columns that a sheet can have.
_COLUMNS = 16_384
_SAVE_ANEW = "Save it anew with the spreadsheet program; or export the results with -o."
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_AREA = re.compile(r"[A-Z]{1,3}([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_SPANS = re.compile(rb'\sspans="[^"]*"')
_DIMENSION = re.compile(
    rb'(<(?:\w+:)?dimension\b[^>]*?\bref=")([A-Z]+[0-9]+)(?::([A-Z]+)([0-9]+))?(")'
)
#: What XML 1.0 cannot hold; cells are visible already, so hardly anything is left.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def filled_workbook(
    data: bytes, sheet: str, header: int, cells: Mapping[int, Sequence[str]]
) -> bytes:
    """`data` with the status `cells` by row in the sheet of that name, whose header is in the row
    `header`. Raises `ListError`, also for damage of parts that no list is read from."""
    try:
        return _filled(data, sheet, header, cells)
    except (*_DAMAGE, expat.ExpatError) as error:
        raise ListError(
            f"The workbook is damaged and cannot be filled in ({visible(str(error))[:200]}).",
            code="damaged",
            remedy=_SAVE_ANEW,
        ) from error


def _filled(data: bytes, sheet: str, header: int, cells: Mapping[int, Sequence[str]]) -> bytes:
    source = open_archive(data)
    part = _part_of(source, sheet)
    parsed = _Sheet.parsed(_read(source, part), header, cells)
    if names := parsed.shared_in_header():
        parsed.named = _strings(source, names)
    after = parsed.filled(cells)
    out, room = BytesIO(), MAX_UNPACKED
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.comment = source.comment
        for info in source.infolist():
            if info.filename == part:
                target.writestr(info, after)
                continue
            # In pieces: what no list is read from, such as a picture, was not measured before.
            with source.open(info) as file, target.open(copy(info), "w") as written:
                while piece := file.read(_PIECE):
                    room -= len(piece)
                    if room < 0:
                        raise _too_large()
                    written.write(piece)
    return out.getvalue()


def _read(source: zipfile.ZipFile, part: str) -> bytes:
    with source.open(part) as file:
        data = file.read(MAX_UNPACKED + 1)
    if len(data) > MAX_UNPACKED:
        raise _too_large()
    return data


def _too_large() -> ListError:
    return ListError(
        f"The workbook unpacks to more than {MAX_UNPACKED // 2**20} MB.",
        code="too_large",
        remedy="Take pictures and other sheets out of it, or export the results with -o.",
    )


def _part_of(source: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds the sheet of that name."""
    book = plain(_read(source, "xl/workbook.xml"))
    relations = plain(_read(source, "xl/_rels/workbook.xml.rels"))
    for name, part in sheet_parts(book, relations):
        if visible(name) == sheet and part in source.namelist():
            return part
    raise ListError(
        f"The sheet “{sheet}” is not where the workbook says.", code="damaged", remedy=_SAVE_ANEW
    )


def _strings(source: zipfile.ZipFile, wanted: Collection[int]) -> dict[int, str]:
    """The shared strings of these numbers. The others, which may be millions, are passed over."""
    if "xl/sharedStrings.xml" not in source.namelist():
        return {}
    found: dict[int, str] = {}
    parts: list[str] = []
    inside = [0, 0]  # in an item; in what is read aloud beside it
    number = -1

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal number
        tag = name.rpartition(":")[2]
        if tag == "si":
            parts.clear()
            number += 1
        inside[0] += tag == "t"
        inside[1] += tag == "rPh"

    def end(name: str) -> None:
        tag = name.rpartition(":")[2]
        inside[0] -= tag == "t"
        inside[1] -= tag == "rPh"
        if tag == "si" and number in wanted:
            found[number] = "".join(parts)

    def text(data: str) -> None:
        if inside[0] and not inside[1] and number in wanted:
            parts.append(data)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    parser.Parse(_read(source, "xl/sharedStrings.xml"), True)
    return found


class _Cell(Struct):
    """A cell: its column from 0, where its element begins and ends, its style, its text."""

    column: int
    start: int
    end: int = 0
    style: str = ""
    kind: str = ""
    text: str = ""
    filled: bool = False


class _Row(Struct):
    """A row: where its start tag begins and its end tag, and its cells in their order."""

    number: int
    start: int
    close: int = 0
    empty: bool = False
    cells: list[_Cell] = field(default_factory=list)


class _Sheet:
    """The XML of a sheet, and where its `header`, those of its rows that are `wanted`, and their
    cells are in it. `named` are the shared strings of the header."""

    def __init__(self, data: bytes, header: int, wanted: Collection[int]) -> None:
        self.data = data
        self.header = header
        self.rows: list[_Row] = []
        self.prefix = ""
        self.named: Mapping[int, str] = {}
        self._wanted = wanted
        self._ordered = sorted({header, *wanted})
        self._row: _Row | None = None  # that the parser is in, or was in last
        self._used = -1  # the last column with anything in it, in any row, or of a merged cell
        self._room = MAX_CELLS  # for rows and cells, as a sheet may have millions that are empty
        self._parser = expat.ParserCreate()
        self._inside = False

    @classmethod
    def parsed(cls, data: bytes, header: int, wanted: Collection[int]) -> "_Sheet":
        """The sheet in `data`. Raises `ListError` for XML that bytes cannot be put into."""
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ListError(
                "The sheet is not written in UTF-8 and cannot be filled in.",
                code="form",
                remedy=_SAVE_ANEW,
            )
        sheet = cls(data, header, wanted)
        parser = sheet._parser
        parser.StartElementHandler, parser.EndElementHandler = sheet._start, sheet._end
        parser.CharacterDataHandler = sheet._characters
        parser.Parse(data, True)
        return sheet

    def filled(self, cells: Mapping[int, Sequence[str]]) -> bytes:
        """The XML with the status cells by row."""
        header = self.header
        named = next((row for row in self.rows if row.number == header), None)
        if named is None:
            raise ListError(
                "The header is not where it was read.", code="damaged", remedy=_SAVE_ANEW
            )
        first = self._first_column(named)
        values = {header: STATUS, **cells}
        edits: list[tuple[int, int, bytes]] = []
        for row in self.rows:
            if row.number in values:
                said = [guard(visible(cell)) for cell in values[row.number]]
                said = list(STATUS) if row.number == header else said
                edits += self._edits(row, first, said, heading=row.number == header)
        pieces, at = [], 0
        for start, end, piece in sorted(edits, key=lambda edit: edit[:2]):
            pieces += [self.data[at:start], piece]
            at = end
        data = b"".join([*pieces, self.data[at:]])
        return _DIMENSION.sub(lambda found: _wider(found, first + len(STATUS)), data, count=1)

    def _first_column(self, header: _Row) -> int:
        """The first column of the status: where it is already, or behind everything else."""
        names = {cell.column: folded_name(clean(self._text(cell))) for cell in header.cells}
        wanted = [folded_name(name) for name in STATUS]
        for column in sorted(names, reverse=True):
            if [names.get(column + i) for i in range(len(wanted))] == wanted:
                return column
        if self._used + len(STATUS) >= _COLUMNS:
            raise ListError(
                f"There is no room beside the list: column {column_letters(self._used)} has "
                "something in it.",
                code="form",
                remedy="Empty the last columns of the sheet; or export the results with -o.",
            )
        return self._used + 1

    def shared_in_header(self) -> set[int]:
        """The numbers of the shared strings in the header."""
        cells = [cell for row in self.rows if row.number == self.header for cell in row.cells]
        return {int(cell.text) for cell in cells if cell.kind == "s" and cell.text.isdecimal()}

    def _text(self, cell: _Cell) -> str:
        if cell.kind == "s" and cell.text.isdecimal():
            return self.named.get(int(cell.text), cell.text)
        return cell.text

    def _edits(
        self, row: _Row, first: int, values: Sequence[str], *, heading: bool
    ) -> Iterator[tuple[int, int, bytes]]:
        """The pieces that take the place of others in the XML, each by start and end."""
        there = {cell.column: cell for cell in row.cells}
        beside = next((c.style for c in reversed(row.cells) if c.column < first and c.filled), "")
        new: list[bytes] = []
        before: dict[int, list[bytes]] = {}
        for column, value in enumerate(values, start=first):
            old = there.get(column)
            style = old.style if old and old.style else (beside if heading else "")
            piece = self._cell(column, row.number, value, style)
            if old is not None:
                yield old.start, old.end, piece
            else:
                following = min((c.start for c in row.cells if c.column > column), default=-1)
                (before.setdefault(following, []) if following >= 0 else new).append(piece)
        for place, pieces in before.items():
            yield place, place, b"".join(pieces)
        if new:
            whole = b"".join(new)
            if row.empty:
                tag = self.data[row.start : row.close]
                opened = tag[: tag.rindex(b"/")].rstrip() + b">"
                name = f"</{self.prefix}row>".encode()
                yield row.start, row.close, _SPANS.sub(b"", opened) + whole + name
                return
            yield row.close, row.close, whole
        end = self.data.index(b">", row.start)
        tag = self.data[row.start : end]
        if _SPANS.search(tag):
            yield row.start, end, _SPANS.sub(b"", tag)

    def _cell(self, column: int, row: int, value: str, style: str) -> bytes:
        p = self.prefix
        mark = f' s="{style}"' if style else ""
        place = f"{column_letters(column)}{row}"
        if not value:
            return f'<{p}c r="{place}"{mark}/>'.encode()
        text = escape(_NOT_XML.sub("\ufffd", value), quote=False)
        return (
            f'<{p}c r="{place}"{mark} t="inlineStr"><{p}is><{p}t xml:space="preserve">{text}</{p}t>'
            f"</{p}is></{p}c>"
        ).encode("utf-8", "replace")

    # -- what the parser tells

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, tag = name.rpartition(":")
        here = self._parser.CurrentByteIndex
        row = self._row
        if tag == "row":
            self._counted()
            self.prefix = f"{prefix}:" if prefix else ""
            number = int(attributes.get("r") or (row.number + 1 if row else 1))
            self._row = _Row(number, here)
            if number in self._wanted or number == self.header:
                self.rows.append(self._row)
        elif tag == "c" and row:
            self._counted()
            found = _REFERENCE.fullmatch(attributes.get("r", ""))
            cells = row.cells
            if len(cells) == _COLUMNS:
                raise ListError(
                    f"Row {row.number} has more than {_COLUMNS:,} cells.",
                    code="damaged",
                    remedy=_SAVE_ANEW,
                )
            column = (
                column_place(found.group(1)) if found else (cells[-1].column + 1 if cells else 0)
            )
            style, kind = attributes.get("s", ""), attributes.get("t", "n")
            cells.append(_Cell(column, here, style=style, kind=kind))
        elif tag in ("v", "t") and row and row.cells:
            self._inside = True
        elif tag == "mergeCell" and (area := _AREA.fullmatch(attributes.get("ref", ""))):
            self._merged(int(area.group(1)), int(area.group(3)), column_place(area.group(2)))

    def _merged(self, first: int, last: int, column: int) -> None:
        """Have nothing written into a merged cell beside the list: all but its first cell is
        hidden. One that is as wide as the sheet leaves no place beside it."""
        at = bisect_left(self._ordered, first)
        beside = at < len(self._ordered) and self._ordered[at] <= last
        if beside and column + len(STATUS) < _COLUMNS:
            self._used = max(self._used, column)

    def _counted(self) -> None:
        self._room -= 1
        if self._room < 0:
            raise ListError(
                f"The sheet has more than {MAX_CELLS:,} rows and cells, empty ones included.",
                code="too_many_cells",
                remedy=_SAVE_ANEW,
            )

    def _characters(self, data: str) -> None:
        if self._inside and self._row:
            self._row.cells[-1].text += data

    def _end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        row = self._row
        if tag in ("v", "t"):
            self._inside = False
        elif tag == "c" and row and row.cells:
            cell = row.cells[-1]
            cell.end, _ = self._closed(cell.start, name)
            cell.filled = bool(cell.text.strip())
            if row.number != self.header:
                cell.text = ""  # it is looked at no more
            if cell.filled:
                self._used = max(self._used, cell.column)
        elif tag == "row" and row:
            behind, row.empty = self._closed(row.start, name)
            row.close = behind if row.empty else self._parser.CurrentByteIndex

    def _closed(self, start: int, name: str) -> tuple[int, bool]:
        """The place behind the element that began at `start` and ends here, and whether it is one
        tag alone. For such a one the parser is behind the tag already."""
        here = self._parser.CurrentByteIndex
        if self.data.startswith(f"</{name}".encode(), here):
            return self.data.index(b">", here) + 1, False
        return self.data.index(b"/>", start) + 2, True


def _wider(found: "re.Match[bytes]", columns: int) -> bytes:
    """The span of the sheet, with the status columns in it."""
    before, first, letters, row, behind = found.groups()
    if letters is None:
        letters, row = first.rstrip(b"0123456789"), first.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    last = max(column_place(letters.decode()), columns - 1)
    return bytes(before + first + b":" + column_letters(last).encode() + row + behind)
