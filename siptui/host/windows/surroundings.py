"""Terminal, job and true places (Windows)."""

import contextlib
import ctypes
import locale
import os
import sys
import tempfile
from collections.abc import Mapping
from ctypes import wintypes as w
from pathlib import Path

assert sys.platform == "win32"


from siptui.domain.text import visible
from siptui.host.surrounding import Surroundings, came_by_ssh, multiplexer_of, terminal_of
from siptui.host.windows.jobs import own_job
from siptui.host.windows.kernel import kernel32

_NO_PACKAGE = 15700


def look_around(environ: Mapping[str, str]) -> Surroundings:
    """What is around this process, whose environment is `environ`.

    Windows Terminal names itself where it was opened with this shell, not where Windows put a
    console program into it; both then are a console window.
    """
    ssh = came_by_ssh(environ)
    window = "" if ssh or not kernel32.GetConsoleWindow() else "console window"
    page = kernel32.GetConsoleOutputCP()
    return Surroundings(
        terminal=visible(terminal_of(environ)) or window,
        multiplexer=multiplexer_of(environ),
        over_ssh=ssh,
        code_page=f"cp{page}" if page else locale.getencoding(),
        job=own_job(),
    )


def true_place(folder: Path) -> Path:
    """Where on the disk `folder` lies, behind links and junctions.

    What a program of a package writes under AppData, as Python from the Microsoft Store is one,
    Windows puts into the package's folder, where other programs do not look; a file there tells
    it, a folder does not. Nothing is left behind.
    """
    if not in_package():
        return Path(os.path.realpath(folder))
    return place_of_what_is_written(folder)


def in_package() -> bool:
    """Whether this is a program of a package of the Microsoft Store."""
    with contextlib.suppress(AttributeError):
        length = w.UINT(0)
        code = ctypes.WinDLL("kernel32").GetCurrentPackageFullName(ctypes.byref(length), None)
        return bool(code != _NO_PACKAGE)
    return False


def place_of_what_is_written(folder: Path) -> Path:
    """Where a file of `folder`, or of its nearest folder that is there, comes to lie."""
    there = next((f for f in (folder, *folder.parents) if f.is_dir()), folder)
    rest = folder.relative_to(there)
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".siptui-") as file:
            return Path(os.path.realpath(file.name)).parent / rest
    except OSError:  # it may not be written
        return Path(os.path.realpath(folder))
