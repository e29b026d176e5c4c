"""Reading a device list in any form people hold it: all its devices and all its faults at once."""

from operator import attrgetter
from pathlib import Path

from siptui.devicelist.across import Entry, repeated_accounts, repeated_devices
from siptui.devicelist.header import Header, read_header
from siptui.devicelist.lines import records
from siptui.devicelist.model import DeviceList, Fault, InvalidRow, ListError
from siptui.devicelist.rules import Changes, Judged, judge
from siptui.devicelist.source import Source, load
from siptui.domain.columns import NOT_MAPPED, Mapped
from siptui.domain.device import Device
from siptui.domain.region import Region

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
#: From so many lines on, loading polars is quicker than doing without: it takes a quarter of a
#: second by itself, in which Python reads some ten thousand rows. Once loaded it stays, which
#: doubles what a console weighs, so a list that is as quickly read without does without.
QUICK_FROM = 12_000


def read(
    path: Path | str,
    *,
    region: Region | None = None,
    delimiter: str | None = None,
    columns: Mapped = NOT_MAPPED,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> DeviceList:
    """Read and validate the device list at `path`; `-` is standard input.

    `region` is for rows that name none, `delimiter` overrules what the header line suggests,
    `columns` which header is what.
    Raises `ListError` when the file as a whole is no device list; whatever is wrong with single
    rows is in the `faults` of the answer.
    """
    source = load(Path(path), max_bytes)
    lines = source.text.split("\n")
    header = read_header(source.file, lines, delimiter, columns)
    if len(lines) - header.first > max_rows:
        rows = sum(1 for line in lines[header.first :] if line.strip(" \t"))
        if rows > max_rows:
            raise ListError(
                f"{source.file} has {rows:,} rows; the limit is {max_rows:,}.",
                code="too_many_rows",
                remedy="Split the list.",
            )
    changes = Changes()
    devices, judged = _rows(lines, header, region, changes)
    return _list(source, header, devices, judged, changes)


def _rows(
    lines: list[str], header: Header, region: Region | None, changes: Changes
) -> tuple[list[Device], list[Judged]]:
    """The devices found on the quick way, and what the rules say to all other rows."""
    devices: list[Device] = []
    others = None
    if len(lines) >= QUICK_FROM:
        from siptui.devicelist.vector import quick

        if found := quick(lines, header, region, changes):
            devices, others = found
    if others is None:
        others = list(records(lines, header.delimiter, header.first))
    rows = (judge(record, header, region, changes) for record in others)
    return devices, [row for row in rows if row is not None]


def _list(
    source: Source,
    header: Header,
    devices: list[Device],
    judged: list[Judged],
    changes: Changes,
) -> DeviceList:
    faults = [fault for row in judged for fault in row.faults]
    devices = devices + [row.device for row in judged if row.device is not None]
    if judged:
        devices.sort(key=attrgetter("line"))
    invalid = [row.row for row in judged if row.device is None]
    entries = _entries(devices, judged)
    if repeated := repeated_devices(entries, header):
        faults += repeated.values()
        invalid += [_invalid(device) for device in devices if device.line in repeated]
        devices = [device for device in devices if device.line not in repeated]
        entries = [entry for entry in entries if entry[0] not in repeated]
    invalid.sort(key=lambda row: row.line)
    faults += repeated_accounts(entries, header)
    faults += header.faults
    faults += _of_the_whole(source, header, judged, len(devices) + len(invalid))
    faults.sort(key=lambda fault: fault.line)
    return DeviceList(
        source.file,
        source.sha256,
        source.encoding,
        header.delimiter,
        tuple(devices),
        tuple(invalid),
        tuple(faults),
        (*header.notes, *changes.notes()),
    )


def _entries(devices: list[Device], judged: list[Judged]) -> list[Entry]:
    """What could occur twice, by line; nothing if plainly nothing does."""
    both = [
        (row.line, row.hardware_id, row.user_name.key)
        for row in judged
        if row.device is None and row.hardware_id is not None and row.user_name is not None
    ]
    hardware = set(map(attrgetter("hardware_id"), devices))
    hardware.update(entry[1] for entry in both)
    accounts = set(map(str.casefold, map(attrgetter("user_name"), devices)))
    accounts.update(entry[2] for entry in both)
    if len(hardware) == len(accounts) == len(devices) + len(both):
        return []
    entries: list[Entry] = [(d.line, d.hardware_id, d.user_name.key) for d in devices]
    return sorted([*entries, *both])


def _invalid(device: Device) -> InvalidRow:
    return InvalidRow(
        device.line, device.user_name, device.hardware_id, device.region.value, device.extra
    )


def _of_the_whole(source: Source, header: Header, judged: list[Judged], rows: int) -> list[Fault]:
    """Faults of the list as such; they stand at the line of the header."""
    line = header.line
    user, hardware = header.name(header.user), header.name(header.hardware)
    faults = []
    if source.encoding == "cp1252":
        message = (
            "the file is not UTF-8 and was read as Windows-1252; "
            "look at letters with accents, or save it as “CSV UTF-8”"
        )
        faults.append(Fault(line, "", "cp1252", "encoding", message, "warning"))
    if rows == 0:
        faults.append(Fault(line, "", "", "no_devices", "there is a header, but no device below"))
    swapped = sum(any(fault.rule == "swapped" for fault in row.faults) for row in judged)
    if swapped == rows and rows > 1:
        message = (
            f"every row has the hardware id under “{user}” and the user name under “{hardware}”: "
            "the two headers are the wrong way round"
        )
        faults.append(Fault(line, user, user, "swapped_header", message))
    return faults
