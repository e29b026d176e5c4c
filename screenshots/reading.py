"""What a picture of ours says, read from its file without a viewer, and what is wrong with it."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field

from screenshots.svg import BASELINE, HEIGHT, MARGIN, WIDTH

_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(slots=True)
class Picture:
    """The characters at their cells as viewers without animation show them.

    `faults` names everything in the file that some viewer shows otherwise than meant.
    """

    columns: int = 0
    lines: int = 0
    characters: dict[tuple[int, int], str] = field(default_factory=dict)
    backs: dict[tuple[int, int], str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def text(self, line: int) -> str:
        """What can be read on a line."""
        cells = (self.characters.get((line, column), " ") for column in range(self.columns))
        return "".join(cells).rstrip()


def read(source: str) -> Picture:
    """Read the text of an SVG file."""
    picture = Picture()
    root = ET.fromstring(source)
    _, _, width, height = (float(number) for number in root.attrib["viewBox"].split())
    picture.columns = round((width - 2 * MARGIN) / WIDTH)
    picture.lines = round((height - 2 * MARGIN) / HEIGHT)
    for words, why in _NOWHERE.items():
        if words in source:
            picture.faults.append(why)
    for element in _visible(root):
        if element.tag == f"{_SVG}rect":
            _background(picture, element)
        elif element.tag == f"{_SVG}text":
            _text(picture, element)
    return picture


_NOWHERE = {
    "textLength": "a length of text is asked for, which stretches letters or is ignored",
    "xml:space": "blanks are asked to be kept, which not every viewer does",
    "@font-face": "a font is loaded, which pictures in a page may not",
    "http://www.w3.org/1999/xhtml": "HTML within SVG, which only browsers show",
}


def _visible(element: ET.Element) -> Iterator[ET.Element]:
    for child in element:
        if child.get("visibility") != "hidden":
            yield child
            yield from _visible(child)


def _background(picture: Picture, element: ET.Element) -> None:
    x, y, width, height = (float(element.attrib[n]) for n in ("x", "y", "width", "height"))
    if height != HEIGHT or x % WIDTH or width % WIDTH or "opacity" in element.attrib:
        return  # the whole picture's, or a shape within a cell
    if y % HEIGHT:
        picture.faults.append(f"a background at {x:g}, {y:g} is not on the lines")
    for column in range(round(x / WIDTH), round((x + width) / WIDTH)):
        picture.backs[round(y / HEIGHT), column] = element.get("fill", "")


def _text(picture: Picture, element: ET.Element) -> None:
    y = float(element.attrib["y"])
    line = round((y - BASELINE) / HEIGHT)
    if y != line * HEIGHT + BASELINE or not 0 <= line < picture.lines:
        picture.faults.append(f"text at {y:g} is on no line")
    pieces = [(element.attrib["x"], element.text or "", "")]
    pieces += [(tspan.attrib["x"], tspan.text or "", tspan.tail or "") for tspan in element]
    for at, (x, text, _) in enumerate(pieces):
        # Behind a piece there may be one blank, which is drawn before the next position.
        text = text.removesuffix(" ") if at == 0 and len(pieces) > 1 else text
        if not re.fullmatch(r"\d+", x) or int(x) % WIDTH:
            picture.faults.append(f"{text!r} begins at {x}, which is no cell")
            continue
        _piece(picture, line, int(x) // WIDTH, text)
    if any(tail not in ("", " ") for *_, tail in pieces):
        picture.faults.append(f"text between positions in line {line}")


def _piece(picture: Picture, line: int, column: int, text: str) -> None:
    if not re.fullmatch(r"\S[\u0300-\u036f\u200d\ufe0f]*", text):
        picture.faults.append(f"{text!r} in line {line} is not one character")
    if (line, column) in picture.characters or column >= picture.columns:
        picture.faults.append(f"{text!r} in line {line} where there is text, or no cell")
    picture.characters[line, column] = text
