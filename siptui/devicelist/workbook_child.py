"""Reads a workbook, as a process of its own: fastexcel and arro3 are loaded here and nowhere else.

A workbook comes from others. What is damaged in it or unpacks to more memory than there is ends
this process, never the console; and the memory that it takes is given back with it.

Over 400 lines because what belongs to the two sides of one conversation stays in one file.

Standard input: one JSON line `{"size": N}`, N bytes of workbook, then one JSON line for each sheet
that is wanted as a whole, `{"sheet": NAME}`. Started with the word `early`, it loads its libraries
before the first line has come. Standard output: one JSON line for each of the two:
the beginnings of all sheets, and the rows of one. A cell is a text, null, or a list of one text for
a number, so that a MAC address that was made a number is known. Numbers of rows and columns count
from 0.
"""

import gc
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Any, Literal
from xml.parsers import expat

from siptui.devicelist.archive import open_archive
from siptui.devicelist.cells import MAX_ANSWER, column_letters
from siptui.devicelist.sheet_biff import biff_marks
from siptui.devicelist.sheet_binary import binary_marks, binary_sheets
from siptui.devicelist.sheet_xml import (
    MAX_CELLS,
    Marks,
    ods_marks,
    plain,
    related_parts,
    sheet_parts,
    xlsx_marks,
)
from siptui.host.limits import limit_this_process

#: Rows of each sheet by which the parent knows where the list is.
HEAD = 60
#: What a workbook may unpack to.
MAX_UNPACKED = 400 * 1024 * 1024
#: Signs of the name of a sheet: of 31 in Excel, of some more elsewhere.
_LONGEST_NAME = 1_000
_MEMORY = 3 * 1024**3
_SECONDS = 60


