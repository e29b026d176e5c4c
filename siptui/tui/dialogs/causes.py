"""Which causes of failure to retry: several may be marked, each with what a retry can do for it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from siptui.domain.outcome import OUTCOMES, Cause
from siptui.runs.output.sentences import cause_name
from siptui.runs.state import DeviceRecord
from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.retry_causes import CLASSES
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line


class Causes(Dialog[frozenset[Cause]]):
    """Asks for the causes among `failed`; `of` says which rows these are."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Space", "mark this cause, or take the mark off"),
        ("*", "mark all, then none"),
        ("Enter", "the marked causes; the one under the cursor where none is marked"),
    )

    def __init__(self, failed: Sequence[DeviceRecord], of: str) -> None:
        text: Line = ((f"Of {of}: Space marks a cause, Enter goes on.", "normal"),)
        super().__init__("Retry by cause", [text], topic=Topic.CAUSES)
        self._causes = Counter(one.outcome.cause for one in failed if one.outcome)
        self.takes = min(len(self._causes) + 1, 12)
        self._said = (("Enter takes the marked ones, Escape goes back, ? helps.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A line for each cause, the frequent first."""
        columns = (
            Column("cause", "", 12, most=24),
            Column("devices", "", 4, right=True),
            Column("class", "", 1, flex=1),
        )
        grid = RowGrid(columns, id="dialog-grid")
        grid.styles.height = self.takes
        yield grid

    def on_mount(self) -> None:
        """Fill the table."""
        grid = self.query_one(RowGrid)
        grid.set_rows(
            GridRow(cause, (cause_name(cause), f"{count:,}", CLASSES[OUTCOMES[cause].retry]))
            for cause, count in self._causes.most_common()
        )
        grid.focus()

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """These."""
        event.stop()
        marked = self.query_one(RowGrid).index.marked() or [event.key]
        self.dismiss(frozenset(key for key in marked if isinstance(key, Cause)))

    def on_row_grid_marked(self, event: RowGrid.Marked) -> None:
        """Marks are shown by the table itself."""
        event.stop()
