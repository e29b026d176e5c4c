"""`?` in a dialog tells its keys and what its answer leads to, and leaves the answer as it was."""

from pathlib import Path

from siptui.tui.dialogs.ask import Choice, Confirm, asked
from siptui.tui.dialogs.columns import ColumnChoice
from siptui.tui.dialogs.help_text import TEXTS, Topic
from siptui.tui.dialogs.page import Page
from siptui.tui.widgets.text_lines import Surface
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices


def test_every_topic_has_a_text() -> None:
    assert all(TEXTS[topic] for topic in Topic)


async def test_what_cannot_be_undone_is_bold_by_what_it_is(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(3))) as harness:
        await harness.press("s")
        lines = harness.app.screen.query_one("#dialog-text", Surface).lines
        strong = "".join(text for line in lines for text, tone in line if tone == "strong")
        assert "will be reset to an unknown value" in " ".join(strong.split())
    told = asked(["This cannot be undone.", ("This.", "strong")], 3)
    assert [line for line in told if line and line[0][1] == "strong"] == [(("This.", "strong"),)]


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
        await harness.press("escape", "s", "question_mark", "G")
        assert "a new, unknown password" in harness.flat
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


async def test_an_option_does_not_run_into_what_is_said_of_it(tmp_path: Path) -> None:
    options = [("a", "leave them out", "submit the others"), ("b", "漢字 of each", "3 values")]
    async with console(tmp_path, text=list_text(make_devices(3)), size=(80, 24)) as harness:
        harness.app.push_screen(Choice("Which?", options, topic=Topic.COPY))
        await harness.settle()
        assert "leave them out  submit the others" in harness.text
        assert "漢字 of each    3 values" in harness.text
