"""What reading a device list gives: its devices, its faults, and what was decided on the way."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from msgspec import Struct, field

from siptui.domain.columns import WHAT
from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.list_options import ReadFrom

#: Why a column was read: the operator named it, its name is a usual one or holds a telling part,
#: or siptui wrote the list.
Reason = Literal["named", "usual", "part", "ours"]
Severity = Literal["error", "warning"]


class ListError(UsageError):
    """The file as a whole cannot be read as a device list. `code` says why, in a stable word."""

    title = "Device list cannot be read"
    code = "list_unreadable"


class Option(Struct, frozen=True):
    """One answer to a question about a list: what to give as `--column KEY=header` (or another
    option, `given`), what its cells hold, for example, and a word about it."""

    header: str
    samples: tuple[str, ...] = ()
    about: str = ""


class Question(Struct, frozen=True):
    """What only the operator can say about a list: which header holds the column `key`, which
    sheet is meant (`sheet`), or how dates are written (`dates`)."""

    key: str
    asks: str
    options: tuple[Option, ...]


class UndecidedError(ListError):
    """The list can be read in more than one way; `question` is what is to be asked. `names` are
    the headers it is about, so that an answer can be remembered for lists like it."""

    title = "The list can be read in more than one way"
    code = "ambiguous_header"

    def __init__(
        self,
        message: str,
        question: Question,
        *,
        remedy: str,
        names: Sequence[str] = (),
        code: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy, code=code)
        self.question = question
        self.names = tuple(names)


class Fault(Struct, frozen=True):
    """One thing that is wrong in a list.

    `line` is the line of the file (1 is the first) on which the row starts, or the row of the
    sheet; `column` the header as it stands there, `cell` that of a workbook (`B7`), `rule` a
    stable word. A row with an `error` is never submitted; a `warning` is worth a look.
    """

    line: int
    column: str
    value: str
    rule: str
    message: str
    severity: Severity = "error"
    cell: str = ""

    @property
    def place(self) -> str:
        """Where it is, as the source counts: `B7` in a workbook, else the line."""
        return self.cell or f"line {self.line}"


class InvalidRow(Struct, frozen=True):
    """A row with an error, so that it can be shown among the others: its cells as they stand."""

    line: int
    user_name: str
    hardware_id: str
    region: str
    extra: Mapping[str, str]


class ColumnRead(Struct, frozen=True):
    """From which header a column was read, and why, as a word and for people; `instead_of` are the
    headers that could have been it as well."""

    key: str
    header: str
    reason: Reason
    why: str
    instead_of: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether nothing else could have been expected."""
        return self.reason in ("usual", "ours") and not self.instead_of

    def sentence(self) -> str:
        """“user name from “Account” (one of the usual names)”."""
        other = ", ".join(f"“{name}”" for name in self.instead_of)
        return f"{WHAT[self.key]} from “{self.header}” ({self.why}{f'; not {other}' * bool(other)})"


#: The rules by which a row lacks nothing but a region.
REGION_RULES = frozenset({"region_missing"})


class DeviceList(Struct, frozen=True):
    """A device list that was read. All text in it has been made visible.

    `devices` are the rows without an error, in the order of the file; `invalid` are the others.
    `faults` are all there are, by line. `delimiter` is the character itself, nothing for a
    workbook; `sheet` the name of its sheet. `columns` say what was read from where and why,
    `decided` what else was decided about the list and is shown before anything is sent, `notes`
    that and what was taken differently from how it was written. `left_out` are the lines below the
    header that are no rows of the list, with the reason. `path` is the whole path of the file,
    nothing for standard input or where it cannot be shown. `headers` are all headers of the list,
    each with the first of its cells.
    """

    file: str
    sha256: str
    encoding: str
    delimiter: str
    devices: tuple[Device, ...]
    invalid: tuple[InvalidRow, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()
    columns: tuple[ColumnRead, ...] = ()
    header_line: int = 1
    sheet: str = ""
    decided: tuple[str, ...] = ()
    left_out: Mapping[int, str] = field(default_factory=dict)
    path: str = ""
    #: In words, which part of the list this is; nothing for the whole of it.
    part: str = ""

    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rows_invalid(self) -> int:
        """How many rows have an error."""
        return len(self.invalid)

    @property
    def lacking_region(self) -> frozenset[int]:
        """The lines of rows that lack nothing but a region, which can be said later."""
        rules: dict[int, set[str]] = {}
        for fault in self.faults:
            if fault.severity == "error":
                rules.setdefault(fault.line, set()).add(fault.rule)
        return frozenset(line for line, of_line in rules.items() if of_line <= REGION_RULES)

    @property
    def hardware_ids(self) -> frozenset[str]:
        """The hardware ids of all rows, of those with an error as well as far as they can be read;
        of ports of an adapter that of the adapter, too."""
        found = [d.hardware_id for d in self.devices]
        for row in self.invalid:
            with suppress(HardwareIdError):
                found.append(HardwareId.parse(row.hardware_id))
        return frozenset(
            str(one) for hardware_id in found for one in (hardware_id, hardware_id.mac)
        )

    @property
    def user_names(self) -> tuple[str, ...]:
        """The user names of all rows, of those with an error as well."""
        return (*(str(d.user_name) for d in self.devices), *(r.user_name for r in self.invalid))

    @property
    def has_errors(self) -> bool:
        """Whether anything in the list is an error, be it in a row or in the header."""
        return any(fault.severity == "error" for fault in self.faults)

    @property
    def headers_read(self) -> dict[str, str]:
        """The header of each column that was read, by its key."""
        return {column.key: column.header for column in self.columns}

    @property
    def read_from(self) -> ReadFrom:
        """From where it was read, for the journal of a run that is made from it."""
        return ReadFrom(self.headers_read, self.path, self.sheet)
