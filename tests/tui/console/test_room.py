"""What does not fit is told of and reached; room that is free is used."""

from pathlib import Path

import pytest
from textual.events import Resize
from textual.geometry import Size

from siptui.runs import events as ev
from siptui.tui.actions import ACTIONS, BY_ID, resolve_keys
from siptui.tui.console.footer import footer
from siptui.tui.dialogs.live_page import RowPage
from siptui.tui.dialogs.page import Page
from siptui.tui.widgets.key_bar import KeyBar
from siptui.tui.widgets.log_pane import LogPane
from siptui.tui.widgets.text_lines import Surface
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices

LINES = list_text(make_devices(30)).splitlines()
EXTRA = ("Site", "Room", "Floor", "Model", "Contact")
WITH_EXTRA = "\n".join(
    [f"{LINES[0]},{','.join(EXTRA)}"]
    + [
        f"{line},Berlin,R{n},F{n},Poly VVX 450,desk{n}@a.example"
        for n, line in enumerate(LINES[1:])
    ]
)
KEYS = resolve_keys()
WORDS = {action.id: action.title for action in ACTIONS}


def _head(harness: ConsoleHarness) -> str:
    return next(line for line in harness.text.splitlines() if "User" in line)


async def test_columns_that_do_not_fit_are_told_of_and_reached(tmp_path: Path) -> None:
    async with console(tmp_path, text=WITH_EXTRA, size=(80, 24)) as harness:
        await harness.press("c", "asterisk", "asterisk", "asterisk", "enter")
        assert "→" in _head(harness)
        assert "Contact" not in _head(harness)
        seen = _head(harness)
        for _ in range(16):
            await harness.press("right")
            assert "User" in _head(harness)
            assert "lobby.00000" in harness.text
            seen += _head(harness)
        assert all(name in seen for name in EXTRA)
        assert "desk0@a.example" in harness.text
        assert "← " in _head(harness)
        await harness.press("y")
        assert harness.app.clipboard == "desk0@a.example"
        await harness.press("c")
        assert "does not fit here: → goes there" in harness.text
        assert "nothing in it yet" in harness.text
        await harness.press("g", "space")
        assert "Line                     off" in harness.text
        await harness.press("space", "escape", *["left"] * 20)
        assert "Hardware ID" in _head(harness)


async def test_what_is_known_of_a_row_is_broken_into_lines_and_the_log_has_the_rest(
    tmp_path: Path,
) -> None:
    async with console(tmp_path, text=list_text(make_devices(40)), size=(80, 24)) as harness:
        await harness.submit(40)
        harness.runs.accept(1)
        harness.runs.finish([1], error="User missing phone number assignment")
        await harness.look()
        pane, log = harness.console.query_one("#detail", Surface), harness.console.log_pane
        high = log.size.height + pane.size.height
        rows = harness.console.grid.size.height
        assert len(pane.lines) == pane.size.height < 4
        await harness.press("j")
        assert pane.size.height == 4
        assert (log.size.height + pane.size.height, harness.console.grid.size.height) == (
            high,
            rows,
        )
        assert "…" not in "".join(text for line in pane.lines for text, _ in line).replace(
            "…", "", 1
        )
        if "d more" in harness.text:
            await harness.press("d")
            assert "d more" not in harness.text
            assert "PhoneNumberType" in harness.flat
            assert harness.console.grid.size.height < rows
            await harness.press("d")
        assert harness.console.grid.size.height == rows


async def test_lines_that_a_short_table_leaves_empty_tell_of_the_row(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(40)), size=(80, 24)) as harness:
        await harness.submit(40)
        harness.runs.accept(1)
        harness.runs.finish([1], error="User missing phone number assignment")
        await harness.look()
        pane, grid = harness.console.query_one("#detail", Surface), harness.console.grid
        await harness.press("j")
        assert pane.size.height == 4
        assert "d more" in harness.text
        await harness.press("slash", *"failed", "enter")
        assert len(grid.index.view) == 1
        assert "d more" not in harness.text
        assert "PhoneNumberType" in harness.flat
        assert len(pane.lines) == pane.size.height > 4
        assert grid.size.height >= 2
        high = grid.size.height
        await harness.press("escape")
        assert "d more" in harness.text
        assert grid.size.height > high


