"""The page behind `?`: every key that can be used, made from the table of actions."""

from collections.abc import Collection, Mapping

from siptui.domain.state import SYMBOLS, WORDS, DeviceState
from siptui.help import TOPICS
from siptui.runs.rollout.evidence import Standing
from siptui.runs.rollout.standing_words import SYMBOLS as STANDING_SYMBOLS
from siptui.runs.rollout.standing_words import WORDS as STANDING_WORDS
from siptui.tui.actions import ACTIONS, BY_ID, Action, shown
from siptui.tui.console.status_rows import TONES as STANDING_TONES
from siptui.tui.widgets.text_lines import Line

_TONES = (
    (DeviceState.QUEUED, "queued", "waits to be submitted"),
    (DeviceState.RUNNING, "running", "submitted; the service works on it"),
    (DeviceState.SUCCEEDED, "ok", "accepted by the service; the phone restarts"),
    (DeviceState.FAILED, "failed", "Enter shows why and what to do"),
    (
        DeviceState.UNKNOWN,
        "unknown",
        "no outcome is known; you decide before it goes out again",
    ),
    (DeviceState.INVALID, "invalid", "a row of the list that is never submitted"),
)
_STANDINGS = (
    (Standing.TO_DO, "new, failed, or not signed in"),
    (Standing.DONE, "signed in as the list wants it"),
    (Standing.OTHER, "signed in as another account"),
    (Standing.LIVE, "in a batch now, of ours or of a colleague"),
    (Standing.UNKNOWN, "sources disagree, or none could be read"),
    (Standing.GONE, "in a run or the inventory, not in the list"),
)
_TOPICS = [name for name in TOPICS if name != "keys"]
#: What can be typed at `/`.
FILTER_HELP: tuple[Line, ...] = (
    (("words       ", "accent"), ("each must be in the row; !word must not", "normal")),
    (
        ("name:value  ", "accent"),
        ("status: cause: batch: region: user: hw: line: check: pre:", "normal"),
    ),
    (("            ", "accent"), ("as in cause:offline, or !pre:fail", "normal")),
    (("name=value  ", "accent"), ("a whole value: Site=Bonn,Ulm or Site!=Bonn", "normal")),
)


#: The actions by what one wants to do. Those in none of them stand in the last.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Get ready", ("open", "headers", "region", "sign_in", "preflight", "fix", "urls")),
    ("Choose rows", ("filter", "clear", "status", "mark", "mark_range", "mark_all")),
    ("Sign phones in", ("submit", "pause", "try_now", "give_up")),
    ("See how it goes", ("details", "row_pane", "summary", "standing", "verify", "log")),
    ("When something failed", ("correct", "retry", "retry_cause", "settle")),
    ("Take results along", ("export", "copy", "columns_left", "columns_right")),
    ("Other runs, other tenants", ("runs", "batches", "overview", "acknowledge")),
    ("Move", ("down", "up", "top", "bottom", "page_down", "page_up")),
    ("The window", ("sort", "columns", "theme", "redraw", "palette", "help", "quit")),
)


def grouped() -> list[tuple[str, list[Action]]]:
    """Every action once, by what one wants to do."""
    known = {action_id for _, ids in GROUPS for action_id in ids}
    rest = tuple(action.id for action in ACTIONS if action.id not in known)
    groups = [*GROUPS[:-1], (GROUPS[-1][0], (*GROUPS[-1][1], *rest))]
    return [(title, [BY_ID[one] for one in ids]) for title, ids in groups]


def help_lines(keys: Mapping[str, tuple[str, ...]], hidden: Collection[str] = ()) -> list[Line]:
    """Keys by what one wants to do, filters and symbols, as lines."""
    lines: list[Line] = []
    for title, actions in grouped():
        shown_here = [one for one in actions if one.id not in hidden and keys[one.id]]
        if not shown_here:
            continue
        lines += [((title, "strong"),)]
        for action in shown_here:
            names = " ".join(shown(key) for key in keys[action.id])
            lines.append(((f"{names:<12}", "key"), (action.help, "normal")))
        if title == "Choose rows":
            told = [keys[one] for one in ("submit", "retry", "fix", "export", "copy")]
            names = ", ".join(shown(own[0]) for own in told if own)
            lines.append(((f"{names} are about the marked rows, else those shown.", "muted"),))
        if title == "Move":
            lines.append(
                (("Tab         ", "key"), ("to the log and back; the same keys scroll", "normal"))
            )
        lines.append(())
    lines += [
        (("Filter", "strong"),),
        *FILTER_HELP,
        (),
        (("Status", "strong"),),
    ]
    palette = shown(next(iter(keys["palette"]), "colon"))
    for state, tone, text in _TONES:
        lines.append(((f"{SYMBOLS[state]} {WORDS[state]:<10}", tone), (text, "normal")))
    if keys["standing"] and "standing" not in hidden:
        lines += [(), ((f"Where rows stand ({shown(keys['standing'][0])})", "strong"),)]
        for one, text in _STANDINGS:
            sign = f"{STANDING_SYMBOLS[one]} {STANDING_WORDS[one]:<10}"
            lines.append(((sign, STANDING_TONES[one]), (text, "normal")))
    lines += [
        (),
        (("Selecting with the mouse", "strong"),),
        (("Hold Shift while dragging, or start with --no-mouse.", "normal"),),
        (),
        (("PowerShell in the log", "strong"),),
        (("What each submit and look is called there; to be pasted as it stands.", "normal"),),
        (("The file of a batch: filter by batch:1, then export the rows shown.", "normal"),),
        (),
        (("More", "strong"),),
        ((f"{palette} help shows topics: " + ", ".join(_TOPICS) + ".", "normal"),),
    ]
    return lines
