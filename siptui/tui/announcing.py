"""What a terminal is told when a run ends: the bell always, a notification where it is wanted.

OSC 9 is what iTerm2, WezTerm, ConEmu, Windows Terminal and others show as a notification of the
desktop; it passes over SSH. Other terminals pass over it, or show rubbish: hence an option.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from siptui.domain.state import DeviceState
from siptui.runs.state import RunState
from siptui.tui.title import send

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
