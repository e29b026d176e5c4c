"""The run as scripts see it: one JSON object an event, fields as documented, only ever added to."""

from collections.abc import Iterable, Iterator
from typing import Any

from siptui.domain.errors import ExitCode
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.batch_time import seconds_between
from siptui.runs.group_tally import tallies
from siptui.runs.state import DeviceRecord, RunState
from siptui.runs.time_left import TimeLeft, time_left

#: Version of the line format.
SCHEMA = 1
_EXIT_OF_STOP = {
    "sign_in_needed": ExitCode.SIGN_IN,
    "token_refused": ExitCode.SIGN_IN,
    "access_denied": ExitCode.SIGN_IN,
    "interrupted": ExitCode.INTERRUPTED,
}
_NOT_SUBMITTED = frozenset({"held_back", "groups_stopped", "window_closed"})
#: What each event is as a line: its type and its fields (see `_fields`), before the lines of the
#: devices that it changed.
_LINES: tuple[tuple[type[ev.Event], str, tuple[str, ...]], ...] = (
    (
        ev.RunPlanned,
        "run_planned",
        ("file", "sha256", "tenant", "devices", "skipped", "batches", "columns"),
    ),
    (ev.BatchSubmitting, "batch_submitting", ("batch", "region", "devices")),
    (ev.BatchAccepted, "batch_accepted", ("batch", "batch_id", "adopted")),
    (ev.BatchDeferred, "batch_deferred", ("batch", "why", "until?")),
    (
        ev.BatchRejected,
        "batch_rejected",
        ("batch", "status", "code", "message", "correlation_id"),
    ),
    (ev.BatchInDoubt, "batch_in_doubt", ("batch", "why")),
    (ev.BatchUnsettled, "batch_in_doubt", ("batch", "why")),
    (
        ev.BatchFinished,
        "batch_finished",
        ("batch", "batch_id", "succeeded", "failed", "unknown"),
    ),
    (ev.BatchGivenUp, "batch_given_up", ("batch", "batch_id", "unknown")),
    (ev.GroupStopped, "group_stopped", ("column", "group", "bad", "tried", "left")),
    (ev.DevicesHeld, "devices_held", ("batch", "why", "batch_id?", "by?", "decide")),
    (ev.DevicesSignedIn, "devices_left_out", ("in_run=run?", "batch_id?", "by?")),
    (
        ev.DeviceCorrected,
        "device_corrected",
        (
            *("username=user_name", "hardware_id"),
            *("old_username=old_user_name", "old_hardware_id"),
        ),
    ),
    (ev.Waiting, "waiting", ("why", "until?", "over")),
    (ev.Note, "note", ("level", "text", "batch")),
)
#: The same behind those lines.
_LAST_LINES: tuple[tuple[type[ev.Event], str, tuple[str, ...]], ...] = (
    (ev.RunStopped, "run_stopped", ("code", "message", "next=remedy")),
    (
        ev.RunFinished,
        "run_finished",
        ("succeeded", "failed", "unknown", "skipped", "seconds"),
    ),
)


