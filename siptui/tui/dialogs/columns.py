"""Which columns are shown: marked ones are; and which of those do not fit."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line


class ColumnChoice(Dialog[frozenset[str]]):
    """Asks which of `columns` (key, title, word about it) to show; `shown` are now: those in `fit`
    are seen, those in `beyond` must be scrolled for, others have nothing in them."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Space", "show or hide this column"),
        ("*", "show all, then none"),
        ("Enter", "keep it so"),
    )

    def __init__(
        self,
        columns: Sequence[tuple[str, str, str]],
        shown: Iterable[str],
        text: Iterable[Line],
        *,
        fit: frozenset[str] = frozenset(),
        beyond: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__("Columns", text, topic=Topic.COLUMNS)
        self._columns = columns
        self._shown = frozenset(shown)
        self._fit, self._beyond = fit, beyond
        self.takes = min(len(self._columns) + 1, 14)
        self._said = (("Space shows or hides (* is shown), Enter keeps it, ? helps.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A table of columns."""
        grid = RowGrid((Column("what", "", 24), Column("about", "", 1, flex=2)), id="dialog-grid")
        grid.styles.height = self.takes
        yield grid

    def on_mount(self) -> None:
        """Fill the table; what is shown is marked."""
        grid = self.query_one(RowGrid)
        grid.set_rows(self._rows(self._shown))
        for key in self._shown:
            grid.index.toggle(key)
        grid.focus()

    def _rows(self, marked: Collection[Hashable]) -> Iterable[GridRow]:
        for key, title, about in self._columns:
            stands = "off"
            if key in marked:
                stands = "shown" if key in self._fit else "on"
                if key in self._beyond:
                    stands = "does not fit here: → goes there"
            yield GridRow(key, (title, ", ".join(part for part in (stands, about) if part)))

    def on_row_grid_marked(self, event: RowGrid.Marked) -> None:
        """How each stands now."""
        event.stop()
        grid = self.query_one(RowGrid)
        grid.put(self._rows(grid.index.marks))

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """These."""
        event.stop()
        marked = self.query_one(RowGrid).index.marked()
        self.dismiss(frozenset(key for key in marked if isinstance(key, str)))
