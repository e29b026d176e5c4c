"""The Textual application: keys, themes, and a clean way out."""

import gc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from siptui.domain.text import visible
from siptui.runs.service import RunService
from siptui.tui.actions import ACTIONS, resolve_keys
from siptui.tui.base_app import ThemedApp
from siptui.tui.console.action_state import NO_WORKER
from siptui.tui.console.model import Session
from siptui.tui.console.screen import Console
from siptui.tui.options import ConsoleOptions, Destination

#: Seconds after the first frame, or between two looks whether a list is still being read, and
#: seconds between two parts of what is imported then, for keys to come first.
_BEFORE_IMPORTS = 0.2
_BETWEEN_IMPORTS = 0.02


class SiptuiApp(ThemedApp[int | Destination]):
    """The console on a run service."""

    ENABLE_COMMAND_PALETTE = False  # its own is a dialog like every other
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, system=True)
    ]

    def __init__(self, run_service: RunService, options: ConsoleOptions) -> None:
        super().__init__(options.theme, options.themes_folder)
        self.save_folder: Path | None = options.save_folder
        self._keys = resolve_keys(options.keys)
        self.session = Session(run_service, options)
        self.farewell = ""

    def get_default_screen(self) -> Screen[None]:
        """The console itself."""
        return Console(self.session, self._keys, self.size)

    def on_mount(self) -> None:
        """Own keys, broken themes, signals."""
        defaults = {action.id: action.keys for action in ACTIONS}
        own = {name: ",".join(keys) for name, keys in self._keys.items() if keys != defaults[name]}
        if own:
            self.set_keymap(own)
        self.heed_signals()

    def on_ready(self) -> None:
        """The first frame is there: other themes that are broken are told of, and garbage is
        collected from now on."""
        if self._themes.faults and isinstance(console := self.screen_stack[0], Console):
            said = ". ".join(self._themes.faults)
            console.log_pane.append([((f"{said}.", "unknown"),)])
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        if isinstance(console := self.screen_stack[0], Console):
            rest = [self.session.options.after_first_frame, *console.flows.rest()]
            self.set_timer(_BEFORE_IMPORTS, partial(self._import_rest, console, rest))

    def _import_rest(self, console: Console, rest: list[Callable[[], object]]) -> None:
        """Import what the first frame could do without, a part at a time: no key waits for all
        of it or later for its own part, and an update of siptui does not change what comes."""
        if console.list_flow.opening:
            self.set_timer(_BEFORE_IMPORTS, partial(self._import_rest, console, rest))
        elif rest:
            rest.pop()()
            self.set_timer(_BETWEEN_IMPORTS, partial(self._import_rest, console, rest))

    def action_ask_to_quit(self) -> None:
        """As `q` does, whatever is on top."""
        if isinstance(console := self.screen_stack[0], Console):
            console.flows.run.quit()

    def action_step_back(self) -> None:
        """As in every application; a filter that is being typed is left first."""
        if not (isinstance(self.screen, Console) and self.screen.drop_filter()):
            super().action_step_back()

    def on_unmount(self) -> None:
        """Close the run; it continues, which is printed when the screen is gone."""
        if self.session.live and self.session.run and not self.session.options.run_ends_with_us:
            run = self.session.run.run
            self.farewell = f"The run goes on. To come back to it: siptui attach {run}"
            if self.session.worker_gone:
                self.farewell = f"{NO_WORKER} To resume it: siptui resume {run}"
        if (folder := self.session.options.passing_folder) is not None:
            self.farewell = (
                f"The demo's folder {visible(str(folder))} was removed, with its list and runs. "
                "What was exported elsewhere stays."
            )
        self.session.leave()
