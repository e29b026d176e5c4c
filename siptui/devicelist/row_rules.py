"""The rules for one row: what makes it a device, and every reason why it is none."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from siptui.devicelist.cells import MAX_CELL, NumberText, clean, column_letters
from siptui.devicelist.changes import Changes
from siptui.devicelist.dates import DateColumn, is_sensible
from siptui.devicelist.model import Fault, InvalidRow
from siptui.devicelist.ports import Ports, port_in, second_ports
from siptui.devicelist.unnamed_columns import unnamed_columns
from siptui.domain.adapters import MOST_PORTS, Adapter, adapter_in
from siptui.domain.device import NOTHING, Device
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.user_name import UserName, UserNameError

_SHOWN = 200  # characters of a wrong value that a fault repeats
_SIP = re.compile(r"^sips?:(?=[^@]+@)", re.IGNORECASE)
_PREFIX = re.compile(r"(SEP|ATA)[0-9A-F]", re.IGNORECASE)
#: What a row is that cannot be divided into cells, or has cells of an odd length.
BROKEN = {
    "quotes": "a quotation mark is not closed, or stands inside a cell; "
    "close it, or double those that belong to the text",
    "line_too_long": "the line is far too long for a device",
    "other_header": "another header, or a row below one, whose columns are not those of this list; "
    "make two lists of it",
}
LONG_CELL = "cell_too_long"
OTHER_HEADER = "other_header"
REWRITTEN = "Hardware id written as XX-XX-XX-XX-XX-XX"


class Layout(Struct, frozen=True):
    """Where the columns are, by index from 0, for the rules that look at rows.

    `extra` are the further columns by the names under which they are kept, `results` the places
    of an earlier run's results. `word` is what the source counts: lines or rows; `first_column`
    that of a sheet, counted from 0.
    """

    names: tuple[str, ...]
    user: int
    hardware: int
    region: int | None = None
    model: int | None = None
    port: int | None = None
    extra: tuple[tuple[str, int], ...] = ()
    word: str = "line"
    first_column: int | None = None
    results: Mapping[str, int] = field(default_factory=dict)

    def name(self, index: int | None, default: str = "") -> str:
        """The header of a column as it stands in the file, or `default` for no column."""
        return default if index is None else self.names[index]

    def letters(self, index: int) -> str:
        """The letters of a column in its sheet (A, …, Z, AA); nothing where it has none."""
        return "" if self.first_column is None else column_letters(index + self.first_column)


class Judged(Struct, frozen=True):
    """A row that has faults, after every rule that looks at it alone. `device` is none if any of
    them is an error."""

    line: int
    device: Device | None
    row: InvalidRow
    user_name: UserName | None
    hardware_id: HardwareId | None
    faults: tuple[Fault, ...] = ()


class Judge:
    """The rules for the rows of one list. `region` is for rows that name none, `rows` are the
    cells of all of them, `port_named` whether the operator named the Port column, `dates` the
    columns of dates by their places."""

    def __init__(
        self,
        layout: Layout,
        region: Region | None,
        changes: Changes,
        rows: Sequence[Sequence[str]] = (),
        *,
        port_named: bool = False,
        dates: Sequence[tuple[int, DateColumn]] = (),
    ) -> None:
        self.layout, self.default, self.changes = layout, region, changes
        self.ports: Ports | None = None
        if layout.port is not None:
            header = layout.names[layout.port]
            self.ports = Ports(rows, layout.port, layout.hardware, header, named=port_named)
        self._dates = tuple(dates)
        self._second = second_ports(rows, layout.hardware)
        self._adapters: dict[str, Adapter | None] = {}
        self._width = len(layout.names)
        self._regions: dict[str, Region | None] = {}
        self._gap = unnamed_columns(layout.names, layout.results)

    def judge(self, line: int, cells: list[str], broken: str = "") -> Device | Judged:
        """What the row of `line` is: a device without any fault, or a row with its faults.

        `cells` are clean, and at least one is not empty.
        """
        layout, faults = self.layout, list[Fault]()
        if broken or len(cells) != self._width or self._gap:
            self._shape(line, cells, broken, faults)
        user_text, hardware_text = _at(cells, layout.user), _at(cells, layout.hardware)
        user: UserName | None = None
        hardware: HardwareId | None = None
        region = self._region(line, cells, faults)
        if not broken or broken == LONG_CELL:
            if "@" in hardware_text and _is_hardware_id(user_text):
                message = "user name and hardware id stand in each other's column"
                _add(faults, line, layout.names[layout.user], user_text, "swapped", message)
            else:
                user = self._user(line, user_text, faults)
                hardware = self._hardware(line, hardware_text, faults)
        if layout.results:
            self._result(line, cells, faults)
        if hardware is not None and (layout.model is not None or self.ports is not None):
            hardware = self._port(line, cells, hardware, faults)
        for place, column in self._dates:
            self._date(line, cells, place, column, faults)
        extra: Mapping[str, str] = NOTHING
        if layout.extra:
            extra = {name: _at(cells, place) for name, place in layout.extra}
        device = None
        if not faults or not any(fault.severity == "error" for fault in faults):
            # What is missing or cannot be read is an error.
            assert user is not None
            assert hardware is not None
            assert region is not None
            device = Device(line, user, hardware, region, extra)
            if not faults:
                return device
        shown = region.value if region else _at(cells, layout.region)
        row = InvalidRow(line, user_text, hardware_text, shown, extra)
        return Judged(line, device, row, user, hardware, tuple(faults))

    def _shape(self, line: int, cells: list[str], broken: str, faults: list[Fault]) -> None:
        names, expected = self.layout.names, self._width
        if broken in BROKEN:
            _add(faults, line, "", cells[0], broken, BROKEN[broken])
            cells[:] = [cell[:MAX_CELL] for cell in cells]
            return
        for place, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                name = names[place] if place < expected else ""
                shown = clean(cell[:_SHOWN])
                _add(faults, line, name, shown, LONG_CELL, f"{len(cell)} characters")
                cells[place] = clean(cell[:MAX_CELL])[:MAX_CELL]
        gap = cells[self._gap] if self._gap else []
        if surplus := [cell for cell in (*gap, *cells[expected:]) if cell]:
            message = (
                f"{len(cells)} cells under {expected} headers; "
                "is there a delimiter inside a cell that is not quoted?"
            )
            _add(faults, line, "", surplus[0], "too_many_cells", message)
        elif len(cells) < expected:
            message = f"only {len(cells)} cells under {expected} headers"
            _warn(faults, line, names[len(cells)], "", "too_few_cells", message)

    def _user(self, line: int, text: str, faults: list[Fault]) -> UserName | None:
        try:
            if ":" not in text and not text.startswith("'"):
                found = UserName.parse(text)
                plain = text
            else:
                plain = self._plain_user(line, text, faults)
                found = UserName.parse(plain)
        except UserNameError as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            column = self.layout.names[self.layout.user]
            _add(faults, line, column, text, error.rule, error.message + hint)
            return None
        if odd := found.unusual:
            message = f"Entra ID does not list {odd} among the characters of a user name"
            column = self.layout.names[self.layout.user]
            _warn(faults, line, column, text, "unusual_character", message)
        return found

    def _plain_user(self, line: int, text: str, faults: list[Fault]) -> str:
        plain = _SIP.sub("", text)
        if plain != text:
            self.changes.add("“sip:” removed from the user name", line, plain[:_SHOWN])
        if plain.startswith("'"):
            plain = plain.lstrip("'")
            message = f"the apostrophe at the start was taken off: {plain[:_SHOWN]}"
            column = self.layout.names[self.layout.user]
            _warn(faults, line, column, text, "apostrophe", message)
        return plain

    def _hardware(self, line: int, text: str, faults: list[Fault]) -> HardwareId | None:
        if isinstance(text, NumberText):
            layout = self.layout
            cell = f"{layout.letters(layout.hardware)}{line}"
            column = layout.names[layout.hardware]
            _add(faults, line, column, text, "excel_number", f"{cell} is {_EXCEL}")
            return None
        plain = text.strip("'").strip()
        try:
            found = HardwareId.parse(plain)
        except HardwareIdError as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            column = self.layout.names[self.layout.hardware]
            _add(faults, line, column, text, error.rule, error.message + hint)
            return None
        if found.port is not None and found.port > MOST_PORTS:
            column = self.layout.names[self.layout.hardware]
            _add(faults, line, column, text, "port", f"ports go from 001 to {MOST_PORTS}")
            return None
        prefix = _PREFIX.match(plain)
        if found.endswith("01") and self._is_second(line, text, prefix, found, faults):
            return None
        if found != plain:
            what = f"{prefix.group(1).upper()} prefix removed" if prefix else REWRITTEN
            self.changes.add(what, line, plain, found)
        return found

    def _is_second(
        self,
        line: int,
        text: str,
        prefix: re.Match[str] | None,
        found: HardwareId,
        faults: list[Fault],
    ) -> bool:
        """Whether an address is CUCM's name for the second port of an adapter; a fault then. One
        with a port of its own is not."""
        if found.port is not None:
            return False
        mac = self._second.get(found.replace("-", ""), "")
        if not mac and (prefix is None or prefix.group(1).upper() != "ATA"):
            return False
        column = self.layout.names[self.layout.hardware]
        message = (
            "CUCM names the second port of an adapter so: by its MAC address without the first "
            "pair, then 01; "
        )
        if mac:
            message += f"did you mean {HardwareId.parse(mac).with_port(2)}?"
        else:
            message += (
                f"write the adapter's MAC address with :002, such as 00-{found[:14]}:002, or this "
                "one without ATA if it is the address itself"
            )
        _add(faults, line, column, text, "second_port", message)
        return True

    def _region(self, line: int, cells: list[str], faults: list[Fault]) -> Region | None:
        text = _at(cells, self.layout.region)
        if text:
            try:
                region = self._regions[text]
            except KeyError:
                region = self._regions[text] = _region_of(text)
            if region is None:
                near = Region.meant(text)
                hint = f"; did you mean {near}?" if near else ""
                message = f"not a region; use APAC, EMEA or NOAM{hint}"
                column = self.layout.name(self.layout.region)
                _add(faults, line, column, text, "region", message)
            return region
        if self.default is None:
            message = "no region: name it in a Region column or with --region; there is no default"
            column = self.layout.name(self.layout.region, "Region")
            _add(faults, line, column, "", "region_missing", message)
        return self.default

    def _result(self, line: int, cells: list[str], faults: list[Fault]) -> None:
        results = self.layout.results
        place = results.get("Status")  # filled in after the run whose results have a state
        if not _at(cells, place):
            place = results.get("State")
        text = _at(cells, place)
        if text.casefold() in _SIGNED_IN:
            assert place is not None
            message = (
                "an earlier run signed this device in already; "
                "signing in again resets the account's password again"
            )
            _warn(faults, line, self.layout.names[place], text, "already_signed_in", message)

    def _port(
        self, line: int, cells: Sequence[str], hardware: HardwareId, faults: list[Fault]
    ) -> HardwareId | None:
        """The hardware id with the port of its adapter; none where it lacks one."""
        layout, model = self.layout, _at(cells, self.layout.model)
        adapter = self._adapter(model)
        text = _at(cells, layout.port)
        column = layout.names[layout.hardware]
        if text and self._is_port(adapter, hardware.mac, text):
            column = layout.name(layout.port)
            port = port_in(text)
            if port is None:
                message = f"not the port of an adapter; they go from 1 to {MOST_PORTS}"
                _add(faults, line, column, text, "port", message)
                return None
            if hardware.port is None:
                joined = hardware.with_port(port)
                self.changes.add("Port joined to the MAC address", line, hardware, joined)
                hardware = joined
            elif hardware.port != port:
                message = f"port {port} here, but port {hardware.port} in the hardware id"
                _add(faults, line, column, text, "port_contradicts", message)
                return None
        if adapter is None or adapter.ports == 1:
            return hardware
        if hardware.port is None:
            message = (
                f"an {adapter.name} has {adapter.ports} ports, each an account of its own; name "
                f"the port, such as {hardware.with_port(1)}, or in a Port column"
            )
            if hardware.endswith("01") and adapter.name.startswith("ATA"):
                message += f"; if CUCM named it, it is the second port: 00-{hardware[:14]}:002"
            _add(faults, line, layout.names[layout.hardware], hardware, "port_missing", message)
            return None
        if hardware.port > adapter.served:
            message = (
                f"port {hardware.port}, but SIP Gateway serves only the first {adapter.served} of "
                f"the {adapter.ports} ports of an {adapter.name}"
            )
            _warn(faults, line, layout.name(layout.model), model, "port_not_served", message)
        return hardware

    def _is_port(self, adapter: Adapter | None, mac: str, text: str) -> bool:
        """Whether the cell of the Port column is that of an adapter in this row."""
        assert self.ports is not None
        return self.ports.applies(adapter, mac, text)

    def _adapter(self, model: str) -> Adapter | None:
        try:
            return self._adapters[model]
        except KeyError:
            found = self._adapters[model] = adapter_in(model)
            return found

    def _date(
        self, line: int, cells: list[str], place: int, column: DateColumn, faults: list[Fault]
    ) -> None:
        """Write the date of a cell so that it is read the same from here on."""
        text = _at(cells, place)
        if not text:
            return
        moment = column.read(text)
        if moment is None:
            _warn(faults, line, self.layout.name(place), text, "date", column.why_not(text))
            return
        if not is_sensible(moment):
            message = f"read as {moment.date()}; no phone was onboarded then, look at the year"
            _warn(faults, line, self.layout.name(place), text, "date_unlikely", message)
        cells[place] = moment.isoformat()
        if cells[place] != text:
            self.changes.add("Date with its time zone", line, text, cells[place])


_EXCEL = (
    "a number: Excel takes a MAC address of digits for one and changes it; format the column as "
    "text, and take the address from the source again"
)
_SIGNED_IN = frozenset({"succeeded", "signed in"})


def _add(faults: list[Fault], line: int, column: str, value: str, rule: str, message: str) -> None:
    faults.append(Fault(line, column, value[:_SHOWN], rule, message))


def _warn(faults: list[Fault], line: int, column: str, value: str, rule: str, message: str) -> None:
    faults.append(Fault(line, column, value[:_SHOWN], rule, message, "warning"))


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _region_of(text: str) -> Region | None:
    try:
        return Region.parse(text)
    except ValueError:
        return None


def _is_hardware_id(text: str) -> bool:
    try:
        HardwareId.parse(text)
    except HardwareIdError:
        return False
    return True
