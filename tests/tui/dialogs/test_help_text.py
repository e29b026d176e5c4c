"""`?` in a dialog tells its keys and what its answer leads to, and leaves the answer as it was."""

import re
from pathlib import Path

import siptui.tui
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.columns import ColumnChoice
from siptui.tui.dialogs.help_text import ASIDES
from siptui.tui.dialogs.page import Page
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices

_TITLED = re.compile(r'\b(?:Choice|Confirm)\(\s*"([^"]+)"')


def test_every_question_has_one() -> None:
    folder = Path(siptui.tui.__file__).parent
    asked = {t for file in folder.rglob("*.py") for t in _TITLED.findall(file.read_text())}
    assert len(asked) > 12
    assert asked <= set(ASIDES)


async def test_a_question_is_told_of_and_goes_on(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        await harness.press("S", "j", "question_mark")
        assert isinstance(harness.app.screen, Page)
        assert "About: Sort by" in harness.text
        assert "turns the order round" in harness.flat
        await harness.press("escape")
        assert isinstance(harness.app.screen, Choice)
        await harness.press("enter")
        assert harness.console.grid.sorted_by == ("user", False)
        await harness.press("c", "question_mark")
        assert "show or hide this column" in harness.text
        await harness.press("escape")
        assert isinstance(harness.app.screen, ColumnChoice)
        await harness.press("escape", "s", "question_mark")
        assert "a new password that nobody knows" in harness.flat
        await harness.press("escape")
        assert isinstance(harness.app.screen, Confirm)
        assert not harness.runs.started
        await harness.press("3", "enter")
        assert len(harness.runs.started) == 1


async def test_a_filter_is_told_of_while_nothing_is_typed(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        await harness.press("slash", "question_mark")
        assert "each must be in the row" in harness.text
        await harness.press("escape", *"1@?")
        assert harness.console.filter_field.value == "1@?"
