"""Three plain questions: a number to type, a text to type, one of a few to choose."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget
from textual.widgets import Input

from siptui.tui.columns import Column
from siptui.tui.dialogs.base import Dialog
from siptui.tui.field import Field
from siptui.tui.grid import RowGrid
from siptui.tui.rowindex import GridRow
from siptui.tui.surface import Line

_HELPS = {"question_mark": "help"}


class Confirm(Dialog[bool]):
    """What cannot be undone is confirmed by typing how many devices it concerns."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("0-9 Enter", "the number, to go on"),)

    def __init__(
        self,
        title: str,
        paragraphs: Sequence[str],
        number: int,
        *,
        otherwise: str = "Nothing was submitted.",
    ) -> None:
        lines: list[Line] = []
        for n, paragraph in enumerate(paragraphs):
            if n:
                lines.append(())
            tone = "strong" if "cannot be undone" in paragraph else "normal"
            lines.append(((paragraph, tone),))
        lines += [(), ((f"Type {number} and Enter to go on, Escape to go back:", "accent"),)]
        super().__init__(title, lines)
        self._number = str(number)
        self._otherwise = otherwise
        self._said = (("? tells more.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """One field."""
        most = len(self._number) + 4
        yield Field(acting=_HELPS, id="dialog-input", compact=True, max_length=most)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the number itself goes on."""
        if event.value.strip().replace(",", "") == self._number:  # as large numbers are shown
            self.dismiss(True)
        else:
            self.say(f"That is not {self._number}. {self._otherwise}", "failed")


class Prompt(Dialog[str]):
    """Asks for a text. `check` says what is wrong with it, or nothing."""

    def __init__(
        self,
        title: str,
        text: Iterable[Line] = (),
        *,
        value: str = "",
        check: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(title, text)
        self._value = value
        self._check = check

    def question(self) -> Iterable[Widget]:
        """One field."""
        yield Input(self._value, id="dialog-input", compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text unless something is wrong with it."""
        value = event.value.strip()
        if not value:
            self.say("Type something, or Escape to go back.", "failed")
        elif wrong := (self._check(value) if self._check else ""):
            self.say(wrong, "failed")
        else:
            self.dismiss(value)


class Choice(Dialog[Hashable]):
    """Asks for one of a few: a row is chosen with Enter."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Enter", "choose this"),
        ("j k g G", "down, up, first, last"),
    )

    def __init__(
        self,
        title: str,
        choices: Sequence[tuple[Hashable, str, str]],
        text: Iterable[Line] = (),
        *,
        at: int = 0,
    ) -> None:
        super().__init__(title, text)
        self._choices = choices
        self._start = at
        self._said = (("Enter chooses, Escape goes back, ? helps.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A small table: what, and a word about it."""
        grid = RowGrid(
            (Column("what", "", 8, flex=1), Column("about", "", 1, flex=2)), id="dialog-grid"
        )
        grid.styles.height = min(len(self._choices) + 1, 12)
        yield grid

    def on_mount(self) -> None:
        """Fill the table."""
        grid = self.query_one(RowGrid)
        grid.set_rows(GridRow(key, (what, about)) for key, what, about in self._choices)
        grid.move_to(self._start)
        grid.focus()

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """This one."""
        event.stop()
        self.dismiss(event.key)