@pytest.mark.parametrize("width", [60, 80, 120, 200, 400])
def test_the_line_of_keys_uses_its_width(width: int) -> None:
    _, keys = footer(WORDS, KEYS, width)
    used = sum(one.width for one in keys)
    assert used <= width
    assert [one.action for one in keys[-2:]] == ["help", "quit"]
    assert [one.action for one in keys[:3]] == ["settle", "submit", "retry"]
    left = {a.id for a in ACTIONS if a.palette and KEYS[a.id]} - {one.action for one in keys}
    assert all(used + len(WORDS[i]) + 4 > width for i in left)
    assert all(one.action in BY_ID for one in keys)


async def test_the_mouse_is_a_second_way(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(9)), size=(80, 24)) as harness:
        line = harness.text.splitlines()[-1]
        await harness.pilot.click(KeyBar, offset=(line.index("? help"), 0))
        await harness.settle()
        assert isinstance(harness.app.screen, Page)
        await harness.press("escape")
        await harness.pilot.click(KeyBar, offset=(line.index("Space mark"), 0))
        await harness.settle()
        assert harness.console.grid.index.marked() == [0]
        title = _head(harness).index("Hardware ID")
        await harness.pilot.click("#grid", offset=(title, 0))
        await harness.settle()
        assert harness.console.grid.sorted_by == ("hardware_id", False)
        await harness.pilot.click("#grid", offset=(title, 0))
        await harness.settle()
        assert harness.console.grid.sorted_by == ("hardware_id", True)
        await harness.pilot.click("#grid", offset=(20, 3), times=2)
        await harness.settle()
        assert isinstance(harness.app.screen, RowPage)
        assert "lobby.00006" in harness.text.splitlines()[0]


async def test_the_pane_that_takes_the_keys_is_seen(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(9))) as harness:
        await harness.submit(9)
        for n in range(9):
            harness.runs.write(ev.Note(level="info", text=f"note {n}"))
        await harness.look()
        grid = next(line for line in harness.text.splitlines() if "lobby.00000" in line)
        assert grid.startswith("▌")
        await harness.press("tab")
        assert isinstance(harness.app.screen.focused, LogPane)
        assert "▌" in next(line for line in harness.text.splitlines() if "note 8" in line)
        grid = next(line for line in harness.text.splitlines() if "lobby.00000" in line)
        assert grid.startswith("│")
        assert "j k scroll log" in harness.text.splitlines()[-1]
        await harness.press("tab")
        assert "scroll log" not in harness.text.splitlines()[-1]
        assert "▌" not in next(line for line in harness.text.splitlines() if "note 8" in line)


async def test_two_sizes_under_way_do_not_follow_each_other_for_ever(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(9)), size=(80, 24)) as harness:
        screen, heard = harness.console, []
        show = screen.share_height

        def shown() -> None:
            heard.append(screen.size)
            assert len(heard) < 50  # else nothing ends it
            show()

        screen.share_height = shown  # type: ignore[method-assign]
        for height in (30, 24, 31, 24):  # something between, as on a host that is slow
            size = Size(80, height)
            screen.post_message(Resize(size, size))
            screen.call_later(lambda: None)
        await harness.settle()
        await harness.pilot.resize_terminal(100, 30)
        await harness.settle()
        assert screen.size == (100, 30)
        assert len(heard) < 20


async def test_what_a_retry_does_to_passwords_is_seen_before_its_many_causes(
    tmp_path: Path,
) -> None:
    errors = [
        *("User not found in tenant.", "User missing phone number assignment."),
        *("Device offline", "Device not found in records.", "Something of its own."),
    ]
    async with console(tmp_path, text=list_text(make_devices(25)), size=(80, 24)) as harness:
        await harness.submit(25)
        harness.runs.accept(1)
        for place in range(25):
            harness.runs.finish([place], error=errors[place % len(errors)])
        await harness.look()
        await harness.press("r")
        assert "this cannot be undone" in harness.flat.replace("│", " ").replace("  ", " ")
