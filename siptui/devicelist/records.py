"""From text to records: delimited cells, with the line of the file each record starts on.

A broken quote spoils its own line only, never the rest of the list.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import NamedTuple

#: A quoted cell may hold line breaks; one that runs on for longer was never closed.
_MAX_SPAN = 50
_MAX_LINE = 100_000


class Record(NamedTuple):
    """The cells of one row as they stand. `below` is the index of the line after it; `broken` the
    rule its line breaks, if it cannot be split."""

    line: int
    below: int
    cells: list[str]
    broken: str = ""


def split(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line that is a record of its own, or `None` if its quotes do not fit."""
    if len(line) > _MAX_LINE:
        return None
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return None


def records(lines: Sequence[str], delimiter: str, start: int = 0) -> Iterator[Record]:
    """The records in `lines` from index `start` on, blank ones left out. Lines count from 1."""
    at = start
    end = len(lines)
    while at < end:
        line = lines[at]
        if '"' not in line and len(line) <= _MAX_LINE:
            if line.strip(" \t"):
                yield Record(at + 1, at + 1, line.split(delimiter))
            at += 1
            continue
        span, cells = _quoted(lines, at, delimiter)
        if cells is not None:
            yield Record(at + 1, at + span, cells)
        else:
            rule = "line_too_long" if len(line) > _MAX_LINE else "quotes"
            cells = [cell.strip(' "') for cell in line[:_MAX_LINE].split(delimiter)]
            yield Record(at + 1, at + 1, cells, rule)
        at += span


def _quoted(lines: Sequence[str], at: int, delimiter: str) -> tuple[int, list[str] | None]:
    """How many lines the record at `at` takes, and its cells if its quotes are in order."""
    cells = split(lines[at], delimiter)
    if cells is not None:
        return 1, cells
    if not lines[at].count('"') % 2:
        return 1, None
    # The cell may go on in the lines below: as far as they hold quotes, none too far.
    text = lines[at]
    for span in range(2, _MAX_SPAN + 1):
        if at + span > len(lines) or len(text) > _MAX_LINE:
            break
        below = lines[at + span - 1]
        text += "\n" + below
        if '"' not in below:
            continue
        if (cells := _whole(text, delimiter)) is not None:
            return span, cells
        if not text.count('"') % 2:
            break  # the quotes are even and still do not fit: the first line's is a stray one
    return 1, None


def _whole(text: str, delimiter: str) -> list[str] | None:
    lines = [line + "\n" for line in text.split("\n")]
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
