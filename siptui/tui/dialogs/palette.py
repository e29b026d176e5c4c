"""Every command by name: words are typed, and those that are about them remain."""

from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events
from textual.widget import Widget
from textual.widgets import Input

from siptui.domain.text import folded
from siptui.tui.dialogs.base import Dialog
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid

_HELPS = {"question_mark": "help"}
_MOST = 14
_MOVES = {
    "down": "grid_down",
    "up": "grid_up",
    "pagedown": "grid_page_down",
    "pageup": "grid_page_up",
}


class Command(Struct, frozen=True):
    """What can be chosen: `also` are other words by which it is found, `why_not` tells why it
    can not be carried out now."""

    id: str
    title: str
    key: str
    about: str
    also: str = ""
    why_not: str = ""


class Palette(Dialog[Hashable]):
    """Asks for one of the commands; the answer is its id."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("words", "each must be in the name, the description or a word for the same"),
        ("↓ ↑", "the next, the one before"),
        ("Enter", "carry it out"),
    )

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__("Commands")
        self._commands = commands
        self._found_by = {one.id: folded(f"{one.title} {one.about} {one.also}") for one in commands}
        self.takes = min(len(commands) + 1, _MOST) + 1
        self._said = (("Type words; Enter carries out, ↓ ↑ choose, Escape goes back.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A field, and a line for each command below it."""
        yield Field(acting=_HELPS, id="dialog-input", compact=True)
        columns = (
            Column("title", "", 12, most=24),
            Column("key", "", 3, most=6),
            Column("about", "", 1, flex=1),
        )
        grid = RowGrid(columns, id="dialog-grid")
        grid.can_focus = False  # what is typed belongs to the field
        grid.styles.height = self.takes - 1
        yield grid

    def on_mount(self) -> None:
        """All of them."""
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Those that are about what was typed."""
        event.stop()
        self._show(event.value)

    def _show(self, typed: str) -> None:
        words = folded(typed).split()
        found = [
            one for one in self._commands if all(word in self._found_by[one.id] for word in words)
        ]
        # What can be done comes first; what is found by its name, then by what is said about it.
        found.sort(
            key=lambda one: (
                bool(one.why_not),
                not all(word in folded(one.title) for word in words),
                not all(word in folded(f"{one.title} {one.about}") for word in words),
            )
        )
        grid = self.query_one(RowGrid)
        grid.set_rows(_row(one) for one in found)
        grid.move_to(0)
        if found:
            self.say("Enter carries out, ↓ ↑ choose, Escape goes back.")
        else:
            self.say("No command is about that; Escape goes back.", "unknown")

    async def on_key(self, event: events.Key) -> None:
        """The arrows choose while words are typed."""
        if action := _MOVES.get(event.key):
            event.stop()
            event.prevent_default()
            await self.query_one(RowGrid).run_action(action)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """This one, if there is one."""
        event.stop()
        if (chosen := self.query_one(RowGrid).cursor) is not None:
            self.dismiss(chosen)


def _row(one: Command) -> GridRow:
    if one.why_not:
        return GridRow(one.id, (one.title, one.key, f"not now: {one.why_not}"), tone="muted")
    return GridRow(one.id, (one.title, one.key, one.about))
