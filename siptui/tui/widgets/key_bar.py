"""A line of keys with a word for each, which can be clicked."""

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from textual import events
from textual.message import Message

from siptui.tui.widgets.text_lines import Line, Surface, plain


class Key(Struct, frozen=True):
    """A key, the word for it, and the action it is of; none for one that only the pane knows."""

    key: str
    word: str
    action: str = ""

    @property
    def width(self) -> int:
        """The cells it takes, blanks included."""
        return cell_len(self.key) + cell_len(self.word) + 3


class KeyBar(Surface):
    """Shows keys; a click on one is told."""

    class Clicked(Message):
        """A click on the key of that action."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    _places: Sequence[tuple[int, str]] = ()

    def show_keys(self, before: Line, keys: Sequence[Key]) -> None:
        """Show these behind what stands `before` them."""
        line, end = list(before), cell_len(plain(before))
        places = [(end, "")]
        for one in keys:
            line += [(f" {one.key}", "key"), (f" {one.word} ", "muted")]
            end += one.width
            places.append((end, one.action))
        self._places = places
        self.show([tuple(line)])

    def on_click(self, event: events.Click) -> None:
        """As if the key had been pressed."""
        for end, action in self._places:
            if event.x < end:
                if action:
                    self.post_message(self.Clicked(action))
                return
