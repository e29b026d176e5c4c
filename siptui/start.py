"""The entry point of `siptui`: help, version and URLs at once, all else by `siptui.cli`."""

import sys

from siptui import __version__


def main() -> None:
    """Run the command line and leave with its exit code."""
    asked = sys.argv[1:]
    if asked == ["--version"]:
        _answer(f"siptui {__version__}")
    elif asked in (["--help"], ["-h"], ["help"]):
        from siptui.help_page import page

        _answer(page())
    elif asked[:1] == ["urls"]:
        from siptui.commands.urls_page import plain_page

        text = plain_page(asked[1:])
        if text is not None:
            _answer(text)
    from siptui.cli import main as command_line

    command_line()


def _answer(text: str) -> None:
    """Print `text` and leave; what goes wrong with that is told by the command line."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except (OSError, UnicodeError):
        return
    sys.exit(0)
