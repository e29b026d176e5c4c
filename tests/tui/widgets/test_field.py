"""The field to type into looks as Textual's own, at less work."""

from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.widgets import Input
from textual.widgets.input import Selection

from siptui.tui.base_app import ThemedApp
from siptui.tui.widgets.field import Field
from tests.tui.harness import console
from tests.tui.scripted_runs import list_text, make_devices

_OPTIONS = {"placeholder": "words", "compact": True}


class _Both(ThemedApp[None]):
    """Textual's field and ours below each other."""

    def compose(self) -> ComposeResult:
        yield Input(**_OPTIONS)  # type: ignore[arg-type]
        yield Field(acting={}, **_OPTIONS)


def _look(field: Input) -> list[tuple[str, object]]:
    return [(part.text, part.style) for part in field.render_line(0)]


@pytest.mark.parametrize("text", ["", "lobby"])
async def test_its_parts_look_as_those_of_textuals_own(text: str) -> None:
    seen = []
    app = _Both("siptui-dark")
    async with app.run_test(size=(40, 10)) as pilot:
        for theme in ("siptui-dark", "siptui-light"):
            app.theme = theme
            await pilot.pause()
            fields = list(app.query(Input))
            assert type(fields[0]) is not type(fields[1])
            apart, focused, chosen = [], [], []
            for field in fields:
                field.value = text
                app.set_focus(None)
                await pilot.pause()
                apart.append(_look(field))
                field.focus()
                await pilot.pause()
                field.selection = Selection.cursor(len(text))
                focused.append(_look(field))
                field.selection = Selection(0, len(text))
                chosen.append(_look(field))
            for theirs, ours in (apart, focused, chosen):
                assert theirs == ours
                seen.append(ours)
            assert apart != focused
    assert seen[:3] != seen[3:]  # the theme is seen


async def test_parts_of_a_field_that_is_not_shown_cost_nothing(tmp_path: Path) -> None:
    async with console(tmp_path, text=list_text(make_devices(2))) as harness:
        assert not harness.console.filter_field._component_styles
        await harness.press("slash")
        assert "words, !word" in harness.text
        assert harness.console.filter_field._component_styles
