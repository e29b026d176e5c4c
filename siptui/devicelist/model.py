"""What reading a device list gives: its devices, its faults, and what was done to it on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from siptui.domain.device import Device
from siptui.domain.errors import UsageError

Severity = Literal["error", "warning"]


class ListError(UsageError):
    """The file as a whole cannot be read as a device list. `code` says why, in a stable word."""

    title = "Device list cannot be read"
    code = "list_unreadable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a list.

    `line` is the line of the file (1 is the first) on which the row starts, `column` the header
    as it stands there, `rule` a stable word. A row with an `error` is never submitted; a
    `warning` is worth a look.
    """

    line: int
    column: str
    value: str
    rule: str
    message: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A row with an error, so that it can be shown among the others: its cells as they stand."""

    line: int
    user_name: str
    hardware_id: str
    region: str
    extra: Mapping[str, str]


@dataclass(frozen=True)
class DeviceList:
    """A device list that was read. All text in it has been made visible.

    `devices` are the rows without an error, in the order of the file; `invalid` are the others.
    `faults` are all there are, by line. `delimiter` is the character itself. `notes` say what
    was taken differently from how it was written.
    """

    file: str
    sha256: str
    encoding: str
    delimiter: str
    devices: tuple[Device, ...]
    invalid: tuple[InvalidRow, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows_invalid(self) -> int:
        """How many rows have an error."""
        return len(self.invalid)

    @property
    def has_errors(self) -> bool:
        """Whether anything in the list is an error, be it in a row or in the header."""
        return any(fault.severity == "error" for fault in self.faults)
