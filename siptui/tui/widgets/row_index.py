"""The rows of a grid: their keys, which are shown in what order, and which are marked. Pure."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from msgspec import Struct


class GridRow(Struct, frozen=True):
    """A row: a stable key, its cells as plain text, a symbol before it and its tone.

    `tones` are those of cells that have one of their own, by place.
    """

    key: Hashable
    cells: tuple[str, ...]
    symbol: str = " "
    tone: str = "normal"
    tones: tuple[tuple[int, str], ...] = ()


Test = Callable[[GridRow], bool]


class RowIndex:
    """Rows in, order out. Rows never move by themselves: an order is made when it is asked for,
    and a change of a row only lets it appear or disappear."""

    def __init__(self) -> None:
        self.rows: list[GridRow] = []
        self.versions: list[int] = []
        self.view: list[int] = []
        self.marks: set[Hashable] = set()
        self._place: dict[Hashable, int] = {}
        self._order: list[int] = []
        self._at: list[int] = []
        self._shown = bytearray()
        self._test: Test | None = None

    def set_rows(self, rows: Iterable[GridRow]) -> None:
        """Take these rows in place of the old; order is theirs again, marks of lost keys go."""
        self.rows = list(rows)
        self.versions = [0] * len(self.rows)
        self._place = {row.key: i for i, row in enumerate(self.rows)}
        if len(self._place) != len(self.rows):
            raise ValueError("two rows have one key")
        self.marks &= self._place.keys()
        self._order = list(range(len(self.rows)))
        self._test_all()

    def put(self, rows: Iterable[GridRow], *, keep: Hashable = None) -> tuple[list[int], bool]:
        """Take the rows' new contents; which places changed, and whether others are shown now.

        A row of key `keep` stays in sight even if it fits the filter no longer.
        """
        changed, moved = [], False
        for row in rows:
            i = self._place[row.key]
            if self.rows[i] == row:
                continue
            self.rows[i] = row
            self.versions[i] += 1
            changed.append(i)
            fits = self._test is None or self._test(row)
            if not fits and row.key == keep and self._shown[i]:
                continue
            if fits != bool(self._shown[i]):
                self._shown[i] = fits
                moved = True
        if moved:
            self._make_view()
        return changed, moved

    def filter(self, test: Test | None) -> None:
        """Show only the rows that pass `test`."""
        self._test = test
        self._test_all()

    def sort(self, key: Callable[[GridRow], Any] | None, *, reverse: bool = False) -> None:
        """Order the rows as they are now, or as they came. Equal ones keep the order they came
        in, both ways."""
        self._order = list(range(len(self.rows)))
        if key is not None:
            self._order.sort(key=lambda i: key(self.rows[i]), reverse=reverse)
        self._make_view()

    def row(self, key: Hashable) -> GridRow | None:
        """The row of that key, shown or not."""
        i = self._place.get(key)
        return None if i is None else self.rows[i]

    def position(self, key: Hashable) -> int | None:
        """Where the row stands among the shown ones."""
        i = self._place.get(key)
        return None if i is None or self._at[i] < 0 else self._at[i]

    def position_of(self, place: int) -> int | None:
        """Where the row at `place` (as it came) stands among the shown ones."""
        return self._at[place] if self._at[place] >= 0 else None

    def toggle(self, key: Hashable) -> None:
        """Mark the row, or take the mark off."""
        if key in self._place:
            self.marks ^= {key}

    def mark_between(self, one: Hashable, other: Hashable) -> None:
        """Mark all rows shown from one to the other, as they stand; only `other` where `one` is
        not shown."""
        end = self.position(other)
        if end is None:
            return
        start = self.position(one)
        start = end if start is None else start
        low, high = min(start, end), max(start, end)
        self.marks |= {self.rows[i].key for i in self.view[low : high + 1]}

    def toggle_shown(self) -> None:
        """Mark all rows shown; if all are marked already, take every mark off."""
        shown = {self.rows[i].key for i in self.view}
        if shown and shown <= self.marks:
            self.marks.clear()
        else:
            self.marks |= shown

    def marked(self) -> Sequence[Hashable]:
        """The keys of the marked rows, in the order the rows came."""
        return [row.key for row in self.rows if row.key in self.marks]

    def _test_all(self) -> None:
        test = self._test
        if test is None:
            self._shown = bytearray(b"\1") * len(self.rows)
        else:
            self._shown = bytearray(test(row) for row in self.rows)
        self._make_view()

    def _make_view(self) -> None:
        shown = self._shown
        self.view = [i for i in self._order if shown[i]]
        self._at = [-1] * len(self.rows)
        for position, i in enumerate(self.view):
            self._at[i] = position
