"""Lists made for a test, and what is worth comparing of them."""

from collections.abc import Iterable
from pathlib import Path

from siptui.devicelist import DeviceList, read
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.region import Region


def read_text(
    folder: Path,
    text: str | bytes,
    *,
    encoding: str = "utf-8",
    region: Region | None = Region.EMEA,
    delimiter: str | None = None,
    options: ListOptions = DEFAULT_OPTIONS,
) -> DeviceList:
    """The list that a file of `text` is."""
    path = folder / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read(path, region=region, delimiter=delimiter, options=options)


def pairs(found: DeviceList) -> list[tuple[int, str, str]]:
    """Line, user name and hardware id of each device."""
    return [(d.line, str(d.user_name), str(d.hardware_id)) for d in found.devices]


def rules(found: DeviceList, severity: str = "error") -> list[tuple[int, str, str]]:
    """Line, column and rule of each fault."""
    return [(f.line, f.column, f.rule) for f in found.faults if f.severity == severity]


def strings(found: DeviceList) -> Iterable[str]:
    """Every text in `found` that came from the file."""
    yield from (found.file, found.encoding, *found.notes)
    for device in found.devices:
        yield from (device.user_name, device.hardware_id)
        yield from (text for pair in device.extra.items() for text in pair)
    for row in found.invalid:
        yield from (row.user_name, row.hardware_id, row.region)
        yield from (text for pair in row.extra.items() for text in pair)
    for fault in found.faults:
        yield from (fault.column, fault.value, fault.message)
