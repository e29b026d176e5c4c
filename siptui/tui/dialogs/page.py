"""A page of text over the whole screen: details, help, reports."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from siptui.domain.text import visible
from siptui.tui.first_styles import keep_styles
from siptui.tui.stale_size import passed_by
from siptui.tui.terminal import copy_text
from siptui.tui.widgets.text_lines import Line, Surface, plain, wrapped


class Pager(Surface, can_focus=True):
    """Lines longer than the screen, a part of them at a time."""

    class Moved(Message):
        """Another part is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
    ]

    def __init__(self, text: Sequence[Line]) -> None:
        super().__init__(id="pager")
        self._text = list(text)
        self._broken: list[Line] = []
        self._top = 0

    def renew(self, text: Sequence[Line]) -> None:
        """Another text; what was scrolled to stays where it is."""
        if list(text) != self._text:
            self._text = list(text)
            self.on_resize()

    def on_resize(self) -> None:
        """Break the lines again."""
        width = max(10, self.size.width)
        self._broken = [
            part for line in self._text for part in wrapped(line, width, indent=_indent(line))
        ]
        self._paint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        self.action_move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        self.action_move(3)

    def action_move(self, lines: int) -> None:
        """Scroll by lines."""
        self._top = max(0, min(self._top + lines, len(self._broken) - self.size.height))
        self._paint()

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.action_move(pages * max(1, self.size.height - 1))

    @property
    def below(self) -> int:
        """How many lines are further down."""
        return max(0, len(self._broken) - self._top - self.size.height)

    def _paint(self) -> None:
        self._top = max(0, min(self._top, len(self._broken) - self.size.height))
        self.show(self._broken[self._top : self._top + self.size.height])
        self.post_message(self.Moved())


def _indent(line: Line) -> int:
    """Where the rest of a broken line begins: below its text."""
    text = plain(line)
    return min(max(2, len(text) - len(text.lstrip())), 12)


class Page(Screen[None]):
    """A title, a text, a line of keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "back", show=False),
        Binding("y", "copy", "copy", show=False),
        Binding("Y", "copy_all", "copy all", show=False),
    ]

    def __init__(
        self, title: str, text: Sequence[Line], *, copied: str = "", what: str = "copy"
    ) -> None:
        super().__init__()
        self._title = title
        self._text = list(text)
        self._whole = "\n".join(plain(line) for line in text)
        self._copied = copied or self._whole
        self._what = what

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Its widgets have their styles."""
        keep_styles(event)

    def on_resize(self, event: events.Resize) -> None:
        """Go by the size that the terminal has."""
        passed_by(self, event)

    def renew(self, title: str, text: Sequence[Line], copied: str = "") -> None:
        """Show this instead; only what differs is sent."""
        whole = "\n".join(plain(line) for line in text)
        self._title, self._text, self._whole = title, list(text), whole
        self._copied = copied or whole
        if self.is_mounted:
            self._show_title()
            self.query_one(Pager).renew(text)
            self._keys("")

    def _show_title(self) -> None:
        self.query_one("#page-title", Surface).show([((f" {visible(self._title)}", "strong"),)])

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        yield Surface(id="page-title", classes="bar")
        yield Pager(self._text)
        yield Surface(id="page-keys", classes="bar")

    def on_mount(self) -> None:
        """Fill the bars."""
        self._show_title()
        self._keys("")
        self.query_one(Pager).focus()

    def on_pager_moved(self, message: Pager.Moved) -> None:
        """Say how much is further down."""
        message.stop()
        self._keys("")

    def _keys(self, said: str) -> None:
        line: Line = (
            (" Esc", "key"),
            (" back  ", "muted"),
            *self.own_keys(),
            ("j k", "key"),
            (" scroll  ", "muted"),
            ("y", "key"),
            (f" {self._what}  ", "muted"),
        )
        if self._copied != self._whole:
            line = (*line, ("Y", "key"), (" copy all  ", "muted"))
        if said:
            line = (*line, (said, "accent"))
        elif below := self.query_one(Pager).below:
            line = (*line, (f"↓ {below} more", "accent"))
        self.query_one("#page-keys", Surface).show([line])

    def own_keys(self) -> Line:
        """What can be done here besides, for the line of keys."""
        return ()

    def action_leave(self) -> None:
        """Back to the table."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy what the page is wanted for, else the whole text."""
        self._keys(copy_text(self.app, self._copied))

    def action_copy_all(self) -> None:
        """Copy the whole text."""
        self._keys(copy_text(self.app, self._whole))
