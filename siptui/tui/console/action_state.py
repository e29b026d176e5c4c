"""What can be done now, and why an action makes no sense. Asked whenever the bars are painted, so
each answer is read from counts."""

from collections.abc import Mapping

from siptui.domain.state import DeviceState
from siptui.runs.state import needs_role
from siptui.tui.actions import ACTIONS, BY_ID
from siptui.tui.console.model import Session
from siptui.tui.console.selection import Which, selected
from siptui.tui.console.status_rows import Standings
from siptui.tui.widgets.row_index import RowIndex

_NEEDS_ROWS = frozenset(
    {
        *("filter", "status", "sort", "columns", "details", "copy"),
        *("mark", "mark_range", "mark_all"),
    }
)


#: What is about the rows of a run, and has no meaning where rows stand.
_NOT_IN_STATUS = frozenset({"retry", "retry_cause", "correct", "preflight", "fix"})
#: What does something else there.
_IN_STATUS = frozenset({"submit", "export", "summary"})

#: What is said of a run that should be worked on and is not.
NO_WORKER = "No worker is running."


def who_resumes(session: Session, keys: Mapping[str, str]) -> str:
    """What resumes a run without a worker; `keys` by action id."""
    if session.options.read_only:
        return "A console that is not read-only resumes it."
    return f"{keys['retry']} resumes."


def offers(session: Session, index: RowIndex, keys: Mapping[str, str]) -> dict[str, str]:
    """The actions that make sense now by their ids, with the word for each; `index` are the rows
    of the table."""
    words = {action.id: action.title for action in ACTIONS if not why_not(session, action.id, keys)}
    now = {"status": session.filter.next_status}
    if session.status is not None:
        now["standing"] = "back"
    if failed := session.run.counts[DeviceState.FAILED] if session.run else 0:
        now["retry"] = f"retry {_failed_of_selected(session, index, failed)}"
    if session.resumable:
        now["retry"] = "resume"
    if session.run is not None and session.run.paused:
        now["pause"] = "continue"
    if session.rest and session.status is None:
        now["submit"] = f"submit the other {session.rest:,}"
    if index.marks or (session.filter.words and index.view):
        if count := _submitted_of_selected(session, index):
            now["submit"] = f"submit {count:,}"
        else:
            words.pop("submit", None)
    return words | {name: word for name, word in now.items() if name in words}


def _submitted_of_selected(session: Session, index: RowIndex) -> int:
    """How many of the selected rows a submit is about: not those with a fault that it does not ask
    about."""
    board = session.board
    keys = index.marks or [index.rows[i].key for i in index.view]
    if session.status is not None or not board.faulty:
        return len(keys)
    return sum(
        board.invalid(k) is None or board.left_out(k) is not None or board.lacks_region(k)
        for k in keys
    )


def _failed_of_selected(session: Session, index: RowIndex, failed: int) -> int:
    """How many of the selected rows failed, of `failed` in all."""
    chosen = selected(index, session.filter.words)
    if chosen.which is Which.ALL or session.status is not None:
        return failed
    state = session.board.state
    return sum(1 for key in chosen.keys if state(key) is DeviceState.FAILED)


def _not_in_status(
    session: Session, status: Standings, action: str, keys: Mapping[str, str]
) -> str:
    """Why `action` makes no sense while the table shows where rows stand."""
    if action in _NOT_IN_STATUS:
        return f"{keys['standing']} leaves the status first"
    if not status.read:
        return "the status is not read yet"
    if action == "submit":
        if session.path is None:
            return f"the list is not open: {keys['open']} opens it"
        ended = session.run is None or session.run.finished is not None
        return "" if ended else "the run of this list has not ended"
    return ""


def _of_earlier_run(session: Session, keys: Mapping[str, str]) -> str:
    """Where what failed is worked on, while a list is shown that was submitted in part before."""
    if session.run is not None or not session.board.earlier_counts.get(DeviceState.FAILED):
        return ""
    return f"what failed is in an earlier run; {keys['runs']} shows it"


def why_not(session: Session, action: str, keys: Mapping[str, str]) -> str:
    """Why `action` makes no sense now, or nothing when it does; `keys` by action id."""
    if BY_ID[action].changes and session.options.read_only:
        return "this console is read-only"
    board, run = session.board, session.run
    if session.status is not None and (action in _IN_STATUS or action in _NOT_IN_STATUS):
        return _not_in_status(session, session.status, action, keys)
    if action in _NEEDS_ROWS:
        return f"no list: {keys['open']} opens one" if board.empty else ""
    match action:
        case "headers" | "region":
            if board.list is None or session.path is None:
                return f"no list: {keys['open']} opens one"
            return f"this list was submitted already; {keys['open']} opens it again" if run else ""
        case "submit":
            if board.empty:
                return f"no list: {keys['open']} opens one"
            if session.rest:
                ended = run is None or run.finished is not None
                return "" if ended else f"the other {session.rest:,} rows wait until this run ended"
            if run is not None:
                return f"this list was submitted already; {keys['retry']} retries what failed"
            listed = board.list.devices if board.list else ()
            return "" if listed or board.lacking_region() else "the list has no valid device"
        case "retry" if session.resumable:
            return ""  # it resumes the run
        case "correct" if run is None and session.path is not None and not board.empty:
            if board.wrong_rows() or session.retyped():
                return ""
            return _of_earlier_run(session, keys) or "no row of the list is faulty"
        case "retry" | "retry_cause" | "correct":
            if run and run.counts[DeviceState.FAILED]:
                return ""
            return _of_earlier_run(session, keys) or "nothing has failed"
        case "settle":
            return "" if session.undecided() else "no batch waits for a decision"
        case "give_up":
            return "" if session.live_batches() else "no batch is live"
        case "pause" | "try_now" if session.worker_gone:
            return f"no worker is running; {keys['retry']} resumes"
        case "pause":
            return "" if session.live else "no run is going on"
        case "try_now":
            if not session.live:
                return "no run is going on"
            return "" if session.waits() or needs_role(session.run) else "nothing waits"
        case "standing":
            if session.options.status is None:
                return "not available here"
            if not session.devices() and board.lacking_region():
                return f"the rows have no region; {keys['submit']} asks for it"
            return f"no list: {keys['open']} opens one" if board.empty else ""
        case "verify":
            if session.options.status is None:
                return "not available here"
            return "" if run and run.counts[DeviceState.SUCCEEDED] else "nothing is signed in yet"
        case "acknowledge":
            return "" if session.run_service.notice else "the journal has no warning"
        case "export" | "summary":
            if run is not None:
                return ""
            if board.earlier_counts:
                return f"this is the list; {keys['runs']} shows its runs"
            return "no run yet, so no results"
        case "sign_in":
            return "" if session.options.sign_in is not None else "not asked for here"
        case "preflight" | "fix" if session.options.checks is None:
            return "not available here"
        case "preflight":
            return "" if board.list or run else "no list"
        case "fix":
            return "" if session.preflight else f"{keys['preflight']} checks first"
        case "overview":
            return "" if session.options.profiles is not None else "not available here"
        case "batches":
            return "" if session.options.tenant_batches is not None else "not available here"
    return ""
