"""`accent` of a profile: the colour in which the console names its tenant."""

import re

#: Names that can be told apart at a glance; others are written as #rrggbb.
_NAMED = {
    "red": "#d7263d",
    "orange": "#e8871e",
    "yellow": "#e6c229",
    "green": "#3a9d5d",
    "teal": "#1b998b",
    "blue": "#2f6fde",
    "purple": "#8a4fff",
    "pink": "#e05297",
    "brown": "#94673d",
    "grey": "#8a8f98",
}


def accent_colour(text: str) -> str:
    """The colour in `text` as #rrggbb; `ValueError` for what is none."""
    given = text.strip().casefold()
    if found := _NAMED.get(given):
        return found
    if re.fullmatch(r"#[0-9a-f]{6}", given):
        return given
    if short := re.fullmatch(r"#([0-9a-f])([0-9a-f])([0-9a-f])", given):
        return "#" + "".join(digit * 2 for digit in short.groups())
    raise ValueError(text)
