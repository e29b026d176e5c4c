"""The rules for one row: what makes it a device, and every reason why it is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from siptui.devicelist.cells import MAX_CELL, clean
from siptui.devicelist.header import Header
from siptui.devicelist.lines import Record
from siptui.devicelist.model import Fault, InvalidRow
from siptui.domain.device import NOTHING, Device
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.user_name import UserName, UserNameError

#: Adapters on which SIP Gateway serves only the first ports: model -> (served, built in)
#: (Microsoft Learn, "Plan SIP Gateway").
ADAPTERS = {"114": (3, 4), "118": (6, 8), "124": (18, 24)}
ADAPTER = re.compile(r"(?<![a-z0-9])mp[\s\-]?(114|118|124)(?!\d)", re.IGNORECASE)

_LINES = 10  # lines that a note names
_SHOWN = 200  # characters of a wrong value that a fault repeats
_SIP = re.compile(r"sips?:(?=[^@]+@)", re.IGNORECASE)
_PREFIX = re.compile(r"(SEP|ATA)[0-9A-F]", re.IGNORECASE)
_BROKEN = {
    "quotes": "a quotation mark is not closed, or stands inside a cell; "
    "close it, or double those that belong to the text",
    "line_too_long": "the line is far too long for a device",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A row after every rule that looks at it alone. `device` is none if any was broken."""

    line: int
    device: Device | None
    row: InvalidRow
    user_name: UserName | None
    hardware_id: HardwareId | None
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Changes:
    """What was read differently from how it was written: how often, and the first example."""

    found: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    #: Lines that are no rows of the list although something stands on them, by what they are.
    left_out: dict[str, list[int]] = field(default_factory=dict)

    def leave_out(self, what: str, line: int) -> None:
        """Line `line` is `what` and no row."""
        self.left_out.setdefault(what, []).append(line)

    def add(self, what: str, line: int, example: str, count: int = 1) -> None:
        """Count `count` more of `what`; `example` is of `line` and kept if it is the first."""
        before, at, shown = self.found.get(what, (0, line, example))
        if line < at:
            at, shown = line, example
        self.found[what] = (before + count, at, shown)

    def notes(self) -> tuple[str, ...]:
        """A sentence for each kind of change."""
        return tuple(
            f"{what} on {count} {'row' if count == 1 else 'rows'} (line {line}: {example})"
            for what, (count, line, example) in sorted(self.found.items())
        ) + tuple(
            f"{count_of(lines, what)} left out ({lines_of(lines)})"
            for what, lines in sorted(self.left_out.items())
        )


def count_of(lines: Sequence[int], what: str) -> str:
    """“1 row that is a comment”, “3 rows that are comments”."""
    return f"{len(lines)} {what if len(lines) == 1 else PLURALS.get(what, what + 's')}"


def lines_of(lines: Sequence[int]) -> str:
    """“line 3”, “lines 3, 7”; of many the first."""
    shown = ", ".join(map(str, lines[:_LINES]))
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"


COMMENT = "row that begins with # or //"
PLURALS = {COMMENT: "rows that begin with # or //"}
REWRITTEN = "Hardware id written as XX-XX-XX-XX-XX-XX"


def judge(record: Record, header: Header, region: Region | None, changes: Changes) -> Judged | None:
    """What `record` is; none if all its cells are blank."""
    return _Row(record, header, region, changes).judged()


