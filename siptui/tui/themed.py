"""What every application of siptui has in common: themes, colours as asked for, a way out."""

import asyncio
import contextlib
import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual.app import App

from siptui.tui.themes import ThemeFile, as_textual, load_themes, variables

T = TypeVar("T")
_FALLBACK = "siptui-dark"
#: Seconds an application has to end after its terminal went away.
_LEAVING = 3.0


class ThemedApp(App[T]):
    """An application in `theme`, or in the default one where that is not known."""

    CSS_PATH = "console.tcss"
    TITLE = "siptui"

    def __init__(self, theme: str, themes_folder: Path | None = None) -> None:
        self._themes = load_themes(themes_folder)
        self._defaults = variables(self._themes.files.get(_FALLBACK) or _plain())
        no_color = os.environ.get("NO_COLOR") is not None
        # Textual decides at construction how colours leave; without colour they must not at all.
        super().__init__(ansi_color=True if no_color else None)
        for name, found in self._themes.files.items():
            self.register_theme(as_textual(name, found))
        for name in list(self.available_themes):
            if name not in self._themes.files:
                self.unregister_theme(name)
        wanted = "mono" if no_color else theme
        self._theme_missing = wanted if wanted not in self._themes.files else ""
        self.theme = _FALLBACK if self._theme_missing else wanted
        self.left_by: int | None = None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """siptui's own variables, for themes that lack them."""
        return self._defaults

    def heed_signals(self) -> None:
        """Leave in order at signals that would leave the terminal in disorder."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not in a thread other than the main one, as in tests.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, partial(self._leave, number))

    def _leave(self, number: int) -> None:
        self.left_by = number
        if number == signal.SIGHUP:
            # Textual's writer may have died with the terminal; its end then waits for it for ever.
            last = threading.Timer(_LEAVING, os._exit, (128 + number,))
            last.daemon = True
            last.start()
        self.exit(return_code=128 + number)


def _plain() -> ThemeFile:
    """Colours in case even the default theme is missing from a broken installation."""
    from siptui.tui.themes import Colors, Status

    grey, white, black = "#9e9e9e", "#d0d0d0", "#121212"
    return ThemeFile(
        Colors(white, white, black, white, black, black, grey, "#303030"),
        Status("#87d787", "#ff8787", white, grey, "#ffd75f", "#d7af87"),
    )
