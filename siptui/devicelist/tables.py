"""The rows of a source below its header: of a text or of a sheet of a workbook."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from siptui.devicelist.changes import Changes, lines_of
from siptui.devicelist.file import Source, read_twice, text_of
from siptui.devicelist.header import Header, find_in_lines
from siptui.devicelist.model import Fault, ListError
from siptui.devicelist.rows import LeftOut, Row, rows_of_lines, rows_of_records
from siptui.devicelist.workbook import read_sheet
from siptui.domain.list_options import ListOptions

#: Blank lines and comments among them.
MAX_LINES = 1_000_000
#: What rows times columns may come to: each cell is kept, as it may be shown and exported.
MAX_CELLS = 4_000_000


class Table(Struct, frozen=True):
    """The rows of a source below its header, whatever the source is.

    `word` is what it counts (line or row), `sheet` and `first_column` are those of a workbook.
    """

    header: Header
    rows: list[Row]
    out: LeftOut
    encoding: str
    delimiter: str
    word: str
    sheet: str = ""
    first_column: int | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


def text_table(
    source: Source,
    delimiter: str | None,
    options: ListOptions,
    changes: Changes,
    max_rows: int,
) -> Table:
    """The rows of the text `source`, at most `max_rows`. Raises `ListError`."""
    encoding, text = text_of(source)
    if options.sheet:
        raise ListError(
            f"{source.file} is a text file and has no sheets.",
            code="sheet",
            remedy="Leave --sheet out.",
        )
    if (count := text.count("\n")) > MAX_LINES:
        raise ListError(
            f"{source.file} has {count:,} lines; the limit is {MAX_LINES:,}.",
            code="too_many_rows",
            remedy="Split the list.",
        )
    lines = text.split("\n")
    header = find_in_lines(source.file, lines, delimiter, options.columns)
    out = LeftOut()
    rows = _limited(source.file, rows_of_lines(lines, header, changes, out), max_rows)
    faults = tuple(_of_the_text(header.line, encoding, text))
    return Table(header, rows, out, encoding, header.delimiter, "line", faults=faults)


def sheet_table(source: Source, options: ListOptions, max_rows: int) -> Table:
    """The rows of the sheet of a workbook that is meant, at most `max_rows`. Raises `ListError`,
    `UndecidedError`."""
    sheet = read_sheet(source.file, source.data, options.sheet, options.columns)
    out = LeftOut()
    header = sheet.header
    found = rows_of_records(sheet.rows[header.first :], header, out)
    rows = _limited(source.file, found, max_rows)
    return Table(
        header,
        rows,
        out,
        "workbook",
        "",
        "row",
        sheet.name,
        sheet.first_column,
        sheet.notes,
        tuple(_hidden(sheet.hidden, header, rows)),
    )


def _hidden(hidden: tuple[int, ...] | None, header: Header, rows: list[Row]) -> Iterator[Fault]:
    """A warning for rows that the sheet does not show: they are read all the same."""
    if not hidden:
        return
    seen = set(hidden)
    lines = [row.line for row in rows if row.line in seen]
    if lines:
        many = "1 row is" if len(lines) == 1 else f"{len(lines):,} rows are"
        message = (
            f"{many} hidden in the sheet ({lines_of(lines, 'row')}) and read all the same; delete "
            "them if they are not meant"
        )
        yield Fault(header.line, "", "", "hidden_rows", message, "warning")


def _limited(file: str, found: Iterable[Row], max_rows: int) -> list[Row]:
    """The rows, if they are not too many. Raises `ListError`."""
    rows: list[Row] = []
    cells = 0
    for row in found:
        rows.append(row)
        cells += len(row.cells)
        if len(rows) > max_rows:
            raise ListError(
                f"{file} has more than {max_rows:,} rows.",
                code="too_many_rows",
                remedy="Split the list.",
            )
        if cells > MAX_CELLS:
            raise ListError(
                f"{file} has more than {MAX_CELLS:,} cells.",
                code="too_many_cells",
                remedy="Leave out the columns that are not needed, or split the list.",
            )
    return rows


def _of_the_text(line: int, encoding: str, text: str) -> Iterator[Fault]:
    if encoding == "cp1252":
        message = (
            "the file is not UTF-8 and was read as Windows-1252; "
            "look at letters with accents, or save it as “CSV UTF-8”"
        )
        yield Fault(line, "", "cp1252", "encoding", message, "warning")
    if twice := read_twice(text):
        message = (
            "this looks like UTF-8 that was read as Windows-1252 and saved again: "
            f"“{twice[0]}” may have been “{twice[1]}”; export the list once more"
        )
        yield Fault(line, "", twice[0], "mojibake", message, "warning")
