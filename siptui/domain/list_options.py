"""How the operator wants one device list to be read, and from where one was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from siptui.domain.columns import NOT_MAPPED, Mapped
from siptui.domain.row_filter import Condition

#: The answer that dates are written with the day first.
DAY_FIRST = "day first"


@dataclass(frozen=True, slots=True)
class Retyped:
    """A row whose names the operator typed anew, since those of the list are wrong: they count as
    long as the row of that line has the `old` ones."""

    line: int
    old: tuple[str, str]  # user name and hardware id as they stand
    new: tuple[str, str]

    @property
    def sentence(self) -> str:
        """What was typed, for people."""
        names = zip(("user name", "hardware id"), self.old, self.new, strict=True)
        changes = (f"{what} {old or '(empty)'} → {new}" for what, old, new in names if old != new)
        return f"Line {self.line} corrected here: {', '.join(changes)}"


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What is said about a list beside the list itself.

    `columns` are the headers that were named, `sheet` that of a workbook by name, `timezone` the
    zone of dates that name none (an IANA name or `+02:00`; nothing: the host's), `day_first`
    whether 3/4/2026 is a day in April, where the list leaves that open (none: not said), `where`
    which part of the list is meant (nothing: the whole), `retyped` the rows
    that were corrected here.
    """

    columns: Mapped = NOT_MAPPED
    sheet: str = ""
    timezone: str = ""
    day_first: bool | None = None
    where: tuple[Condition, ...] = ()
    retyped: tuple[Retyped, ...] = ()


def with_answer(options: ListOptions, key: str, answer: str) -> ListOptions:
    """`options` with the answer to a question about a list: a header for a column's key, the name
    of a sheet, or how dates are written."""
    if key == "sheet":
        return replace(options, sheet=answer)
    if key == "dates":
        return replace(options, day_first=answer == DAY_FIRST)
    named = Mapped({key: (answer,) if answer else ()}, "your answer", frozenset([key]))
    return replace(options, columns=named.over(options.columns))


#: Nothing is said: what the list itself tells holds.
DEFAULT_OPTIONS = ListOptions()


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """From where a list was read: the header of each column by its key, the whole path of the file
    (nothing for standard input, or a path that cannot be shown), the sheet of a workbook."""

    columns: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    sheet: str = ""


#: It is not known, as of a run of an earlier version.
NOT_KNOWN = ReadFrom()
