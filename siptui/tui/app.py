"""The Textual application: themes, keys, palette, and a clean way out."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from siptui.runs.desk import Desk
from siptui.tui.actions import ACTIONS, resolve_keys
from siptui.tui.flows import Console
from siptui.tui.options import ConsoleOptions
from siptui.tui.session import Session
from siptui.tui.themes import ThemeFile, as_textual, load_themes, variables

_FALLBACK = "siptui-dark"


class SiptuiApp(App[int]):
    """The console on a desk."""

    CSS_PATH = "console.tcss"
    TITLE = "siptui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, system=True)
    ]

    def __init__(self, desk: Desk, options: ConsoleOptions) -> None:
        self._themes = load_themes(options.themes_folder)
        self._defaults = variables(self._themes.files.get(_FALLBACK) or _plain())
        no_color = os.environ.get("NO_COLOR") is not None
        # Textual decides at construction how colours leave; without colour they must not at all.
        super().__init__(ansi_color=True if no_color else None)
        self.save_folder: Path | None = options.save_folder
        self._keys = resolve_keys(options.keys)
        for name, theme in self._themes.files.items():
            self.register_theme(as_textual(name, theme))
        for name in list(self.available_themes):
            if name not in self._themes.files:
                self.unregister_theme(name)
        wanted = "mono" if no_color else options.theme
        self._theme_missing = wanted if wanted not in self._themes.files else ""
        self.theme = _FALLBACK if self._theme_missing else wanted
        self.session = Session(desk, options)
        self.left_by: int | None = None
        self.farewell = ""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """siptui's own variables, for themes that lack them."""
        return self._defaults

    def get_default_screen(self) -> Screen[None]:
        """The console itself."""
        return Console(self.session, self._keys)

    def on_mount(self) -> None:
        """Own keys, broken themes, and signals that would leave the terminal in disorder."""
        defaults = {action.id: action.keys for action in ACTIONS}
        own = {name: ",".join(keys) for name, keys in self._keys.items() if keys != defaults[name]}
        if own:
            self.set_keymap(own)
        faults = list(self._themes.faults)
        if self._theme_missing:
            known = ", ".join(self._themes.files)
            faults.append(f"theme {self._theme_missing} is not known; there are {known}")
        if faults and isinstance(self.screen, Console):
            self.screen.log_pane.append([((fault, "unknown"),) for fault in faults])
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not in a thread other than the main one, as in tests.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, partial(self._leave, number))

    def _leave(self, number: int) -> None:
        self.left_by = number
        self.exit(128 + number)

    def on_unmount(self) -> None:
        """Let go of the run; it goes on without us, which is told when the screen is gone."""
        if self.session.live and self.session.run and not self.session.options.run_ends_with_us:
            run = self.session.run.run
            self.farewell = f"The run goes on. To come back to it: siptui attach {run}"
        self.session.leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what can be done now, and the themes."""
        if not isinstance(screen, Console):
            return
        offers = screen.offers()
        for action in ACTIONS:
            if action.palette and action.id in offers:
                run = partial(self._act, screen, action.id, action.scope)
                keys = " ".join(screen.key_of[action.id] for _ in self._keys[action.id][:1])
                title = f"{offers[action.id]}  ({keys})" if keys else offers[action.id]
                yield SystemCommand(title, action.help, run)
        for name in self._themes.files:
            yield SystemCommand(f"theme {name}", "use this theme", partial(self._use, name))

    def _use(self, name: str) -> None:
        self.theme = name

    async def _act(self, screen: Console, action: str, scope: str) -> None:
        if scope == "grid":
            await self.run_action(f"grid_{action}", screen.grid)
        else:
            await self.run_action(action, screen)


def _plain() -> ThemeFile:
    """Colours in case even the default theme is missing from a broken installation."""
    from siptui.tui.themes import Colors, Status

    grey, white, black = "#9e9e9e", "#d0d0d0", "#121212"
    return ThemeFile(
        Colors(white, white, black, white, black, black, grey, "#303030"),
        Status("#87d787", "#ff8787", white, grey, "#ffd75f", "#d7af87"),
    )
