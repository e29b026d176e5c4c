"""Copying out of a terminal: OSC 52 where the terminal takes it, and always to a file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from siptui.domain.text import visible

if TYPE_CHECKING:
    from textual.app import App

_FILE = "copied.txt"
#: More than this is cut off or refused by common terminals.
_MOST = 74_994


def copy_text(app: "App[object]", text: str) -> str:
    """Copy `text`; what to tell the operator, the file's name included."""
    if len(text.encode()) <= _MOST:
        app.copy_to_clipboard(text)
    folder: Path | None = getattr(app, "save_folder", None)
    if folder is None:
        return "copied"
    path = folder / _FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        return f"copied; the file {visible(str(path))} could not be written: {error.strerror}"
    return f"copied, also to {visible(str(path))}"