class _RefusedError(Exception):
    """The workbook cannot be read: a stable `code`, and the reason for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def main() -> int:
    """Answer until standard input ends."""
    limit_this_process(_MEMORY, _SECONDS)
    gc.disable()  # what is read is sent and stays until the end; there are no cycles in it
    if "early" in sys.argv:
        _load_libraries()
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


def _load_libraries() -> None:
    """Load what reads workbooks before there is one. What is missing is told of when there is."""
    with suppress(ImportError):
        import fastexcel  # noqa: F401 - for later


def _answer(sink: Any, ask: Callable[[], dict[str, Any]]) -> None:
    try:
        # In ASCII: of text with one rare sign in it Python takes four bytes for each sign.
        line = json.dumps(ask()).encode() + b"\n"
        if len(line) > MAX_ANSWER:
            raise MemoryError
    except _RefusedError as error:
        line = _refusal(error.code, error.message)
    except MemoryError:
        line = _refusal("too_large", "it takes more memory than a list may")
    except Exception as error:  # whatever the bytes of others lead to
        line = _refusal("damaged", f"it cannot be read ({type(error).__name__})")
    sink.write(line)
    sink.flush()


def _refusal(code: str, message: str) -> bytes:
    return json.dumps({"error": code, "message": message}).encode() + b"\n"


class _Book:
    """The sheets of one workbook."""

    def __init__(self, data: bytes) -> None:
        try:
            import arro3.core
            import fastexcel
        except ImportError as error:
            name = (error.name or "").partition(".")[0]
            missing = f"siptui is not installed whole: the package {name} is missing"
            raise _RefusedError("incomplete", missing) from error
        self._table = arro3.core.RecordBatch.from_arrow
        self._package = _Package(data) if data.startswith(b"PK") else None
        self._biff = {} if self._package else _biff_marks(data)
        self._read: dict[str, tuple[list[list[Any]], bool]] = {}
        self._first: dict[str, int] = {}
        self._merged: dict[str, list[str]] = {}
        self._room = MAX_CELLS
        if self._package is not None:
            self._package.check_early()
        try:
            self._reader = fastexcel.read_excel(self._package.data if self._package else data)
            self._names = list(self._reader.sheet_names)
        except MemoryError:
            raise
        except BaseException as error:  # a panic in Rust is no Exception
            raise _damaged(error) from error
        if any(len(name) > _LONGEST_NAME for name in self._names):
            raise _RefusedError("damaged", "it is damaged (the name of a sheet has no end)")
        if len(set(self._names)) < len(self._names):  # the second would never be read
            name = next(name for name in self._names if self._names.count(name) > 1)
            raise _RefusedError("damaged", f"it is damaged (two sheets are called “{name}”)")

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
        marks = self._marks(name)
        return {
            "rows": cells,
            "first_column": self._first.get(name, 0),
            "hidden_rows": marks.hidden if marks else None,
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
        truths = self._table(self._load(name, "boolean")).columns
        columns: list[list[Any]] = []
        for texts, told in zip(self._table(sheet).columns, truths, strict=True):
            cells: list[Any] = texts.to_pylist()
            if told.null_count < len(told):
                cells = [
                    [cell] if truth is not None and cell not in ("true", "false", None) else cell
                    for cell, truth in zip(cells, told.to_pylist(), strict=True)
                ]
            columns.append(cells)
        rows = [list(row) for row in zip(*columns, strict=True)]
        if marks := self._marks(name):
            self._put_in(name, rows, marks)
        return rows

    def _marks(self, name: str) -> Marks | None:
        """What a sheet says besides its values; none where that cannot be told."""
        return self._package.marks(name) if self._package else self._biff.get(name)

    def _put_in(self, name: str, rows: list[list[Any]], marks: Marks) -> None:
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
            if room < 0:
                break  # no sheet that people made
            empty = [at for at in below if rows[at][place] is None]
            if not empty:
                continue
            for at in empty:
                rows[at][place] = rows[row][place]
            letters = column_letters(column)
            self._merged.setdefault(name, []).append(f"{letters}{row + 1}:{letters}{last + 1}")


def _biff_marks(data: bytes) -> dict[str, Marks]:
    try:
        return biff_marks(data)
    except (
        ValueError,
        IndexError,
        struct.error,
    ):  # damaged; the reader says what of it can be read
        return {}


def _damaged(error: BaseException) -> _RefusedError:
    text = str(error).split("\n")[0][:200]
    if "assword" in text or "ncrypt" in text:
        return _RefusedError("encrypted", "it is protected with a password")
    return _RefusedError("damaged", f"it is damaged, or no workbook ({text})")


class _Package:
    """A workbook that is a zip archive (.xlsx, .xlsb, .ods), with what is needed of it alone and
    within the limits: what a header says about sizes is not believed."""

    def __init__(self, data: bytes) -> None:
        try:
            archive = open_archive(data)
            infos = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            why = f"its archive is damaged ({str(error)[:200]})"  # `zipfile` tells whole headers
            raise _RefusedError("damaged", why) from error
        self.names = {info.filename for info in infos}
        self.macros = any(name.endswith("vbaProject.bin") for name in self.names)
        self._kind_or_refuse()
        if any(info.flag_bits & 1 for info in infos):
            raise _RefusedError("encrypted", "it is protected with a password")
        room = MAX_UNPACKED
        self._parts: dict[str, bytes] = {}
        self._marks: dict[str, Marks] = {}
        self._places: dict[str, str] | None = None
        copy = BytesIO()
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as kept:
            for info in infos:
                if _needed(info.filename):
                    part = _part(archive, info, room)
                    room -= len(part)
                    if is_xml := info.filename.casefold().endswith((".xml", ".rels")):
                        _well_formed(info.filename, part)
                    kept.writestr(zipfile.ZipInfo(info.filename), part)
                    if not _scanned(info.filename):
                        part = b""
                    self._parts[info.filename] = plain(part) if is_xml else part
        self.data = copy.getvalue()

    def _kind_or_refuse(self) -> None:
        kinds = len(self.names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
        if kinds == 1:
            return
        if kinds:
            why = "it is two kinds of workbook at once, and each program may read another one"
            raise _RefusedError("damaged", why)
        what = "a zip archive; unpack it and name the list in it"
        if "word/document.xml" in self.names:
            what = "a Word document"
        elif "ppt/presentation.xml" in self.names:
            what = "a PowerPoint presentation"
        elif any(name.endswith(".iwa") for name in self.names):
            what = "a document of Apple Numbers; export it as .xlsx or CSV"
        raise _RefusedError("other_format", f"this is {what}")

    def check_early(self) -> None:
        """Refuse an .ods for its sheets, which are all laid out as it is opened."""
        if ods := self._parts.get("content.xml"):
            self._marks = ods_marks(ods)
            for name in self._marks:
                self.check(name)

    def check(self, name: str) -> None:
        """Refuse a sheet whose cells span more than a list may have, before it is laid out, and one
        of which a row would be lost."""
        marks = self.marks(name)
        if marks.twice is not None:
            raise _RefusedError(
                "damaged", f"it is damaged (row {marks.twice + 1} of sheet “{name}” stands twice)"
            )
        if marks.height * marks.width > MAX_CELLS:
            raise _RefusedError(
                "too_many_cells",
                f"sheet “{name}” spans {marks.height:,} rows and {marks.width:,} columns; the "
                f"limit is {MAX_CELLS:,} cells",
            )

    def marks(self, name: str) -> Marks:
        """What the sheet of that name says besides its values."""
        if name not in self._marks:
            self._marks[name] = self._marks_of(name)
        return self._marks[name]

    def _marks_of(self, name: str) -> Marks:
        if self._places is None:
            names = {part.casefold(): part for part in self._parts}  # as readers look for them
            places = self._sheet_places().items()
            self._places = {
                sheet: names[at.casefold()] for sheet, at in places if at.casefold() in names
            }
        if name not in self._places:  # what is found there all the same would be half of it
            raise _RefusedError("damaged", f"it is damaged (sheet “{name}” is nowhere)")
        part = self._parts[self._places[name]]
        if "xl/workbook.xml" in self.names:
            return xlsx_marks(part)
        try:
            return binary_marks(part)
        except ValueError as error:
            raise _RefusedError("damaged", f"it is damaged (sheet “{name}”: {error})") from error

    def _sheet_places(self) -> dict[str, str]:
        """The part of each sheet by its name."""
        if book := self._parts.get("xl/workbook.xml"):
            return dict(sheet_parts(book, self._parts.get("xl/_rels/workbook.xml.rels", b"")))
        related = related_parts(self._parts.get("xl/_rels/workbook.bin.rels", b""))
        sheets = binary_sheets(self._parts.get("xl/workbook.bin", b""))
        return {name: related.get(relation, "") for name, relation in sheets}


def _needed(name: str) -> bool:
    if name in ("content.xml", "mimetype", "META-INF/manifest.xml", "[Content_Types].xml"):
        return True
    return name.startswith(("xl/", "_rels/")) and not name.startswith(
        ("xl/media/", "xl/drawings/", "xl/charts/", "xl/embeddings/", "xl/theme/", "xl/pivot")
    )


def _scanned(name: str) -> bool:
    """Whether a part is looked through: a sheet may be in any of them but these."""
    return not name.startswith(("xl/sharedStrings.", "xl/styles."))


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


if __name__ == "__main__":
    sys.exit(main())
