"""The log: newest line at the bottom, unless somebody reads further up."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from siptui.tui.surface import Line, Surface, spread

_KEPT = 10_000


class LogPane(Surface, can_focus=True):
    """Follows its end; while it is scrolled back nothing moves, and "N new" tells what came.

    Only lines that differ from what stood in their place are sent, each as far as its text goes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "back(1)", "back", show=False),
        Binding("down,j", "on(1)", "on", show=False),
        Binding("pageup", "back_page", "a page back", show=False),
        Binding("pagedown", "on_page", "a page on", show=False),
        Binding("home,g", "start", "first line", show=False),
        Binding("end,G", "end", "newest line", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._all: list[Line] = []
        self._top: int | None = None  # None while following the end
        self._seen = 0

    @property
    def entries(self) -> Sequence[Line]:
        """Every line kept."""
        return self._all

    @property
    def new(self) -> int:
        """How many lines came since it was scrolled back."""
        return 0 if self._top is None else len(self._all) - self._seen

    def append(self, lines: Iterable[Line]) -> None:
        """Add lines at the end."""
        self._all.extend(lines)
        if (over := len(self._all) - _KEPT) > 0:
            del self._all[:over]
            self._seen = max(0, self._seen - over)
            if self._top is not None:
                self._top = max(0, self._top - over)
        self._paint()

    def clear(self) -> None:
        """Forget every line."""
        self._all.clear()
        self._top, self._seen = None, 0
        self._paint()

    def on_resize(self) -> None:
        """Show as many lines as fit now."""
        self._paint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_back(3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.action_on(3)

    def action_back(self, lines: int) -> None:
        """Scroll towards older lines."""
        end = max(0, len(self._all) - self.size.height)
        if self._top is None:
            if not end:
                return
            self._top, self._seen = end, len(self._all)
        self._top = max(0, self._top - lines)
        self._paint()

    def action_on(self, lines: int) -> None:
        """Scroll towards newer lines; at the end it follows again."""
        if self._top is None:
            return
        self._top += lines
        if self._top >= len(self._all) - self.size.height:
            self._top = None
        self._paint()

    def action_back_page(self) -> None:
        """A page towards older lines."""
        self.action_back(max(1, self.size.height - 1))

    def action_on_page(self) -> None:
        """A page towards newer lines."""
        self.action_on(max(1, self.size.height - 1))

    def action_start(self) -> None:
        """To the oldest line."""
        self.action_back(len(self._all))

    def action_end(self) -> None:
        """To the newest line, and follow."""
        self.action_on(len(self._all))

    def _paint(self) -> None:
        height = self.size.height
        if not height:
            return
        top = max(0, len(self._all) - height) if self._top is None else self._top
        shown = self._all[top : top + height]
        if self.new and shown:
            label: Line = ((f" {self.new} new, End ", "accent"),)
            shown[-1] = spread(shown[-1], label, self.size.width)
        self.show(shown)
