"""The line of keys: what can be done now, as much of it as the width holds. Pure."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from siptui.tui.actions import ACTIONS, shown
from siptui.tui.widgets.key_bar import Key
from siptui.tui.widgets.text_lines import Line

#: What the run or the list asks for now, then what is of use at any time, the most needed first.
_ORDER = (
    *("settle", "submit", "retry", "correct", "try_now", "filter", "status", "summary", "mark"),
    *("standing", "preflight", "export", "verify"),
    *("runs", "open", "details", "pause", "columns", "retry_cause", "fix", "urls"),
    *("sort", "batches", "row_pane", "log", "copy", "sign_in"),
)
_REST = tuple(a.id for a in ACTIONS if (a.palette or a.id == "palette") and a.id not in _ORDER)
_ALWAYS = ("help", "quit")


def footer(
    labels: Mapping[str, str],
    keys: Mapping[str, tuple[str, ...]],
    width: int,
    *,
    said: str = "",
    first: Sequence[tuple[str, str]] = (),
) -> tuple[Line, list[Key]]:
    """The line that stands before the keys, and those. `labels` are the words of what can be
    done, by action id; `said` is told first; `first` are keys of the pane that has the focus."""
    before: Line = ((f" {said} ", "unknown"),) if said else ()
    left = width - (cell_len(said) + 2 if said else 0)
    ids = [name for name in (*_ORDER, *_REST) if name not in _ALWAYS]
    own = [Key(key, word) for key, word in first]
    always, others = (
        [Key(shown(keys[i][0]), labels[i], i) for i in some if i in labels and keys.get(i)]
        for some in (_ALWAYS, ids)
    )
    left -= sum(one.width for one in always)
    chosen: list[Key] = []
    for one in (*own, *others):
        if one.width <= left:
            chosen.append(one)
            left -= one.width
    return before, [*chosen, *always]
