"""The page that follows the device inventory."""

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from siptui.tui.dialogs.live_page import Content, LivePage
from siptui.tui.dialogs.page import Page
from siptui.tui.widgets.text_lines import Line


class VerifyPage(LivePage):
    """Shows how far it is; left, it goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "end", "end", show=False),
        Binding("r", "again", "again", show=False),
        Binding("question_mark", "help", "help", show=False),
    ]

    def __init__(
        self,
        content: Callable[[], Content],
        going_on: Callable[[], bool],
        end: Callable[[], None],
        begin: Callable[[], None],
    ) -> None:
        super().__init__(content)
        self._going_on, self._end, self._begin = going_on, end, begin

    def own_keys(self) -> Line:
        """To end it, or to begin again."""
        key, word = ("x", "end") if self._going_on() else ("r", "read again")
        return ((key, "key"), (f" {word}  ", "muted"))

    def action_end(self) -> None:
        """Read no more."""
        if self._going_on():
            self._end()

    def action_again(self) -> None:
        """Begin anew, with what is signed in by now."""
        if not self._going_on():
            self._begin()
            self.look()

    def action_help(self) -> None:
        """What this page is."""
        lines: list[Line] = [((f"{key:<10}", "key"), (word, "normal")) for key, word in _KEYS]
        self.app.push_screen(Page("Keys of: verify", [*lines, (), *_ABOUT]))


_KEYS = (
    ("x", "end it; nothing is changed by that"),
    ("r", "begin again, with the phones that are signed in by now"),
    ("y", "copy the page"),
    ("j k g G", "scroll"),
    ("Esc q", "back to the table; the inventory is followed all the same"),
)
_ABOUT: list[Line] = [
    (
        (
            "A run ends when the service says success. The inventory of the Teams admin center "
            "shows a phone as signed in some time later; until then it is neither failed nor seen.",
            "normal",
        ),
    ),
    (
        (
            "A phone that is not seen after an hour needs a look at its screen: siptui status LIST "
            "or w tells what the inventory has of it.",
            "normal",
        ),
    ),
]