def lines(state: RunState, stored: ev.Stored, changed: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The lines that `stored` amounts to, after it was taken into `state`.

    `changed` are the devices that it changed; each gets a line of type `device`.
    """
    event = stored.event
    head = {"schema": SCHEMA, "type": "", "at": stored.at, "run": state.run}
    for kind, name, fields in _LINES:
        if isinstance(event, kind):
            yield head | {"type": name} | _fields(event, fields) | _more(state, event)
    if not isinstance(event, ev.BatchPlanned):
        for index in sorted(changed):
            yield head | {"type": "device"} | device_fields(state.devices[index])
    for kind, name, fields in _LAST_LINES:
        if isinstance(event, kind):
            yield head | {"type": name} | _fields(event, fields) | _left(state)


def _fields(event: ev.Event, fields: Iterable[str]) -> dict[str, Any]:
    """The fields of a line, `name` or `name=field of the event`; `?`: null for what is empty."""
    found = {}
    for spelled in fields:
        name, _, field = spelled.removesuffix("?").partition("=")
        value = getattr(event, field or name)
        found[name] = (value or None) if spelled.endswith("?") else value
    return found


def _more(state: RunState, event: ev.Event) -> dict[str, Any]:
    """The fields of a line that are no fields of its event."""
    match event:
        case ev.BatchInDoubt():
            return {"settled": None}
        case ev.BatchUnsettled():
            return {"settled": False}
        case ev.Waiting():
            return {"kind": event.known_kind or None} | _how_long(state, event.until)
        case ev.BatchDeferred():
            return _how_long(state, event.until)
        case ev.DevicesSignedIn():
            return {"why": "signed_in", "devices": _named(state, event.devices)}
        case ev.DeviceCorrected():
            by = event.actor.account or event.actor.os_user
            return {"line": state.devices[event.device].device.line, "by": by or None}
        case ev.DevicesHeld():
            return {"devices": _named(state, event.devices)}
    return {}


def _how_long(state: RunState, until: str) -> dict[str, Any]:
    """The seconds until the next attempt, and until all has an outcome."""
    wait = round(seconds_between(state.last_at, until)) if until else None
    left = time_left(state).seconds
    return {"wait_seconds": wait, "seconds_left": None if left is None else round(left)}


def _named(state: RunState, places: Iterable[int]) -> list[dict[str, Any]]:
    devices = [state.devices[i].device for i in places]
    return [
        {"line": d.line, "username": d.user_name, "hardware_id": d.hardware_id} for d in devices
    ]


def _left(state: RunState) -> dict[str, Any]:
    """How many devices were not submitted, and how the groups stand."""
    return {"left": state.counts[DeviceState.QUEUED]} | groups_field(state)


def groups_field(state: RunState, left: TimeLeft | None = None) -> dict[str, Any]:
    """How the groups stand, where the run goes by a column: `by` and `groups`."""
    if not state.group_of or state.plan is None:
        return {}
    seconds = (left or time_left(state)).groups
    groups = [
        {
            "group": one.group,
            "devices": one.devices,
            "succeeded": one.succeeded,
            "failed": one.failed,
            "unknown": one.unknown,
            "left": one.left,
            "seconds_left": round(seconds[one.group]) if one.group in seconds else None,
            "stopped": one.stopped,
            "stopped_by": {"bad": one.stop.bad, "tried": one.stop.tried} if one.stop else None,
            "causes": dict(one.causes.most_common()),
        }
        for one in tallies(state)
    ]
    return {"by": state.plan.options.by, "groups": groups}


def device_fields(record: DeviceRecord) -> dict[str, Any]:
    """A device as a line of type `device` has it."""
    return {
        "line": record.device.line,
        "username": record.device.user_name,
        "hardware_id": record.device.hardware_id,
        "region": str(record.device.region),
        "batch": record.batch,
        "state": str(record.state),
        "attempt": record.attempt,
        "error": record.error or None,
        "cause": str(record.outcome.cause) if record.outcome else None,
        "remedy": record.outcome.remedy if record.outcome else None,
    }


def exit_code(state: RunState) -> ExitCode:
    """What the process of a run that ended, or was stopped, tells the shell."""
    if state.counts[DeviceState.UNKNOWN] or (state.finished and state.lost_outcomes):
        return ExitCode.SOME_UNKNOWN
    stopped = _EXIT_OF_STOP.get(state.stopped.code) if state.stopped else None
    if stopped:
        return stopped
    if state.counts[DeviceState.FAILED]:
        return ExitCode.SOME_FAILED
    if state.counts[DeviceState.SUCCEEDED] == len(state.devices):
        return ExitCode.OK
    if state.stopped and state.stopped.code in _NOT_SUBMITTED:
        return ExitCode.NOT_SUBMITTED
    return ExitCode.ERROR
