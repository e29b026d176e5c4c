"""A screen as SVG that every viewer shows alike.

Viewers differ in three things, so nothing here rests on them: how blanks are treated (none of them
counts), how wide the font is that they find (each character is put at its cell), and whether they
honour `textLength` or lists of positions (librsvg 2.54 ignores both). Backgrounds, lines and blocks
are shapes on the cells' edges.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from screenshots.cells import Cell, Grid, Look, Row
from screenshots.shapes import Arc, Box, shapes

#: A cell in units of the picture. The fonts named advance by 0.6 of their size, which is a cell.
WIDTH, HEIGHT = 10, 20
FONT_SIZE = 16.6
BASELINE = 15
MARGIN = 8
FONTS = "DejaVu Sans Mono,Menlo,Liberation Mono,Cascadia Mono,Consolas,monospace"


@dataclass(frozen=True, slots=True)
class Frame:
    """A screen of an animation, and for how many seconds it stands."""

    grid: Grid
    seconds: float


def still(grid: Grid) -> str:
    """The screen as one picture."""
    default = commonest(grid)
    parts = [_drawn(_Parts(default, row, y)) for y, row in enumerate(grid)]
    return _document(len(grid[0]), len(grid), default, "".join(parts))


def animated(frames: Sequence[Frame], standing: int) -> str:
    """The frames in turn, for ever, by CSS. `standing` is the frame that viewers without animation
    show, and readers who asked for less motion. A line that several frames share is written once.
    """
    first = frames[0].grid
    default = commonest([row for frame in frames for row in frame.grid])
    whole = sum(frame.seconds for frame in frames)
    spans: dict[tuple[int, Row], list[tuple[float, float]]] = {}
    at = 0.0
    for frame in frames:
        for y, row in enumerate(frame.grid):
            known = spans.setdefault((y, row), [])
            if known and known[-1][1] == at:
                known[-1] = (known[-1][0], at + frame.seconds)
            else:
                known.append((at, at + frame.seconds))
        at += frame.seconds
    rules: dict[str, str] = {}
    groups = []
    for (y, row), shown in sorted(spans.items(), key=lambda found: found[0][0]):
        drawn = _drawn(_Parts(default, row, y))
        if not drawn:
            continue
        if shown == [(0.0, whole)]:
            groups.append(f"<g>{drawn}</g>\n")
            continue
        name = rules.setdefault(_steps(shown, whole), f"a{len(rules)}")
        stands = "" if frames[standing].grid[y] == row else ' visibility="hidden"'
        groups.append(f'<g class="{name}"{stands}>{drawn}</g>\n')
    moving = "".join(
        f"@keyframes {name}{{{steps}}}.{name}{{animation:{name} {whole:g}s step-end infinite}}\n"
        for steps, name in rules.items()
    )
    style = f"<style>@media (prefers-reduced-motion:no-preference){{\n{moving}}}</style>\n"
    return _document(len(first[0]), len(first), default, style + "".join(groups))


def _steps(shown: Iterable[tuple[float, float]], whole: float) -> str:
    marks = {0.0: False}
    for start, end in shown:
        marks[start] = True
        if end < whole:
            marks.setdefault(end, False)
    return "".join(
        f"{100 * at / whole:.5g}%{{visibility:{'visible' if marks[at] else 'hidden'}}}"
        for at in sorted(marks)
    )


def commonest(rows: Iterable[Row]) -> Look:
    """The background and the colour of text that most cells have."""
    backs: Counter[str] = Counter()
    fores: Counter[str] = Counter()
    for row in rows:
        for cell in row:
            backs[cell.look.back] += 1
            if not cell.blank:
                fores[cell.look.fore] += 1
    return Look(max(fores, key=fores.__getitem__, default="#ffffff"), backs.most_common(1)[0][0])


def _document(columns: int, lines: int, default: Look, inside: str) -> str:
    width, height = columns * WIDTH + 2 * MARGIN, lines * HEIGHT + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width} {height}" font-family="{FONTS}" '
        f'font-size="{FONT_SIZE}" fill="{default.fore}">\n'
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{width}" height="{height}" rx="6" '
        f'fill="{default.back}"/>\n{inside}</svg>\n'
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """One line of the screen; `default` is the look that is not written."""

    default: Look
    row: Row
    line: int

    @property
    def y(self) -> int:
        return self.line * HEIGHT


def _drawn(parts: _Parts) -> str:
    drawn = "".join((*_backgrounds(parts), *_shapes(parts), *_underlines(parts), *_texts(parts)))
    return f"{drawn}\n" if drawn else ""


def _runs(row: Row, key: object) -> Iterator[tuple[int, int, Cell]]:
    """Begin, end and first cell of the longest runs of cells that are alike by `key`."""
    begin = 0
    for at in range(1, len(row) + 1):
        if at == len(row) or key(row[at]) != key(row[begin]):  # type: ignore[operator]
            yield begin, at, row[begin]
            begin = at


def _backgrounds(parts: _Parts) -> Iterator[str]:
    for begin, end, cell in _runs(parts.row, lambda cell: cell.look.back):
        if cell.look.back != parts.default.back:
            box = Box(0, 0, end - begin, 1)
            yield _box(box, begin, parts, cell.look.back)


def _underlines(parts: _Parts) -> Iterator[str]:
    for begin, end, cell in _runs(parts.row, lambda cell: (cell.look.underline, cell.look.fore)):
        if cell.look.underline:
            yield _box(Box(0, 0.87, end - begin, 0.06), begin, parts, cell.look.fore)


def _shapes(parts: _Parts) -> Iterator[str]:
    for begin, end, cell in _runs(parts.row, lambda cell: (cell.text, cell.look.fore)):
        for shape in shapes(cell.text, HEIGHT / WIDTH):
            if isinstance(shape, Box) and shape.joins:
                yield _box(replace(shape, width=end - begin), begin, parts, cell.look.fore)
                continue
            for at in range(begin, end):
                if isinstance(shape, Box):
                    yield _box(shape, at, parts, cell.look.fore)
                else:
                    yield _arc(shape, at, parts, cell.look.fore)


def _box(box: Box, column: int, parts: _Parts, fill: str) -> str:
    opacity = f' opacity="{box.opacity:g}"' if box.opacity < 1 else ""
    thin = (
        min(box.width * WIDTH, box.height * HEIGHT) < WIDTH / 4
    )  # a line, which meets its corners
    crisp = "" if thin else ' shape-rendering="crispEdges"'
    return (
        f'<rect x="{(column + box.x) * WIDTH:g}" y="{parts.y + box.y * HEIGHT:g}" '
        f'width="{box.width * WIDTH:g}" height="{box.height * HEIGHT:g}"'
        f"{_fill(fill, parts)}{opacity}{crisp}/>"
    )


def _arc(arc: Arc, column: int, parts: _Parts, stroke: str) -> str:
    x, y = (column + 0.5) * WIDTH, parts.y + HEIGHT / 2
    side = WIDTH / 2 if arc.right else -WIDTH / 2
    end = HEIGHT / 2 if arc.down else -HEIGHT / 2
    curve = abs(side) if arc.down else -abs(side)
    return (
        f'<path d="M{x + side:g} {y:g}Q{x:g} {y:g} {x:g} {y + curve:g}V{y + end:g}" fill="none" '
        f'stroke="{stroke}" stroke-width="{arc.thick * HEIGHT:g}"/>'
    )


def _texts(parts: _Parts) -> Iterator[str]:
    """Text by its look: what looks alike is one element, each character at its own position."""
    element: list[str] = []
    look, last = None, 0
    for at, cell in enumerate(parts.row):
        if cell.blank or shapes(cell.text, 1):
            continue
        text, own = escape(cell.text, quote=False), replace(cell.look, back="", underline=False)
        if own == look:
            # Blanks between words, for whoever copies the text; they are drawn at no position.
            gap = " " if at > last + 1 else ""
            element.append(f'{gap}<tspan x="{at * WIDTH}">{text}</tspan>')
        else:
            if element:
                yield "".join((*element, "</text>"))
            begin = f'<text x="{at * WIDTH}" y="{parts.y + BASELINE}"'
            element, look = [f"{begin}{_dress(own, parts)}>{text}"], own
        last = at
    if element:
        yield "".join((*element, "</text>"))


def _dress(look: Look, parts: _Parts) -> str:
    bold = ' font-weight="bold"' if look.bold else ""
    italic = ' font-style="italic"' if look.italic else ""
    return f"{_fill(look.fore, parts)}{bold}{italic}"


def _fill(color: str, parts: _Parts) -> str:
    return "" if color == parts.default.fore else f' fill="{color}"'
