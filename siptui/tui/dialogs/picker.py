"""The file picker: textual-fspicker's, made safe for names that hold markup or control codes."""

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input
from textual_fspicker import FileOpen
from textual_fspicker.base_dialog import Dialog, InputBar
from textual_fspicker.icons import Icons
from textual_fspicker.parts import CurrentDirectory, DirectoryNavigation
from textual_fspicker.safe_tests import is_dir

from siptui.domain.text import visible

#: Keys of the picker that are printed: hidden files, and away.
_COMMANDS = (".", "q", " ")


class _Navigation(DirectoryNavigation):
    """Leaves out entries whose names could steer a terminal; they can still be typed."""

    def hide(self, path: Path) -> bool:
        return visible(path.name) != path.name or bool(super().hide(path))

    def on_key(self, event: events.Key) -> None:
        """What is no command of the picker begins a path."""
        if event.is_printable and event.character not in _COMMANDS:
            event.stop()
            event.prevent_default()
            field = self.screen.query_one(Input)
            field.focus()
            field.insert_text_at_cursor(event.character or "")

    def on_paste(self, event: events.Paste) -> None:
        """So does what is pasted."""
        event.stop()
        field = self.screen.query_one(Input)
        field.focus()
        field.post_message(events.Paste(event.text))


class _Directory(CurrentDirectory):
    """The folder's name as plain text."""

    def update(self, content: Any = "", *, layout: bool = True) -> None:
        super().update(Content(visible(str(content))), layout=layout)


class Picker(FileOpen):
    """Asks for a file: choose it in the list, or type its path."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "dismiss(None)", show=False)]

    def __init__(self, location: Path) -> None:
        super().__init__(location, title="Open a device list")
        # Symbols outside the basic plane are two cells wide in some terminals and one in others.
        Icons.set_picker(lambda place: Text("/" if is_dir(Path(place)) else " "))

    def compose(self) -> ComposeResult:
        """As the original, with plain text in place of markup."""
        with Dialog() as dialog:
            dialog.border_title = Content("Open a device list")
            dialog.border_subtitle = Content(_KEYS)
            yield _Directory(markup=False)
            with Horizontal():
                yield _Navigation(self._location)
            with InputBar():
                yield Input(
                    placeholder="a path, or choose above",
                    suggester=self._suggest_path,
                    select_on_focus=False,  # what was typed in the list begins it
                    compact=True,
                )
                yield Button("Open", id="select", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def _set_error(self, message: str = "") -> None:
        dialog = self.query_one(Dialog)
        dialog.border_subtitle = Content(visible(message)) if message else Content(_KEYS)


_KEYS = "Enter opens · type a path, or Tab · Backspace: up · . hidden files · Esc"
