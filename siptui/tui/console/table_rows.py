"""What stands in the table: the rows of a list, and of the run made from it. No Textual here.

Over 400 lines because a row is one thing: its cells, its state and what a filter sees of it.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from siptui.devicelist.model import REGION_RULES, InvalidRow
from siptui.domain.deadline import deadline_of, time_left
from siptui.domain.device import Device, DeviceKey
from siptui.domain.outcome import Cause
from siptui.domain.state import SYMBOLS, WORDS, DeviceState
from siptui.domain.text import folded, visible
from siptui.domain.times import duration, minute, moment_at, passed
from siptui.runs.state import DeviceRecord, RunState
from siptui.tui.console.filters import NO_COLUMNS, Probe, column_name
from siptui.tui.preflight_text import cell, words
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.styles import tone

if TYPE_CHECKING:
    from siptui.devicelist.model import DeviceList, Fault, InvalidRow
    from siptui.preflight.finding import AccountFindings, Report

COLUMNS = (
    Column("line", "Line", 4, most=6, drop=2, right=True),
    Column("user", "User", 16, flex=6, whole=40, tail="@", stays=True),
    Column("hardware_id", "Hardware ID", 17, most=21),
    Column("region", "Reg", 4, drop=5),
    Column("batch", "Batch", 5, drop=4, right=True),
    Column("status", "Status", 10, fit=False),
    Column("pre", "Pre", 5, most=26, flex=2, drop=1, fit=False, tail=":", silent=True),
    Column("result", "Result", 12, most=60, flex=2, fit=False, whole=21),
    Column("attempt", "Try", 3, drop=6, right=True),
    Column("time", "Time", 6, drop=3, right=True),
    Column("until", "Left", 10, drop=7, right=True, fit=False),
)
#: Before a run the line of a fault tells more than a few cells more of a sentence that is cut, and
#: what a check found is what is worked on.
_LISTED = tuple(
    replace(one, whole=16, roomy=21)
    if one.key == "result"
    else replace(one, drop=0 if one.key == "pre" else one.drop)
    for one in COLUMNS
)
#: Always shown: which device it is, and how it stands.
FIXED = frozenset({"user", "hardware_id", "status", "standing"})
#: What the keys of a list's own columns begin with.
EXTRA = "extra:"
_AT = {column.key: i for i, column in enumerate(COLUMNS)}
#: Of a row that lacks nothing but a region, and what becomes of that.
_NO_REGION, _ASKED_FOR = "no region", "asked at submit"
#: Of a row that could be submitted and is no part of the run.
_LEFT_OUT = "left out"
_STATES: frozenset[DeviceState | None] = frozenset(DeviceState)
#: What an earlier run is remembered by.
_ENDED = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN})


class Board:
    """Rows by key: the place of a device from 0 on, and below 0 the rows that are invalid."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self.list: DeviceList | None = None
        self.run: RunState | None = None
        self._invalid: list[InvalidRow] = []
        self._why: dict[int, str] = {}
        self._report: Report | None = None
        self._lacking: frozenset[int] = frozenset()
        #: The rows that could be submitted and were left out of the run, by line.
        self._left_out: dict[int, Device] = {}
        self._quiet: set[int] = set()
        self._earlier: Mapping[DeviceKey, DeviceRecord] = {}
        #: How many devices of the list ended how in earlier runs.
        self.earlier_counts: Mapping[DeviceState, int] = {}
        #: The extra columns of the list that are shown, by their titles there.
        self.extra: tuple[str, ...] = ()
        self._probes: dict[Hashable, tuple[GridRow, Probe]] = {}
        #: Until when the time of rows that are running is told; none while no clock goes.
        self.now_running: datetime | None = None
        #: Whether it stands with the result, as there is no room for the column of times.
        self.time_in_result = False

    def take_list(self, devices: "DeviceList") -> None:
        """Show a list, before any run."""
        self.list, self.run = devices, None
        self._invalid = list(devices.invalid)
        self._why, self._left_out, self._quiet = {}, {}, set()
        self._earlier, self.earlier_counts = {}, {}
        errors = [fault for fault in devices.faults if fault.severity == "error"]
        for fault in sorted(errors, key=lambda fault: fault.rule in REGION_RULES):
            self._why.setdefault(fault.line, told(fault))
        self._lacking = devices.lacking_region
        self._probes.clear()

    def take_run(self, run: RunState, *, same_list: bool) -> None:
        """Show a run; with `same_list` beside the invalid rows of the list it was made from."""
        self.run = run
        self._probes.clear()
        if not same_list:
            self.list, self._invalid, self._why = None, [], {}
            self._lacking, self._left_out, self._quiet = frozenset(), {}, set()
            self._earlier = {}

    @property
    def deadlines(self) -> bool:
        """Whether the list says until when its devices can be signed in."""
        devices = self.list.devices if self.list else ()
        shown = [r.device for r in self.run.devices] if self.run else devices
        return any(device.extra and deadline_of(device) for device in shown)

    def deadline(self, key: Hashable) -> datetime | None:
        """Until when a row's device can be signed in, if its list says so and it is not yet."""
        device = self.device(key)
        end = deadline_of(device) if device is not None and device.extra else None
        return end if end and self.state(key) is not DeviceState.SUCCEEDED else None

    def left(self, key: Hashable) -> str:
        """The time left for a row's device."""
        end = self.deadline(key)
        return time_left(end, self._now()) if end else ""

    def counting_down(self) -> list[GridRow]:
        """The rows that show a time left, as they are now."""
        return [row for row in self.rows() if row.cells[_AT["until"]]]

    @property
    def results(self) -> bool:
        """Whether there is anything to say of a row's result: a run, or a row that is invalid."""
        return self.run is not None or bool(self._invalid) or bool(self._earlier)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the rows, with the extra ones that are shown."""
        columns = COLUMNS if self.run is not None else _LISTED
        return (*columns, *(extra_column(name) for name in self.extra))

    def extra_names(self) -> list[str]:
        """The titles of the list's extra columns, in their order."""
        devices = self.list.devices if self.list else ()
        shown = [r.device for r in self.run.devices] if self.run else devices
        rows = (*shown, *self._invalid)
        return list(dict.fromkeys(name for row in rows for name in row.extra))

    def own_value(self, key: Hashable, name: str) -> str:
        """What the list has for a row in a column of its own."""
        row = self.device(key) or self.invalid(key)
        return row.extra.get(name, "") if row is not None else ""

    def typed_columns(self) -> dict[str, str]:
        """The list's own columns by what is typed for them in a filter."""
        return {column_name(title): title for title in self.extra_names()}

    def _extras(self, extra: Mapping[str, str]) -> tuple[str, ...]:
        return tuple([visible(extra.get(name, "")) for name in self.extra]) if self.extra else ()

    @property
    def report(self) -> "Report | None":
        """What a preflight of these devices found, if one was made."""
        return self._report

    def take_report(self, report: "Report | None") -> None:
        """Show a preflight's findings on the rows."""
        self._report = report
        self._probes.clear()

    def findings(self, key: Hashable) -> "AccountFindings | None":
        """What was found of a row."""
        device = self.device(key) if self._report is not None else None
        return self._report.by_key.get(device.key) if self._report and device else None

    def why(self, line: int) -> str:
        """Why the row of that line is not submitted."""
        return self._why.get(line, "")

    def leave_out(self, devices: Iterable[Device], why: str, *, quiet: bool = False) -> None:
        """Show these rows of the list as left out of the run, beside the invalid ones; `quiet`
        where nothing about them needs the operator."""
        for d in devices:
            texts = (str(d.user_name), str(d.hardware_id), str(d.region))
            self._invalid.append(InvalidRow(d.line, *texts, d.extra))
            self._why[d.line] = why
            self._left_out[d.line] = d
            if quiet:
                self._quiet.add(d.line)

    @property
    def faulty(self) -> bool:
        """Whether some row has a fault."""
        return len(self._invalid) > len(self._left_out)

    def left_out(self, key: Hashable) -> Device | None:
        """The device of a row that was left out of the run."""
        row = self.invalid(key)
        return self._left_out.get(row.line) if row is not None else None

    @property
    def states(self) -> frozenset[DeviceState | None]:
        """How rows may stand; None for those that were left out, where there are any. Before a run
        it is known how they do."""
        if self.run is None:
            listed = {DeviceState.QUEUED} if self.list and self.list.devices else set()
            bad = {DeviceState.INVALID} if self._invalid else set()
            return frozenset({*listed, *bad, *self.earlier_counts})
        return _STATES | {None} if self._left_out else _STATES

    # -- what earlier runs of the same list came to

    def outcomes(self) -> dict[DeviceKey, DeviceRecord]:
        """How the devices of the list ended in the run that is shown, or in one before it."""
        found = dict(self._earlier)
        for record in self.run.devices if self.run else ():
            if record.state in _ENDED:
                found[record.device.key] = record
        return found

    def remember(self, earlier: Mapping[DeviceKey, DeviceRecord]) -> None:
        """Show on the rows of a list how their devices ended in runs before."""
        self._earlier = dict(earlier)
        self._probes.clear()
        ended = (earlier.get(device.key) for device in (self.list.devices if self.list else ()))
        self.earlier_counts = Counter(record.state for record in ended if record is not None)

    def earlier(self, key: Hashable) -> DeviceRecord | None:
        """How the device of a row ended in an earlier run, where the run has nothing of it."""
        if not self._earlier:
            return None
        device = None if self.record(key) else self.device(key) or self.left_out(key)
        return self._earlier.get(device.key) if device is not None else None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.list is None and self.run is None

    def device(self, key: Hashable) -> Device | None:
        """The device of a row, or nothing for an invalid one."""
        if not isinstance(key, int) or key < 0:
            return None
        if self.run is not None:
            return self.run.devices[key].device
        return self.list.devices[key] if self.list else None

    def record(self, key: Hashable) -> DeviceRecord | None:
        """What the run knows of a row's device."""
        if self.run is None or not isinstance(key, int) or not 0 <= key < len(self.run.devices):
            return None
        return self.run.devices[key]

    def invalid(self, key: Hashable) -> "InvalidRow | None":
        """The invalid row of that key."""
        return self._invalid[-key - 1] if isinstance(key, int) and key < 0 else None

    def rows(self) -> list[GridRow]:
        """Every row, in the order of the list."""
        if self.run is not None:
            rows = [(r.device.line, self._run_row(r)) for r in self.run.devices]
        elif self.list is not None:
            rows = [(d.line, self._list_row(i, d)) for i, d in enumerate(self.list.devices)]
        else:
            return []
        rows += [(row.line, self._bad_row(-n - 1, row)) for n, row in enumerate(self._invalid)]
        if self._invalid:
            rows.sort(key=lambda pair: pair[0])
        return [row for _, row in rows]

    def running(self) -> list[GridRow]:
        """The rows that are running, as they are now."""
        devices = self.run.devices if self.run else ()
        return [self._run_row(record) for record in devices if record.state in GOING]

    def changed(self, devices: Iterable[int]) -> list[GridRow]:
        """The rows of these devices of the run, as they are now."""
        return [self._run_row(self.run.devices[i]) for i in devices] if self.run else []

    def probe(self, row: GridRow) -> Probe:
        """What a filter sees of a row; made once for each content of it."""
        known = self._probes.get(row.key)
        if known is None or known[0] is not row:
            known = self._probes[row.key] = (row, self._probe(row))
        return known[1]

    def _probe(self, row: GridRow) -> Probe:
        whole = "\x1f".join(row.cells)  # folded in one go: it is done for every row at every key
        cells = (whole.lower() if whole.isascii() else folded(whole)).split("\x1f")
        record = self.record(row.key) or self.earlier(row.key)
        state = self.state(row.key)
        status = f"{state}|{WORDS[state]}" if state else _LEFT_OUT
        cause = str(record.outcome.cause) if record and record.outcome else ""
        source = self.device(row.key) or self.invalid(row.key)
        extra = folded(" ".join(source.extra.values())) if source is not None else ""
        pre, check = words(self.findings(row.key))
        return Probe(
            text=" ".join((*cells, extra)),
            user=cells[_AT["user"]],
            hardware_id=cells[_AT["hardware_id"]],
            status=status,
            cause=f"{cause}|{folded(record.outcome.short)}" if record and record.outcome else "",
            batch=cells[_AT["batch"]],
            region=cells[_AT["region"]],
            line=cells[_AT["line"]],
            pre=pre,
            check=check,
            extra=source.extra if source is not None else NO_COLUMNS,
        )

    def state(self, key: Hashable) -> DeviceState | None:
        """Where the device of a row stands; None where it was left out of the run."""
        if self.left_out(key) is not None:
            return None
        record = self.record(key) or self.earlier(key)
        if record is not None:
            return record.state
        return DeviceState.INVALID if isinstance(key, int) and key < 0 else DeviceState.QUEUED

    def lacking_region(self) -> int:
        """How many rows of the list lack nothing but a region."""
        return len(self._lacking)

    def wrong_rows(self) -> int:
        """How many rows of the list are invalid for more than that."""
        return len(self._invalid) - len(self._lacking)

    def lacks_region(self, key: Hashable) -> bool:
        """Whether the row lacks nothing but a region."""
        row = self.invalid(key)
        return row is not None and row.line in self._lacking

    def misspelt(self, line: int) -> bool:
        """Whether a name of that row is at fault, not its region alone."""
        found = self.list.faults if self.list else ()
        regions = REGION_RULES | {"region"}
        return any(
            f.line == line and f.severity == "error" and f.rule not in regions for f in found
        )

    def line(self, key: Hashable) -> int:
        """The line of the list that a row came from."""
        row = self.device(key) or self.invalid(key)
        return row.line if row is not None else 0

    def name(self, key: Hashable) -> str:
        """The user name of a row."""
        row = self.device(key) or self.invalid(key)
        return str(row.user_name) if row is not None else ""

    def first_fault(self) -> tuple[int, str] | None:
        """The line and the message of the first error, or nothing."""
        return min(self._why.items(), default=None)

    def _list_row(self, place: int, device: Device) -> GridRow:
        earlier = self._earlier.get(device.key) if self._earlier else None
        pre, shade = cell(self.findings(place)) if self._report is not None else ("", "")
        return GridRow(
            place,
            (
                str(device.line),
                visible(device.user_name),
                visible(device.hardware_id),
                str(device.region),
                "",
                WORDS[earlier.state] if earlier else "ready",
                pre,
                visible(result(earlier)) if earlier else "",
                "",
                "",
                self.left(place),
                *self._extras(device.extra),
            ),
            SYMBOLS[earlier.state] if earlier else " ",
            tone(earlier.state) if earlier else "normal",
            ((_AT["pre"], shade),) if pre else (),
        )

    def _run_row(self, record: DeviceRecord) -> GridRow:
        device, state = record.device, record.state
        took, running = elapsed(record, self.now_running), state in GOING
        pre, shade = cell(self.findings(record.index))
        return GridRow(
            record.index,
            (
                str(device.line),
                visible(device.user_name),
                visible(device.hardware_id),
                str(device.region),
                str(record.batch or ""),
                WORDS[state],
                pre,
                visible(result(record)) or (took if running and self.time_in_result else ""),
                str(record.attempt or ""),
                took,
                self.left(record.index),
                *self._extras(device.extra),
            ),
            SYMBOLS[state],
            tone(state),
            ((_AT["pre"], shade),) if pre else (),
        )

    def _bad_row(self, key: int, row: "InvalidRow") -> GridRow:
        left_out, quiet = row.line in self._left_out, row.line in self._quiet
        lacks = row.line in self._lacking and not left_out
        return GridRow(
            key,
            (
                str(row.line),
                visible(row.user_name),
                visible(row.hardware_id),
                visible(row.region),
                "",
                _LEFT_OUT if left_out else _NO_REGION if lacks else WORDS[DeviceState.INVALID],
                "",
                _ASKED_FOR if lacks else visible(self._why.get(row.line, "")),
                "",
                "",
                "",
                *self._extras(row.extra),
            ),
            " " if quiet else SYMBOLS[DeviceState.INVALID],
            "muted" if quiet else "invalid",
        )


