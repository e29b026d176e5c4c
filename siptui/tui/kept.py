"""What the operator chose in the console and finds again next time: theme, columns.

One small file in the state folder. Losing it loses comfort, nothing else, so a file that cannot
be read or written is passed over.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.posix import private_folder, write_private

_FILE = "console.json"
_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Kept:
    """`theme` by name, none for the configured one; `hidden` columns by key; `extra` columns of
    lists, by their titles, that are shown."""

    theme: str = ""
    hidden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def read_kept(folder: Path | None) -> Kept:
    """What was kept in `folder`; the defaults where there is nothing usable."""
    if folder is None:
        return Kept()
    try:
        with (folder / _FILE).open("rb") as file:
            data = json.loads(file.read(_MOST))
        theme, hidden, extra = (data.get(name) for name in ("theme", "hidden", "extra"))
    except (OSError, ValueError, AttributeError, RecursionError):
        return Kept()
    return Kept(theme if isinstance(theme, str) else "", _texts(hidden), _texts(extra))


def write_kept(folder: Path | None, kept: Kept) -> None:
    """Keep it."""
    if folder is None:
        return
    with contextlib.suppress(OSError, SiptuiError):
        private_folder(folder)
        write_private(folder / _FILE, json.dumps(asdict(kept), ensure_ascii=True).encode())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
