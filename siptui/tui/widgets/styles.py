"""The tones of the screen: a name for each, a style from the theme, symbol and word beside it."""

from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color

from siptui.domain.state import DeviceState

#: For each tone the theme's variable for its colour and its text style: the name of a variable
#: that begins with `$`, or the style itself.
_TONES = {
    "normal": ("foreground", ""),
    "muted": ("muted", "$muted-style"),
    "strong": ("foreground", "bold"),
    "accent": ("accent", ""),
    "key": ("accent", "bold"),
    "ok": ("status-ok", "$status-ok-style"),
    "failed": ("status-failed", "$status-failed-style"),
    "running": ("status-running", "$status-running-style"),
    "queued": ("status-queued", "$status-queued-style"),
    "unknown": ("status-unknown", "$status-unknown-style"),
    "invalid": ("status-invalid", "$status-invalid-style"),
    "head": ("head", "bold"),
}
_STATES = {
    DeviceState.INVALID: "invalid",
    DeviceState.QUEUED: "queued",
    DeviceState.SUBMITTING: "running",
    DeviceState.RUNNING: "running",
    DeviceState.SUCCEEDED: "ok",
    DeviceState.FAILED: "failed",
    DeviceState.UNKNOWN: "unknown",
}
TONES = tuple(tone for tone in _TONES if tone != "head")

#: How a tone begins that is a block of a colour, such as `on #c05a00`.
ON = "on "

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


def tone(state: DeviceState) -> str:
    """The tone in which a state is written."""
    return _STATES[state]


def block(colour: str) -> Style:
    """Black or white on `colour`, whichever is read better; a contrast of 4.5 at least."""
    back = Color.parse(colour)
    text = max(("#000000", "#ffffff"), key=lambda one: contrast(Color.parse(one), back))
    return Style(bold=True, color=text, bgcolor=back.rich_color)


def contrast(one: Color, other: Color) -> float:
    """The ratio of contrast as WCAG 2 counts it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    parts = [one / 255 for one in (colour.r, colour.g, colour.b)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Toned(_Base):
    """For widgets that draw lines: a cached Rich style for each tone.

    Not Textual's component classes: it applies the whole style sheet for each of them to each
    widget, at every start, dialog and change of focus; that was most of the work there.
    """

    _tones: dict[str, Style] | None = None
    _toned_for = ""

    def tone_style(self, tone: str) -> Style:
        """The style of a tone on this widget's background."""
        if self._tones is None:
            self._tones = {}
        style = self._tones.get(tone)
        if style is None:
            style = self._tones[tone] = self._work_out(tone)
        return style

    def _work_out(self, tone: str) -> Style:
        variables = self.app.theme_variables
        back = self.background_colors[1]
        if tone.startswith(ON):
            return self.text_style + block(tone.removeprefix(ON))
        if tone == "cursor":  # the colours of the row, on another background
            back += Color.parse(variables["cursor-row"])
            words, fore = variables["cursor-row-style"], self.rich_style.color
        else:
            color, words = _TONES[tone]
            fore = (back + Color.parse(variables[color])).rich_color
            words = variables[words[1:]] if words.startswith("$") else words
        own = Style.from_color(fore, back.rich_color if back.a else None)
        return self.text_style + Style.parse(words) + own

    def forget_tones(self) -> None:
        """The theme changed, or may have."""
        self._tones = None
        if self._toned_for != self.app.theme:
            self._toned_for = self.app.theme
            self.refresh()
