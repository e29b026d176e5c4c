"""Token files of the environment that others can read: said once, with what to do."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from siptui.domain.text import visible
from siptui.host.private_files import closing_command, rights_of_others

_SUFFIX = "_TOKEN_FILE"
_VARIABLES = tuple(f"SIPTUI_{what}{_SUFFIX}" for what in ("ACCESS", "GRAPH", "DEVICES"))
_told: set[str] = set()


def open_token_files(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each token file in use that others can read or write. One that is not there
    is told when it is read."""
    for name in _VARIABLES:
        given = environ.get(name)
        if not given or environ.get(name.removesuffix("_FILE")):
            continue
        try:
            path = Path(given).expanduser()
            rights = rights_of_others(path.stat(), path)
        except (OSError, ValueError, RuntimeError):
            continue
        if rights:
            yield (
                f"{name}: others can read or write the token file {visible(str(path))} "
                f"({rights}). Close it: {closing_command(path)}"
            )


def warn_once(environ: Mapping[str, str]) -> None:
    """Say it on standard error; what was said already is not said again in this process."""
    for sentence in open_token_files(environ):
        if sentence not in _told:
            _told.add(sentence)
            sys.stderr.write(f"Warning: {sentence}\n")