def extra_column(name: str) -> Column:
    """A column of the list's own."""
    return Column(EXTRA + name, visible(name)[:24], 4, most=24, drop=8)


def told(fault: "Fault") -> str:
    """What a fault is, where a key does what the command line has an option for."""
    if fault.rule == "region_missing":
        return "no region: you choose it before a submit"
    return fault.message


def result(record: DeviceRecord) -> str:
    """The outcome in a few words; the service's own where siptui does not know them."""
    if record.corrected:
        return "corrected"
    if record.outcome is not None:
        unknown = record.outcome.cause is Cause.UNKNOWN
        return record.error or record.outcome.short if unknown else record.outcome.short
    if record.state is DeviceState.RUNNING and folded(record.word) not in _USUAL:
        return record.word
    return ""


_USUAL = frozenset({"", "running", "inprogress", "in progress", "pending", "queued", "notstarted"})


def elapsed(record: DeviceRecord, now: datetime | None = None) -> str:
    """From the submit to the outcome, as minutes and seconds; while it runs, to `now` in steps
    of some seconds, so that a clock costs few bytes."""
    over = record.state in (DeviceState.SUCCEEDED, DeviceState.FAILED)
    end = moment_at(record.since) if over else now
    if end is None or not record.submitted_at or not (over or record.state in GOING):
        return ""
    seconds = passed(record.submitted_at, end)
    if seconds is None:
        return ""
    if not over:
        step = next(step for until, step in _STEPS if seconds < until)
        seconds = seconds // step * step
    return duration(seconds) if over or seconds else ""


#: A device that the service is at work on.
GOING = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING})
#: Up to so many seconds the time of a row that is running goes on in such steps.
_STEPS = ((60, 10), (600, 30), (float("inf"), 60))


def until(device: Device) -> str:
    """When its deadline is."""
    end = deadline_of(device) if device.extra else None
    return minute(end) if end else ""
