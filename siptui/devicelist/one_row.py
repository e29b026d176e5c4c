"""The rules of a list for one row of it that is typed anew: its own cells, and the rows beside."""

from collections.abc import Iterable

from siptui.devicelist.cells import clean
from siptui.devicelist.changes import Changes
from siptui.devicelist.duplicates import Entry, repeated_accounts, repeated_devices, without_port
from siptui.devicelist.model import Fault
from siptui.devicelist.row_rules import Judge, Judged, Layout
from siptui.domain.columns import COLUMNS
from siptui.domain.device import Device

#: The columns that are typed, as faults name them.
USER, HARDWARE = COLUMNS["username"], COLUMNS["hardware_id"]
#: The list's own columns that say what a hardware id must be like.
_MODEL = COLUMNS["model"]


def check_row(
    row: Device, user_name: str, hardware_id: str, others: Iterable[Device]
) -> tuple[Device | None, list[Fault]]:
    """`row` with these names, and what is wrong with them; none if that is an error.

    `others` are the devices of the rows beside it, which must not have the same hardware id.
    """
    layout = Layout((USER, HARDWARE, _MODEL), 0, 1, model=2)
    cells = [clean(user_name), clean(hardware_id), clean(row.extra.get(_MODEL, ""))]
    beside = [one for one in others if one.line != row.line]
    rows = [cells, *([one.user_name, one.hardware_id] for one in beside)]
    judged = Judge(layout, row.region, Changes(), rows).judge(row.line, cells)
    faults = list(judged.faults) if isinstance(judged, Judged) else []
    found = judged.device if isinstance(judged, Judged) else judged
    if found is None:
        return None, [fault for fault in faults if fault.severity == "error"]
    found = Device(row.line, found.user_name, found.hardware_id, row.region, row.extra)
    entries = [
        Entry(one.line, one.hardware_id, one.user_name.key, one.region) for one in (*beside, found)
    ]
    across = {**repeated_devices(entries, layout), **without_port([*beside, found], layout)}
    # A fault of another row is of this one where both are of one device or one adapter.
    same = (found.hardware_id, found.hardware_id.mac)
    if wrong := across.get(row.line) or next(
        (fault for fault in across.values() if fault.value in same), None
    ):
        return None, [wrong]
    accounts = repeated_accounts(entries, layout)
    return found, [*faults, *(fault for fault in accounts if fault.line == row.line)]
