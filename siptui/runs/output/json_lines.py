"""The run as scripts see it: one JSON object an event, fields as documented, only ever added to."""

from collections.abc import Iterable, Iterator
from typing import Any

from siptui.domain.errors import ExitCode
from siptui.domain.state import DeviceState
from siptui.runs import events as ev
from siptui.runs.state import DeviceRecord, RunState

#: Version of the line format.
SCHEMA = 1
_EXIT_OF_STOP = {
    "sign_in_needed": ExitCode.SIGN_IN,
    "token_refused": ExitCode.SIGN_IN,
    "access_denied": ExitCode.SIGN_IN,
    "interrupted": ExitCode.INTERRUPTED,
}
_NOT_SUBMITTED = frozenset({"held_back"})


def lines(state: RunState, stored: ev.Stored, changed: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The lines that `stored` amounts to, after it was taken into `state`.

    `changed` are the devices that it changed; each gets a line of type `device`.
    """
    event = stored.event
    head = {"schema": SCHEMA, "type": "", "at": stored.at, "run": state.run}
    if isinstance(event, ev.RunPlanned):
        keep = ("file", "sha256", "tenant", "devices", "skipped", "batches", "columns")
        yield head | {"type": "run_planned"} | {name: getattr(event, name) for name in keep}
    elif isinstance(event, ev.BatchSubmitting):
        yield head | {
            "type": "batch_submitting",
            "batch": event.batch,
            "region": str(event.region),
            "devices": event.devices,
        }
    elif isinstance(event, ev.BatchAccepted):
        yield head | {
            "type": "batch_accepted",
            "batch": event.batch,
            "batch_id": event.batch_id,
            "adopted": event.adopted,
        }
    elif isinstance(event, ev.BatchDeferred):
        yield head | {
            "type": "batch_deferred",
            "batch": event.batch,
            "why": event.why,
            "until": event.until or None,
        }
    elif isinstance(event, ev.BatchRejected):
        yield head | {
            "type": "batch_rejected",
            "batch": event.batch,
            "status": event.status,
            "code": event.code,
            "message": event.message,
            "correlation_id": event.correlation_id,
        }
    elif isinstance(event, ev.BatchInDoubt | ev.BatchUnsettled):
        yield head | {
            "type": "batch_in_doubt",
            "batch": event.batch,
            "why": event.why,
            "settled": False if isinstance(event, ev.BatchUnsettled) else None,
        }
    elif isinstance(event, ev.BatchFinished):
        yield head | {
            "type": "batch_finished",
            "batch": event.batch,
            "batch_id": event.batch_id,
            "succeeded": event.succeeded,
            "failed": event.failed,
            "unknown": event.unknown,
        }
    elif isinstance(event, ev.BatchGivenUp):
        yield head | {
            "type": "batch_given_up",
            "batch": event.batch,
            "batch_id": event.batch_id,
            "unknown": event.unknown,
        }
    elif isinstance(event, ev.DevicesHeld):
        yield head | {
            "type": "devices_held",
            "batch": event.batch,
            "why": event.why,
            "batch_id": event.batch_id or None,
            "by": event.by or None,
            "decide": event.decide,
            "devices": _named(state, event.devices),
        }
    elif isinstance(event, ev.DevicesSignedIn):
        yield head | {
            "type": "devices_left_out",
            "why": "signed_in",
            "in_run": event.run or None,
            "batch_id": event.batch_id or None,
            "by": event.by or None,
            "devices": _named(state, event.devices),
        }
    elif isinstance(event, ev.Waiting):
        yield head | {
            "type": "waiting",
            "why": event.why,
            "until": event.until or None,
            "over": event.over,
        }
    elif isinstance(event, ev.Note):
        yield head | {
            "type": "note",
            "level": event.level,
            "text": event.text,
            "batch": event.batch,
        }
    if not isinstance(event, ev.BatchPlanned):
        for index in sorted(changed):
            yield head | {"type": "device"} | device_fields(state.devices[index])
    if isinstance(event, ev.RunStopped):
        yield head | {
            "type": "run_stopped",
            "code": event.code,
            "message": event.message,
            "next": event.remedy,
        }
    elif isinstance(event, ev.RunFinished):
        yield head | {
            "type": "run_finished",
            "succeeded": event.succeeded,
            "failed": event.failed,
            "unknown": event.unknown,
            "skipped": event.skipped,
            "seconds": event.seconds,
        }


def _named(state: RunState, places: Iterable[int]) -> list[dict[str, Any]]:
    devices = [state.devices[i].device for i in places]
    return [
        {"line": d.line, "username": d.user_name, "hardware_id": d.hardware_id} for d in devices
    ]


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
    if state.counts[DeviceState.UNKNOWN]:
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
