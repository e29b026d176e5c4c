"""Every widget has the styles that the style sheet gives it, from its first frame on."""

from pathlib import Path

from textual.widget import Widget

from tests.tui.harness import ConsoleHarness, console
from tests.tui.scripted_runs import list_text, make_devices


def _look_over(harness: ConsoleHarness) -> int:
    """How many widgets there are, each of which looks as if the sheet were applied just now."""
    seen = 0
    for screen in harness.app.screen_stack:
        for widget in screen.walk_children(Widget, with_self=True):
            had = dict(widget.styles.base.get_rules())
            harness.app.stylesheet.apply(widget)
            assert widget.styles.base.get_rules() == had, widget
            seen += 1
    return seen


async def test_whatever_is_opened_looks_as_the_style_sheet_says(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        ground = _look_over(harness)
        for key in ("s", "S", "c", "h", "question_mark", "u", "o", "enter", "colon"):
            await harness.press(key)
            assert _look_over(harness) > ground, key
            await harness.press("escape")
            assert _look_over(harness) == ground, key


async def test_a_theme_is_taken_to_what_lies_below_a_dialog(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        dark = harness.console.styles.background
        await harness.press("s")
        harness.app.theme = "siptui-light"
        await harness.settle()
        _look_over(harness)
        await harness.press("escape")
        _look_over(harness)
        assert harness.console.styles.background != dark
