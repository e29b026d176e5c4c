"""Workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods): the sheet that holds a device list, and its rows.

A process of its own reads them (see `workbook_child`); here is decided which sheet is meant.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Timer
from typing import IO, Any

from msgspec import Struct

from siptui.devicelist.cells import MAX_ANSWER, NO_VALUE, NumberText
from siptui.devicelist.changes import lines_of
from siptui.devicelist.column_choice import looks_like_hardware, looks_like_user
from siptui.devicelist.header import Header, find_in_rows, is_header
from siptui.devicelist.model import ListError, Option, Question, UndecidedError
from siptui.devicelist.records import Record
from siptui.devicelist.workbook_process import as_sent, end_process, process_for_workbook
from siptui.domain.columns import Mapped
from siptui.domain.text import visible
from siptui.host.processes import Ended, how_ended

#: A process that takes longer than this has met a workbook made to take for ever.
LIMIT = 60.0
_AS_CSV = "Open it in the spreadsheet program and save the sheet as “CSV UTF-8”."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_XLS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_KEPT = 12


class Sheet(Struct, frozen=True):
    """The rows of the sheet that is meant, with its header.

    `first_column` counts from 0. `hidden` are the hidden rows, counted from 1; none where that
    cannot be told. `notes` say what was passed over.
    """

    name: str
    rows: Sequence[Record]
    header: Header
    first_column: int
    hidden: tuple[int, ...] | None
    notes: tuple[str, ...]


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins as a workbook does: as a zip archive or a compound file."""
    return data.startswith((b"PK\x03\x04", _OLE))


def read_sheet(file: str, data: bytes, wanted: str, mapped: Mapped) -> Sheet:
    """The sheet of the workbook `data` that holds a device list, or that of the name `wanted`.

    Raises `ListError`, `UndecidedError` where several sheets hold one.
    """
    _refuse_by_look(file, data)
    with _Child(file, data) as child:
        heads = child.heads
        sheets = heads["sheets"]
        chosen = _chosen(file, sheets, wanted, mapped)
        body = child.ask({"sheet": chosen})
    rows = _records(body["rows"])
    header = find_in_rows(file, rows, mapped)
    said = body["hidden_rows"]
    hidden = None if said is None else tuple(row + 1 for row in said)
    notes = [*_passed_over(sheets, chosen), *_put_in(rows, body["merged"])]
    if heads["macros"]:
        notes.append("The macros of the workbook were not run")
    return Sheet(visible(chosen), rows, header, body["first_column"], hidden, tuple(notes))


def _refuse_by_look(file: str, data: bytes) -> None:
    if not data.startswith(_OLE):
        return
    if _ENCRYPTED in data:
        raise _error(file, "encrypted", "it is protected with a password")
    if not any(name in data for name in _XLS):
        raise _error(file, "other_format", "this is no workbook but another document of Office")


