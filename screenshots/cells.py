"""A screen of the console as the cells of a terminal."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.color import Color, blend_rgb
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme

_DIM = 0.4  # the share of the background in dim text, as Rich exports it


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell is drawn. Colours are `#rrggbb`."""

    fore: str = "#c5c8c6"
    back: str = "#292929"
    bold: bool = False
    italic: bool = False
    underline: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `text` is a character with its accents, a blank, or nothing right of a wide one."""

    text: str
    look: Look

    @property
    def blank(self) -> bool:
        """Whether nothing but the background is drawn."""
        return not self.text.strip(" \xa0")


Row = tuple[Cell, ...]
Grid = tuple[Row, ...]


def text_of(grid: Grid) -> str:
    """What can be read on a screen, a line each."""
    return "\n".join("".join(cell.text for cell in row) for row in grid)


def row_cells(segments: Iterable[Segment], theme: TerminalTheme = SVG_EXPORT_THEME) -> Row:
    """The cells of one line of the screen."""
    return tuple(_cells(segments, theme))


def _cells(segments: Iterable[Segment], theme: TerminalTheme) -> Iterator[Cell]:
    for segment in segments:
        if segment.control:
            continue
        look = _look(segment.style or Style(), theme)
        for text in _characters(segment.text):
            yield Cell(text, look)
            for _ in range(cell_len(text) - 1):
                yield Cell("", look)


def _characters(text: str) -> list[str]:
    """Characters, each with the accents and joiners that follow it."""
    found: list[str] = []
    for character in text:
        if found and (unicodedata.combining(character) or cell_len(character) == 0):
            found[-1] += character
        else:
            found.append(character)
    return found


def _look(style: Style, theme: TerminalTheme) -> Look:
    fore = _rgb(style.color, theme, foreground=True)
    back = _rgb(style.bgcolor, theme, foreground=False)
    if style.reverse:
        fore, back = back, fore
    if style.dim:
        fore = blend_rgb(fore, back, _DIM)
    return Look(fore.hex, back.hex, bool(style.bold), bool(style.italic), bool(style.underline))


def _rgb(color: Color | None, theme: TerminalTheme, *, foreground: bool) -> ColorTriplet:
    if color is None or color.is_default:
        return theme.foreground_color if foreground else theme.background_color
    return color.get_truecolor(theme, foreground=foreground)
