"""Sizes of the terminal that are over already when a screen hears of them."""

from typing import Any

from textual import events
from textual.screen import Screen


def passed_by(screen: Screen[Any], event: events.Resize) -> bool:
    """Whether the terminal has another size by now; the event is not acted on then.

    Each layout of Textual tells the screen its size once more. Two sizes that are under way with
    something between them would follow each other for ever, and nothing else would be heard: no
    key, no end of the terminal. That is so at every start on a terminal that tells no size (0×0),
    where Textual itself assumes 25 lines first and 24 then.
    """
    if event.size == screen.app.size:
        return False
    event.prevent_default()
    return True
