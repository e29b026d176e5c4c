"""A few lines of toned text that repaint only what changed: bars, details, log."""

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from siptui.tui.widgets.styles import Toned

#: A piece of text and its tone.
Run = tuple[str, str]
Line = tuple[Run, ...]
#: A paragraph of a question: a text, or one with its tone.
Paragraph = str | Run
_WORDS = re.compile(r"\S+\s*|\s+")


def plain(line: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in line)


def fit(line: Line, width: int) -> Line:
    """The line, cut with an ellipsis where it is longer than `width` cells."""
    left = width
    done: list[Run] = []
    for place, (text, tone) in enumerate(line):
        length = cell_len(text)
        rest = line[place + 1 :]
        if length > left or (length == left and any(more for more, _ in rest)):
            if left > 0:
                done.append((set_cell_size(text, left - 1) + "…", tone))
            break
        done.append((text, tone))
        left -= length
    return tuple(done)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left and `right` at the right of `width` cells; the right gives way."""
    room = width - cell_len(plain(left)) - cell_len(plain(right))
    if room < 1:
        return fit(left, width)
    return (*left, (" " * room, "normal"), *right)


class Surface(Toned, Widget):
    """Shows the lines it is given, cut to its size. Text is plain: nothing in it is markup."""

    DEFAULT_CSS = "Surface { height: auto; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; `Painter` sends only what differs."""
        old, self._lines = self._lines, list(lines)
        if old != self._lines:
            self.refresh()

    def notify_style_update(self) -> None:
        """The theme changed."""
        self.forget_tones()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One line, for the compositor."""
        width = self.size.width
        line = fit(self._lines[y], width) if y < len(self._lines) else ()
        segments = [Segment(text, self.tone_style(tone)) for text, tone in line if text]
        return Strip(segments).adjust_cell_length(width, self.rich_style)


def wrapped(line: Line, width: int, *, indent: int = 0) -> list[Line]:
    """The line broken between words into lines of at most `width` cells."""
    if cell_len(plain(line)) <= width or width < 8:
        return [line]
    done: list[Line] = []
    current: list[Run] = []
    used = 0
    for text, tone in line:
        for word in _WORDS.findall(text):
            pieces = (
                [word] if cell_len(word) <= width - indent else chop_cells(word, width - indent)
            )
            for piece in pieces:
                length = cell_len(piece)
                if used + cell_len(piece.rstrip()) > width and used > indent:
                    done.append(_without_end(current))
                    current, used = ([(" " * indent, "normal")] if indent else []), indent
                    piece = piece.lstrip()
                    length = cell_len(piece)
                current.append((piece, tone))
                used += length
    done.append(_without_end(current))
    return done


def in_room(lines: Iterable[Line], width: int, room: int, more: str) -> list[Line]:
    """The lines broken to `width`, no more of them than `room`; the last one then ends in `more`,
    which says where the rest is."""
    broken = [part for line in lines for part in wrapped(line, width)]
    if len(broken) <= room or room < 1:
        return broken[: max(0, room)]
    end: Line = ((f" {more}", "accent"),)
    last = fit(broken[room - 1], max(1, width - cell_len(plain(end))))
    return [*broken[: room - 1], spread(last, end, width)]


def _without_end(runs: list[Run]) -> Line:
    """The runs without the blanks at their end, which count when a line is cut to its width."""
    *others, (text, tone) = runs
    return (*others, (text.rstrip(), tone))
