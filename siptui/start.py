"""The entry point of `siptui`: help, version and URLs at once, all else by `siptui.cli.main`."""

import os
import sys

from siptui import __version__
from siptui.host.standard_streams import make_unbreakable, output_error


def main() -> None:
    """Run the command line and leave with its exit code."""
    _leave_current_folder_out()
    _open_what_is_closed()
    make_unbreakable()
    asked = sys.argv[1:]
    if asked == ["--version"]:
        _answer(f"siptui {__version__}")
    elif asked in (["--help"], ["-h"]):
        from siptui.help_page import page

        _answer(page())
    elif asked[:1] == ["urls"]:
        from siptui.cli.urls_page import plain_page

        text = plain_page(asked[1:])
        if text is not None:
            _answer(text)
    from siptui.cli.main import main as command_line

    command_line()


def _leave_current_folder_out() -> None:
    """Take the folders off `sys.path` that the relative entries of `PYTHONPATH` stand for.

    They depend on where the operator stands; an empty one (`PYTHONPATH=/opt/lib:`) is the current
    folder itself. First of all, and without an import: it could come from there.
    """
    for entry in os.environ.get("PYTHONPATH", "/").split(os.pathsep):
        if not os.path.isabs(entry):  # noqa: PTH117
            try:
                found = os.path.abspath(entry)  # noqa: PTH100 - as `site` has made it
            except OSError:  # the current folder was deleted
                found = entry
            sys.path[:] = [place for place in sys.path if place not in (entry, found)]


def _open_what_is_closed() -> None:
    """Put nothing in the place of standard streams that were closed (`siptui … <&- >&-`).

    Python has none then, and the next file that is opened gets their number: what a program
    started from here prints would go into the journal.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(null, null == number)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def _answer(text: str) -> None:
    """Print `text` and leave; what goes wrong with that is told by the command line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    if output_error() is None:
        sys.exit(0)
