"""What the operator chose in the console and finds again next time: theme, columns, and which
header of a list is what.

One small file in the state folder. Losing it loses comfort, nothing else, so a file that cannot
be read or written is passed over.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from siptui.domain.columns import folded_name
from siptui.domain.errors import SiptuiError
from siptui.host.files import read_plain
from siptui.host.private_files import private_folder, write_private

_FILE = "console.json"
_MOST = 65_536
_RECENT = 5
_ANSWERS = 100  # kinds of lists whose answers are kept


class Kept(Struct, frozen=True):
    """`theme` by name, none for the configured one; `hidden` columns by key; `extra` columns of
    lists, by their titles, that are shown; `answers` about lists, by their headers (`asked_of`);
    `recent` are the paths of the lists opened last."""

    theme: str = ""
    hidden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    recent: tuple[str, ...] = ()

    def opened(self, path: str) -> "Kept":
        """With a list that was opened, the newest first."""
        others = (one for one in self.recent if one != path)
        return replace(self, recent=(path, *others)[:_RECENT])

    def answered(self, headers: str, key: str, answer: str) -> "Kept":
        """With the answer to a question about lists with these headers, the newest last."""
        others = {name: said for name, said in self.answers.items() if name != headers}
        newest = {headers: {**self.answers.get(headers, {}), key: answer}}
        return replace(self, answers={**dict(list(others.items())[-_ANSWERS:]), **newest})


def asked_of(names: Iterable[str]) -> str:
    """What lists with the headers `names` have in common: one short text, the same for all."""
    text = "\0".join(sorted(folded_name(name) for name in names if name))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def read_kept(folder: Path | None) -> Kept:
    """What was kept in `folder`; the defaults where there is nothing usable."""
    if folder is None:
        return Kept()
    try:
        data = json.loads(read_plain(folder / _FILE, _MOST))
        names = ("theme", "hidden", "extra", "recent")
        theme, hidden, extra, recent = (data.get(name) for name in names)
        answers = data.get("answers")
    except (OSError, ValueError, AttributeError, RecursionError):
        return Kept()
    name = theme if isinstance(theme, str) else ""
    return Kept(name, _texts(hidden), _texts(extra), _answers(answers), _texts(recent)[:_RECENT])


def write_kept(folder: Path | None, kept: Kept) -> None:
    """Keep it."""
    if folder is None:
        return
    with contextlib.suppress(OSError, SiptuiError):
        private_folder(folder)
        write_private(folder / _FILE, json.dumps(asdict(kept), ensure_ascii=True).encode())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _answers(value: object) -> dict[str, dict[str, str]]:
    found = value if isinstance(value, dict) else {}
    return {
        headers: {k: v for k, v in said.items() if isinstance(v, str)}
        for headers, said in found.items()
        if isinstance(said, dict)
    }
