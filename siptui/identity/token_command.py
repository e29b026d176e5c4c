"""Running the operator's own command that prints a token (`SIPTUI_ACCESS_TOKEN_COMMAND`).

It runs in no folder of the operator's, wherever siptui was started: many such commands are Python
programs, and those load modules from the folder they run in.
"""

import os
import subprocess
from pathlib import Path

from siptui.domain.text import visible
from siptui.host.command_line import has_folder, join, split
from siptui.host.processes import end_child, start_child
from siptui.identity.entra_errors import scrubbed

#: Seconds a command may take; `az` on a slow host needs some.
LIMIT = 60.0
_MOST = 100_000


class CommandFailedError(Exception):
    """The command gave nothing; the text says why, as the end of a sentence."""


def printed_by(command: str) -> str:
    """What `command` prints. Blocks for up to `LIMIT` seconds. Raises `CommandFailedError`."""
    try:
        words = split(from_anywhere(command))
    except ValueError as error:
        raise CommandFailedError(f"the command cannot be read: {visible(str(error))}") from None
    try:
        child = start_child(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, IndexError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is empty"
        raise CommandFailedError(f"the command cannot be run: {reason}") from None
    try:
        said, complained = child.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise CommandFailedError(f"the command took more than {LIMIT:g} s") from None
    finally:
        end_child(child)
    if child.returncode:
        lines = complained.decode("utf-8", "replace").strip().splitlines()
        last = f": {scrubbed(visible(lines[-1]))[:200]}" if lines else ""
        raise CommandFailedError(f"the command failed ({child.returncode}){last}")
    return said[:_MOST].decode("utf-8", "replace").strip()


def from_anywhere(command: str) -> str:
    """`command` with its relative paths made absolute, from the folder this process stands in.

    These are the words with a slash that name something there (`./token.sh`); neither an address
    nor a word that happens to be the name of a file. Raises `ValueError` for an open quote.
    """
    words = split(command)
    try:
        here = Path.cwd()
    except OSError:  # it was deleted: nothing is relative to it
        return command
    made = [
        str(here / word) if has_folder(word) and os.path.lexists(here / word) else word
        for word in words
    ]
    return command if made == words else join(made)
