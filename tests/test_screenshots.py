"""The pictures of the documentation: any viewer shows them as the terminal does.

`python -m screenshots` takes them; `python -m screenshots.viewers` shows them to real viewers.
"""

import re
import string
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style

from screenshots import svg
from screenshots.cells import Cell, Look, row_cells
from screenshots.reading import read
from screenshots.scenes import AFTER, SIZES
from screenshots.shapes import Box, shapes

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "screenshots"
FILES = sorted(FOLDER.glob("*.svg"))
#: What tests of the console compare with is looked at by people, too.
KEPT = sorted((ROOT / "tests" / "tui" / "__snapshots__").rglob("*.svg"))


@pytest.mark.parametrize("files", [FILES, KEPT], ids=["documentation", "tests"])
def test_every_viewer_can_show_them(files: Sequence[Path]) -> None:
    assert len(files) > 40
    for file in files:
        source = file.read_text(encoding="utf-8")
        picture = read(source)
        assert picture.faults == [], file
        assert len(source) <= (400_000 if "@keyframes" in source else 100_000), file
        if size := re.search(r"-(\d+)x(\d+)$", file.stem):
            assert (picture.columns, picture.lines) == tuple(map(int, size.groups())), file
        assert len(picture.characters) > 50, file


def test_the_pictures_are_those_of_the_walk() -> None:
    names = {file.stem for file in FILES}
    assert "demo" in names
    for name in AFTER:
        for width, height in SIZES:
            assert {f"{name}-{width}x{height}", f"{name}-light-{width}x{height}"} <= names
    for document in (ROOT / "README.md", *ROOT.glob(".github/*.md")):
        for named in re.findall(r"screenshots/([\w-]+)\.svg", document.read_text()):
            assert named in names
    assert sum(file.stat().st_size for file in FILES) <= 4_500_000


def test_the_animation_says_something_where_nothing_moves() -> None:
    """A viewer without animation shows one screen, not all of them over each other."""
    source = (FOLDER / "demo.svg").read_text(encoding="utf-8")
    assert "@keyframes" in source
    assert "prefers-reduced-motion" in source
    picture = read(source)  # text over text would be a fault
    assert picture.faults == []
    shown = "\n".join(picture.text(line) for line in range(picture.lines))
    assert "siptui" in picture.text(0)
    assert "signed in" in shown
    assert "Hardware ID" in shown


_LOOKS = st.builds(
    Look,
    fore=st.sampled_from(["#d0d0d0", "#ff8787"]),
    back=st.sampled_from(["#121212", "#262626"]),
    bold=st.booleans(),
    underline=st.booleans(),
)
_CELLS = st.builds(Cell, st.sampled_from([*string.printable[:95], "é", "✓", "\xa0", "·"]), _LOOKS)
_ROWS = st.lists(_CELLS, min_size=20, max_size=20).map(tuple)


@given(st.lists(_ROWS, min_size=2, max_size=4).map(tuple))
@settings(max_examples=25)
def test_a_picture_has_every_character_in_its_cell(grid: tuple[tuple[Cell, ...], ...]) -> None:
    picture = read(svg.still(grid))
    assert picture.faults == []
    assert picture.characters == {
        (line, column): cell.text
        for line, row in enumerate(grid)
        for column, cell in enumerate(row)
        if not cell.blank
    }
    default = re.search(r'rx="6" fill="(#\w+)"', svg.still(grid))
    assert default is not None
    for line, row in enumerate(grid):
        for column, cell in enumerate(row):
            assert picture.backs.get((line, column), default[1]) == cell.look.back


@given(st.lists(st.lists(_ROWS, min_size=2, max_size=2).map(tuple), min_size=1, max_size=4))
@settings(max_examples=12)
def test_an_animation_stands_on_the_frame_it_is_told(
    grids: list[tuple[tuple[Cell, ...], ...]],
) -> None:
    frames = [svg.Frame(grid, 1.0) for grid in grids]
    picture = read(svg.animated(frames, len(frames) - 1))
    assert picture.faults == []
    assert picture.characters == read(svg.still(grids[-1])).characters


def test_wide_characters_and_accents_keep_their_cells() -> None:
    cells = row_cells([Segment("a\u0301\u8a71b", Style(color="#d0d0d0"))])
    assert [cell.text for cell in cells] == ["a\u0301", "\u8a71", "", "b"]
    assert read(svg.still((cells,))).characters == {
        (0, 0): "a\u0301",
        (0, 1): "\u8a71",
        (0, 3): "b",
    }


def test_lines_and_blocks_reach_the_edges_of_their_cells() -> None:
    assert shapes("█", 2) == (Box(0, 0, 1, 1),)
    assert shapes("▁", 2) == (Box(0, 7 / 8, 1, 1 / 8),)
    assert shapes("▌", 2) == (Box(0, 0, 0.5, 1),)
    assert shapes("░", 2) == (Box(0, 0, 1, 1, 0.25),)
    (across,) = shapes("─", 2)
    assert isinstance(across, Box)
    assert (across.x, across.width) == (0, 1)
    (down,) = shapes("┃", 2)
    assert isinstance(down, Box)
    assert (down.y, down.height) == (0, 1)
    assert len(shapes("┼", 2)) == 2
    assert shapes("╭", 2)
    assert shapes("═", 2) == shapes("a", 2) == ()  # drawn as text
