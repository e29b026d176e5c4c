"""Completing a path that is being typed, as a shell does. No Textual here."""

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from siptui.domain.text import visible

#: Entries of a folder that are looked at; of more, none is completed by name.
_MOST = 20_000


class Completed(Struct, frozen=True):
    """The text with what is certain of its end, and the names that could follow: one where the
    path is complete, none where nothing begins so."""

    text: str
    names: Sequence[str]


def complete(text: str, folder: Path) -> Completed:
    """`text`, relative to `folder` unless it names another, as far as it can be completed. Names
    that begin with a dot count where it is typed; those that could steer a terminal never do."""
    head, begun = os.path.split(text)
    kept = text[: len(text) - len(begun)]
    try:
        where = folder / Path(head).expanduser()
        with os.scandir(where) as entries:
            found = sorted(
                entry.name + (os.sep if _is_folder(entry) else "")
                for entry, _ in zip(entries, range(_MOST), strict=False)
                if _fits(entry.name, begun)
            )
    except (OSError, RuntimeError, ValueError):
        return Completed(text, ())
    if not found:
        return Completed(text, ())
    first, last = found[0], found[-1]  # what these have in common, all have
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return Completed(kept + (first if same is None else first[:same]), found)


def resolved(text: str, folder: Path) -> Path:
    """The path that `text` means in `folder`. Raises `OSError`, `RuntimeError`, `ValueError`."""
    return (folder / Path(text).expanduser()).resolve()


def _fits(name: str, begun: str) -> bool:
    if visible(name) != name or not name.startswith(begun):
        return False
    return begun.startswith(".") or not name.startswith(".")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
