"""What a profile can be called: what is kept of it lies in a folder of that name."""

import re
from pathlib import Path

from siptui.host.files import require_usable_name
from siptui.settings.folders import RESERVED

#: What a profile or cloud can be called.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_RULE = "a name has 1 to 64 letters, digits, dots, hyphens and underscores"


def name_fault(name: str) -> str:
    """Why no profile can have this name on this system; nothing where one can."""
    if not NAME.fullmatch(name):
        return NAME_RULE
    if name.casefold() in RESERVED:
        return f"{name!r} is the folder of the logs; choose another name"
    try:
        require_usable_name(Path(name))
    except OSError as error:
        return f"{error.strerror}; choose another name"
    return ""
