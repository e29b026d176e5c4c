"""The page behind `?`: every key that can be used, made from the table of actions."""

from collections.abc import Collection, Iterable, Mapping

from siptui.domain.state import SYMBOLS, WORDS, DeviceState
from siptui.tui.actions import ACTIONS, shown
from siptui.tui.widgets.text_lines import Line

_TONES = (
    (DeviceState.QUEUED, "queued", "waits to be submitted"),
    (DeviceState.RUNNING, "running", "submitted; the service works on it"),
    (DeviceState.SUCCEEDED, "ok", "accepted by the service; the phone restarts by itself"),
    (DeviceState.FAILED, "failed", "Enter shows why and what to do"),
    (DeviceState.UNKNOWN, "unknown", "nobody knows; never submitted again without your word"),
    (DeviceState.INVALID, "invalid", "a row of the list that is never submitted"),
)
#: What can be typed at `/`.
FILTER_HELP: tuple[Line, ...] = (
    (("words       ", "accent"), ("each must be in the row; !word must not", "normal")),
    (
        ("name:value  ", "accent"),
        ("status: cause: batch: region: user: hw: line: check: pre:   as in !pre:fail", "normal"),
    ),
)


def help_lines(keys: Mapping[str, tuple[str, ...]], hidden: Collection[str] = ()) -> list[Line]:
    """Keys, filters and symbols, as lines."""
    lines: list[Line] = []
    for action in ACTIONS:
        if action.id in hidden or not keys[action.id]:
            continue
        names = " ".join(shown(key) for key in keys[action.id])
        lines.append(((f"{names:<12}", "key"), (action.help, "normal")))
    lines += [
        (("Tab         ", "key"), ("to the log and back; there the same keys scroll", "normal")),
        (),
        (("Filter", "strong"),),
        *FILTER_HELP,
        (),
        (("Status", "strong"),),
    ]
    for state, tone, text in _TONES:
        lines.append(((f"{SYMBOLS[state]} {WORDS[state]:<10}", tone), (text, "normal")))
    lines += [
        (),
        (("Selecting with the mouse", "strong"),),
        (("Hold Shift while dragging, or start with --no-mouse.", "normal"),),
    ]
    return lines


#: What every page with a table takes beside its own keys.
_OF_TABLES = (
    ("j k g G", "down, up, first row, last row"),
    ("PgDn PgUp", "a page down, a page up"),
    ("← →", "choose the cell to copy"),
    ("Esc q", "back to where you came from"),
    ("?", "this help"),
)


def page_help(keys: Iterable[tuple[str, str]]) -> list[Line]:
    """The keys of a page with a table: its own first, those of every table below."""
    told = {key for key, _ in _OF_TABLES} | {"Esc"}
    own = [(key, word) for key, word in keys if key not in told]
    return [((f"{key:<12}", "key"), (word, "normal")) for key, word in (*own, *_OF_TABLES)]
