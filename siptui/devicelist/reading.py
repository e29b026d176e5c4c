"""Reading a device list in any form people hold it: all its devices and all its faults at once.

source → header → rows → which column is what → devices and faults. Rows are judged in one place,
whatever the source.
"""

import gc
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from operator import attrgetter
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from siptui.devicelist.changes import Changes
from siptui.devicelist.column_choice import Choice, Columns
from siptui.devicelist.column_names import spaced
from siptui.devicelist.dates import DateColumn, date_column, zone_named
from siptui.devicelist.duplicates import Entry, repeated_accounts, repeated_devices, without_port
from siptui.devicelist.file import Source, load
from siptui.devicelist.header import Header
from siptui.devicelist.model import DeviceList, Fault, InvalidRow
from siptui.devicelist.regions import check_regions
from siptui.devicelist.row_rules import Judge, Judged, Layout
from siptui.devicelist.tables import Table, sheet_table, text_table
from siptui.devicelist.workbook import is_workbook
from siptui.domain.columns import COLUMNS, NOT_MAPPED, Mapped
from siptui.domain.device import Device
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions, Retyped
from siptui.domain.region import Region
from siptui.domain.text import visible

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
_SAMPLED, _SAMPLES = 50, 3  # rows from which the sample cells of a header are, and how many
#: In a header, what says in which zone the dates below are.
_UTC = frozenset(("utc", "gmt", "zulu"))


