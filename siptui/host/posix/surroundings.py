"""Terminal and session (POSIX)."""

import locale
import os
import sys
from collections.abc import Mapping
from pathlib import Path

assert sys.platform != "win32"


from siptui.domain.text import visible
from siptui.host.posix.logind import unit_of_this
from siptui.host.surrounding import Surroundings, came_by_ssh, multiplexer_of, terminal_of


def look_around(environ: Mapping[str, str]) -> Surroundings:
    """What is around this process, whose environment is `environ`."""
    unit = unit_of_this()
    return Surroundings(
        terminal=visible(terminal_of(environ)),
        multiplexer=multiplexer_of(environ),
        over_ssh=came_by_ssh(environ),
        code_page=locale.getencoding(),
        unit=unit.name if unit else "",
    )


def true_place(folder: Path) -> Path:
    """Where `folder` lies, behind links."""
    return Path(os.path.realpath(folder))
