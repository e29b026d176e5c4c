"""The rules that look across rows: devices and accounts that occur more than once."""

from collections.abc import Sequence

from siptui.devicelist.model import Fault
from siptui.devicelist.row_rules import Layout

#: Line, hardware id and account of a row whose user name and hardware id are in order.
Entry = tuple[int, str, str]

_SHOWN = 5  # lines that a message names


def repeated_devices(entries: Sequence[Entry], layout: Layout) -> dict[int, Fault]:
    """The fault of each row with a hardware id that another row has as well; by line.

    MAC address and port together are the key: the ports of an adapter are devices of their own.
    A row that says again what an earlier one says is a fault alone. Where rows name different
    accounts for one device, which of them is right cannot be known: all of them are faults.
    """
    if len({hardware for _, hardware, _ in entries}) == len(entries):
        return {}
    column = layout.name(layout.hardware)
    rows: dict[str, list[Entry]] = {}
    for entry in entries:
        rows.setdefault(entry[1], []).append(entry)
    faults: dict[int, Fault] = {}
    for hardware, same in rows.items():
        first = same[0]
        contradictory = any(account != first[2] for _, _, account in same)
        by_account: dict[str, list[int]] = {}
        if contradictory:
            for line, _, account in same:
                by_account.setdefault(account, []).append(line)
        for line, _, account in same if contradictory else same[1:]:
            if contradictory:
                others = _others(account, by_account, layout.word)
                rule, message = "duplicate", f"the same hardware id as on {others}"
            else:
                rule = "duplicate_row"
                where = f"{layout.word} {first[0]}"
                message = f"the same device and account as on {where}"
            faults[line] = Fault(line, column, hardware, rule, message)
    return faults


def _others(account: str, by_account: dict[str, list[int]], word: str) -> str:
    """The first lines with another account than `account`, and what is to be done."""
    lines: list[int] = []
    for other, named in by_account.items():
        if other != account:
            lines += named[: _SHOWN + 1]
        if len(lines) > _SHOWN:
            break
    shown = ", ".join(map(str, sorted(lines)[:_SHOWN]))
    more = " and more" if len(lines) > _SHOWN else ""
    where = f"{word}{'s' if len(lines) > 1 else ''} {shown}{more}"
    return f"{where}, for another account; correct or remove one of them"


def repeated_accounts(entries: Sequence[Entry], layout: Layout) -> list[Fault]:
    """A warning for each later row of an account that an earlier one has."""
    if len({account for _, _, account in entries}) == len(entries):
        return []
    column = layout.name(layout.user)
    first: dict[str, int] = {}
    faults = []
    for line, _, account in entries:
        before = first.setdefault(account, line)
        if before != line:
            message = (
                f"the same account as on {layout.word} {before}; the two are signed in one after "
                "the other, and the second sign-in resets the password again"
            )
            faults.append(Fault(line, column, account, "account_repeated", message, "warning"))
    return faults
