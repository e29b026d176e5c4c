"""Command lines as this system's shell writes them: taken apart, and written to be typed.

`split` raises `ValueError` for what cannot be taken apart. `join` and `quoted` make what an
operator can type again. `has_folder` tells a path from a name.
"""

import os
import sys

if sys.platform == "win32":
    from siptui.host.windows.command_line import join, quoted, split
else:
    from shlex import join, split
    from shlex import quote as quoted

__all__ = ["has_folder", "join", "quoted", "split"]


def has_folder(word: str) -> bool:
    """Whether `word`, as the name of a file, says in which folder it lies."""
    return os.sep in word or bool(os.altsep and os.altsep in word)