class _Child:
    """The process that reads the workbook, as long as it is asked."""

    def __init__(self, file: str, data: bytes) -> None:
        self._file = file
        self._process, self._sent = process_for_workbook(data)
        self._late = False
        self._timer = Timer(LIMIT, self._too_late)
        self._timer.daemon = True
        self._timer.start()
        self._data: bytes | None = data

    def __enter__(self) -> "_Child":
        data, self._data = self._data or b"", None
        try:
            self.heads = self._answer(b"" if self._sent else as_sent(data))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        end_process(self._process)

    def _too_late(self) -> None:
        self._late = True
        with suppress(OSError):
            self._process.kill()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the process answers. Raises `ListError`."""
        return self._answer(json.dumps(question).encode() + b"\n")

    def _answer(self, sent: bytes) -> dict[str, Any]:
        sink, source = self._pipes()
        line = b""
        with suppress(OSError):  # it ended; why is told by its exit
            sink.write(sent)
            sink.flush()
            line = source.readline(MAX_ANSWER)
        if len(line) == MAX_ANSWER:  # more than it is to say, whatever made it do so
            raise _error(self._file, "too_large", "it takes more memory than a list may")
        if not line.endswith(b"\n"):
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _error(self._file, answer["error"], visible(str(answer["message"])))
        return answer

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("unreachable")
        return self._process.stdin, self._process.stdout

    def _ended(self) -> ListError:
        code = self._process.wait()
        ended = how_ended(code)
        if self._late or ended is Ended.KILLED:
            return _error(self._file, "too_large", "reading it takes too long, or too much memory")
        if ended is Ended.ILLEGAL_INSTRUCTION:
            return _error(self._file, "processor", "this processor cannot run what reads workbooks")
        if ended is Ended.ABORTED:
            return _error(self._file, "too_large", "it takes more memory than a list may")
        return _error(self._file, "damaged", f"what reads workbooks failed with it ({code})")


def _error(file: str, code: str, why: str) -> ListError:
    remedy = {
        "encrypted": "Save it without a password (in Excel: File, Info, Protect Workbook).",
        "other_format": "Name a workbook or a CSV file with one line for each device.",
        "incomplete": "Install siptui again with all it depends on, or save the sheet as CSV.",
    }.get(code, _AS_CSV)
    return ListError(f"{file}: {why}.", code=code, remedy=remedy)


def _records(rows: Sequence[Sequence[Any]]) -> list[Record]:
    return [
        Record(number, number, [c if c.__class__ is str else _cell(c) for c in cells])
        for number, cells in enumerate(rows, start=1)
    ]


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    return NumberText(cell[0]) if isinstance(cell, list) else str(cell)


def _chosen(file: str, sheets: Sequence[dict[str, Any]], wanted: str, mapped: Mapped) -> str:
    """The name of the sheet that is meant. Raises `ListError`, `UndecidedError`."""
    names = [str(sheet["name"]) for sheet in sheets]
    if wanted:
        same = [n for n in names if n == wanted] or [
            n for n in names if visible(n).casefold() == wanted.casefold()
        ]
        if not same:
            raise ListError(
                f"{file} has no sheet “{wanted}”; it has {_listed(names)}.",
                code="sheet",
                remedy="Name one of them with --sheet.",
            )
        return same[0]
    holding = [sheet for sheet in sheets if not sheet["hidden"] and _holds_list(sheet, mapped)]
    if len(holding) > 1:
        raise _several(file, holding)
    if holding:
        return str(holding[0]["name"])
    hidden = [str(s["name"]) for s in sheets if s["hidden"] and _holds_list(s, mapped)]
    if hidden:
        raise ListError(
            f"{file}: no sheet that is shown holds a device list, but {_listed(hidden)} does, "
            "which is hidden.",
            code="sheet",
            remedy="Name it with --sheet if it is meant.",
        )
    if len([sheet for sheet in sheets if sheet["rows"]]) == 1:
        return str(next(sheet["name"] for sheet in sheets if sheet["rows"]))
    raise ListError(
        f"{file}: no sheet holds a device list; looked at {_listed(names)}.",
        code="header",
        remedy="Name the columns “Username” and “HardwareId” in one of the first 30 rows, or the "
        "sheet with --sheet.",
    )


def _holds_list(sheet: dict[str, Any], mapped: Mapped) -> bool:
    rows = [record.cells for record in _records(sheet["rows"])]
    if any(is_header(cells, mapped) for cells in rows):
        return True
    return any(
        any(map(looks_like_user, cells)) and any(map(looks_like_hardware, cells)) for cells in rows
    )


def _several(file: str, holding: Sequence[dict[str, Any]]) -> UndecidedError:
    names = [str(sheet["name"]) for sheet in holding]
    shown = [visible(name) for name in names]
    options = tuple(
        Option(name, (), f"{sheet['height']:,} rows")
        for name, sheet in zip(shown, holding, strict=True)
    )
    return UndecidedError(
        f"{file}: {len(names)} sheets hold a device list: {_listed(names)}.",
        Question("sheet", "Which sheet is meant?", options),
        remedy=f"Say which: --sheet '{shown[0]}'" if "'" not in shown[0] else "Say which: --sheet",
        names=(),
        code="ambiguous_sheet",
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _KEPT} more" if len(names) > _KEPT else ""
    return ", ".join(f"“{visible(name)}”" for name in names[:_KEPT]) + more


def _put_in(rows: Sequence[Record], merged: Sequence[str]) -> Iterator[str]:
    """What is to be said of cells that the sheet shows in another way than they were read."""
    if merged:
        more = f" and {len(merged) - _KEPT} more" if len(merged) > _KEPT else ""
        cells = ", ".join(merged[:_KEPT]) + more
        yield f"The merged cells {cells} were read for each of their rows"
    without = [row.line for row in rows if NO_VALUE in row.cells]
    if without:
        yield (
            f"In {lines_of(without, 'row')} formulas have no values in the file; open it in the "
            "spreadsheet program and save it"
        )


def _passed_over(sheets: Sequence[dict[str, Any]], chosen: str) -> Iterator[str]:
    others = [str(s["name"]) for s in sheets if s["name"] != chosen and not s["hidden"]]
    hidden = [str(s["name"]) for s in sheets if s["name"] != chosen and s["hidden"]]
    if others or hidden:
        yield f"Read is sheet “{visible(chosen)}”" + (f", not {_listed(others)}" if others else "")
    if hidden:
        yield f"Hidden, and not read: {_listed(hidden)}"
