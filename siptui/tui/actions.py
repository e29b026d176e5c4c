"""Every action of the console, once: keys, footer, palette and help are made from this.

Free of Textual, so that the command line can read it. Over 400 lines because it is one table.
"""

import textwrap
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from siptui.domain.errors import UsageError
from siptui.domain.text import visible

Owner = Literal[
    "grid",
    "view",
    "list",
    "sign_in",
    "submit",
    "retry",
    "decision",
    "order",
    "correct",
    "tenant",
    "run",
    "overview",
    "standing",
    "verify",
]


class Action(Struct, frozen=True):
    """One thing an operator can do.

    `owner` carries it out: a table of rows (its method `action_grid_ID`), or one of the flows of
    the console (its method `ID`). `keys` are Textual's names of keys, the first being the one that
    is shown. `changes` marks what submits or orders something, hidden in a read-only console.
    `footer` puts it into the footer while it can be done; `palette` into the command palette, where
    `also` are other words by which it is found.
    """

    id: str
    owner: Owner
    keys: tuple[str, ...]
    title: str
    help: str
    changes: bool = False
    footer: bool = False
    palette: bool = True
    also: str = ""


ACTIONS: tuple[Action, ...] = (
    Action(
        "open",
        "list",
        ("o",),
        "open",
        "open a device list: pick or type its path",
        footer=True,
        also="file load list csv excel xlsx read import",
    ),
    Action(
        "headers",
        "list",
        (),
        "headers",
        "choose the header that a column is read from",
        also="mapping user name account mac region port date wrong column",
    ),
    Action(
        "region",
        "submit",
        ("Z",),
        "region",
        "choose the region of rows that name none",
        also="emea noam apac area zone where change default",
    ),
    Action(
        "submit",
        "submit",
        ("s",),
        "submit",
        "submit the marked rows, else those shown",
        changes=True,
        footer=True,
        also="sign in phones start run go provision reset password",
    ),
    Action(
        "retry",
        "retry",
        ("r",),
        "retry",
        "retry what failed; resume a stopped run",
        changes=True,
        footer=True,
        also="again failed resubmit repeat continue go on",
    ),
    Action(
        "retry_cause",
        "retry",
        ("R",),
        "retry cause",
        "retry by cause",
        changes=True,
        also="again failed reason why",
    ),
    Action(
        "correct",
        "correct",
        ("E",),
        "correct",
        "correct user name or hardware id of a row",
        changes=True,
        also="edit rename typo wrong data user not found mac change",
    ),
    Action(
        "settle",
        "decision",
        ("a",),
        "settle",
        "decide about batches of unknown outcome",
        changes=True,
        footer=True,
        also="doubt unknown decide adopt resubmit lost",
    ),
    Action(
        "give_up",
        "decision",
        ("U",),
        "give up",
        "give up a batch that never ends",
        changes=True,
        also="abandon cancel slot hang stuck forever",
    ),
    Action(
        "filter",
        "view",
        ("slash",),
        "filter",
        "filter as you type",
        footer=True,
        also="find search grep where",
    ),
    Action("clear", "view", ("escape",), "clear", "clear the filter", palette=False),
    Action(
        "status",
        "view",
        ("f",),
        "show",
        "next filter: failed, running, to do, done …",
        footer=True,
        also="show only failed running succeeded unknown",
    ),
    Action(
        "standing",
        "standing",
        ("w",),
        "status",
        "where each row stands: to do, done, live …",
        footer=True,
        also="where standing reconcile done other gone inventory history refresh what is left",
    ),
    Action("mark", "grid", ("space",), "mark", "mark", footer=True, palette=False),
    Action(
        "mark_range",
        "grid",
        ("v",),
        "mark to here",
        "mark from the row marked last to this one",
        palette=False,
    ),
    Action(
        "mark_all",
        "grid",
        ("asterisk",),
        "mark all",
        "mark all shown, then none",
        also="select all",
    ),
    Action("sort", "view", ("S",), "sort", "sort by a column", also="order by"),
    Action(
        "columns",
        "view",
        ("c",),
        "columns",
        "columns to show, those of the list too",
        also="fields hide show width region",
    ),
    Action(
        "details",
        "grid",
        ("enter",),
        "details",
        "details: raw status, history, what to do",
        palette=False,
    ),
    Action(
        "export",
        "run",
        ("e",),
        "export",
        "export the results, or where the rows stand",
        footer=True,
        also="save write results csv excel json report markdown ticket file",
    ),
    Action(
        "preflight",
        "tenant",
        ("p",),
        "preflight",
        "check the prerequisites",
        footer=True,
        also="check prerequisites licence policy personal",
    ),
    Action(
        "fix",
        "tenant",
        ("F",),
        "fix",
        "fix what the check found",
        changes=True,
        also="repair undo revert take back set right policy number powershell",
    ),
    Action(
        "urls",
        "tenant",
        ("u",),
        "urls",
        "provisioning URLs",
        footer=True,
        also="provisioning address dhcp option region vendor",
    ),
    Action(
        "runs",
        "run",
        ("h",),
        "runs",
        "runs: history, resume, attach",
        footer=True,
        also="history resume attach earlier past jobs",
    ),
    Action(
        "verify",
        "verify",
        ("V",),
        "verify",
        "follow the inventory until phones are seen",
        also="inventory check phones seen signed in",
    ),
    Action(
        "batches",
        "tenant",
        ("b",),
        "batches",
        "all batches of the tenant, of 30 days",
        also="history tenant service memory colleague others",
    ),
    Action(
        "overview",
        "overview",
        ("O",),
        "overview",
        "all profiles of this host, and the way there",
        also="profiles tenants switch change customer other host all add new onboard",
    ),
    Action(
        "pause",
        "order",
        ("P",),
        "pause",
        "pause or continue submitting",
        changes=True,
        also="stop hold halt cancel abort continue go on",
    ),
    Action(
        "try_now",
        "order",
        ("N",),
        "try now",
        "end a wait: ask the service now",
        changes=True,
        also="wait waiting retry-after continue",
    ),
    Action(
        "sign_in",
        "sign_in",
        ("i",),
        "sign in",
        "sign in to the tenant, or again",
        changes=True,
        also="login log in token account device code",
    ),
    Action(
        "log",
        "view",
        ("l",),
        "log",
        "log pane: smaller, larger, hidden",
        also="events messages pane",
    ),
    Action(
        "row_pane",
        "view",
        ("d",),
        "row pane",
        "row pane below the table: larger, smaller",
        also="details strip text more lines remedy",
    ),
    Action(
        "copy",
        "view",
        ("y",),
        "copy",
        "copy the cell, of each marked row if any",
        also="clipboard yank",
    ),
    Action(
        "columns_left",
        "grid",
        ("left",),
        "previous cell",
        "the cell to copy; back from columns that do not fit",
        palette=False,
    ),
    Action(
        "columns_right",
        "grid",
        ("right",),
        "next cell",
        "the cell to copy; on to columns that do not fit",
        palette=False,
    ),
    Action("theme", "view", (), "theme", "choose a theme", also="colours colors dark light"),
    Action(
        "summary",
        "run",
        ("t",),
        "summary",
        "the whole run; where rows stand, the list by site",
        also="totals sums progress causes sites report time left statistics",
    ),
    Action(
        "redraw",
        "view",
        ("ctrl+l",),
        "redraw",
        "draw the whole screen again",
        also="refresh repaint screen",
    ),
    Action(
        "acknowledge",
        "run",
        (),
        "acknowledge",
        "acknowledge the warning about the journal",
        also="journal damaged warning",
    ),
    Action("down", "grid", ("j", "down"), "down", "move down", palette=False),
    Action("up", "grid", ("k", "up"), "up", "move up", palette=False),
    Action("top", "grid", ("g", "home"), "top", "first row", palette=False),
    Action("bottom", "grid", ("G", "end"), "bottom", "last row", palette=False),
    Action("page_down", "grid", ("pagedown",), "page down", "a page down", palette=False),
    Action("page_up", "grid", ("pageup",), "page up", "a page up", palette=False),
    Action(
        "palette", "view", ("colon", "ctrl+p"), "commands", "every command by name", palette=False
    ),
    Action(
        "help",
        "view",
        ("question_mark",),
        "help",
        "help",
        footer=True,
        also="keys manual shortcuts",
    ),
    Action(
        "quit",
        "run",
        ("q",),
        "quit",
        "quit; a run goes on without the window",
        footer=True,
        also="exit leave close",
    ),
)
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}

