"""A field to type into whose dialog has keys of its own."""

from collections.abc import Mapping
from typing import Any

from textual import events
from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.widgets import Input


class Field(Input):
    """As long as nothing is typed, the keys in `acting` do what they name: an action of the
    screen. They must be such as nothing that is typed here begins with.

    How its parts look (the cursor, the hint) is worked out when they are drawn. Textual does it
    at each start, dialog and change of focus, and applies its whole style sheet for each part.
    The console's field is hidden most of the time.
    """

    def __init__(self, value: str = "", *, acting: Mapping[str, str], **options: Any) -> None:
        super().__init__(value, **options)
        self._acting = acting

    @classmethod
    def _get_component_classes(cls) -> frozenset[str]:  # type: ignore[override]  # there cached
        return frozenset()

    def get_component_styles(self, *names: str) -> RenderStyles:
        """As Textual's; the styles of a part are made when they are first asked for."""
        for name in names:
            if name not in self._component_styles and name in Input.COMPONENT_CLASSES:
                part = DOMNode(classes=name)
                part._attach(self)
                self.app.stylesheet.apply(part)
                self._component_styles[name] = part.styles
        return super().get_component_styles(*names)

    def notify_style_update(self) -> None:
        """Another theme, or a class or the focus came or went: its parts may look otherwise."""
        if self._component_styles:
            self._component_styles.clear()
            self.refresh()
        super().notify_style_update()

    async def on_key(self, event: events.Key) -> None:
        """Act, or leave the key to the field."""
        if not self.value and event.key in self._acting:
            event.stop()
            event.prevent_default()
            await self.screen.run_action(self._acting[event.key])
