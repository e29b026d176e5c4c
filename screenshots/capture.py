"""The cells of a running console."""

from itertools import chain
from typing import Any

from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME
from textual._compositor import LayoutUpdate
from textual.app import App

from screenshots.cells import Grid, row_cells


def screen_cells(app: App[Any]) -> Grid:
    """The screen of a running application, dialogs and what lies below them included."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    light = app.current_theme.ansi is True and not app.current_theme.dark
    theme = DEFAULT_TERMINAL_THEME if light else SVG_EXPORT_THEME
    assert isinstance(update, LayoutUpdate)
    return tuple(row_cells(chain.from_iterable(row), theme) for row in update.strips)