class _Row:
    def __init__(
        self, record: Record, header: Header, region: Region | None, changes: Changes
    ) -> None:
        self.line, self.header, self.default, self.changes = record.line, header, region, changes
        self.broken = record.broken
        self.faults: list[Fault] = []
        self.cells = [clean(c) if len(c) <= MAX_CELL else c for c in record.cells]

    def judged(self) -> Judged | None:
        if not any(self.cells):
            return None
        if self.cells[0].startswith(("#", "//")):
            self.changes.leave_out(COMMENT, self.line)
            return None
        self._shape()
        user_text, hardware_text = self._at(self.header.user), self._at(self.header.hardware)
        user: UserName | None = None
        hardware: HardwareId | None = None
        region = self._region()
        if not self.broken:
            if self._swapped(user_text, hardware_text):
                self._swap_fault(user_text)
            else:
                user, hardware = self._user(user_text), self._hardware(hardware_text)
        self._result()
        self._model(hardware)
        self._onboarded()
        extra = {name: self._at(place)[:MAX_CELL] for name, place in self.header.extra} or NOTHING
        device = None
        if user is not None and hardware is not None and region is not None and not self._errors():
            device = Device(self.line, user, hardware, region, extra)
        shown = self._at(self.header.region) if self.header.region is not None else ""
        row = InvalidRow(
            self.line,
            user_text[:MAX_CELL],
            hardware_text[:MAX_CELL],
            (region.value if region else shown)[:MAX_CELL],
            extra,
        )
        return Judged(self.line, device, row, user, hardware, tuple(self.faults))

    def _errors(self) -> bool:
        return any(fault.severity == "error" for fault in self.faults)

    def _at(self, place: int | None) -> str:
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    def _fault(self, column: str, value: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.line, column, value[:_SHOWN], rule, message))

    def _warn(self, column: str, value: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.line, column, value[:_SHOWN], rule, message, "warning"))

    def _shape(self) -> None:
        expected = len(self.header.names)
        if self.broken:
            self._fault("", self.cells[0], self.broken, _BROKEN[self.broken])
            return
        for place, cell in enumerate(self.cells):
            if len(cell) > MAX_CELL:
                name = self.header.names[place] if place < expected else ""
                self._fault(name, clean(cell[:_SHOWN]), "cell_too_long", f"{len(cell)} characters")
                self.cells[place] = clean(cell[:MAX_CELL])
        if surplus := [cell for cell in self.cells[expected:] if cell]:
            message = (
                f"{len(self.cells)} cells under {expected} headers; "
                "is there a delimiter inside a cell that is not quoted?"
            )
            self._fault("", surplus[0], "too_many_cells", message)
        elif len(self.cells) < expected:
            missing = self.header.names[len(self.cells)]
            message = f"only {len(self.cells)} cells under {expected} headers"
            self._warn(missing, "", "too_few_cells", message)

    def _swapped(self, user: str, hardware: str) -> bool:
        return "@" in hardware and "@" not in user and _is_hardware_id(user)

    def _swap_fault(self, user: str) -> None:
        message = "user name and hardware id stand in each other's column"
        self._fault(self.header.name(self.header.user), user, "swapped", message)

    def _user(self, text: str) -> UserName | None:
        column = self.header.name(self.header.user)
        plain = _SIP.sub("", text, count=1) if _SIP.match(text) else text
        if plain != text:
            self.changes.add("“sip:” removed from the user name", self.line, plain[:_SHOWN])
        if plain.startswith("'"):
            plain = plain.lstrip("'")
            message = f"the apostrophe at the start was taken off: {plain[:_SHOWN]}"
            self._warn(column, text, "apostrophe", message)
        try:
            found = UserName.parse(plain)
        except UserNameError as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            self._fault(column, text, error.rule, error.message + hint)
            return None
        if odd := found.unusual:
            message = (
                f"Entra ID does not list {odd} among the characters of a user name; look at it"
            )
            self._warn(column, text, "unusual_character", message)
        return found

    def _hardware(self, text: str) -> HardwareId | None:
        plain = text.strip("'").strip()
        try:
            found = HardwareId.parse(plain)
        except HardwareIdError as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            column = self.header.name(self.header.hardware)
            self._fault(column, text, error.rule, error.message + hint)
            return None
        if prefix := _PREFIX.match(plain):
            what = f"{prefix.group(1).upper()} prefix removed"
            self.changes.add(what, self.line, f"{plain} → {found}")
        elif found != plain:
            self.changes.add(REWRITTEN, self.line, f"{plain} → {found}")
        return found

    def _region(self) -> Region | None:
        text = self._at(self.header.region)
        if text:
            try:
                return Region.parse(text)
            except ValueError:
                message = "not a region; use APAC, EMEA or NOAM"
                self._fault(self.header.name(self.header.region), text, "region", message)
                return None
        if self.default is None:
            message = "no region: name it in a Region column or with --region; there is no default"
            self._fault(
                self.header.name(self.header.region, "Region"), "", "region_missing", message
            )
        return self.default

    def _result(self) -> None:
        place = self.header.results.get("State")
        if place is not None and self._at(place).casefold() == "succeeded":
            message = (
                "an earlier run signed this device in already; "
                "signing in again resets the account's password again"
            )
            self._warn(self.header.names[place], self._at(place), "already_signed_in", message)

    def _model(self, hardware: HardwareId | None) -> None:
        text = self._at(self.header.model)
        if hardware is None or hardware.port is None or not text:
            return
        if found := ADAPTER.search(text):
            served, built_in = ADAPTERS[found.group(1)]
            if hardware.port > served:
                message = (
                    f"port {hardware.port}, but SIP Gateway serves only the first {served} of the "
                    f"{built_in} ports of an MP{found.group(1)}"
                )
                self._warn(self.header.name(self.header.model), text, "port_not_served", message)

    def _onboarded(self) -> None:
        text = self._at(self.header.onboarded)
        if text and not is_date(text):
            message = "not a date such as 2025-03-31 or 2025-03-31T14:00:00Z"
            self._warn(self.header.name(self.header.onboarded), text, "date", message)


def is_date(text: str) -> bool:
    """Whether `text` is an ISO 8601 date, with or without a time: one that a deadline follows
    from."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_hardware_id(text: str) -> bool:
    try:
        HardwareId.parse(text)
    except HardwareIdError:
        return False
    return True
