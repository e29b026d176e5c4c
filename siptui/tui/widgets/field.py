"""A field to type into whose dialog has keys of its own."""

from collections.abc import Mapping
from typing import Any

from textual import events
from textual.widgets import Input


class Field(Input):
    """As long as nothing is typed, the keys in `acting` do what they name: an action of the
    screen. They must be such as nothing that is typed here begins with."""

    def __init__(self, value: str = "", *, acting: Mapping[str, str], **options: Any) -> None:
        super().__init__(value, **options)
        self._acting = acting

    async def on_key(self, event: events.Key) -> None:
        """Act, or leave the key to the field."""
        if not self.value and event.key in self._acting:
            event.stop()
            event.prevent_default()
            await self.screen.run_action(self._acting[event.key])
