"""Opening the console. Textual reads its environment when it is imported, so that comes last."""

import contextlib
import gc
import os
import sys
from pathlib import Path

from siptui.domain.errors import UsageError
from siptui.host.standard_streams import fit_screen
from siptui.runs.service import RunService
from siptui.tui.actions import resolve_keys
from siptui.tui.options import ConsoleOptions, Destination

#: Frames a second at most, no animation, and time for Escape over a slow link. A frame is only
#: what differs and is left out while the link is behind, so their number is about keys, not bytes.
_ENVIRONMENT = {
    "TEXTUAL_FPS": "50",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "ESCDELAY": "200",
}


def prepare_environment() -> None:
    """Set what Textual reads at import, unless the operator has set it already."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        Path.cwd()
    except OSError:  # it was deleted; libraries ask for it when they are imported
        os.chdir(Path.home())
    for name in ("COLUMNS", "LINES"):  # exported once, they would hide every later size
        os.environ.pop(name, None)


def check_terminal() -> None:
    """Refuse, with the way on, where no console can be drawn. Raises `UsageError`."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "the console needs a terminal",
            remedy="Without one, use `siptui run FILE --region R`; a run is followed with"
            " `siptui attach RUN --json`.",
            code="no_terminal",
        )
    if (term := os.environ.get("TERM", "")) in ("", "dumb", "unknown"):
        raise UsageError(
            f"this terminal (TERM={term or ' is not set'}) cannot draw a console".replace(
                "= ", " "
            ),
            remedy="Set TERM to what your terminal is, or use `siptui run FILE --region R`.",
            code="dumb_terminal",
        )


def run_console(run_service: RunService, options: ConsoleOptions) -> int | Destination:
    """Open the console on `run_service`; returns the exit code when it was left, or where it goes
    on. Raises `UsageError` for own keys that clash and for terminals it cannot be drawn on."""
    check_terminal()
    resolve_keys(options.keys)
    prepare_environment()
    fit_screen()
    gc.disable()  # what is loaded stays; looking for garbage in it holds the first frame up
    try:
        from siptui.tui.app import SiptuiApp

        app = SiptuiApp(run_service, options)
        try:
            code = app.run_to_end(mouse=options.mouse)
        finally:
            _part(app.farewell)
    finally:
        gc.enable()
    return code if isinstance(code, int | Destination) else app.return_code or 0


def _part(farewell: str) -> None:
    if farewell:
        with contextlib.suppress(OSError):  # the terminal may be what went away
            print(farewell, file=sys.stderr, flush=True)  # noqa: T201 - the screen is gone
