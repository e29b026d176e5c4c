"""Reads a workbook, as a process of its own: polars and fastexcel are loaded here and nowhere else.

A workbook comes from others. What is damaged in it, unpacks to more memory than there is or meets a
processor that cannot run polars ends this process, never the console; and the memory that frames
take is given back with it.

Standard input: one JSON line `{"size": N}`, N bytes of workbook, then one JSON line for each sheet
that is wanted as a whole, `{"sheet": NAME}`. Standard output: one JSON line for each of the two:
the beginnings of all sheets, and the rows of one. A cell is a text, null, or a list of one text for
a number, so that a MAC address that was made a number is known. Numbers of rows and columns count
from 0.
"""

import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Any, Literal
from xml.parsers import expat

from siptui.devicelist.cells import NO_VALUE, column_letters

#: Rows of each sheet by which the parent knows where the list is.
HEAD = 60
#: What a workbook may unpack to, and how many cells its sheets may span, blank ones included.
MAX_UNPACKED = 400 * 1024 * 1024
MAX_CELLS = 4_000_000
_MEMORY = 3 * 1024**3
_SECONDS = 60

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_NUMBERED_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_NUMBER = re.compile(rb'\br="(\d+)"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
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
_STRING = re.compile(rb'\bt="str"')
_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_ODS_NAME = re.compile(rb'\btable:name="([^"]*)"')
_ODS_REPEATED = re.compile(rb'\btable:number-(?:rows|columns)-repeated="(\d+)"')
_ODS_SPANNED = re.compile(rb'\btable:number-rows-spanned="(\d{1,7})"')
_ODS_TEXT = re.compile(rb"\s*<text:p>([^<]*)")
_ODS_HIDDEN = re.compile(rb'\btable:visibility="(?:collapse|filter)"')


class _RefusedError(Exception):
    """The workbook cannot be read: a stable `code`, and the reason for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def main() -> int:
    """Answer until standard input ends."""
    _limit()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    data = source.read(json.loads(source.readline())["size"])
    book: _Book | None = None

    def heads() -> dict[str, Any]:
        nonlocal book
        book = _Book(data)
        return book.heads()

    _answer(sink, heads)
    for line in source:
        if (opened := book) is not None:
            _answer(sink, partial(opened.rows, json.loads(line)["sheet"]))
    return 0


def _answer(sink: Any, ask: Callable[[], dict[str, Any]]) -> None:
    try:
        answer = ask()
    except _RefusedError as error:
        answer = {"error": error.code, "message": error.message}
    except MemoryError:
        answer = {"error": "too_large", "message": "it takes more memory than a list may"}
    except Exception as error:  # whatever the bytes of others lead to
        answer = {"error": "damaged", "message": f"it cannot be read ({type(error).__name__})"}
    sink.write(json.dumps(answer).encode() + b"\n")
    sink.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            hard = resource.getrlimit(what)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (least, hard))
        except (OSError, ValueError):  # macOS refuses some
            continue


class _Book:
    """The sheets of one workbook."""

    def __init__(self, data: bytes) -> None:
        try:
            import fastexcel  # before polars: it says at once whether this is a workbook
        except ImportError as error:
            missing = "siptui is not installed whole: the package fastexcel is missing"
            raise _RefusedError("incomplete", missing) from error
        self._package = _Package(data) if data.startswith(b"PK") else None
        self._read: dict[str, tuple[list[list[Any]], bool]] = {}
        self._first: dict[str, int] = {}
        self._merged: dict[str, list[str]] = {}
        self._room = MAX_CELLS
        try:
            self._reader = fastexcel.read_excel(self._package.data if self._package else data)
            self._names = list(self._reader.sheet_names)
        except MemoryError:
            raise
        except BaseException as error:  # a panic in Rust is no Exception
            raise _damaged(error) from error

    def heads(self) -> dict[str, Any]:
        """The beginning of each sheet: name, whether it is hidden, first rows, height."""
        sheets = []
        for name in self._names:
            if self._package is not None:
                self._package.check(name)
            cells, hidden = self._sheet(name)
            head = {"name": name, "hidden": hidden, "rows": cells[:HEAD], "height": len(cells)}
            sheets.append(head)
        macros = self._package is not None and self._package.macros
        return {"sheets": sheets, "macros": macros}

    def rows(self, name: str) -> dict[str, Any]:
        """All rows of a sheet, its first column, which of its rows are hidden, and the merged
        cells whose value was put into each of their rows."""
        cells, _ = self._sheet(name)
        hidden = self._package.hidden_rows(name) if self._package else None
        return {
            "rows": cells,
            "first_column": self._first.get(name, 0),
            "hidden_rows": hidden,
            "merged": self._merged.get(name, []),
        }

    def _sheet(self, name: str) -> tuple[list[list[Any]], bool]:
        """The cells of a sheet, texts as they are and numbers as lists of one text, and whether it
        is hidden. Read once, as the reader goes through the whole sheet each time."""
        if name not in self._read:
            sheet = self._load(name, "string")
            hidden = sheet is not None and getattr(sheet, "visible", "visible") != "visible"
            self._read[name] = (self._cells(name, sheet), hidden)
        return self._read[name]

    def _load(self, name: str, kind: Literal["string", "boolean"]) -> Any:
        try:
            sheet = self._reader.load_sheet(name, header_row=None, skip_rows=0, dtypes=kind)
        except MemoryError:
            raise
        except BaseException as error:
            if "no data" in str(error).lower() or "empty" in str(error).lower():
                return None
            raise _damaged(error) from error
        self._room -= sheet.total_height * sheet.width if kind == "string" else 0
        if self._room < 0:
            raise _RefusedError(
                "too_many_cells", f"its sheets have more than {MAX_CELLS:,} cells together"
            )
        return sheet

    def _cells(self, name: str, sheet: Any) -> list[list[Any]]:
        if sheet is None or not sheet.width:
            return []
        self._first[name] = sheet.available_columns()[0].absolute_index
        # Of a text that is no number no truth can be had; of a number it can.
        numbers = self._load(name, "boolean").to_polars()
        columns = []
        for text, number in zip(
            sheet.to_polars().iter_columns(), numbers.iter_columns(), strict=True
        ):
            cells: list[Any] = text.to_list()
            if number.null_count() < len(cells):
                cells = [
                    [cell] if told is not None and cell not in ("true", "false", None) else cell
                    for cell, told in zip(cells, number.to_list(), strict=True)
                ]
            columns.append(cells)
        rows = [list(row) for row in zip(*columns, strict=True)]
        if self._package is not None:
            self._put_in(name, rows, self._package.marks(name))
        return rows

    def _put_in(self, name: str, rows: list[list[Any]], marks: "_Marks") -> None:
        """Put into `rows` what the reader leaves out: errors, formulas without a value, and merged
        cells, which count for each of their rows."""
        first = self._first[name]
        for (row, column), text in marks.texts.items():
            if row < len(rows) and 0 <= column - first < len(rows[row]):
                rows[row][column - first] = text
        room = MAX_CELLS
        for row, column, last in marks.merged:
            place = column - first
            if row >= len(rows) or not 0 <= place < len(rows[row]) or rows[row][place] is None:
                continue
            below = range(row + 1, min(last + 1, len(rows)))
            room -= len(below)
            empty = [at for at in below if rows[at][place] is None]
            if not empty or room < 0:
                continue
            for at in empty:
                rows[at][place] = rows[row][place]
            letters = column_letters(column)
            self._merged.setdefault(name, []).append(f"{letters}{row + 1}:{letters}{last + 1}")


def _damaged(error: BaseException) -> _RefusedError:
    text = str(error).split("\n")[0][:200]
    if "assword" in text or "ncrypt" in text:
        return _RefusedError("encrypted", "it is protected with a password")
    return _RefusedError("damaged", f"it is damaged, or no workbook ({text})")


@dataclass(slots=True)
class _Marks:
    """What the XML of a sheet says of cells besides their values, rows and columns from 0: `texts`
    of errors and of formulas without a value, `merged` cells with the last of their rows."""

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)


class _Package:
    """A workbook that is a zip archive (.xlsx, .xlsb, .ods), with what is needed of it alone and
    within the limits: what a header says about sizes is not believed."""

    def __init__(self, data: bytes) -> None:
        try:
            archive = zipfile.ZipFile(BytesIO(data))
            infos = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise _RefusedError("damaged", f"its archive is damaged ({error})") from error
        self.names = {info.filename for info in infos}
        self.macros = any(name.endswith("vbaProject.bin") for name in self.names)
        self._kind_or_refuse()
        if any(info.flag_bits & 1 for info in infos):
            raise _RefusedError("encrypted", "it is protected with a password")
        room = MAX_UNPACKED
        self._parts: dict[str, bytes] = {}
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as kept:
            for info in infos:
                if _needed(info.filename) and info.filename not in self._parts:
                    part = _part(archive, info, room)
                    room -= len(part)
                    if info.filename.endswith((".xml", ".rels")):
                        _well_formed(info.filename, part)
                    kept.writestr(zipfile.ZipInfo(info.filename), part)
                    self._parts[info.filename] = part if _scanned(info.filename) else b""
        self.data = copy.getvalue()

    def _kind_or_refuse(self) -> None:
        if self.names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}:
            return
        what = "a zip archive; unpack it and name the list in it"
        if "word/document.xml" in self.names:
            what = "a Word document"
        elif "ppt/presentation.xml" in self.names:
            what = "a PowerPoint presentation"
        elif any(name.endswith(".iwa") for name in self.names):
            what = "a document of Apple Numbers; export it as .xlsx or CSV"
        raise _RefusedError("other_format", f"this is {what}")

    def check(self, name: str) -> None:
        """Refuse a sheet whose cells span more than a list may have, before it is laid out."""
        part = self._sheet(name)
        height = width = 0
        if part is not None:
            found = _CELL.findall(part)
            rows = _NUMBERED_ROW.findall(part)
            height = max((int(n) for n in {*rows, *(number for _, number in found)}), default=0)
            # A cell that does not say where it is comes after the one before it.
            loose = len(_ANY_CELL.findall(part)) - len(found)
            width = max(map(_column, {letters for letters, _ in found}), default=0) + loose
        elif ods := self._parts.get("content.xml"):
            height, width = _ods_span(ods)
        if height * width > MAX_CELLS:
            raise _RefusedError(
                "too_many_cells",
                f"sheet “{name}” spans {height:,} rows and {width:,} columns; the limit is "
                f"{MAX_CELLS:,} cells",
            )

    def hidden_rows(self, name: str) -> list[int] | None:
        """The hidden rows of a sheet; none where that cannot be told."""
        part = self._sheet(name)
        if part is not None:
            if b"hidden=" not in part:
                return []
            hidden, number = [], 0
            for found in _ROW.finditer(part):
                said = _NUMBER.search(found.group(1))
                number = int(said.group(1)) if said else number + 1
                if _HIDDEN.search(found.group(1)):
                    hidden.append(number - 1)
            return hidden
        ods = self._parts.get("content.xml")
        return None if ods is None else _ods_hidden(ods, name)

    def marks(self, name: str) -> _Marks:
        """What is said of the cells of a sheet; nothing where that cannot be told."""
        part = self._sheet(name)
        if part is not None:
            return _xlsx_marks(part)
        ods = self._parts.get("content.xml")
        return _Marks() if ods is None else _ods_marks(ods, name)

    def _sheet(self, name: str) -> bytes | None:
        """The part of the sheet of that name; none if this is no .xlsx."""
        book = self._parts.get("xl/workbook.xml")
        if book is None:
            return None
        relations = self._parts.get("xl/_rels/workbook.xml.rels", b"")
        return self._parts.get(dict(sheet_parts(book, relations)).get(name, ""))


def sheet_parts(book: bytes, relations: bytes) -> list[tuple[str, str]]:
    """The name of each sheet of a workbook (`book` is its workbook.xml), and the part it is in."""
    targets: dict[bytes, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
        name = re.search(rb'\bId="([^"]*)"', tag)
        target = re.search(rb'\bTarget="([^"]*)"', tag)
        if name and target:
            path = _text(target.group(1))
            targets[name.group(1)] = path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    found = []
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", book):
        name = re.search(rb'\bname="([^"]*)"', tag)
        place = re.search(rb'\b\w+:id="([^"]*)"', tag)
        if name and place:
            found.append((_text(name.group(1)), targets.get(place.group(1), "")))
    return found


def _needed(name: str) -> bool:
    if name in ("content.xml", "mimetype", "META-INF/manifest.xml", "[Content_Types].xml"):
        return True
    return name.startswith(("xl/", "_rels/")) and not name.startswith(
        ("xl/media/", "xl/drawings/", "xl/charts/", "xl/embeddings/", "xl/theme/", "xl/pivot")
    )


def _scanned(name: str) -> bool:
    return name in ("content.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels") or (
        name.startswith("xl/worksheets/") and name.endswith(".xml")
    )


def _part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    try:
        with archive.open(info) as file:
            part = file.read(room + 1)
    except MemoryError:
        raise
    except Exception as error:  # zlib, CRC, an unknown compression: whatever is wrong in there
        raise _RefusedError("damaged", f"its archive is damaged ({info.filename[:80]})") from error
    if len(part) > room:
        mib = MAX_UNPACKED // 2**20
        raise _RefusedError("too_large", f"it unpacks to more than {mib} MB")
    return part


def _well_formed(name: str, part: bytes) -> None:
    """Refuse XML that is none: some readers look for its end for ever."""
    try:
        expat.ParserCreate().Parse(part, True)
    except expat.ExpatError as error:
        raise _RefusedError("damaged", f"it is damaged ({name[:80]}: {error})") from error


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _repeated(attributes: bytes) -> int:
    found = _ODS_REPEATED.search(attributes)
    return int(found.group(1)) if found else 1


def _ods_span(content: bytes) -> tuple[int, int]:
    """Rows and columns up to the last cell with content in any sheet, repeated ones counted."""
    height = width = row = column = repeated = 0
    for found in _ODS_TAG.finditer(content):
        tag, attributes = found.groups()
        if tag == b"table":
            row = column = repeated = 0
        elif tag == b"table-row":
            row, column, repeated = row + repeated, 0, _repeated(attributes)
        else:
            column += _repeated(attributes)
            if not attributes.endswith(b"/") or b"office:value" in attributes:
                height, width = max(height, row + repeated), max(width, column)
    return height, width


def _xlsx_marks(part: bytes) -> _Marks:
    marks = _Marks()
    found = list(_ERROR.finditer(part)) if b't="e"' in part else []
    for cell in found:
        if place := _PLACE.search(cell.group(1)):
            marks.texts[_position(place)] = _text(cell.group(2) or b"#VALUE!")
    if b"<f" in part or b":f" in part:
        for cell in _COMPUTED.finditer(part):
            attributes, value = cell.groups()
            # Of a text none may be left: that is what the formula gives.
            place = _PLACE.search(attributes)
            if place and not (value or b"").strip() and not _STRING.search(attributes):
                marks.texts.setdefault(_position(place), NO_VALUE)
    for merged in _MERGED.finditer(part):
        letters, row, _, last = merged.groups()
        if int(last) > int(row) > 0:
            marks.merged.append((int(row) - 1, _column(letters) - 1, int(last) - 1))
    return marks


def _position(place: re.Match[bytes]) -> tuple[int, int]:
    return int(place.group(2)) - 1, _column(place.group(1)) - 1


def _ods_cells(content: bytes, name: str) -> Iterator[tuple[int, int, int, bytes, int]]:
    """The rows of a sheet and their cells: row, how often it is repeated, column (-1 for the row
    itself), attributes, and where the tag ends."""
    here, row, repeated, column = False, 0, 0, 0
    for found in _ODS_TAG.finditer(content):
        tag, attributes = found.groups()
        if tag == b"table":
            said = _ODS_NAME.search(attributes)
            here, row, repeated = said is not None and _text(said.group(1)) == name, 0, 0
        elif tag == b"table-row":
            row, repeated, column = row + repeated, _repeated(attributes), 0
            if here:
                yield row, repeated, -1, attributes, found.end()
        else:
            if here:
                yield row, repeated, column, attributes, found.end()
            column += _repeated(attributes)


def _ods_marks(content: bytes, name: str) -> _Marks:
    marks = _Marks()
    if b"number-rows-spanned" not in content and b'value-type="error"' not in content:
        return marks
    for row, _, column, attributes, end in _ods_cells(content, name):
        if column < 0:
            continue
        if b'calcext:value-type="error"' in attributes:
            text = _ODS_TEXT.match(content, end)
            marks.texts[row, column] = _text(text.group(1)) if text else "#VALUE!"
        spanned = _ODS_SPANNED.search(attributes)
        if spanned and int(spanned.group(1)) > 1:
            marks.merged.append((row, column, row + int(spanned.group(1)) - 1))
    return marks


def _ods_hidden(content: bytes, name: str) -> list[int]:
    hidden: list[int] = []
    for row, repeated, column, attributes, _ in _ods_cells(content, name):
        if column < 0 and _ODS_HIDDEN.search(attributes):
            hidden += range(row, row + min(repeated, MAX_CELLS - len(hidden)))
    return hidden


def _text(value: bytes) -> str:
    import html

    return html.unescape(value.decode("utf-8", "replace"))


if __name__ == "__main__":
    sys.exit(main())
