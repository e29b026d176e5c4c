"""Token files of the environment that others can read: said once, with what to do."""

import shlex
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from siptui.domain.text import visible

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
            found = path.stat()
        except (OSError, ValueError, RuntimeError):
            continue
        if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
            shown = visible(str(path))
            yield (
                f"{name}: others can read or write the token file {shown} "
                f"(mode {stat.S_IMODE(found.st_mode):04o}). "
                f"Close it: chmod 600 {visible(shlex.quote(str(path)))}"
            )


def warn_once(environ: Mapping[str, str]) -> None:
    """Say it on standard error; what was said already is not said again in this process."""
    for sentence in open_token_files(environ):
        if sentence not in _told:
            _told.add(sentence)
            sys.stderr.write(f"Warning: {sentence}\n")
