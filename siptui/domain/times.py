"""Times as people read them: by the operator's clock, its zone named once per screen.

Journal and JSON have UTC instead. Nothing else writes a time for people, so that all look alike.
A time takes its own offset along where that is not the one that holds `now`, which the screen
names: daylight saving began or ended between them.
"""

from datetime import UTC, datetime, timedelta

#: A time as it is passed about, or as journal and service write it: RFC 3339, UTC if it says none.
Moment = datetime | str
#: From here on a time of day alone could be taken for another day's.
_LONG = timedelta(hours=12)


def zone(when: Moment | None = None) -> str:
    """The zone that holds then (now if nothing is said), as its distance from UTC: `UTC+05:30`.

    No name: `IST` is three zones, and some systems have names of three words.
    """
    here = _here(when if when is not None else datetime.now(UTC))
    return "" if here is None else "UTC" + (_offset(here) if here.utcoffset() else "")


def clock(when: Moment, now: datetime | None = None) -> str:
    """The time of day: `14:22:05`; nothing where `when` is no time."""
    return _written(when, "%H:%M:%S", now)


def minute(when: Moment, now: datetime | None = None) -> str:
    """Day and time of day to the minute: `2026-11-27 14:22`."""
    return _written(when, "%Y-%m-%d %H:%M", now)


def second(when: Moment, now: datetime | None = None) -> str:
    """Day and time of day to the second: `2026-11-27 14:22:05`."""
    return _written(when, "%Y-%m-%d %H:%M:%S", now)


def day(when: Moment) -> str:
    """The day: `2026-11-27`."""
    here = _here(when)
    return f"{here:%Y-%m-%d}" if here else ""


def local_time(when: Moment, now: Moment) -> str:
    """The time of day, with the date where it is not that of `now` or far."""
    here, today = _here(when), _here(now)
    if here is None or today is None:
        return ""
    if here.date() == today.date() and here - today < _LONG:
        return clock(here, today)
    return minute(here, today)


def zoned_time(when: Moment, now: Moment) -> str:
    """The time of day to the minute with its zone, and the date where it is not that of `now`:
    `14:35 UTC+01:00`. For one that stands in a sentence, on no screen of its own."""
    here, today = _here(when), _here(now)
    if here is None or today is None:
        return ""
    date = "" if here.date() == today.date() else f"{here:%Y-%m-%d} "
    return f"{date}{here:%H:%M} {zone(here)}"


def passed(since: Moment, now: datetime) -> float | None:
    """The seconds from then to `now`, never fewer than none; nothing where it is no time."""
    when = moment_at(since)
    return max(0.0, (now - when).total_seconds()) if when is not None else None


def duration(seconds: float) -> str:
    """How long something takes: `0:41`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{rest // 60}:{rest % 60:02}"


def _written(when: Moment, form: str, now: datetime | None) -> str:
    here, today = _here(when), _here(now or datetime.now(UTC))
    if here is None:
        return ""
    other = today is not None and here.utcoffset() != today.utcoffset()
    return here.strftime(form) + (f" {_offset(here)}" if other else "")


def _offset(here: datetime) -> str:
    return f"{here:%z}"[:3] + ":" + f"{here:%z}"[3:5]


def _here(when: Moment) -> datetime | None:
    moment = moment_at(when)
    try:
        return moment.astimezone() if moment is not None else None
    except (ValueError, OverflowError, OSError):  # at the ends of what dates can say
        return moment


def moment_at(when: Moment) -> datetime | None:
    """The moment that a text of journal or service names; none where it is no time."""
    try:
        moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
