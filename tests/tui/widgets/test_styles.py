"""The colour of a profile: its tenant's name can be read on it, whatever the colour is."""

import re
from pathlib import Path

import pytest
from textual.color import Color

from siptui.settings.accent import accent_colour
from siptui.tui.widgets.styles import block, contrast
from tests.tui.harness import console


@pytest.mark.parametrize(
    "name", ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "grey"]
)
def test_a_name_on_each_named_colour_has_contrast(name: str) -> None:
    style = block(accent_colour(name))
    assert style.color is not None
    assert style.bgcolor is not None
    fore, back = (Color.from_rich_color(c) for c in (style.color, style.bgcolor))
    assert contrast(fore, back) >= 4.5


def test_a_colour_is_a_name_or_a_number() -> None:
    assert accent_colour("#ABC") == "#aabbcc"
    assert accent_colour(" Orange ") == "#e8871e"
    for wrong in ("", "#12", "loud", "#12345g", "rgb(1,2,3)"):
        with pytest.raises(ValueError, match=f"^{re.escape(wrong)}$"):
            accent_colour(wrong)


async def test_the_header_names_the_tenant_in_the_colour_of_its_profile(tmp_path: Path) -> None:
    async with console(tmp_path, accent="#e8871e") as harness:
        header = harness.console.query_one("#header")
        strip = header.render_line(0)
        name = harness.console.session.tenant
        (segment,) = [one for one in strip if name in one.text]
        assert segment.text == f" {name} "
        assert segment.style is not None
        assert segment.style.bgcolor is not None
        assert segment.style.bgcolor.triplet is not None
        assert segment.style.bgcolor.triplet.hex == "#e8871e"
    async with console(tmp_path / "plain") as harness:
        assert f"siptui  {harness.console.session.tenant}" in harness.text
