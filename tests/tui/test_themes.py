"""Theme files: those that come with siptui, and broken ones."""

from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color

from siptui.domain.errors import UsageError
from siptui.tui.themes import STATES, load_themes, read_theme, themes_folder

NAMES = {
    "siptui-dark",
    "siptui-light",
    "high-contrast",
    "colour-blind",
    "ansi-colour-blind",
    "ansi-dark",
    "ansi-light",
    "mono",
}
_TOLD_APART = ("ok", "failed", "running", "unknown")
GOOD = (themes_folder() / "siptui-dark.toml").read_text(encoding="utf-8")


def test_all_that_come_with_siptui_are_good() -> None:
    themes = load_themes()
    assert set(themes.files) == NAMES
    assert themes.faults == ()


@pytest.mark.parametrize("name", sorted(n for n in NAMES if "ansi" not in n and n != "mono"))
def test_all_can_be_read_everywhere_in_24_and_in_8_bits(name: str) -> None:
    theme = load_themes().files[name]
    colors = theme.colors
    fores = {state: getattr(theme.status, state) for state in STATES}
    fores |= {part: getattr(colors, part) for part in ("foreground", "accent", "muted")}
    fores["head"] = colors.head or colors.muted
    for place in ("background", "surface", "panel", "cursor"):
        back = getattr(colors, place)
        for part, fore in fores.items():
            assert _contrast(Color.parse(fore), Color.parse(back)) >= 4.5, (part, place)
            assert _contrast(_in_256(fore), _in_256(back)) >= 4.5, (part, place)


def _contrast(one: Color, other: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("name", sorted(n for n in NAMES if "ansi" not in n and n != "mono"))
def test_states_differ_in_256_colours(name: str) -> None:
    theme = load_themes().files[name]
    assert len({_in_256(getattr(theme.status, s)) for s in _TOLD_APART}) == len(_TOLD_APART)


def test_where_there_are_sixteen_colours_a_theme_of_sixteen_is_shown(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    (tmp_path / "far.toml").write_text(GOOD.replace("dark = true", 'dark = true\nsixteen = "no"'))
    themes = load_themes(tmp_path).files
    assert themes["siptui-dark"].in_few == themes["mine"].in_few == "ansi-dark"
    assert themes["siptui-light"].in_few == "ansi-light"
    assert themes["colour-blind"].in_few == "ansi-colour-blind"
    assert all(not theme.in_few for theme in themes.values() if theme.ansi)
    own = themes["high-contrast"]  # black, white and the bright colours are among the sixteen
    assert own.in_few == "high-contrast"
    for state in STATES:
        fore = _in_16(getattr(own.status, state))
        assert _contrast(fore, _in_16(own.colors.background)) >= 4.5, state
    looks = {(_in_16(getattr(own.status, s)), getattr(own.style, s)) for s in _TOLD_APART}
    assert len(looks) == len(_TOLD_APART)


def _in_256(text: str) -> Color:
    return _nearest(text, ColorSystem.EIGHT_BIT)


def _in_16(text: str) -> Color:
    return _nearest(text, ColorSystem.STANDARD)


def _nearest(text: str, system: ColorSystem) -> Color:
    found = RichColor.parse(Color.parse(text).hex6.lower()).downgrade(system)
    return Color(*found.get_truecolor())


@pytest.mark.parametrize("name", sorted(n for n in NAMES if "ansi" in n or n == "mono"))
def test_states_differ_in_the_terminals_own_colours(name: str) -> None:
    theme = load_themes().files[name]
    looks = {
        state: (getattr(theme.status, state), getattr(theme.style, state))
        for state in ("ok", "failed", "running", "unknown")
    }
    if name == "mono":  # signed in and running look alike: symbol and word tell them apart
        del looks["running"]
    assert len(set(looks.values())) == len(looks)
    assert "reverse" in theme.style.cursor


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dark = ", "Invalid value"),
        (GOOD.replace("#87d787", "greenish"), "ok = 'greenish' is no colour"),
        (GOOD.replace("#87d787", "ansi_green"), "ok must be a colour such as"),
        (GOOD.replace('ok = "#87d787"\n', ""), "missing required field `ok`"),
        (GOOD + "\nblink = true\n", "unknown field `blink`"),
        (GOOD + '\n[style]\nok = "blinking"\n', "is no text style"),
        ("name = '\x1b[2J'", "control|Invalid|x1b"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=f"theme mine.toml: .*({why})") as caught:
        read_theme(path)
    assert "\x1b" not in caught.value.message


def test_own_files_win_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "siptui-dark.toml").write_text(GOOD.replace("#87d787", "#00ff00"))
    (tmp_path / "mine.toml").write_text("nonsense")
    themes = load_themes(tmp_path)
    assert themes.files["siptui-dark"].status.ok == "#00ff00"
    assert set(themes.files) == NAMES
    assert len(themes.faults) == 1
