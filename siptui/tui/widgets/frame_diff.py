"""What the terminal shows, remembered, so that a frame sends only the cells that differ.

Textual sends the whole screen when a dialog opens or closes and the whole widget when a table is
filtered; most of that stands there already. Over a slow link that is the cost that counts, so
each frame is compared with what was sent before, cell by cell, as curses does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

#: SGR codes of Rich's attributes, by bit: bold, dim, italic, underline, blink, … overline.
_ATTRIBUTES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
#: Attributes that show on a blank: underline, reverse, strike, double underline, frames, overline.
_ON_BLANKS = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12
#: Cells that stand between two changes and are cheaper to send than to step over.
_STEP = 4
_MOST_LOOKS = 4_096


class Look(NamedTuple):
    """How a cell looks, as SGR codes: attributes, foreground, background."""

    attributes: str
    fore: str
    back: str


class Cell(NamedTuple):
    """A cell: its text (nothing in the right half of a wide one) and how it looks."""

    text: str
    look: Look


_PLAIN = Look("", "", "")


class Painter:
    """Turns frames into what must be sent, given all that was sent before."""

    def __init__(self) -> None:
        self._lines: list[list[Cell | None]] = []
        self._size = (0, 0)
        self._looks: dict[Style, tuple[Look, Look]] = {}
        self._system: ColorSystem | None = None
        #: Whether some of the screen is still as unknown as after `forget`.
        self.partial = False

    def forget(self) -> None:
        """What the terminal shows is not known any more."""
        self._size = (0, 0)

    def paint(
        self, update: CompositorUpdate, size: tuple[int, int], system: ColorSystem | None
    ) -> str | None:
        """What turns the screen of `size` (columns, lines) into what `update` shows, or none for
        an update of another kind, which must be sent as it is."""
        if isinstance(update, LayoutUpdate):
            self.partial = False
            pieces = _whole(update)
        elif isinstance(update, ChopsUpdate):
            pieces = _parts(update)
        else:
            self.forget()
            return None
        if size != self._size:
            width, height = size
            self._size = size
            self._lines = [[None] * width for _ in range(height)]
            self.partial = isinstance(update, ChopsUpdate)
        if system is not self._system:
            self._system = system
            self._looks.clear()
        writer = _Writer()
        for x, y, strip in pieces:
            if 0 <= y < len(self._lines):
                self._compare(x, y, strip, writer)
        return writer.text()

    def _compare(self, x: int, y: int, strip: Strip, writer: "_Writer") -> None:
        new, narrow = self._cells(strip)
        line = self._lines[y]
        new = new[: len(line) - x]
        old = line[x : x + len(new)]
        if new == old:
            return
        line[x : x + len(new)] = new
        end = x + len(new)
        for at, half in ((x - 1, old[0]), (end, line[end] if end < len(line) else None)):
            if half is not None and not half.text and 0 <= at < len(line):
                line[at] = None  # a wide character was cut in two; terminals blank the other half
        changed = [i for i, cell in enumerate(new) if cell != old[i]]
        if not narrow or any(cell is not None and len(cell.text) != 1 for cell in old):
            # Terminals differ about how wide such text is: to be right all the same, everything
            # from the first change on is sent.
            start = changed[0]
            while start and not new[start].text:
                start -= 1
            writer.put(x + start, y, new[start:])
            writer.lose_place()
            return
        start = end = changed[0]
        for i in changed[1:]:
            if i - end > _STEP:
                writer.put(x + start, y, new[start : end + 1])
                start = i
            end = i
        writer.put(x + start, y, new[start : end + 1])

    def _cells(self, strip: Strip) -> tuple[list[Cell], bool]:
        """The cells of a strip, and whether each holds one narrow character."""
        cells: list[Cell] = []
        narrow = True
        for text, style, control in strip:
            if control:
                continue
            look, blank = self._look(style)
            if cell_len(text) == len(text) and text.isprintable():
                space = Cell(" ", blank)
                cells += [space if c == " " else Cell(c, look) for c in text]
                continue
            narrow = False
            for c in text:
                width = cell_len(c)
                if width == 0:
                    if cells:
                        cells[-1] = Cell(cells[-1].text + c, cells[-1].look)
                    continue
                cells.append(Cell(c, blank if c == " " else look))
                cells += [Cell("", look)] * (width - 1)
        return cells, narrow

    def _look(self, style: Style | None) -> tuple[Look, Look]:
        """How text in that style looks, and how a blank does."""
        if style is None:
            return _PLAIN, _PLAIN
        looks = self._looks.get(style)
        if looks is None:
            if len(self._looks) > _MOST_LOOKS:  # styles may carry what has no look, such as places
                self._looks.clear()
            looks = self._looks[style] = self._make_look(style)
        return looks

    def _make_look(self, style: Style) -> tuple[Look, Look]:
        system = self._system or ColorSystem.TRUECOLOR
        bits = style._attributes & style._set_attributes  # no public way to all of them at once
        fore = style.color.downgrade(system).get_ansi_codes() if style.color else ()
        back = style.bgcolor.downgrade(system).get_ansi_codes(False) if style.bgcolor else ()
        look = Look(_attributes(bits), ";".join(fore), ";".join(back))
        if bits & _ON_BLANKS:
            return look, look
        return look, Look("", "", look.back)


def _attributes(bits: int) -> str:
    return ";".join(code for bit, code in enumerate(_ATTRIBUTES) if bits & (1 << bit))


class _Writer:
    """Collects what is sent; looks are switched and the cursor moved only where they must be."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._look = _PLAIN
        self._at = (-1, -1)

    def put(self, x: int, y: int, cells: Sequence[Cell]) -> None:
        """Write these cells from column `x` of line `y` on."""
        if self._at[1] == y and (gap := x - self._at[0]) > 0:
            self._out.append(f"\x1b[{gap}C" if gap > 1 else "\x1b[C")
        elif self._at != (x, y):
            self._out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        for text, look in cells:
            if look != self._look and not (text == " " and self._serves_blank(look)):
                self._switch(look)
            self._out.append(text)
        self._at = (x + len(cells), y)

    def lose_place(self) -> None:
        """Where the terminal's cursor stands is not certain any more."""
        self._at = (-1, -1)

    def _serves_blank(self, blank: Look) -> bool:
        """Whether a blank may be written without a switch: its background is the same."""
        now = self._look
        plain = not now.attributes or now.attributes in ("1", "2", "3")
        return plain and not blank.attributes and not blank.fore and now.back == blank.back

    def _switch(self, look: Look) -> None:
        now, self._look = self._look, look
        codes: list[str] = []
        if now.attributes and now.attributes != look.attributes:
            codes.append("0")
            now = _PLAIN
        if look.attributes and now.attributes != look.attributes:
            codes.append(look.attributes)
        if look.fore != now.fore:
            codes.append(look.fore or "39")
        if look.back != now.back:
            codes.append(look.back or "49")
        self._out.append(f"\x1b[{';'.join(codes)}m")

    def text(self) -> str:
        """All of it; ends with no look at all."""
        if self._look != _PLAIN:
            self._out.append("\x1b[m")
        self._look = _PLAIN
        return "".join(self._out)


def _whole(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield x, y, strip
            x += strip.cell_length


def _parts(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, x1, x2 in update.spans:
        yield from _span(x1, x2, y, update.chops[y], update.chop_ends[y])


def _span(
    x1: int, x2: int, y: int, line: Mapping[int, Strip | None], ends: Iterable[int]
) -> Iterator[tuple[int, int, Strip]]:
    for end, (x, strip) in zip(ends, line.items(), strict=False):
        if strip is not None and x <= x2 and end > x1:
            yield x, y, strip if x >= x1 and end <= x2 else strip.crop(0, min(end, x2) - x)


class Sent(CompositorUpdate):
    """An update that was turned into bytes already."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: object) -> str:
        """What is sent."""
        return self._text
