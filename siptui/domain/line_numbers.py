"""Numbers of lines as people write them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def ranges(lines: Sequence[int]) -> str:
    """Line numbers, in order, with runs drawn together: `2-5, 9`."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line <= runs[-1][1] + 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


def lines_named(lines: Sequence[int], most: int = 12) -> str:
    """`line 3`, `lines 2-5, 9`; of very many runs of lines the first and a number."""
    parts = ranges(lines).split(", ")
    more = f" and {len(parts) - most:,} more" if len(parts) > most else ""
    word = "line" if len(lines) == 1 else "lines"
    return f"{word} {', '.join(parts[:most])}{more}"
