"""A copy of a device list in its own form, with the columns Status, Cause, What to do, Batch and
Finished added at its right end or brought up to date. Nothing else of it changes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from siptui.devicelist.file import load
from siptui.devicelist.filled_text import filled_text
from siptui.devicelist.filled_workbook import filled_workbook
from siptui.devicelist.header import find_in_lines
from siptui.devicelist.model import DeviceList, ListError
from siptui.devicelist.reading import MAX_BYTES, read
from siptui.devicelist.workbook import is_workbook
from siptui.devicelist.writing import WriteError, write_new
from siptui.domain.list_options import ListOptions
from siptui.domain.region import Region
from siptui.domain.text import visible


class RowStatus(Struct, frozen=True):
    """What goes into the columns of one row."""

    status: str
    cause: str = ""
    remedy: str = ""
    batch: str = ""
    finished: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells in the order of the columns."""
        return (self.status, self.cause, self.remedy, self.batch, self.finished)


#: What the rows of a list that was read are to say, by line.
Statuses = Callable[[DeviceList], Mapping[int, RowStatus]]


def fill(
    source: Path,
    target: Path,
    statuses: Statuses,
    *,
    options: ListOptions,
    region: Region | None,
    force: bool,
) -> int:
    """Write a copy of the list at `source` to `target`, with what `statuses` say of its rows.

    Returns how many rows have a status. `options` and `region` are those it was read with before.
    Raises `ListError` where the list cannot be read, `WriteError` where its form cannot be written
    or the target is there already, without `force`.
    """
    raw = load(source, MAX_BYTES)
    book = is_workbook(raw.data)
    _refuse_form(source, target, book)
    found = read(source, region=region, options=options)
    if found.sha256 != raw.sha256:
        raise ListError(f"{raw.file} changed while it was read.", remedy="Try again.")
    cells = {line: status.cells for line, status in statuses(found).items()}
    try:
        if book:
            data = filled_workbook(raw.data, found.sheet, found.header_line, cells)
        else:
            data = filled_text(
                raw.data,
                found.encoding,
                cells,
                lambda lines: find_in_lines(raw.file, lines, None, options.columns),
            )
    except ListError as error:
        raise ListError(
            f"{raw.file}: {error.message}", code=error.code, remedy=error.remedy
        ) from error

    def unchanged() -> None:
        """The list itself may be what is replaced: what was saved in it meanwhile is not lost."""
        if _is_same(source, target) and load(source, MAX_BYTES).sha256 != raw.sha256:
            raise ListError(f"{raw.file} changed while it was filled in.", remedy="Try again.")

    write_new(target, data, force=force, last_look=unchanged)
    return len(cells)


def _is_same(source: Path, target: Path) -> bool:
    try:
        return source.samefile(target)
    except OSError:  # one of them is not there
        return False


def _refuse_form(source: Path, target: Path, book: bool) -> None:
    form, wanted = source.suffix.casefold(), target.suffix.casefold()
    if book and form not in (".xlsx", ".xlsm"):
        raise WriteError(
            f"{visible(str(source))} cannot be filled in: siptui reads {form or 'its form'} only.",
            code="form",
            remedy="Save the list as .xlsx or .csv and run that; or export the results with -o.",
        )
    workbooks = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
    if wanted != form and (book or wanted in workbooks):
        raise WriteError(
            f"{visible(str(target))}: the copy takes the form of the list, {form or 'text'}.",
            code="form",
            remedy=f"Give it a name that ends in {form}." if form else "Give it another ending.",
        )
