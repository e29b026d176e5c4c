"""The frame of a dialog: a title, text that is never markup, and what is asked."""

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from siptui.domain.text import visible
from siptui.tui.dialogs.help_text import Topic, help_of
from siptui.tui.dialogs.page import Page
from siptui.tui.first_styles import keep_styles
from siptui.tui.stale_size import passed_by
from siptui.tui.widgets.text_lines import Line, Surface, wrapped

T = TypeVar("T")


class Dialog(ModalScreen[T | None], Generic[T]):
    """A question over the table; Escape leaves it with nothing, and `q` where nothing is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "cancel", show=False),
        Binding("question_mark", "help", "help", show=False),
    ]
    #: How many lines the widgets of the question take.
    takes = 1
    #: The keys of the dialog and a word about each, for its help.
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(
        self, title: str, text: Iterable[Line] = (), *, topic: Topic | None = None
    ) -> None:
        super().__init__()
        self._dialog_title = title
        self._topic = topic
        self._text = list(text)
        self._said: Line = ()
        self._filled_for = 0

    def compose(self) -> ComposeResult:
        """The frame; what is asked comes from `question`. Heights are known before the first
        frame: finding them afterwards would send the whole screen once more."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(visible(self._dialog_title))
            text, said = Surface(id="dialog-text"), Surface(id="dialog-said")
            self._fill(text, said)
            yield text
            yield from self.question()
            yield said

    def question(self) -> Iterable[Widget]:
        """The widgets that take the answer."""
        return ()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets have their styles."""
        keep_styles(event)

    def on_resize(self, event: events.Resize) -> None:
        """Break the text again."""
        if not passed_by(self, event) and self._width() != self._filled_for:
            self._fill(*self.query(Surface))

    def _width(self) -> int:
        # The frame is as wide as the style sheet says; border and padding take six cells.
        return max(20, min(self.app.size.width * 96 // 100, 84) - 6)

    def _fill(self, *surfaces: Widget) -> None:
        width = self._filled_for = self._width()
        said = wrapped(self._said, width) if self._said else [()]
        # Borders and the blank line above what is said; the style sheet leaves 4 % of the screen.
        room = self.app.size.height * 96 // 100 - 3 - self.takes - len(said)
        lines = shortened([wrapped(line, width) for line in self._text], max(3, room))
        for surface in surfaces:
            if isinstance(surface, Surface):
                shown = lines if surface.id == "dialog-text" else said
                surface.styles.height = len(shown)
                surface.display = bool(shown)
                surface.show(shown)

    def say(self, text: str, tone: str = "muted") -> None:
        """One sentence below the question."""
        self._said = ((text, tone),)
        if self.is_mounted:
            self._fill(*self.query(Surface))

    def action_help(self) -> None:
        """The keys of this dialog, and what its answer leads to."""
        keys = (
            *self.KEYS,
            ("Esc Ctrl-C", "back; nothing happens (q as well where no text is typed)"),
            ("?", "this help"),
        )
        text = [*self._text, (), *help_of(self._topic, keys)]
        self.app.push_screen(Page(f"About: {self._dialog_title}", text))

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Leave with an answer; its own help, if it is being read, goes with it."""
        if not self.is_current:
            self.pop_until_active()
        return super().dismiss(result)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


def shortened(paragraphs: list[list[Line]], room: int) -> list[Line]:
    """The paragraphs in `room` lines, the last one whole: it says what to type. First the blank
    lines go, then the end of what is before it."""
    lines = [line for paragraph in paragraphs for line in paragraph]
    while len(lines) > room and () in lines:
        lines.remove(())
    if len(lines) <= room or not paragraphs:
        return lines
    last = paragraphs[-1]
    more: Line = (("… ? shows all of it.", "muted"),)
    return [*lines[: max(0, room - len(last) - 1)], more, *last]
