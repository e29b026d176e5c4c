"""The rules that look across rows: devices and accounts that occur more than once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from siptui.devicelist.model import Fault
from siptui.devicelist.row_rules import Layout
from siptui.domain.device import Device


class Entry(NamedTuple):
    """What a row says of a phone: its account and its region, as far as they can be compared.

    Only a row whose hardware id is in order has one. `account` is the user name without case, or,
    not `in_order`, what replaces it; `region` is nothing where the row names none.
    """

    line: int
    hardware: str
    account: str
    region: str = ""
    in_order: bool = True


_SHOWN = 5  # lines that a message names
_CORRECT = "correct or remove one of them"


def repeated_devices(entries: Sequence[Entry], layout: Layout) -> dict[int, Fault]:
    """The fault of each row with a hardware id that another row has as well; by line.

    MAC address and port together are the key: the ports of an adapter are devices of their own.
    A row that says again what an earlier one says is a fault alone. Where rows name different
    accounts or regions for one device, which of them is right cannot be known: all are faults.
    """
    if len({entry.hardware for entry in entries}) == len(entries):
        return {}
    rows: dict[str, list[Entry]] = {}
    for entry in entries:
        rows.setdefault(entry.hardware, []).append(entry)
    faults: dict[int, Fault] = {}
    for same in rows.values():
        if len(same) > 1:
            faults.update(_of_one_device(same, layout))
    return faults


def _of_one_device(same: Sequence[Entry], layout: Layout) -> Iterator[tuple[int, Fault]]:
    column, word = layout.name(layout.hardware), layout.word
    accounts = _lines_by((entry.account, entry.line) for entry in same)
    regions = _lines_by((entry.region, entry.line) for entry in same)
    for entry in same:
        if len(accounts) > 1:
            where = _others(entry.account, accounts, word)
            rule = "duplicate"
            message = f"the same hardware id as on {where}, for another account; {_CORRECT}"
        elif len(regions) > 1:
            where = _others(entry.region, regions, word)
            rule = "duplicate_region"
            message = f"the same device and account as on {where}, in another region; {_CORRECT}"
        elif entry is same[0]:
            continue
        else:
            rule = "duplicate_row"
            message = f"the same device and account as on {word} {same[0].line}"
        yield entry.line, Fault(entry.line, column, entry.hardware, rule, message)


def _lines_by(values: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for value, line in values:
        lines.setdefault(value, []).append(line)
    return lines


def _others(value: str, by_value: dict[str, list[int]], word: str) -> str:
    """The first lines that have another value than `value`."""
    lines: list[int] = []
    for other, named in by_value.items():
        if other != value:
            lines += named[: _SHOWN + 1]
        if len(lines) > _SHOWN:
            break
    shown = ", ".join(map(str, sorted(lines)[:_SHOWN]))
    more = " and more" if len(lines) > _SHOWN else ""
    return f"{word}{'s' if len(lines) > 1 else ''} {shown}{more}"


def without_port(devices: Sequence[Device], layout: Layout) -> dict[int, Fault]:
    """The fault of each row with the bare MAC address of an adapter of which another row names a
    port: which of its ports is meant cannot be known; by line."""
    ported = {
        d.hardware_id.mac: d.line for d in reversed(devices) if d.hardware_id.port is not None
    }
    if not ported:
        return {}
    column = layout.name(layout.hardware)
    faults = {}
    for device in devices:
        one = device.hardware_id
        if one.port is None and one.mac in ported:
            message = (
                f"{layout.word} {ported[one.mac]} names a port of this address, so it is that of "
                f"an adapter; name the port here, too, such as {one.with_port(1)}"
            )
            faults[device.line] = Fault(device.line, column, one, "port_missing", message)
    return faults


def repeated_accounts(entries: Sequence[Entry], layout: Layout) -> list[Fault]:
    """A warning for each later row of an account that an earlier one has."""
    named = [(entry.line, entry.account) for entry in entries if entry.in_order]
    if len({account for _, account in named}) == len(named):
        return []
    column = layout.name(layout.user)
    first: dict[str, int] = {}
    faults = []
    for line, account in named:
        before = first.setdefault(account, line)
        if before != line:
            message = (
                f"the same account as on {layout.word} {before}; the two are signed in one after "
                "the other, and the second sign-in resets the password again"
            )
            faults.append(Fault(line, column, account, "account_repeated", message, "warning"))
    return faults
