"""Styles of a screen that is shown for the first time."""

from textual import events


def keep_styles(event: events.ScreenResume) -> None:
    """Leave them as they are. Textual works the style of each widget out when it is mounted, and
    those of all of them again when their screen is shown first, although nothing can have changed
    in between. A theme that is chosen later is taken to each screen of the stack."""
    event.refresh_styles = False
