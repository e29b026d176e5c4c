"""Writing a file from the console: where to is asked, and before one that is there is replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from siptui.domain.errors import SiptuiError
from siptui.domain.text import visible
from siptui.tui.dialogs.ask import Choice, Prompt
from siptui.tui.surface import Line

#: Writes the file, replacing one only where told to; what to say then. Raises `SiptuiError`.
Write = Callable[[Path, bool], str]


async def ask_and_write(
    app: App[Any], title: str, hint: str, proposed: Path, write: Write
) -> tuple[str, str]:
    """Ask for a path and have `write` write there; what to say, and its tone (nothing if left)."""
    text: Line = ((hint, "muted"),)
    typed = await app.push_screen_wait(Prompt(title, [text], value=str(proposed)))
    if typed is None:
        return "", "muted"
    path = _path(typed)
    try:
        return write(path, False), "accent"
    except SiptuiError as error:
        if error.code != "exists":
            return _told(error), "failed"
    choices = [("no", "leave it", ""), ("yes", "replace it", visible(str(path)))]
    if await app.push_screen_wait(Choice("The file exists", choices)) != "yes":
        return "not written: the file exists already.", "muted"
    try:
        return write(path, True), "accent"
    except SiptuiError as error:
        return _told(error), "failed"


def _path(typed: str) -> Path:
    return Path(typed).expanduser()


def _told(error: SiptuiError) -> str:
    return visible(f"{error.title}: {error.message} {error.remedy}".strip())
