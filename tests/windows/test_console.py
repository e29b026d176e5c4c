"""The console, by keys alone."""

from pathlib import Path

from textual.widgets import Input

from siptui.tui.base_app import ThemedApp
from tests.tui.harness import console
from tests.tui.scripted_runs import ScriptedRuns, list_text, make_devices


async def test_a_list_is_shown_filtered_and_submitted_by_keys(tmp_path: Path) -> None:
    runs = ScriptedRuns(tmp_path)
    async with console(tmp_path, text=list_text(make_devices(12)), runs=runs) as harness:
        assert "user-0" in harness.text or "@" in harness.text
        await harness.pilot.press("slash")
        await harness.settle()
        assert isinstance(harness.app.focused, Input)
        await harness.pilot.press("escape")
        await harness.settle()
        await harness.pilot.press("question_mark")
        await harness.settle()
        assert len(harness.app.screen_stack) > 1


def test_the_driver_is_that_of_windows() -> None:
    driver = ThemedApp.get_driver_class(ThemedApp("siptui-dark"))
    assert driver.__name__ == "WindowsDriver"
