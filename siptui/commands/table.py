"""Plain columns for the screen of a command, and words for numbers of things."""

from collections.abc import Iterator, Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with `head` and `rows` in columns as wide as their longest cell; the last is free."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def count(number: int, noun: str) -> str:
    """`3 rows`, `1 row`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


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
