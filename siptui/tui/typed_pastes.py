"""Pastes that arrive as keys: which keys came too fast, and too many, for fingers.

A terminal marks a paste, but not every way leaves the marks on: the console host of Windows takes
them off, and so do some multiplexers. The pasted text then arrives as keys, some milliseconds
apart, line ends as Enter. A key held down repeats one key, and what was typed ahead over a link
that stood still is short; a list of names is neither.
"""

from collections.abc import Iterable

from textual.events import Key

#: Seconds between two keys of a paste, and in which a paste counts as over.
GAP = 0.02
#: Characters that fingers do not type ahead, and those with which several lines count as pasted.
_LONG, _LINES = 32, 12
#: Different keys that a paste has at least: less is a key held down, or two.
_DIFFERENT = 4


def is_text(event: object) -> bool:
    """Whether a key could be of a pasted text."""
    return isinstance(event, Key) and (
        event.is_printable or event.key in ("enter", "tab", "ctrl+j")
    )


def pasted(keys: Iterable[Key]) -> str:
    """The text of `keys`, which came without a pause, if it is one that was pasted."""
    text = "".join("\n" if one.key in ("enter", "ctrl+j") else one.character or "" for one in keys)
    if len(set(text)) < _DIFFERENT:
        return ""
    lines = [line for line in text.split("\n") if line]
    several = len(lines) > 1 and len(text) >= _LINES and "\n" in text.rstrip("\n")
    return text if len(text) >= _LONG or several else ""
