"""What every application of siptui has in common: themes, colours as asked for, a way out."""

import asyncio
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event
from textual.worker import get_current_worker

from siptui.domain.errors import UsageError
from siptui.host.signals import on_terminal_end
from siptui.tui.input_gate import InputGate
from siptui.tui.themes import (
    Colors,
    Status,
    ThemeFile,
    as_textual,
    known_theme,
    load_themes,
    variables,
)
from siptui.tui.widgets.frame_diff import Painter, Sent

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.screen import Screen
    from textual.timer import Timer

T = TypeVar("T")
_FALLBACK = "siptui-dark"
#: Seconds an application has to end after its terminal went away.
_LEAVING = 3.0
#: Frames that may wait for a slow link; the next ones are left out until it has caught up.
_WAITING = 4
_LOOK_AGAIN = 0.05


class ThemedApp(App[T]):
    """An application in `theme`; `UsageError` where there is none of that name or it is broken."""

    CSS_PATH = Path(__file__).with_name("console.tcss")  # for classes derived elsewhere, too
    TITLE = "siptui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "ask_to_quit", show=False, system=True, priority=True),
        Binding("ctrl+c", "step_back", show=False, system=True, priority=True),
    ]

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
        if theme not in self._themes.files:
            known_theme(theme, themes_folder)
            broken = (fault for fault in self._themes.faults if fault.startswith(f"theme {theme}."))
            raise UsageError(next(broken, f"the theme {theme} cannot be used"), code="theme")
        self.theme = self.fitting("mono" if no_color else theme)
        self.left_by: int | None = None
        self._painter = Painter()
        self._left_out: Timer | None = None
        self.gate = InputGate(self)

    def fitting(self, theme: str) -> str:
        """The theme in whose place `theme` is shown: itself, but on a terminal of 16 colours."""
        found = self._themes.files.get(theme)
        other = found.in_few if found and self.console.color_system == "standard" else ""
        return other if other in self._themes.files else theme

    def on_mount(self) -> None:
        """What stood on the screen is gone after another program had the terminal."""
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())

    def get_driver_class(self) -> "type[Driver]":
        """Textual's, read in whole pieces where it is the one of POSIX terminals."""
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from siptui.tui.terminal_driver import TerminalDriver

        return TerminalDriver

    def on_unmount(self) -> None:
        """What was typed and not carried out yet is dropped."""
        self.gate.close()

    async def on_event(self, event: Event) -> None:
        """Keys and pastes one at a time, each when the one before was carried out."""
        if not self.gate.holds(event):
            await super().on_event(event)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """As Textual does; the gate is told who waits for the answer."""
        worker = get_current_worker()
        self.gate.asks(worker, screen)
        try:
            return await super().push_screen_wait(screen, mode=mode)
        finally:
            self.gate.answered(worker)

    def action_ask_to_quit(self) -> None:
        """Leave; applications that have something to lose ask first."""
        self.exit()

    def action_step_back(self) -> None:
        """Leave what is on top as Escape does; from the ground it asks to quit."""
        if len(self.screen_stack) < 2:
            self.action_ask_to_quit()
        elif callable(leave := getattr(self.screen, "action_leave", None)):
            leave()
        else:
            self.screen.dismiss(None)

    def action_redraw(self) -> None:
        """Send the whole screen, whatever the terminal shows."""
        self._painter.forget()
        self.screen.refresh()

    def _check_resize(self) -> None:
        self._painter.forget()  # terminals move or drop what stood there
        super()._check_resize()

    def _display(self, screen: "Screen[object]", renderable: object) -> None:
        """Send a frame: of what it shows, what differs from what the terminal shows already.

        Textual has no public place for this; `Painter` is held to what Textual itself would show.
        """
        if (
            isinstance(renderable, CompositorUpdate)
            and not self._batch_count
            and self._running
            and not self._closed
            and not self.is_headless
            and self._driver is not None
        ):
            if self._behind():
                return
            size = (screen.outer_size.width, screen.outer_size.height)
            text = self._painter.paint(renderable, size, self.console._color_system)
            if self._painter.partial:
                self._painter.partial = False
                self.call_later(self.screen.refresh)
            if text is not None:
                renderable = Sent(text) if text else None
        super()._display(screen, renderable)  # type: ignore[arg-type]  # as it came

    def _behind(self) -> bool:
        """Whether the terminal has not taken the last frames yet. Then this one is left out, so
        that a slow link never holds the loop up, and what stands there then comes later."""
        if waiting_frames(self._driver) < _WAITING:
            return False
        if self._left_out is None:
            self._left_out = self.set_timer(_LOOK_AGAIN, self._catch_up)
        return True

    def _catch_up(self) -> None:
        self._left_out = None
        self.screen.refresh()

    def run_to_end(self, *, mouse: bool) -> T | None:
        """Run until it is left; what it was left with. An error of the application is raised
        when the terminal is as it was, so that it is told as every other one."""
        answer = self.run(mouse=mouse)
        if self._exception is not None:
            raise getattr(self._exception, "error", self._exception)
        return answer

    def _fatal_error(self) -> None:
        # Textual would print the trace with all local variables, foreign text among them.
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """The error is raised at the end instead of being printed."""
        self._close_messages_no_wait()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """siptui's own variables, for themes that lack them."""
        return self._defaults

    def heed_signals(self) -> None:
        """Leave in order at signals that would leave the terminal in disorder."""
        on_terminal_end(asyncio.get_running_loop(), self._leave)

    def _leave(self, code: int, gone: bool) -> None:
        self.left_by = code
        if gone:
            # Textual's writer may have died with the terminal; its end then waits for it for ever.
            last = threading.Timer(_LEAVING, os._exit, (code,))
            last.daemon = True
            last.start()
        self.exit(return_code=code)


def waiting_frames(driver: object) -> int:
    """What Textual's writer has not given to the terminal yet; when 30 wait, it blocks the loop."""
    thread = getattr(driver, "_writer_thread", None)
    return 0 if thread is None else int(thread._queue.qsize())


def _plain() -> ThemeFile:
    """Colours in case even the default theme is missing from a broken installation."""
    grey, white, black = "#9e9e9e", "#d0d0d0", "#121212"
    return ThemeFile(
        Colors(white, white, black, white, black, black, grey, "#303030"),
        Status("#87d787", "#ff8787", white, grey, "#ffd75f", "#d7af87"),
    )
