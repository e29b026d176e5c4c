"""Where a file is written to: asked, and before one that is there is replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.dialogs.help_text import Topic
from siptui.tui.widgets.text_lines import Line

#: Writes the file, replacing one only where told to; what to say then. Raises `SiptuiError`.
Write = Callable[[Path, bool], str]


async def ask_and_write(
    app: App[Any], title: str, hint: str, proposed: Path, write: Write
) -> tuple[str, str]:
    """Ask for a path and have `write` write there; what to say, and its tone (nothing if left)."""
    value, wrong = str(proposed), ""
    while True:
        text: list[Line] = [((hint, "muted"),), *([((wrong, "failed"),)] if wrong else [])]
        typed = await app.push_screen_wait(Prompt(title, text, value=value))
        if typed is None:
            return ("not written.", "muted") if wrong else ("", "muted")
        value, path = typed, _path(typed)
        try:
            return write(path, False), "accent"
        except SiptuiError as error:
            wrong = _told(error)
            if error.code != "exists":
                continue  # what was typed is kept, to be corrected
        choices = [("no", "leave it", ""), ("yes", "replace it", visible(str(path)))]
        if (
            await app.push_screen_wait(Choice("The file exists", choices, topic=Topic.FILE_EXISTS))
            != "yes"
        ):
            continue  # to another name
        try:
            return write(path, True), "accent"
        except SiptuiError as error:
            wrong = _told(error)


def _path(typed: str) -> Path:
    return Path(typed).expanduser()


def _told(error: SiptuiError) -> str:
    return visible(f"{error.title}: {error.message} {error.remedy}".strip())
