"""The rules that look across rows: devices and accounts that occur more than once."""

from collections.abc import Sequence

from siptui.devicelist.header import Header
from siptui.devicelist.model import Fault

#: Line, hardware id and account of a row whose user name and hardware id are in order.
Entry = tuple[int, str, str]


def repeated_devices(entries: Sequence[Entry], header: Header) -> dict[int, Fault]:
    """For each later row with a hardware id that an earlier one has, the fault; by line.

    MAC address and port together are the key: the ports of an adapter are devices of their own.
    """
    if len({hardware for _, hardware, _ in entries}) == len(entries):
        return {}
    column = header.name(header.hardware)
    first: dict[str, Entry] = {}
    faults: dict[int, Fault] = {}
    for entry in entries:
        line, hardware, account = entry
        before = first.setdefault(hardware, entry)
        if before is entry:
            continue
        if account == before[2]:
            rule, message = "duplicate_row", f"the same device and account as on line {before[0]}"
        else:
            rule, message = "duplicate", f"the same hardware id as on line {before[0]}"
        faults[line] = Fault(line, column, hardware, rule, message)
    return faults


def repeated_accounts(entries: Sequence[Entry], header: Header) -> list[Fault]:
    """A warning for each later row of an account that an earlier one has."""
    if len({account for _, _, account in entries}) == len(entries):
        return []
    column = header.name(header.user)
    first: dict[str, int] = {}
    faults = []
    for line, _, account in entries:
        before = first.setdefault(account, line)
        if before != line:
            message = (
                f"the same account as on line {before}; the two are signed in one after the "
                "other, and the second sign-in resets the password again"
            )
            faults.append(Fault(line, column, account, "account_repeated", message, "warning"))
    return faults
