"""The log: newest line at the bottom, unless it is scrolled up."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from siptui.tui.widgets.text_lines import Line, Run, Surface, spread, wrapped

_KEPT = 5_000
#: Its keys, for the footer.
LOG_KEYS = (("j k", "scroll log"), ("End", "newest"), ("Tab", "table"))
_FOCUSED = "▌"
_INDENT = 10  # as wide as the time before an entry


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
        self._entries: list[Line] = []
        self._all: list[Line] = []  # the entries, broken into lines that fit
        self._broken_for = 0
        self._top: int | None = None  # None while following the end
        self._seen = 0

    @property
    def entries(self) -> Sequence[Line]:
        """Every entry kept."""
        return self._entries

    @property
    def new(self) -> int:
        """How many lines came since it was scrolled back."""
        return 0 if self._top is None else len(self._all) - self._seen

    def append(self, lines: Iterable[Line]) -> None:
        """Add entries at the end; each is broken into as many lines as it needs."""
        lines = list(lines)
        self._entries.extend(lines)
        self._all.extend(self._broken(lines))
        if len(self._entries) > 2 * _KEPT:
            del self._entries[:-_KEPT]
            over = len(self._all)
            self._all = self._broken(self._entries)
            over -= len(self._all)
            self._seen = max(0, self._seen - over)
            if self._top is not None:
                self._top = max(0, self._top - over)
        self._paint()

    def _broken(self, entries: Iterable[Line]) -> list[Line]:
        width = self._broken_for or 1_000
        return [part for entry in entries for part in wrapped(entry, width, indent=_INDENT)]

    def clear(self) -> None:
        """Forget every line."""
        self._entries.clear()
        self._all.clear()
        self._top, self._seen = None, 0
        self._paint()

    def on_resize(self) -> None:
        """Show as many lines as fit now."""
        if self.size.width - 1 != self._broken_for:
            new, self._broken_for = self.new, self.size.width - 1  # the bar of the focus
            self._all = self._broken(self._entries)
            if self._top is not None:
                self._top = max(0, min(self._top, len(self._all) - self.size.height))
                self._seen = max(0, len(self._all) - new)
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

    def on_focus(self) -> None:
        """Say that keys come here."""
        self.call_later(self._paint)  # it has the focus when this was handled

    def on_blur(self) -> None:
        """They do not any more."""
        self.call_later(self._paint)

    def _paint(self) -> None:
        height = self.size.height
        if not height:
            return
        top = max(0, len(self._all) - height) if self._top is None else self._top
        shown = self._all[top : top + height]
        bar: Run = (_FOCUSED if self.has_focus else " ", "accent")
        shown = [(bar, *line) for line in shown or [()]]
        if self.new and shown:
            label: Line = ((f" {self.new} new, End ", "accent"),)
            shown[-1] = spread(shown[-1], label, self.size.width)
        self.show(shown)
