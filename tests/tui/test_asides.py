"""`?` in a dialog tells its keys and what its answer leads to, and leaves the answer as it was."""

import re
from pathlib import Path

import siptui.tui
from siptui.tui.asides import ASIDES
from siptui.tui.dialogs.ask import Choice, Confirm
from siptui.tui.dialogs.columns import ColumnChoice
from siptui.tui.dialogs.page import Page
from tests.tui.desk import list_text, make_devices
from tests.tui.harness import console

_TITLED = re.compile(r'\b(?:Choice|Confirm)\(\s*"([^"]+)"')


def test_every_question_has_one() -> None:
    folder = Path(siptui.tui.__file__).parent
    asked = {t for file in folder.rglob("*.py") for t in _TITLED.findall(file.read_text())}
    assert len(asked) > 12
    assert asked <= set(ASIDES)


async def test_a_question_is_told_of_and_goes_on(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as bench:
        await bench.press("S", "j", "question_mark")
        assert isinstance(bench.app.screen, Page)
        assert "About: Sort by" in bench.text
        assert "turns the order round" in bench.flat
        await bench.press("escape")
        assert isinstance(bench.app.screen, Choice)
        await bench.press("enter")
        assert bench.console.grid.sorted_by == ("user", False)
        await bench.press("c", "question_mark")
        assert "show or hide this column" in bench.text
        await bench.press("escape")
        assert isinstance(bench.app.screen, ColumnChoice)
        await bench.press("escape", "s", "question_mark")
        assert "a new password that nobody knows" in bench.flat
        await bench.press("escape")
        assert isinstance(bench.app.screen, Confirm)
        assert not bench.desk.started
        await bench.press("3", "enter")
        assert len(bench.desk.started) == 1


async def test_a_filter_is_told_of_while_nothing_is_typed(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as bench:
        await bench.press("slash", "question_mark")
        assert "each must be in the row" in bench.text
        await bench.press("escape", *"1@?")
        assert bench.console.filter_field.value == "1@?"
