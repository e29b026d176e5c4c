"""The environment of a worker, which does not stand in the folder that the operator stands in."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from siptui.identity.token_command import from_anywhere

#: Variables that hold a path, or several.
_PATHS = (
    *("SIPTUI_CONFIG_DIR", "SIPTUI_STATE_DIR"),
    *(f"SIPTUI_{what}_TOKEN_FILE" for what in ("ACCESS", "GRAPH", "DEVICES")),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
_COMMANDS = tuple(f"SIPTUI_{what}_TOKEN_COMMAND" for what in ("ACCESS", "GRAPH", "DEVICES"))


def absolute_paths(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with paths that mean the same from every folder, in token commands, too."""
    made = dict(environ)
    try:
        here = Path.cwd()
    except OSError:  # it was deleted: nothing is relative to it
        return made
    for name in _PATHS:
        if value := environ.get(name):
            places = value.split(os.pathsep) if name == "SSL_CERT_DIR" else [value]
            made[name] = os.pathsep.join(_absolute(place, here) for place in places)
    for name in _COMMANDS:
        if value := environ.get(name):
            with contextlib.suppress(ValueError):  # told when it is run
                made[name] = from_anywhere(value)
    return made


def _absolute(path: str, here: Path) -> str:
    return path if not path or path.startswith("~") else str(here / path)
