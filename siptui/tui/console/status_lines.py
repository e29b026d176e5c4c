"""The lines around the table: where am I, how far is it, what needs me. Pure."""

from collections import Counter

from siptui.domain.state import SYMBOLS, DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import minute
from siptui.runs.state import needs_role, needs_sign_in
from siptui.tui.console.action_state import NO_WORKER, who_resumes
from siptui.tui.console.model import Session
from siptui.tui.countdown import clock, waiting_batch
from siptui.tui.sentences import ended, estimate, fitting
from siptui.tui.widgets.row_index import RowIndex
from siptui.tui.widgets.styles import tone
from siptui.tui.widgets.text_lines import Line, Run, spread

#: Seconds from which on a wait is told by its date.
_FAR = 12 * 3600
_DONE = (DeviceState.SUCCEEDED, DeviceState.FAILED)  # what is unknown is not done
_COUNTED = (
    DeviceState.SUCCEEDED,
    DeviceState.FAILED,
    DeviceState.RUNNING,
    DeviceState.QUEUED,
    DeviceState.UNKNOWN,
)


def bar(session: Session, length: int) -> Line:
    """How far it is, in `length` cells; nothing without a run."""
    run = session.run
    if run is None or not run.devices:
        return ()
    counts, total = run.counts, len(run.devices)
    line: list[Run] = []
    done = drawn = 0
    for state in _DONE:  # each to where the sum so far reaches, so that a full bar is full
        done += counts[state]
        line.append(("█" * (done * length // total - drawn), tone(state)))
        drawn = done * length // total
    rest = length - drawn
    return ((" ", "muted"), *line, ("░" * rest, "muted"))


def progress(session: Session) -> Line:
    """Counts by state."""
    run = session.run
    if run is None:
        devices = session.board.list
        if devices is None:
            return ()
        ended = session.board.earlier_counts
        ready = plural(len(devices.devices) - sum(ended.values()), "device")
        runs: list[Run] = [(f" {ready} ready", "strong")]
        runs += [(f"  {SYMBOLS[s]} {ended[s]}", tone(s)) for s in _COUNTED if ended.get(s)]
        lacking = session.board.lacking_region()  # the notice says what becomes of those
        if wrong := devices.rows_invalid - lacking:
            runs.append((f"   ! {plural(wrong, 'row')} invalid", "invalid"))
        if lacking:
            runs.append((f"   ! {lacking:,} no region", "unknown"))
        return tuple(runs)
    counts = Counter(run.counts)
    counts[DeviceState.RUNNING] += counts.pop(DeviceState.SUBMITTING, 0)
    done = sum(counts[state] for state in _DONE)
    told = ((f" {SYMBOLS[s]} {counts[s]} ", tone(s)) for s in _COUNTED if counts[s])
    return ((f" {done}/{len(run.devices)} ", "strong"), *told)


def going_on(session: Session, width: int) -> Line:
    """What is being done now and how long it may take, at the right of `width` cells."""
    run = session.run
    if run is None:
        return ()
    if run.finished is not None:
        said: Run = ("ended ", "muted")
    elif run.stopped is not None:
        said = ("stopped ", "unknown")
    elif session.unreadable:
        said = ("journal lost ", "failed")
    elif session.worker_gone:
        said = ("no worker ", "unknown")
    else:
        parts = []
        if run.paused:
            parts.append("paused")
        if live := len(run.open_batches()):
            parts.append(f"{plural(live, 'batch') if width > 24 else live} live")
        elif run.counts[DeviceState.QUEUED] and not run.paused:
            parts.append("starting" if not run.batches else "waiting")
        if left := estimate(run, session.moment):
            parts.append(left)
        said = (" · ".join(parts) + " ", "muted")
    return spread((), (said,), width)


def notice(
    session: Session,
    keys: dict[str, str],
    left: int | None = None,
    *,
    selecting: bool = False,
    room: int = 400,
) -> Line:
    """What needs the operator now, in one line of `room` cells that ends in what to do; `keys` by
    action id.

    `left` are the seconds that the run still waits, where that is known. With `selecting`, rows
    are marked or filtered, and those are what is submitted.
    """
    run = session.run
    if run is None:
        return _list_notice(session, keys, selecting=selecting)
    if session.unreadable:
        return ((f" {visible(session.unreadable)}", "failed"),)
    if session.worker_gone:
        return ((f" {NO_WORKER} {who_resumes(session, keys)}", "unknown"),)
    if undecided := session.undecided():
        devices = sum(len(records) for _, records in undecided)
        return (
            (
                f" ? {plural(devices, 'device')} of unknown outcome in "
                f"{plural(len(undecided), 'batch')}: {_else(session, keys['settle'])} to decide.",
                "unknown",
            ),
        )
    if run.stopped is not None:
        why = run.stopped.message
        begins = why[:1] if why.startswith("siptui") else why[:1].upper()
        why = visible(f"{begins}{why[1:]}{'' if why.endswith('.') else '.'}")
        way = f"{keys['retry' if session.resumable else 'runs']} resumes."
        if session.options.read_only:
            way = "A console that is not read-only resumes it."
        elif session.options.sign_in is not None and needs_sign_in(run):
            way = f"{keys['sign_in']} signs in, then {way}"
        # The way on comes first: a long reason does not fit into 80 columns.
        long = f"Stopped. {way} {why}"
        whole = f"{long} {visible(run.stopped.remedy)}".rstrip()
        return ((f" {fitting((whole, long, f'{way} {why}', long), room - 1)}", "unknown"),)
    if run.finished is not None:
        shade = "ok" if run.counts[DeviceState.SUCCEEDED] == len(run.devices) else "strong"
        options = session.options
        verify = options.status is not None
        ways = ended(run, keys, read_only=options.read_only, verify=verify)
        if session.rest and not selecting and not session.options.read_only:
            rest = f"{keys['submit']} submits the other {session.rest:,} rows."
            # The footer names that key first: where the room is short, the causes are told.
            ways = [*(f"{rest} {one}" for one in ways), *ways]
        return ((f" {fitting(ways, room - 1)}", shade),)
    if session.worker_waits:
        return ((f" Waiting: {visible(session.worker_waits)}", "unknown"),)
    if run.waiting is not None and left != 0:
        why = visible(run.waiting.why)
        asks = session.options.sign_in is not None and not session.options.read_only
        if asks and needs_sign_in(run):
            # The way on first: on a narrow screen the reason is cut off.
            why = f"{keys['sign_in']} signs in. {why[0].upper()}{why[1:]}"
            return ((f" {why}", "unknown"),)
        if needs_role(run) and not session.options.read_only:
            why = f"{keys['try_now']} looks now. {why[0].upper()}{why[1:]}"
            return ((f" {why}", "unknown"),)
        now = ""
        if run.waiting.until and not session.options.read_only:
            now = f" {keys['try_now']} tries now."
        return ((f" Waiting{_as_long(run.waiting.until, left)}: {why}{now}", "unknown"),)
    if left and (batch := waiting_batch(run)) is not None:
        why = visible(batch.why or "the service asked to wait")
        now = "" if session.options.read_only else f" {keys['try_now']} tries now."
        waits = _as_long(batch.not_before, left)
        return ((f" Waiting{waits}: batch {batch.number}: {why}{now}", "unknown"),)
    if run.paused:
        on = "" if session.options.read_only else f"; {keys['pause']} continues"
        return ((f" Paused: nothing is submitted{on}.", "unknown"),)
    return ()


def _as_long(until: str, left: int | None) -> str:
    """A countdown, or the date of what is far away."""
    if not left:
        return ""
    return f" {clock(left)}" if left < _FAR else f" until {minute(until)}"


def found(index: RowIndex, flaw: str) -> Line:
    """Beside a filter that is being typed: how many rows it lets through, and what is wrong."""
    many: Line = ((f" {len(index.view):,} of {len(index.rows):,}", "accent"),)
    return (*many, (f"  {visible(flaw)}", "failed")) if flaw else many


def chip(status: str, words: str, index: RowIndex, flaw: str = "") -> Line:
    """What the table is filtered by, what is wrong with that, and how much of it is marked."""
    line: Line = ()
    if words or status:
        name = f" {status}" if status else ""
        text = f" /{visible(words)}" if words else ""
        many = f" {len(index.view)} of {len(index.rows)} "
        wrong = ((f" {visible(flaw)} ", "failed"),) if flaw else ()
        line = ((f"{name}{text}", "accent"), *wrong, (f" {many}(Esc clears) ", "muted"))
    if count := len(index.marks):
        hidden = sum(index.position(key) is None for key in index.marks)
        beside = f", {hidden} not shown" if hidden else ""
        line = (*line, (f" * {count} marked{beside} ", "accent"))
    return line


def _else(session: Session, key: str) -> str:
    """The key, or that a console which may use it is needed."""
    return "not here, which is read-only," if session.options.read_only else key


def _list_notice(session: Session, keys: dict[str, str], *, selecting: bool) -> Line:
    devices = session.board.list
    if devices is None:
        return ()
    submits = "" if session.options.read_only else keys["submit"]
    if lacking := session.board.lacking_region():
        asks = f"{submits} asks for it" if submits else "--region says it"
        return ((f" {plural(lacking, 'row')} without a region: {asks}.", "unknown"),)
    if devices.rows_invalid:
        text = f" {plural(devices.rows_invalid, 'row')} invalid, never submitted"
        if first := session.board.first_fault():
            text += f"; line {first[0]}: {visible(first[1])}"
        tail = f" Correct the list and open it again ({keys['open']})."
        if devices.devices and submits:
            tail += f" {submits} submits the other {len(devices.devices)}."
        return ((text + ".", "invalid"), (tail, "muted"))
    warnings = sum(1 for fault in devices.faults if fault.severity == "warning")
    if warnings:
        return (
            (f" {plural(warnings, 'warning')}, see the rows.", "unknown"),
            (f" {submits} submits." if submits else "", "muted"),
        )
    if devices.devices:
        rows = f" the other {session.rest:,} rows" if session.rest and not selecting else ""
        said = f"{submits} submits{rows}, after a question."
        if not submits:
            said = "Nothing can be changed."
        return ((f" {said}", "muted"),)
    return ((" The list has no devices.", "unknown"),)


def empty(keys: dict[str, str]) -> list[Line]:
    """What stands in place of the table while there is no list."""
    return [
        (),
        (("  No device list yet.", "strong"),),
        (),
        ((f"  {keys['open']}", "key"), ("  opens one: a file with the columns", "normal")),
        (
            ("     Username", "accent"),
            (" and ", "normal"),
            ("HardwareId", "accent"),
            (", and a Region if the list has several", "normal"),
        ),
        ((f"  {keys['runs']}", "key"), ("  shows the runs: history, resume, attach", "normal")),
        ((f"  {keys['help']}", "key"), ("  shows every key", "normal")),
        (),
        (("  siptui demo", "accent"), (" shows how it works, without an account", "normal")),
    ]
