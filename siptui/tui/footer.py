"""The footer: what can be done now, as many as fit, the most wanted first. Pure."""

from collections.abc import Mapping

from siptui.tui.actions import ACTIONS, shown
from siptui.tui.surface import Line, Run, plain

#: What goes first when there is no room; help and quit always stay.
_GO_FIRST = ("urls", "preflight", "mark", "runs", "export", "status", "filter", "open")


def footer_line(
    labels: Mapping[str, str], keys: Mapping[str, tuple[str, ...]], width: int, *, said: str = ""
) -> Line:
    """One line of keys and words. `labels` are the words of what can be done, by action id;
    `said` is what stands before them."""
    entries = {
        action.id: (shown(keys[action.id][0]), labels[action.id])
        for action in ACTIONS
        if action.footer and action.id in labels and keys[action.id]
    }
    for going in (None, *_GO_FIRST):
        if going is not None:
            entries.pop(going, None)
        line = ((f" {said} ", "unknown"), *_line(entries)) if said else _line(entries)
        if len(plain(line)) <= width:
            break
    return line


def _line(entries: Mapping[str, tuple[str, str]]) -> Line:
    runs: list[Run] = []
    for key, word in entries.values():
        runs += [(" " + key, "key"), (f" {word} ", "muted")]
    return tuple(runs)
