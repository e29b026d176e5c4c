"""Which rows an action is about: the marked ones, else those a filter shows, else all. Pure."""

from collections.abc import Hashable, Sequence
from enum import Enum, auto

from msgspec import Struct

from siptui.domain.text import plural, visible
from siptui.tui.widgets.row_index import RowIndex

_NAMES = 3


class Which(Enum):
    """How the rows were selected. `REST` are those that an earlier run left out."""

    MARKED = auto()
    SHOWN = auto()
    REST = auto()
    ALL = auto()


class Selection(Struct, frozen=True):
    """The `keys` of the rows, in the order of the list, of the rows there are (`total`). `hidden`
    of the marked ones are not shown; `shown_by` is the filter in words."""

    which: Which
    keys: tuple[Hashable, ...]
    total: int
    hidden: int = 0
    shown_by: str = ""


def selected(index: RowIndex, shown_by: str) -> Selection:
    """The rows that an action is about. `shown_by` is the filter that is on, empty for none."""
    total = len(index.rows)
    if index.marks:
        marked = tuple(index.marked())
        hidden = sum(index.position(key) is None for key in marked)
        return Selection(Which.MARKED, marked, total, hidden, shown_by)
    if shown_by:
        shown = tuple(index.rows[i].key for i in sorted(index.view))
        return Selection(Which.SHOWN, shown, total, shown_by=shown_by)
    return Selection(Which.ALL, tuple(row.key for row in index.rows), total)


def what(selection: Selection, count: int, kind: str = "") -> str:
    """Which rows, and how many of them are hidden: `the 3 marked rows (1 of them is not shown)`;
    of `all 3 rows` also of what kind."""
    rows = plural(count, "row")
    if selection.which is Which.MARKED:
        are = "is" if selection.hidden == 1 else "are"
        hidden = f" ({selection.hidden:,} of them {are} not shown)" if selection.hidden else ""
        return f"the {rows.replace(' ', ' marked ', 1)}{hidden}"
    if selection.which is Which.SHOWN:
        by = visible(selection.shown_by)
        return f"the {rows} that the filter {by} shows, of {selection.total:,}"
    if selection.which is Which.REST:
        return f"the other {rows}, of {selection.total:,}"
    if count == 1:
        return f"the only {kind}row"
    return f"all {rows.replace(' ', f' {kind}', 1)}"


def about(selection: Selection, names: Sequence[str], others: str = "", *, kind: str = "") -> str:
    """What a question says of the rows it is about: which, and the first of their `names`.
    `others` says why the rest of what was selected is not among them: `did not fail`; `kind` is
    put before “rows” where all are meant."""
    some = ", ".join(visible(name) for name in names[:_NAMES])
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    which = what(selection, len(selection.keys), kind)
    rest = len(selection.keys) - len(names)
    beside = ""
    if others and rest > 0 and selection.which is not Which.ALL:
        beside = f" {rest:,} of them {others} and {'is' if rest == 1 else 'are'} left out."
    elif rest > 0:
        which = f"{len(names):,} of {which}"
    return f"{which[0].upper()}{which[1:]}: {some}{more}.{beside}"
