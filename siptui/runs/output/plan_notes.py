"""What a plan says beside its batches: by which column, in which window, until when. Pure.

The same sentences stand in a dry run, in a plan file and in the confirmations of command line and
console.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from siptui.domain.deadline import time_left
from siptui.domain.device import Device
from siptui.domain.row_filter import grouper
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time, zone, zoned_time
from siptui.gateway.tenant_model import RoleEnd
from siptui.runs.events import Options
from siptui.runs.forecast import Forecast
from siptui.runs.journal.codec import timestamp

#: Minutes are told rounded, not begun.
_HALF = timedelta(seconds=30)


def by_note(devices: Sequence[Device], options: Options) -> list[str]:
    """In how many groups a run by a column goes out, and what stops one of them."""
    if not options.by or not devices:
        return []
    group_of = grouper(devices, options.by)
    count = len({group_of(device) for device in devices})
    tried = f"the first {options.first} of each are tried before its rest; " * bool(options.first)
    return [
        f"By {visible(options.by)}, {plural(count, 'value')}: {tried}one with more than "
        f"{options.max_failures:g} % failed is stopped, the others go on."
    ]


def window_note(options: Options, now: datetime | None = None) -> list[str]:
    """When submits may go out; nothing where they always may."""
    now = now or datetime.now(UTC)
    said = [
        f"{word} {local_time(when, now)}"
        for word, when in (("not before", options.not_before), ("until", options.until))
        if when
    ]
    return [f"Submits go out {', '.join(said)} ({zone()})."] if said else []


def forecast_notes(found: Forecast, now: datetime) -> list[str]:
    """When the plan will probably be carried out, by what, and what will be too late."""
    each = _minutes(found.time.each.total_seconds())
    if (count := found.time.measured) > 1:
        why = f"the tenant's last {count} batches took about {each} each"
    elif count:
        why = f"the tenant's last batch took about {each}"
    else:
        why = f"assuming {each} a batch, as none of this tenant was followed from here yet"
    wait = time_left(found.end, now - _HALF)
    wait = "less than a minute" if wait == "0 min" else wait
    end = f"about {zoned_time(found.end, now)} (in {wait})"
    notes = [f"Estimated end: {end}; {why}."]
    if found.late:
        of = f"{found.late} of {plural(found.dated, 'device')} with a deadline"
        notes.append(f"By this estimate {of} will miss it.")
    if found.shut_out:
        left = plural(found.shut_out, "device")
        notes.append(f"By this estimate {left} will not be submitted before the window closes.")
    return notes


def role_end_notes(role: RoleEnd | None, end: datetime, now: datetime) -> list[str]:
    """When the operator's role ends, beside the estimated `end`; nothing where none does."""
    if role is None:
        return []
    said = f"Your role {role.role} ends at {zoned_time(role.at, now)}"
    if role.at >= end:
        return [f"{said}, after that."]
    return [f"{said}, before that: activate it for longer, or the run waits until it is back."]


def forecast_field(found: Forecast, role: RoleEnd | None = None) -> dict[str, Any]:
    """The same for programs."""
    return {
        "end": timestamp(found.end),
        "batch_seconds": round(found.time.each.total_seconds()),
        "batches_measured": found.time.measured,
        "miss_deadline": found.late,
        "not_submitted": found.shut_out,
        "role_ends": timestamp(role.at) if role else None,
    }


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{round(seconds / 60)} min"
