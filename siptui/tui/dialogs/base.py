"""The frame of a dialog: a title, text that is never markup, and what is asked."""

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from siptui.domain.text import visible
from siptui.tui.surface import Line, Surface, wrapped

T = TypeVar("T")


class Dialog(ModalScreen[T | None], Generic[T]):
    """A question over the table; Escape leaves it with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel", show=False)]

    def __init__(self, title: str, text: Iterable[Line] = ()) -> None:
        super().__init__()
        self._dialog_title = title
        self._text = list(text)
        self._said: Line = ()

    def compose(self) -> ComposeResult:
        """The frame; what is asked comes from `question`."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(visible(self._dialog_title))
            yield Surface(id="dialog-text")
            yield from self.question()
            yield Surface(id="dialog-said")

    def question(self) -> Iterable[Widget]:
        """The widgets that take the answer."""
        return ()

    def on_resize(self) -> None:
        """Break the text anew."""
        self.call_after_refresh(self._fill)

    def on_mount(self) -> None:
        """Show the text."""
        self._fill()

    def _fill(self) -> None:
        # The frame is as wide as the style sheet says; border and padding take six cells.
        width = max(20, min(self.size.width * 96 // 100, 84) - 6)
        surface = self.query_one("#dialog-text", Surface)
        lines = [part for line in self._text for part in wrapped(line, width)]
        surface.styles.height = len(lines)
        surface.display = bool(lines)
        surface.show(lines)
        said = self.query_one("#dialog-said", Surface)
        parts = wrapped(self._said, width) if self._said else [()]
        said.styles.height = max(1, len(parts))
        said.show(parts)

    def say(self, text: str, tone: str = "muted") -> None:
        """One sentence below the question."""
        self._said = ((text, tone),)
        if self.is_mounted:
            self._fill()

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
