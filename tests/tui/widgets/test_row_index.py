"""Filter, order and marks of the grid against a model that does it the slow way."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from siptui.tui.widgets.row_index import GridRow, RowIndex

CELLS = st.text("ab[/\x1b]", max_size=3)


class Model(RuleBasedStateMachine):
    @initialize(cells=st.lists(CELLS, max_size=12))
    def start(self, cells: list[str]) -> None:
        self.index = RowIndex()
        self.rows = dict(enumerate(cells))
        self.order = list(self.rows)
        self.test: Callable[[str], bool] = lambda cell: True
        self.marks: set[int] = set()
        self.kept: set[int] = set()
        self.index.set_rows(GridRow(key, (cell,)) for key, cell in self.rows.items())

    def shown(self) -> list[int]:
        return [k for k in self.order if self.test(self.rows[k]) or k in self.kept]

    @rule(data=st.data(), cell=CELLS, keep=st.booleans())
    def change(self, data: Any, cell: str, keep: bool) -> None:
        if not self.rows:
            return
        key = data.draw(st.sampled_from(sorted(self.rows)))
        was = key in self.shown()
        changed = self.rows[key] != cell
        self.rows[key] = cell
        self.index.put([GridRow(key, (cell,))], keep=key if keep else None)
        if changed:
            self.kept.discard(key)
            if keep and was and not self.test(cell):
                self.kept.add(key)

    @rule(letter=st.sampled_from("ab"), wanted=st.booleans())
    def filter(self, letter: str, wanted: bool) -> None:
        self.kept.clear()
        self.test = lambda cell: (letter in cell) is wanted
        self.index.filter(lambda row: (letter in row.cells[0]) is wanted)

    @rule()
    def no_filter(self) -> None:
        self.kept.clear()
        self.test = lambda cell: True
        self.index.filter(None)

    @rule(reverse=st.booleans())
    def sort(self, reverse: bool) -> None:
        self.order = sorted(self.rows, key=lambda k: self.rows[k], reverse=reverse)
        self.index.sort(lambda row: row.cells[0], reverse=reverse)

    @rule(data=st.data())
    def mark(self, data: Any) -> None:
        if self.rows:
            key = data.draw(st.sampled_from(sorted(self.rows)))
            self.marks ^= {key}
            self.index.toggle(key)

    @rule()
    def mark_all(self) -> None:
        shown = set(self.shown())
        self.marks = set() if shown and shown <= self.marks else self.marks | shown
        self.index.toggle_shown()

    @invariant()
    def agrees(self) -> None:
        shown = [self.index.rows[i].key for i in self.index.view]
        assert shown == self.shown()
        assert set(self.index.marked()) == self.marks
        for key in self.rows:
            position = self.index.position(key)
            assert (shown.index(key) if key in shown else None) == position


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=40)


def test_two_rows_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="one key"):
        RowIndex().set_rows([GridRow(1, ("a",)), GridRow(1, ("b",))])


def test_marks_of_rows_that_are_gone_go_too() -> None:
    index = RowIndex()
    index.set_rows([GridRow(1, ("a",)), GridRow(2, ("b",))])
    index.toggle_shown()
    index.set_rows([GridRow(2, ("b",))])
    assert index.marked() == [2]


def test_a_row_that_did_not_change_is_not_told() -> None:
    index = RowIndex()
    index.set_rows([GridRow(1, ("a",))])
    assert index.put([GridRow(1, ("a",))]) == ([], False)
