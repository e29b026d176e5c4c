"""The file picker: textual-fspicker's, made safe for names that hold markup or control codes.

A path is typed and completed as in a shell. What was opened last stands on top.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option
from textual_fspicker import FileOpen
from textual_fspicker.base_dialog import Dialog, InputBar
from textual_fspicker.icons import Icons
from textual_fspicker.parts import CurrentDirectory, DirectoryNavigation
from textual_fspicker.safe_tests import is_dir

from siptui.domain.text import visible
from siptui.tui.path_completion import complete, resolved
from siptui.tui.widgets.text_lines import Surface, fit

#: Keys of the picker that are printed: hidden files, and away.
_COMMANDS = (".", "q", " ")
#: Names that are shown where a path can go on with several.
_SHOWN = 12


class _Begins:
    """What is printed in a list and no command of the picker begins a path; so does a paste."""

    screen: Any

    def on_key(self, event: events.Key) -> None:
        """To the field."""
        if event.is_printable and event.character not in _COMMANDS:
            event.stop()
            event.prevent_default()
            field = self.screen.query_one(Input)
            field.focus()
            field.insert_text_at_cursor(event.character or "")

    def on_paste(self, event: events.Paste) -> None:
        """To the field."""
        event.stop()
        field = self.screen.query_one(Input)
        field.focus()
        field.post_message(events.Paste(event.text))


class _Navigation(_Begins, DirectoryNavigation):
    """Leaves out entries whose names could steer a terminal; they can still be typed."""

    def hide(self, path: Path) -> bool:
        return visible(path.name) != path.name or bool(super().hide(path))

    def action_cursor_up(self) -> None:
        """From the first entry to what was opened last."""
        recent = self.screen.query_one("#recent", OptionList)
        if not self.highlighted and recent.option_count:
            recent.focus()
            recent.highlighted = recent.option_count - 1
        else:
            super().action_cursor_up()


class _Recent(_Begins, OptionList):
    """What was opened last, the newest first."""

    def action_cursor_down(self) -> None:
        """From the last of them to the folder."""
        if self.highlighted == self.option_count - 1:
            self.screen.query_one(DirectoryNavigation).focus()
        else:
            super().action_cursor_down()


class _Directory(CurrentDirectory):
    """The folder's name as plain text."""

    def update(self, content: Any = "", *, layout: bool = True) -> None:
        super().update(Content(visible(str(content))), layout=layout)


class _Suggester(Suggester):
    """Shows behind the cursor what Tab would complete."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.root = Path()

    async def get_suggestion(self, value: str) -> str | None:
        """What is certain of it."""
        text = complete(value, self.root).text
        return text if text != value else None


class _Field(Input):
    """A path that is typed; Tab completes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "to_list", show=False),
    ]

    def action_complete(self) -> None:
        """As far as it is certain, then the names that could follow."""
        picker = self.screen
        if isinstance(picker, Picker):
            picker.complete()

    def action_to_list(self) -> None:
        """To the folder above; what was typed stays."""
        self.screen.query_one(DirectoryNavigation).focus()


