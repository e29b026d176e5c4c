"""Columns without a name in front of what siptui filled into a list."""

from collections.abc import Iterator, Mapping, Sequence

from siptui.devicelist.writing import STATUS


def unnamed_columns(names: Sequence[str], results: Mapping[str, int]) -> slice | None:
    """The columns without a name before the `results` of an earlier run, by their places: what
    stands there was too many in the list itself. In a file of results that was filled in, they are
    before the status columns, which stand behind the results."""
    for end in (min(results.values(), default=0), *_status_columns(names)):
        start = end
        while start > 0 and not names[start - 1]:
            start -= 1
        if start < end:
            return slice(start, end)
    return None


def _status_columns(names: Sequence[str]) -> Iterator[int]:
    """Where the columns begin that are filled into a list."""
    for place in range(len(names)):
        if tuple(names[place : place + len(STATUS)]) == STATUS:
            yield place
