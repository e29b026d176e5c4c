"""The tones of the screen: a name for each, a style from the theme, symbol and word beside it."""

from typing import TYPE_CHECKING

from rich.style import Style

TONES = (
    "normal",
    "muted",
    "strong",
    "accent",
    "key",
    "ok",
    "failed",
    "running",
    "queued",
    "unknown",
    "invalid",
)

#: For the `COMPONENT_CLASSES` of a `Toned` widget; Textual looks for them on widgets alone.
TONE_CLASSES = frozenset(f"tone--{tone}" for tone in (*TONES, "cursor", "head"))

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


class Toned(_Base):
    """For widgets that draw lines: a cached Rich style for each tone."""

    _tones: dict[str, Style] | None = None

    def tone_style(self, tone: str) -> Style:
        """The style of a tone on this widget's background."""
        if self._tones is None:
            self._tones = {}
        style = self._tones.get(tone)
        if style is None:
            style = self._tones[tone] = self.get_component_rich_style(f"tone--{tone}")
        return style

    def forget_tones(self) -> None:
        """The theme changed."""
        self._tones = None