class Picker(FileOpen):
    """Asks for a file: choose it in the list, or type its path.

    `recent` are the files that were opened last, the newest first; `typed` stands in the field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "dismiss(None)", show=False)]

    def __init__(self, location: Path, *, recent: Sequence[Path] = (), typed: str = "") -> None:
        super().__init__(location, title="Open a device list")
        self._recent = recent
        self._begun = typed
        self._suggester = _Suggester()
        self._suggest_path = self._suggester  # type: ignore[assignment]  # which has a root as well
        # Symbols outside the basic plane are two cells wide in some terminals and one in others.
        Icons.set_picker(lambda place: Text("/" if is_dir(Path(place)) else " "))

    def compose(self) -> ComposeResult:
        """As the original, with plain text in place of markup."""
        with Dialog() as dialog:
            dialog.border_title = Content("Open a device list")
            dialog.border_subtitle = Content(_KEYS)
            yield _Recent(
                *(Option(Content(f"  {visible(str(path))}")) for path in self._recent), id="recent"
            )
            yield _Directory(markup=False)
            with Horizontal():
                yield _Navigation(self._location)
            yield Surface(id="picker-said")
            with InputBar():
                yield _Field(
                    self._begun,
                    placeholder="a path, or choose above",
                    suggester=self._suggester,
                    select_on_focus=False,  # what was typed in the list begins it
                    compact=True,
                )
                yield Button("Open", id="select", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Begin where the last list was opened from, or with what was typed before."""
        recent = self.query_one("#recent", OptionList)
        recent.display = bool(self._recent)
        recent.styles.height = len(self._recent)
        if self._begun:
            self.call_after_refresh(self.query_one(Input).focus)
        elif self._recent:
            recent.highlighted = 0
            self.call_after_refresh(recent.focus)

    @property
    def typed(self) -> str:
        """What stands in the field."""
        return self.query_one(Input).value if self.is_mounted else self._begun

    def complete(self) -> None:
        """Complete what is typed, or show the names it could go on with."""
        field = self.query_one(Input)
        found = complete(field.value, self._folder)
        if not found.names:
            self._set_error("Nothing here begins so.")
        elif found.text != field.value:
            field.value = found.text
            field.cursor_position = len(found.text)
        elif len(found.names) > 1:
            more = len(found.names) - _SHOWN
            names = "  ".join(found.names[:_SHOWN])
            self._say(names + (f"  and {more} more" if more > 0 else ""), "muted")

    @property
    def _folder(self) -> Path:
        return self.query_one(DirectoryNavigation).location

    @on(OptionList.OptionSelected, "#recent")
    def _open_recent(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(str(self._recent[event.option_index]))

    @on(DirectoryNavigation.Selected)
    def _open_selected(self, event: DirectoryNavigation.Selected) -> None:
        """Enter opens; what was typed beside it is left alone."""
        event.prevent_default()
        event.stop()
        self._take(str(event.path))

    @on(Input.Submitted)
    @on(Button.Pressed, "#select")
    def _open_typed(self, event: Input.Submitted | Button.Pressed) -> None:
        """Open what is typed; where that is the beginning of one name alone, that."""
        event.prevent_default()
        event.stop()
        field = self.query_one(Input)
        text = field.value
        if not text:
            self._set_error("Type a path, or choose a file above.")
            return
        found = complete(text, self._folder)
        if len(found.names) == 1 and not _exists(text, self._folder):
            text = field.value = found.text
            field.cursor_position = len(text)
        self._take(text)

    def _take(self, text: str) -> None:
        """Open the file, or go to the folder, that `text` names."""
        try:
            path = resolved(text, self._folder)
            if path.is_dir():
                navigation = self.query_one(DirectoryNavigation)
                navigation.location = path
                navigation.focus()  # to choose from; what is typed there goes on in the field
                if self.query_one(Input).value == text:  # it says where we are now
                    self.query_one(Input).value = ""
            elif path.exists():
                self.dismiss(path)
            else:
                self._set_error(f"There is no file {path}.")
        except (OSError, RuntimeError, ValueError) as error:
            self._set_error(getattr(error, "strerror", None) or str(error))

    def _set_error(self, message: str = "") -> None:
        self._say(message, "failed")

    def _say(self, text: str, tone: str) -> None:
        """In a line of its own: the keys stay where they are."""
        said = self.query_one("#picker-said", Surface)
        said.show([fit(((f" {visible(text)}", tone),), max(10, said.size.width))] if text else [()])


def _exists(text: str, folder: Path) -> bool:
    try:
        return resolved(text, folder).exists()
    except (OSError, RuntimeError, ValueError):
        return False


_KEYS = "Enter opens · type, Tab completes · Backspace: up · . hidden · Esc"
