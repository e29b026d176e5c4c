"""Lines and blocks that a terminal draws from edge to edge of a cell: as shapes, not as text.

A font's own glyph for them leaves gaps or runs over as soon as it differs from the cell.
"""

import unicodedata
from dataclasses import dataclass

_THICK = {"LIGHT": 0.06, "HEAVY": 0.14}  # of a cell's height
_QUADRANTS = {"UPPER LEFT": (0.0, 0.0), "UPPER RIGHT": (0.5, 0.0), "LOWER LEFT": (0.0, 0.5),
              "LOWER RIGHT": (0.5, 0.5)}  # fmt: skip
_EIGHTHS = {
    "ONE EIGHTH": 1, "ONE QUARTER": 2, "THREE EIGHTHS": 3, "HALF": 4,
    "FIVE EIGHTHS": 5, "THREE QUARTERS": 6, "SEVEN EIGHTHS": 7,
}  # fmt: skip
_SHADES = {"LIGHT": 0.25, "MEDIUM": 0.5, "DARK": 0.75}


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; a cell reaches from 0 to 1 both ways."""

    x: float
    y: float
    width: float
    height: float
    opacity: float = 1.0

    @property
    def joins(self) -> bool:
        """Whether boxes of neighbouring cells in a row make one."""
        return self.x == 0 and self.width == 1


@dataclass(frozen=True, slots=True)
class Arc:
    """A rounded corner between the middles of two edges: `right` and `down`, or their opposites."""

    right: bool
    down: bool
    thick: float


Shape = Box | Arc


def shapes(text: str, ratio: float) -> tuple[Shape, ...]:
    """The shapes of a character; none where it is text. `ratio`: a cell's height by its width."""
    if len(text) != 1 or not "\u2500" <= text <= "\u259f":
        return ()
    name = unicodedata.name(text)
    if name.startswith("BOX DRAWINGS "):
        return _lines(name.removeprefix("BOX DRAWINGS ").split(), ratio)
    return _block(name)


def _lines(words: list[str], ratio: float) -> tuple[Shape, ...]:
    weight, *ways = words
    if weight not in _THICK or not set(ways) <= _WAYS:
        return ()  # dashed, double or of two weights
    high = _THICK[weight]
    wide = high * ratio
    if "ARC" in ways:
        return (Arc("RIGHT" in ways, "DOWN" in ways, high),)
    found: list[Shape] = []
    left, right = "LEFT" in ways or "HORIZONTAL" in ways, "RIGHT" in ways or "HORIZONTAL" in ways
    up, down = "UP" in ways or "VERTICAL" in ways, "DOWN" in ways or "VERTICAL" in ways
    if left or right:
        begin = 0.0 if left else (1 - wide) / 2
        end = 1.0 if right else (1 + wide) / 2
        found.append(Box(begin, (1 - high) / 2, end - begin, high))
    if up or down:
        begin = 0.0 if up else (1 - high) / 2
        end = 1.0 if down else (1 + high) / 2
        found.append(Box((1 - wide) / 2, begin, wide, end - begin))
    return tuple(found)


_WAYS = {"ARC", "AND", "LEFT", "RIGHT", "HORIZONTAL", "UP", "DOWN", "VERTICAL"}


def _block(name: str) -> tuple[Shape, ...]:
    if name == "FULL BLOCK":
        return (Box(0, 0, 1, 1),)
    if name.endswith(" SHADE"):
        return (Box(0, 0, 1, 1, _SHADES[name.split()[0]]),)
    if name.startswith("QUADRANT "):
        corners = name.removeprefix("QUADRANT ").split(" AND ")
        return tuple(Box(*_QUADRANTS[corner], 0.5, 0.5) for corner in corners)
    if name.endswith(" BLOCK"):
        side, share = name.removesuffix(" BLOCK").split(" ", 1)
        part = _EIGHTHS[share] / 8
        return {
            "UPPER": (Box(0, 0, 1, part),),
            "LOWER": (Box(0, 1 - part, 1, part),),
            "LEFT": (Box(0, 0, part, 1),),
            "RIGHT": (Box(1 - part, 0, part, 1),),
        }[side]
    return ()
