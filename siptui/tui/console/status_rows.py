"""The table as it tells where each row stands: by history, batches and inventory. No Textual."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.text import folded, visible
from siptui.domain.times import local_time
from siptui.runs.rollout.evidence import Attempt, Evidence, RowStanding, Seen, Standing
from siptui.runs.rollout.standing_words import SYMBOLS, WORDS, counts_of
from siptui.tui.console.filters import Probe, RowFilter, column_name
from siptui.tui.console.selection import Selection
from siptui.tui.console.sorting import natural
from siptui.tui.console.table_rows import EXTRA, Board, extra_column
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow

COLUMNS = (
    Column("line", "Line", 4, most=6, drop=2, right=True),
    Column("user", "User", 16, flex=6, whole=40, tail="@", stays=True),
    Column("hardware_id", "Hardware ID", 17, most=21),
    Column("region", "Reg", 4, drop=5),
    Column("standing", "Stands", 7, fit=False),
    Column("since", "Since", 8, most=16, drop=3),
    Column("by", "By", 6, most=24, drop=4),
    Column("why", "Why", 14, most=90, flex=4, whole=20, roomy=24),
)
_AT = {column.key: i for i, column in enumerate(COLUMNS)}
TONES = {
    Standing.TO_DO: "strong",
    Standing.DONE: "ok",
    Standing.OTHER: "failed",
    Standing.LIVE: "running",
    Standing.UNKNOWN: "unknown",
    Standing.GONE: "muted",
}
#: The filters of this table, in turn: each standing alone.
STANDINGS: tuple[tuple[str, frozenset[Standing]], ...] = (
    ("all", frozenset(Standing)),
    *((WORDS[one], frozenset({one})) for one in Standing),
)
#: What may stand behind `status:`.
STANDING_WORDS = tuple(
    word for one in Standing for word in (str(one).replace("_", " "), WORDS[one])
)
#: What needs attention comes first.
_ORDER = (
    *(Standing.UNKNOWN, Standing.OTHER, Standing.TO_DO),
    *(Standing.LIVE, Standing.DONE, Standing.GONE),
)
_PORT = re.compile(r":\d+$")


class Standings:
    """Where the rows stand; before anything was read, the rows alone. Keys are hardware ids.

    `read_at` is when it was read; `stale` whether the run that is followed went on since. `extra`
    are the columns of the list that are shown.
    """

    def __init__(self, devices: Sequence[Device], board: Board) -> None:
        self._now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._board = board
        self.devices = devices
        self.evidence: Evidence | None = None
        self.read_at: datetime | None = None
        self.stale = False
        self.filter = RowFilter(steps=STANDINGS)
        self._take([_not_read(device) for device in devices])

    def take(self, found: Sequence[RowStanding], evidence: Evidence, at: datetime) -> None:
        """What was read."""
        self.evidence, self.read_at, self.stale = evidence, at, False
        self._take(found)

    def _take(self, found: Sequence[RowStanding]) -> None:
        self._found: dict[str, RowStanding] = {}
        for row in found:
            key = row.hardware_id
            self._found[f"{key} {row.line}" if key in self._found else key] = row
        self._probes: dict[Hashable, tuple[GridRow, Probe]] = {}
        #: How many rows stand where, as far as that was read.
        self.counts: Mapping[Standing, int] = counts_of(found) if self.read else {}
        self.filter.present = [one for one in Standing if self.counts.get(one)] or None

    @property
    def read(self) -> bool:
        """Whether anything was read yet."""
        return self.evidence is not None

    @property
    def found(self) -> list[RowStanding]:
        """The rows in the order of the list, and then what is gone."""
        return list(self._found.values())

    def row(self, key: Hashable) -> RowStanding | None:
        """The row of that key."""
        return self._found.get(key) if isinstance(key, str) else None

    def state(self, key: Hashable) -> Standing | None:
        """Where a row stands; nothing before that was read."""
        row = self.row(key)
        return row.standing if row is not None and self.read else None

    # -- as a table

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the rows, with the extra ones that are shown."""
        return (*COLUMNS, *(extra_column(name) for name in self._board.extra))

    def extra_names(self) -> list[str]:
        """The titles of the list's extra columns, in their order."""
        return list(dict.fromkeys(name for row in self.found for name in row.extra))

    def typed_columns(self) -> dict[str, str]:
        """The list's own columns by what is typed for them in a filter."""
        return {column_name(title): title for title in self.extra_names()}

    def rows(self) -> list[GridRow]:
        """Every row."""
        now = self._now()
        return [self._grid_row(key, row, now) for key, row in self._found.items()]

    def _grid_row(self, key: str, row: RowStanding, now: datetime) -> GridRow:
        cells = (
            str(row.line or "-"),
            visible(row.user_name) or "-",
            visible(row.hardware_id),
            row.region,
            WORDS[row.standing] if self.read else "",
            local_time(row.since, now) if row.since else "",
            visible(row.by),
            visible(self._brief(row)),
            *(visible(row.extra.get(name, "")) for name in self._board.extra),
        )
        if not self.read:
            return GridRow(key, cells, " ", "muted")
        return GridRow(key, cells, SYMBOLS[row.standing], TONES[row.standing])

    def _brief(self, row: RowStanding) -> str:
        """Why, without the names of runs and batches, which are long and in the details."""
        why = row.why
        for one in self.evidence.attempts.get(row.hardware_id, ()) if self.evidence else ():
            why = why.replace(f" in {one.where}", "").replace(f" by {one.where}", "")
        return why

    def probe(self, row: GridRow) -> Probe:
        """What a filter sees of a row; made once for each content of it."""
        known = self._probes.get(row.key)
        if known is None or known[0] is not row:
            known = self._probes[row.key] = (row, self._probe(row))
        return known[1]

    def _probe(self, row: GridRow) -> Probe:
        found = self._found[str(row.key)]
        cells = [folded(cell) for cell in row.cells]
        extra = folded(" ".join(found.extra.values()))
        return Probe(
            text=" ".join((*cells, folded(found.why), extra)),
            user=cells[_AT["user"]],
            hardware_id=cells[_AT["hardware_id"]],
            status=f"{found.standing}|{WORDS[found.standing]}" if self.read else "",
            region=cells[_AT["region"]],
            line=cells[_AT["line"]],
            extra=found.extra,
        )

    def sort_key(self, column: str) -> Callable[[GridRow], Any]:
        """How the rows are compared when sorted by a column; empty cells come last."""
        if not self.read and column == "standing":
            return lambda row: 0
        if column == "standing":
            return lambda row: _ORDER.index(self._found[str(row.key)].standing)
        if column == "line":
            return lambda row: self._found[str(row.key)].line or 1 << 30
        if column == "since":
            never = datetime.max.replace(tzinfo=UTC)
            return lambda row: self._found[str(row.key)].since or never
        if column.startswith(EXTRA):
            name = column.removeprefix(EXTRA)

            def of_list(row: GridRow) -> Any:
                value = self._found[str(row.key)].extra.get(name, "")
                return not value, natural(value)

            return of_list
        at = _AT[column]
        if column == "hardware_id":
            return lambda row: row.cells[at]
        return lambda row: (not row.cells[at], natural(row.cells[at]))

    # -- as what is submitted

    def rows_of(self, chosen: Selection, board: Board) -> Selection:
        """The same rows by the keys of `board`; those that are no rows of its list are left out."""
        wanted = set(chosen.keys)
        keys = tuple(
            row.key
            for row in board.rows()
            if (device := board.device(row.key)) is not None and str(device.hardware_id) in wanted
        )
        return replace(chosen, keys=keys)

    def standing(self, device: Device) -> RowStanding | None:
        """Where this device of the list stands."""
        return self._found.get(str(device.hardware_id)) if self.read else None

    # -- what is known of one row

    def attempts(self, key: Hashable) -> Sequence[Attempt]:
        """What was tried on the phone of a row, oldest first; what has no time comes first."""
        row = self.row(key)
        if row is None or self.evidence is None:
            return ()
        never = datetime.min.replace(tzinfo=UTC)
        found = self.evidence.attempts.get(row.hardware_id, ())
        return sorted(found, key=lambda one: one.at or never)

    def seen(self, key: Hashable) -> Seen | None:
        """The phone of a row as the inventory has it; for a port of an adapter, the adapter."""
        row = self.row(key)
        if row is None or self.evidence is None:
            return None
        seen = self.evidence.seen
        return seen.get(row.hardware_id) or seen.get(_PORT.sub("", row.hardware_id))


def _not_read(device: Device) -> RowStanding:
    return RowStanding(
        device.line,
        str(device.user_name),
        str(device.hardware_id),
        str(device.region),
        Standing.UNKNOWN,
        extra=device.extra,
    )
