"""What is sent is what differs, and after it the terminal shows what Textual meant."""

from collections.abc import Sequence
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from siptui.tui.widgets.frame_diff import Painter
from tests.tui.harness import ConsoleHarness, CountingDriver, console
from tests.tui.scripted_runs import list_text, make_devices

WIDTH, HEIGHT = 24, 4
_STYLES = ("none", "bold red on blue", "green", "on blue", "underline", "reverse", "dim #87d787")


class Terminal:
    """A terminal as pyte has it."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        self.stream.feed(text)

    @property
    def shown(self) -> list[list[tuple[object, ...]]]:
        """Text and look of every cell; of a blank only what can be seen."""
        buffer = self.screen.buffer
        lines = []
        for y in range(self.screen.lines):
            cells: list[tuple[object, ...]] = []
            for x in range(self.screen.columns):
                cell = buffer[y][x]
                seen: tuple[object, ...] = (cell.data, cell.bg, cell.underscore, cell.reverse)
                if cell.data.strip() or cell.underscore or cell.reverse:
                    seen = (*cell, cell.data)
                cells.append(seen)
            lines.append(cells)
        return lines


def _strip(runs: Sequence[tuple[str, str]]) -> Strip:
    strip = Strip([Segment(text, Style.parse(style)) for text, style in runs if text])
    return strip.adjust_cell_length(WIDTH)


_texts = st.text(alphabet="ab ✓é漢▌…", max_size=9)
_lines = st.lists(st.tuples(_texts, st.sampled_from(_STYLES)), max_size=4).map(_strip)
_frames = st.lists(_lines, min_size=HEIGHT, max_size=HEIGHT)


def _paint(painter: Painter, frame: list[Strip]) -> str:
    update = LayoutUpdate([[strip] for strip in frame], Region(0, 0, WIDTH, HEIGHT))
    text = painter.paint(update, (WIDTH, HEIGHT), ColorSystem.TRUECOLOR)
    assert text is not None
    return text


@settings(deadline=None, max_examples=60)
@given(st.lists(_frames, min_size=2, max_size=5))
def test_differences_lead_to_the_same_screen_as_whole_frames(frames: list[list[Strip]]) -> None:
    painter, terminal = Painter(), Terminal(WIDTH, HEIGHT)
    for frame in frames:
        terminal.feed(_paint(painter, frame))
        fresh = Terminal(WIDTH, HEIGHT)
        fresh.feed(_paint(Painter(), frame))
        assert terminal.shown == fresh.shown
        assert _paint(painter, frame) == ""


@settings(deadline=None, max_examples=40)
@given(_frames, _frames, st.integers(1, WIDTH - 2), st.integers(1, WIDTH))
def test_a_part_of_a_frame(one: list[Strip], other: list[Strip], x1: int, wide: int) -> None:
    x2 = min(WIDTH - 1, x1 + wide)
    painter, terminal = Painter(), Terminal(WIDTH, HEIGHT)
    terminal.feed(_paint(painter, one))
    parts = [strip.divide([x1, x2, WIDTH]) for strip in other]
    chops = [{0: p[0], x1: p[1], x2: p[2]} for p in parts]
    update = ChopsUpdate(chops, [(2, x1, x2)], [[x1, x2, WIDTH]] * HEIGHT)
    terminal.feed(painter.paint(update, (WIDTH, HEIGHT), ColorSystem.TRUECOLOR) or "")
    fresh = Terminal(WIDTH, HEIGHT)
    fresh.feed(_paint(Painter(), [one[0], one[1], other[2], one[3]]))
    cut = {x1 - 1, x1, x2 - 1, x2}  # wide characters may have been cut in two there
    inside = [x for x in range(x1, x2) if x not in cut]
    assert [terminal.shown[2][x] for x in inside] == [fresh.shown[2][x] for x in inside]
    assert terminal.shown[1] == fresh.shown[1]
    terminal.feed(_paint(painter, other))
    fresh = Terminal(WIDTH, HEIGHT)
    fresh.feed(_paint(Painter(), other))
    assert terminal.shown == fresh.shown


def _driver(harness: ConsoleHarness) -> CountingDriver:
    driver = harness.app._driver
    assert isinstance(driver, CountingDriver)
    return driver


async def _same(harness: ConsoleHarness, terminal: Terminal) -> int:
    """Feed what was sent; how much that was."""
    sent = _driver(harness).take()
    terminal.feed(sent)
    text = [line.rstrip() for line in harness.text.splitlines()]
    assert [line.rstrip() for line in terminal.screen.display] == text
    return len(sent.encode())


async def test_a_walk_through_the_console(tmp_path: Path) -> None:
    size = (80, 24)
    terminal = Terminal(*size)
    text = list_text(make_devices(60))
    async with console(tmp_path, text=text, counting=True, size=size) as harness:
        await _same(harness, terminal)
        await harness.press("s")
        dialog = await _same(harness, terminal)
        await harness.type("60")
        await harness.press("enter")
        await _same(harness, terminal)
        harness.runs.accept(1)
        harness.runs.finish([1, 2, 5])
        harness.runs.finish([3, 4], error="Device is offline")
        for keys in ("f", "escape", "pagedown", "k", "enter", "escape", "question_mark", "escape"):
            await harness.look()
            await harness.press(keys)
            await _same(harness, terminal)
        await harness.press("R")
        await _same(harness, terminal)
        await harness.press("escape")
        await _same(harness, terminal)
        harness.app.theme = "siptui-light"
        await harness.settle()
        await _same(harness, terminal)
        as_sent = terminal.shown
        harness.console.app.action_redraw()  # type: ignore[attr-defined]  # it is a ThemedApp
        await harness.until(lambda: _driver(harness).sent)
        whole = await _same(harness, terminal)
        assert terminal.shown == as_sent
        assert dialog < 0.8 * whole


async def test_a_terminal_that_does_not_keep_up_gets_the_last_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(120, 40)
    async with console(tmp_path, text=list_text(make_devices(60)), counting=True) as harness:
        await _same(harness, terminal)
        stuck = True
        monkeypatch.setattr("siptui.tui.base_app.waiting_frames", lambda _: 99 if stuck else 0)
        for key in "jjjj":
            await harness.press(key)
        assert _driver(harness).sent == ""
        stuck = False
        await harness.until(lambda: _driver(harness).sent)
        await _same(harness, terminal)
