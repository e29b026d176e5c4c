"""A list that cannot be submitted as it is."""

from siptui.app.list_input import left_out
from siptui.devicelist import DeviceList
from siptui.domain.errors import UsageError
from siptui.domain.text import plural, shell_word

#: Faults named one by one; more than these are counted.
_SHOWN = 20


class FaultyListError(UsageError):
    """The list has rows that cannot be submitted."""

    title = "The list has faults"
    code = "faulty_list"


def refuse_faults(found: DeviceList, skip_invalid: bool) -> None:
    """Raise `FaultyListError` for a list with faulty rows, unless these are left out, and
    `UsageError` for one without any device."""
    if found.rows_invalid and not skip_invalid:
        faults = [fault for fault in found.faults if fault.severity == "error"]
        shown = [
            f"  {', '.join(filter(None, (f.place, f.column)))}: {f.message}"
            for f in faults[:_SHOWN]
        ]
        more = len(faults) - _SHOWN
        look = f"siptui check {shell_word(found.file)}"
        rows = plural(found.rows_invalid, "row")
        raise FaultyListError(
            f"{found.file}: {rows} cannot be submitted, so none was.\n"
            + "\n".join(shown)
            + (f"\n  and {more} more faults: {look}" if more > 0 else ""),
            remedy="Correct them, or leave them out with --skip-invalid.",
        )
    if not found.devices:
        raise UsageError(
            "\n".join([f"{found.file} has no device that can be submitted.", *left_out(found)]),
            remedy=f"See what is wrong with it: siptui check {shell_word(found.file)}",
        )
