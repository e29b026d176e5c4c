"""A part of a device list that was read: the rows that conditions take. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from siptui.devicelist.model import DeviceList
from siptui.domain.errors import UsageError
from siptui.domain.row_filter import Condition, in_words, own_columns, taker


class EmptyPartError(UsageError):
    """No row of the list is in the part that was named."""

    title = "No row is in this part"
    code = "empty_part"


def part_of(found: DeviceList, wanted: Sequence[Condition]) -> DeviceList:
    """`found` with the rows that all of `wanted` take, and their faults; the whole list where
    nothing is wanted. What is wrong between rows (a device that stands there twice) was found in
    the whole list and stays a fault.

    Raises `NoSuchColumnError`, and `EmptyPartError` where no row is taken.
    """
    if not wanted:
        return found
    cells = [d.extra for d in found.devices[:1]] + [r.extra for r in found.invalid[:1]]
    names = dict.fromkeys(name for row in cells for name in row)
    takes = taker(wanted, names, found.headers_read)
    devices = tuple(d for d in found.devices if takes(own_columns(d), d.extra))
    invalid = tuple(
        row
        for row in found.invalid
        if takes(
            {"username": row.user_name, "hardware_id": row.hardware_id, "region": row.region},
            row.extra,
        )
    )
    said = in_words(wanted)
    if not devices and not invalid:
        raise EmptyPartError(
            f"{found.file} has no row with {said}.", remedy="Look at the values of that column."
        )
    kept = {d.line for d in devices} | {r.line for r in invalid}
    gone = ({d.line for d in found.devices} | {r.line for r in found.invalid}) - kept
    rows, of = len(kept), len(kept) + len(gone)
    return replace(
        found,
        devices=devices,
        invalid=invalid,
        faults=tuple(fault for fault in found.faults if fault.line not in gone),
        decided=(*found.decided, f"Part of the list: {said}, {rows:,} of {of:,} rows"),
        notes=(*found.notes, f"Part of the list: {said}, {rows:,} of {of:,} rows"),
        part=said,
    )