#: Keys that a needed action must not have alone: prefixes of tmux and screen, flow control, and
#: what terminals cannot tell from Backspace, Tab, Enter, or Ctrl-Z's suspend.
UNFIT = frozenset(f"ctrl+{letter}" for letter in "abhijmsz")
_SHOWN = {
    "slash": "/",
    "escape": "Esc",
    "space": "Space",
    "asterisk": "*",
    "enter": "Enter",
    "question_mark": "?",
    "colon": ":",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "pagedown": "PgDn",
    "pageup": "PgUp",
}
_TYPED = {"/": "slash", " ": "space", "*": "asterisk", "?": "question_mark", ":": "colon"}


def shown(key: str) -> str:
    """The key as people read it."""
    if key.startswith("ctrl+"):
        return "Ctrl-" + key[5:].upper()
    return _SHOWN.get(key, key)


def resolve_keys(own: Mapping[str, str] | None = None) -> dict[str, tuple[str, ...]]:
    """The keys of every action, with the operator's `own` (action id → keys, split by commas).

    Raises one `UsageError` that names every unknown action, unfit key and clash.
    """
    keys = {action.id: action.keys for action in ACTIONS}
    faults, remedies = [], []
    for action_id, text in (own or {}).items():
        if action_id not in keys:
            faults.append(f"there is no action {visible(action_id)!r}")
            remedies.append("The actions are " + ", ".join(keys) + ".")
            continue
        wanted = tuple(_TYPED.get(k.strip(), k.strip()) for k in text.split(",") if k.strip())
        unfit = [shown(k) for k in wanted if k in UNFIT]
        faults += [f"{key} ({action_id}) does not reach siptui in every terminal" for key in unfit]
        remedies += ["Choose plain letters."] if unfit else []
        keys[action_id] = wanted
    taken: dict[str, str] = {}
    pairs = [(key, action_id) for action_id, wanted in keys.items() for key in wanted]
    clashes = [
        f"{visible(shown(key))} is both {other} and {action_id}"
        for key, action_id in pairs
        if (other := taken.setdefault(key, action_id)) != action_id
    ]
    remedies += ["Give each action its own key."] if clashes else []
    if faults or clashes:
        raise UsageError(
            "keys: " + "; ".join((*faults, *clashes)), remedy=" ".join(dict.fromkeys(remedies))
        )
    return keys


def keys_text() -> str:
    """The keys and what each does, as lines of text: `siptui help keys`. The operator's own are not
    among them."""
    rows = [(" ".join(map(shown, one.keys)), one.help) for one in ACTIONS if one.keys]
    width = max(len(keys) for keys, _ in rows) + 2
    indent = " " * (width + 2)
    return "".join(
        textwrap.fill(about, 79, initial_indent=f"  {keys:{width}}", subsequent_indent=indent)
        + "\n"
        for keys, about in rows
    )
