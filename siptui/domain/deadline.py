"""Until when a device can be signed in: its deadline, where the list says when it was onboarded.

A new phone must be signed in within 72 hours of onboarding, a signed-out one within 168 hours of
its sign-out (Microsoft Learn, "Configure SIP Gateway"). The list's dates are the operator's, so
a deadline warns and never decides.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from siptui.domain.columns import KNOWN, folded_name
from siptui.domain.device import Device

ONBOARDED = timedelta(hours=72)
SIGNED_OUT = timedelta(hours=168)
_HOURS = {
    **dict.fromkeys(KNOWN["onboarded_at"], ONBOARDED),
    **dict.fromkeys(KNOWN["signed_out_at"], SIGNED_OUT),
}


@lru_cache(maxsize=4096)
def _hours(header: str) -> timedelta | None:
    return _HOURS.get(folded_name(header))


def deadline_of(device: Device) -> datetime | None:
    """When `device` can no longer be signed in, by the column of its list; none without a date.

    A date without a zone, as lists of earlier versions have it, is taken as UTC.
    """
    if not any(map(_hours, device.extra)):  # nearly always, and asked for every row
        return None
    return next((when + hours for hours, when in _dates(device)), None)


def onboarded_at(device: Device) -> datetime | None:
    """When `device` was onboarded, by the column of its list; none without a date."""
    return next((when for hours, when in _dates(device) if hours is ONBOARDED), None)


def _dates(device: Device) -> Iterator[tuple[timedelta, datetime]]:
    """The dates of a device that a deadline follows from, each with the hours it leaves."""
    for name, text in device.extra.items():
        hours = _hours(name)
        if hours is None or not text.strip():
            continue
        try:
            when = datetime.fromisoformat(text.strip())
        except ValueError:
            continue
        yield hours, when if when.tzinfo else when.replace(tzinfo=UTC)


def time_left(deadline: datetime, now: datetime) -> str:
    """`deadline` as people count it: `71 h`, `3 h 12 min`, `9 min`, `past`."""
    minutes = int((deadline - now).total_seconds() // 60)
    if minutes < 0:
        return "past"
    hours, minutes = divmod(minutes, 60)
    if hours >= 10:
        return f"{hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def deadlines_note(devices: Sequence[Device], now: datetime) -> str:
    """One sentence on the deadlines of a list, or nothing where it names none."""
    ends = sorted(end for device in devices if (end := deadline_of(device)))
    if not ends:
        return ""
    past = sum(end <= now for end in ends)
    ahead = [end for end in ends if end > now]
    parts = []
    if past:
        parts.append(f"{_devices(past)} past the deadline and will probably fail")
    if ahead:
        soon = sum(end - now < timedelta(hours=6) for end in ahead)
        parts.append(
            f"the next deadline is in {time_left(ahead[0], now)}"
            + (f", {_devices(soon)} within 6 hours of it" if soon else "")
        )
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def due_first(devices: Sequence[Device]) -> Sequence[Device]:
    """`devices` by their deadlines, those without one after them, else in their order."""
    if not any(hours for device in devices[:1] for name in device.extra if (hours := _hours(name))):
        return devices
    last = datetime.max.replace(tzinfo=UTC)
    return sorted(devices, key=lambda device: deadline_of(device) or last)


def _devices(count: int) -> str:
    return "1 device is" if count == 1 else f"{count} devices are"