def read(
    path: Path | str,
    *,
    region: Region | None = None,
    delimiter: str | None = None,
    options: ListOptions = DEFAULT_OPTIONS,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> DeviceList:
    """Read and validate the device list at `path`; `-` is standard input.

    `region` is for rows that name none, `delimiter` overrules what the header line suggests,
    `options` what else the operator says about the list.
    Raises `ListError` when the file as a whole is no device list, `UndecidedError` when it can be
    read in more than one way; whatever is wrong with single rows is in the `faults` of the answer.
    """
    source = load(Path(path), max_bytes)
    with _no_collection():
        found = _read(source, region, delimiter, options, max_rows)
    whole = "" if str(path) == "-" else str(Path(path).absolute())
    return replace(found, path=whole if visible(whole) == whole else "")


def _read(
    source: Source,
    region: Region | None,
    delimiter: str | None,
    options: ListOptions,
    max_rows: int,
) -> DeviceList:
    columns, changes = options.columns, Changes()
    if is_workbook(source.data):
        table = sheet_table(source, options, max_rows)
    else:
        table = text_table(source, delimiter, options, changes, max_rows)
    header = table.header
    if header.ours and not columns.given:
        columns = NOT_MAPPED  # siptui's own headers, whatever a supplier's are called
    below = [row.cells for row in table.rows]
    sheet = f", sheet “{table.sheet}”" if table.sheet else ""
    where = f"{source.file}{sheet}, {table.word} {header.line}"
    results = frozenset(header.results.values())
    ours = header.ours and not columns.given
    chosen = Choice(where, header.line, header.names, below, columns, results, ours=ours).choose()
    place = chosen.places.get("region")
    gone = {place, chosen.places["username"], chosen.places["hardware_id"], *results}
    others = [i for i, name in enumerate(header.names) if name and i not in gone]
    named = columns.headers.get("region") == () or "region" in columns.given
    chosen.notes += check_regions(
        where, header.names, below, place, others, region, decided=named or ours
    )
    layout = _layout(header, chosen, columns, table)
    dates = list(_dates(where, header, chosen, below, options))
    found = _Judged(source, table, chosen, changes, layout, [column for _, column in dates])
    judge = Judge(layout, region, changes, below, port_named="port" in columns.headers, dates=dates)
    anew = {one.line: one for one in options.retyped}
    for row in table.rows:
        cells = row.cells
        if (one := anew.get(row.line)) is not None and not row.broken:
            cells = _retyped(layout, cells, one, found)
        judged = judge.judge(row.line, cells, row.broken)
        if isinstance(judged, Device):
            found.devices.append(judged)
        else:
            found.others.append(judged)
    if judge.ports is not None and (said := judge.ports.decided()):
        chosen.notes.append(said)
    return found.list()


def _retyped(layout: Layout, cells: list[str], one: Retyped, found: "_Judged") -> list[str]:
    """The cells of a row with the names that were typed for it, where it has the old ones still."""
    width = max(layout.user, layout.hardware) + 1
    new = [*cells, *([""] * (width - len(cells)))]
    if (str(new[layout.user]), str(new[layout.hardware])) != one.old:
        return cells
    new[layout.user], new[layout.hardware] = one.new
    found.retyped.append(one)
    return new


def _dates(
    where: str,
    header: Header,
    chosen: Columns,
    below: list[list[str]],
    options: ListOptions,
) -> Iterator[tuple[int, DateColumn]]:
    """The columns of dates, with how each is read. Raises `UndecidedError`, `UsageError`."""
    zone = zone_named(options.timezone) if options.timezone else None
    for key in ("onboarded_at", "signed_out_at"):
        if (place := chosen.places.get(key)) is not None:
            cells = [row[place] for row in below if place < len(row) and row[place]]
            utc = zone is None and _UTC.intersection(spaced(header.names[place]).split())
            yield (
                place,
                date_column(
                    where,
                    header.names[place],
                    cells,
                    header.names,
                    zone=UTC if utc else zone,
                    day_first=options.day_first,
                ),
            )


def _layout(header: Header, chosen: Columns, mapped: Mapped, table: Table) -> Layout:
    places = chosen.places
    # Those who look for a further column know it by siptui's name, so one that was named for it
    # goes by that; first, so that no other column of such a name comes before it.
    by_part = {read.key for read in chosen.read if read.reason == "part"}
    named = {
        place: COLUMNS[key]
        for key, place in places.items()
        if key in (mapped.headers.keys() | by_part)
        and key not in ("username", "hardware_id", "region")
    }
    gone = {places.get(key) for key in ("username", "hardware_id", "region")}
    gone.update(header.results.values())
    used = set(named.values())
    extra = [(name, place) for place, name in named.items()]
    for place, name in enumerate(header.names):
        if not name or place in gone or place in named:
            continue
        new, number = name, 1
        while new in used:
            number += 1
            new = f"{name} ({number})"
        used.add(new)
        extra.append((new, place))
    return Layout(
        header.names,
        places["username"],
        places["hardware_id"],
        places.get("region"),
        places.get("model"),
        places.get("port"),
        tuple(extra),
        table.word,
        table.first_column,
        header.results,
    )


class _Judged(Struct):
    """What was found in a list: the devices without any fault, and the other rows."""

    source: Source
    table: Table
    chosen: Columns
    changes: Changes
    layout: Layout
    dates: list[DateColumn]
    devices: list[Device] = field(default_factory=list)
    others: list[Judged] = field(default_factory=list)
    retyped: list[Retyped] = field(default_factory=list)

    def list(self) -> DeviceList:
        """The list, with what the rules across rows say."""
        layout, judged = self.layout, self.others
        faults = [fault for row in judged for fault in row.faults]
        devices = self.devices + [row.device for row in judged if row.device is not None]
        if judged:
            devices.sort(key=attrgetter("line"))
        invalid = [row.row for row in judged if row.device is None]
        entries = _entries(devices, judged)
        repeated = {**repeated_devices(entries, layout), **without_port(devices, layout)}
        if repeated:
            faults += repeated.values()
            # A row that was invalid already stays so; it has one more fault.
            invalid += [_invalid(device) for device in devices if device.line in repeated]
            devices = [device for device in devices if device.line not in repeated]
            entries = [entry for entry in entries if entry[0] not in repeated]
        invalid.sort(key=lambda row: row.line)
        faults += repeated_accounts(entries, layout)
        faults += self.chosen.faults
        faults += self.table.faults
        decided = tuple(self._decided())
        faults += self._of_the_whole(len(devices) + len(invalid))
        faults.sort(key=lambda fault: fault.line)
        return DeviceList(
            self.source.file,
            self.source.sha256,
            self.table.encoding,
            self.table.delimiter,
            tuple(devices),
            tuple(invalid),
            tuple(self._with_cells(faults)),
            (*decided, *self.changes.notes(self.table.word)),
            tuple(self.chosen.read),
            self.table.header.line,
            self.table.sheet,
            decided,
            self.table.out.lines,
            headers={name: self._samples(i) for i, name in enumerate(layout.names) if name},
        )

    def _samples(self, place: int) -> tuple[str, ...]:
        """The first cells of a column, each once."""
        rows = (row.cells for row in self.table.rows[:_SAMPLED])
        seen = dict.fromkeys(cells[place][:48] for cells in rows if place < len(cells))
        return tuple(cell for cell in seen if cell)[:_SAMPLES]

    def _with_cells(self, faults: Iterable[Fault]) -> Iterator[Fault]:
        """`faults` with the cell of the sheet that each is about."""
        if self.table.first_column is None:
            yield from faults
            return
        letters = {name: self.layout.letters(i) for i, name in enumerate(self.layout.names)}
        for fault in faults:
            cell = letters.get(fault.column, "") if fault.column else ""
            yield replace(fault, cell=f"{cell}{fault.line}") if cell else fault

    def _decided(self) -> Iterator[str]:
        table = self.table
        yield from table.notes
        yield from table.header.notes
        if table.header.line > 1:
            yield f"The header was found in {table.word} {table.header.line}"
        named = [read for read in self.chosen.read if read.reason == "named"]
        if named:
            yield "Read as said: " + ", ".join(read.sentence() for read in named)
        yield from self.chosen.notes
        yield from filter(None, (column.decided() for column in self.dates))
        yield from table.out.notes(table.word)
        yield from (one.sentence for one in self.retyped)

    def _of_the_whole(self, rows: int) -> Iterable[Fault]:
        """Faults of the list as such; they stand at the line of the header."""
        line, layout = self.table.header.line, self.layout
        user, hardware = layout.name(layout.user), layout.name(layout.hardware)
        if rows == 0:
            yield Fault(line, "", "", "no_devices", "there is a header, but no device below")
        swapped = sum(any(fault.rule == "swapped" for fault in row.faults) for row in self.others)
        if swapped == rows and rows > 1:
            message = (
                f"every row has the hardware id under “{user}” and the user name under "
                f"“{hardware}”: the two headers are the wrong way round"
            )
            yield Fault(line, user, user, "swapped_header", message)


def _entries(devices: list[Device], judged: list[Judged]) -> list[Entry]:
    """What could occur twice, by line; nothing if plainly nothing does."""
    both = [
        Entry(
            row.line,
            row.hardware_id,
            row.user_name.key if row.user_name is not None else row.row.user_name.casefold(),
            row.row.region.casefold(),
            row.user_name is not None,
        )
        for row in judged
        if row.device is None and row.hardware_id is not None and _names_account(row)
    ]
    hardware = set(map(attrgetter("hardware_id"), devices))
    hardware.update(entry.hardware for entry in both)
    accounts = set(map(str.casefold, map(attrgetter("user_name"), devices)))
    accounts.update(entry.account for entry in both)
    if len(hardware) == len(accounts) == len(devices) + len(both):
        return []
    entries = [Entry(d.line, d.hardware_id, d.user_name.key, d.region.casefold()) for d in devices]
    return sorted([*entries, *both])


def _names_account(row: Judged) -> bool:
    """Whether a faulty row speaks of an account, if only in a form that cannot be read."""
    return row.user_name is not None or "@" in unicodedata.normalize("NFKC", row.row.user_name)


def _invalid(device: Device) -> InvalidRow:
    return InvalidRow(
        device.line, device.user_name, device.hardware_id, device.region.value, device.extra
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Collect no garbage meanwhile: the collector would walk a growing heap again and again, and
    find nothing. What was made here lives as long as its list and goes with its last reference,
    so that no walk is needed later, either."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if before:
            gc.enable()
