"""Regular expressions that are compiled when they are first used.

Of the 150 that a start imports it uses a handful, and compiling them all took a twentieth of the
time to the first frame.
"""

import re
from typing import Any, cast


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, later. An error in `text` comes when it is first used."""
    return cast("re.Pattern[str]", _Pattern(text, flags))


class _Pattern:
    """Stands for a pattern; what was used of it once is looked up no more."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found
