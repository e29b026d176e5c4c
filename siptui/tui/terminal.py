"""What a terminal is told when a run ends: the bell always, a notification where it is wanted.

OSC 9 is what iTerm2, WezTerm, ConEmu, Windows Terminal and others show as a notification of the
desktop; it passes over SSH. Other terminals pass over it, or show rubbish: hence an option.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from siptui.domain.state import SYMBOLS, DeviceState
from siptui.domain.text import visible
from siptui.host import clipboard
from siptui.host.files import make_folders, open_private
from siptui.runs.state import RunState

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App


def announce(app: "App[Any]", run: RunState | None, *, notify: bool) -> None:
    """Ring, and `notify` where the operator wants it."""
    app.bell()
    if notify and run is not None:
        send(app, end_of_run(run))


def end_of_run(run: RunState, environ: Mapping[str, str] | None = None) -> str:
    """The sequence that tells of the end of `run`: numbers alone, nothing foreign.

    Inside tmux and GNU screen it is wrapped, so that it reaches the terminal outside; tmux lets it
    pass with `set -g allow-passthrough on`.
    """
    environ = os.environ if environ is None else environ
    counts = run.counts
    parts = [f"{counts[DeviceState.SUCCEEDED]} signed in"]
    if failed := counts[DeviceState.FAILED]:
        parts.append(f"{failed} failed")
    if unknown := counts[DeviceState.UNKNOWN]:
        parts.append(f"{unknown} unknown")
    told = f"\x1b]9;siptui: {', '.join(parts)}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + told.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return f"\x1bP{told}\x1b\\" if environ.get("STY") else told


_FILE = "copied.txt"
#: More than this is cut off or refused by common terminals.
_MOST = 74_994


def copy_text(app: "App[object]", text: str) -> str:
    """Copy `text`; what to tell the operator, the file's name included."""
    if len(text.encode()) <= _MOST:
        app.copy_to_clipboard(text)
    if not app.is_headless:
        clipboard.copy(text)
    folder: Path | None = getattr(app, "save_folder", None)
    if folder is None:
        return "copied"
    path = folder / _FILE
    try:
        make_folders(folder)
        fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        return f"copied; the file {visible(str(path))} could not be written: {error.strerror}"
    return f"copied, also to {visible(str(path))}"


_SAVE, _BACK = "\x1b[22;2t", "\x1b[23;2t"  # xterm's stack of titles; others pass over it


def title_of(run: RunState | None) -> str:
    """`siptui 87/100 ✗3`: numbers alone, nothing foreign."""
    if run is None:
        return "siptui"
    failed, unknown = run.counts[DeviceState.FAILED], run.counts[DeviceState.UNKNOWN]
    parts = [f"siptui {run.counts[DeviceState.SUCCEEDED] + failed}/{len(run.devices)}"]
    if failed:
        parts.append(f"{SYMBOLS[DeviceState.FAILED]}{failed}")
    if unknown:
        parts.append(f"{SYMBOLS[DeviceState.UNKNOWN]}{unknown}")
    return " ".join(parts)


class Title:
    """The title as it was sent last; the same one is not sent twice."""

    def __init__(self) -> None:
        self._sent = ""

    def show(self, app: "App[Any]", run: RunState | None) -> None:
        """Send the title if it differs."""
        text = title_of(run)
        if text != self._sent and send(app, f"{'' if self._sent else _SAVE}\x1b]2;{text}\x07"):
            self._sent = text

    def give_back(self, app: "App[Any]") -> None:
        """The title from before where the terminal kept it, else none."""
        if self._sent:
            send(app, f"\x1b]2;\x07{_BACK}")
        self._sent = ""


def send(app: "App[Any]", data: str) -> bool:
    """Send `data` beside the frames; whether there is a terminal to send it to."""
    driver = app._driver  # as Textual's own bell and clipboard do; it has no public way
    if driver is None or app.is_headless:
        return False
    driver.write(data)
    return True
