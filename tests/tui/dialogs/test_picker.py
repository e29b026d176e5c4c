"""The file picker: completed as in a shell, nothing that was typed is lost, the newest on top."""

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList
from textual_fspicker.parts import DirectoryNavigation

from siptui.tui.console.screen import Console
from siptui.tui.dialogs.picker import Picker
from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "lists"
    (folder / "more").mkdir(parents=True)
    for name in ("berlin.csv", "bonn.csv", "more/rome.csv"):
        (folder / name).write_text(list_text(make_devices(3)), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def _typed(harness: ConsoleHarness) -> str:
    return harness.app.screen.query_one(Input).value


def _opened(harness: ConsoleHarness) -> str:
    shown = isinstance(harness.app.screen, Console)
    return Path(harness.console.session.file).name if shown else ""


async def test_tab_completes_and_enter_opens_what_is_completed(tmp_path: Path, lists: Path) -> None:
    async with console(tmp_path, size=(80, 24)) as harness:
        await harness.press("o", "b", "tab")
        assert _typed(harness) == "b"
        assert "berlin.csv  bonn.csv" in harness.text
        assert "Tab completes" in harness.text  # the keys stay beside it
        await harness.press("o", "tab")
        assert _typed(harness) == "bonn.csv"
        await harness.press("enter")
        assert _opened(harness) == "bonn.csv"


async def test_the_beginning_of_one_name_is_enough_and_folders_are_gone_into(
    tmp_path: Path, lists: Path
) -> None:
    async with console(tmp_path) as harness:
        await harness.press("o")
        await harness.type("more/r")
        await harness.press("enter")
        assert _opened(harness) == "rome.csv"


async def test_an_error_leaves_what_was_typed_and_the_keys(tmp_path: Path, lists: Path) -> None:
    async with console(tmp_path, size=(80, 24)) as harness:
        await harness.press("o")
        await harness.type("nothing.csv")
        await harness.press("enter")
        assert "There is no file" in harness.text
        assert "Enter opens · type, Tab completes · Backspace: up · . hidden · Esc" in harness.text
        assert _typed(harness) == "nothing.csv"
        await harness.press("up", "escape", "o")  # away and back
        assert _typed(harness) == "nothing.csv"
        await harness.press("ctrl+u")
        await harness.type("berlin.csv")
        await harness.press("enter", "o")
        assert _typed(harness) == ""


async def test_what_is_typed_stays_while_a_file_is_chosen_in_the_list(
    tmp_path: Path, lists: Path
) -> None:
    async with console(tmp_path) as harness:
        await harness.press("o")
        await harness.type("mo")
        await harness.press("up", "down")
        assert harness.app.screen.query_one(DirectoryNavigation).has_focus
        await harness.press("end", "enter")
        assert _opened(harness) == "bonn.csv"


async def test_the_files_opened_last_stand_on_top(tmp_path: Path, lists: Path) -> None:
    async with console(tmp_path) as harness:
        for name in ("berlin.csv", "bonn.csv", "berlin.csv"):
            await harness.press("o")
            await harness.type(name)
            await harness.press("enter")
        (lists / "bonn.csv").rename(lists / "gone.csv")
        await harness.press("o")
        recent = harness.app.screen.query_one("#recent", OptionList)
        assert [str(one.prompt).strip() for one in recent.options] == [str(lists / "berlin.csv")]
        await harness.press("down")
        assert harness.app.screen.query_one(DirectoryNavigation).has_focus
        await harness.press("up", "enter")
        assert _opened(harness) == "berlin.csv"
    async with console(tmp_path) as harness:  # the next time, too
        await harness.press("o", "enter")
        assert _opened(harness) == "berlin.csv"


async def test_it_is_left_by_the_keys_of_every_dialog(tmp_path: Path, lists: Path) -> None:
    async with console(tmp_path) as harness:
        for key in ("q", "ctrl+c", "escape"):
            await harness.press("o")
            assert isinstance(harness.app.screen, Picker)
            await harness.press(key)
            assert isinstance(harness.app.screen, Console), key
