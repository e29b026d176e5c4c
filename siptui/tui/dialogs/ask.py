"""Three plain questions: a number to type, a text to type, one of a few to choose."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.widget import Widget
from textual.widgets import Input

from siptui.tui.dialogs.base import Dialog
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.column_layout import Column
from siptui.tui.widgets.field import Field
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.table import RowGrid
from siptui.tui.widgets.text_lines import Line, Paragraph

#: What is typed to go back where a `q` could begin a text.
_LEAVES = "q"
_NO_NUMBER = {"question_mark": "help", "q": "leave"}


class Confirm(Dialog[bool | str]):
    """What cannot be undone is confirmed by typing how many devices it concerns."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("0-9 Enter", "the number, to go on"),)

    def __init__(
        self,
        title: str,
        paragraphs: Sequence[Paragraph],
        number: int,
        *,
        topic: Topic,
        otherwise: str = "Nothing was submitted.",
    ) -> None:
        super().__init__(title, asked(paragraphs, number), topic=topic)
        self._number = str(number)
        self._otherwise = otherwise
        self._said = (("? tells more.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """One field."""
        yield self.field(len(self._number) + 4)

    def field(self, most: int) -> Widget:
        """The field for the number, of `most` characters."""
        return Field(acting=_NO_NUMBER, id="dialog-input", compact=True, max_length=most)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the number itself goes on."""
        self._submitted(event)

    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip().replace(",", "") == self._number:  # as large numbers are shown
            self.dismiss(True)
        else:
            self.say(f"That is not {self._number}. {self._otherwise}", "failed")


def asked(paragraphs: Sequence[Paragraph], number: int) -> list[Line]:
    """The paragraphs, and what to type."""
    lines: list[Line] = []
    for n, paragraph in enumerate(paragraphs):
        if n:
            lines.append(())
        lines.append(((paragraph, "normal") if isinstance(paragraph, str) else paragraph,))
    return [*lines, (), ((f"Type {number} and Enter to go on, Escape to go back:", "accent"),)]


class Prompt(Dialog[str]):
    """Asks for a text. `check` says what is wrong with it, or nothing; `leaving` what it means that
    there is no answer. A `q` alone is none."""

    def __init__(
        self,
        title: str,
        text: Iterable[Line] = (),
        *,
        value: str = "",
        check: Callable[[str], str] | None = None,
        leaving: str = "goes back",
    ) -> None:
        super().__init__(title, text)
        self._value = value
        self._check = check
        keys = f"Enter takes it; Escape, Ctrl-C or {_LEAVES} and Enter {leaving}."
        self._said = ((keys, "muted"),)

    def question(self) -> Iterable[Widget]:
        """One field."""
        yield Input(self._value, id="dialog-input", compact=True, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the text unless something is wrong with it."""
        value = event.value.strip()
        if value == _LEAVES:
            self.dismiss(None)
        elif not value:
            self.say("Type something, or Escape to go back.", "failed")
        elif wrong := (self._check(value) if self._check else ""):
            self.say(wrong, "failed")
        else:
            self.dismiss(value)


class Choice(Dialog[Hashable]):
    """Asks for one of a few: a row is chosen with Enter. `at` is where the cursor begins; with
    none nothing is chosen by Enter alone, as for what must not be taken by mistake."""

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
        topic: Topic,
        at: int | None = 0,
    ) -> None:
        super().__init__(title, text, topic=topic)
        self._choices = choices
        self.takes = min(len(choices) + 1, 12)
        self._start = at
        first = "" if at is not None else "Nothing is chosen yet: ↓ or j does. "
        self._said = ((f"{first}Enter chooses, Escape goes back, ? helps.", "muted"),)

    def question(self) -> Iterable[Widget]:
        """A small table: what, and a word about it, two blanks apart."""
        longest = max((cell_len(what) for _, what, _ in self._choices), default=0)
        columns = (Column("what", "", longest + 1, flex=1), Column("about", "", 1, flex=2))
        grid = RowGrid(columns, id="dialog-grid")
        grid.styles.height = self.takes
        yield grid

    def on_mount(self) -> None:
        """Fill the table."""
        grid = self.query_one(RowGrid)
        grid.set_rows(GridRow(key, (what, about)) for key, what, about in self._choices)
        if self._start is None:
            grid.choose_none()
        else:
            grid.move_to(self._start)
        grid.focus()

    def on_row_grid_opened(self, event: RowGrid.Opened) -> None:
        """This one."""
        event.stop()
        self.dismiss(event.key)
