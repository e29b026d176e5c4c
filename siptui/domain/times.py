"""Times as people read them."""

from datetime import datetime, timedelta

#: From here on a time of day alone could be taken for another day's.
_LONG = timedelta(hours=12)


def local_time(when: datetime, now: datetime) -> str:
    """`when` in local time: the time of day, with the date where it is not this day's or far."""
    here, today = when.astimezone(), now.astimezone()
    return _said(here, today)


def zoned_time(when: datetime, now: datetime) -> str:
    """`when` in local time to the minute with its zone, and the date where it is not this day's:
    `14:35 CET`."""
    here, today = when.astimezone(), now.astimezone()
    date = "" if here.date() == today.date() else f"{here:%Y-%m-%d} "
    return f"{date}{here:%H:%M %Z}".rstrip()


def time_until(until: str, at: str) -> str:
    """The RFC 3339 time `until` as written `at` another: the time of day in its own zone, with
    the date where that is another day's or far. Nothing where it is no time."""
    try:
        when, now = datetime.fromisoformat(until), datetime.fromisoformat(at)
        return _said(when, now)
    except (ValueError, TypeError):
        return until[11:19]


def _said(when: datetime, now: datetime) -> str:
    if when.date() == now.date() and when - now < _LONG:
        return f"{when:%H:%M:%S}"
    return f"{when:%Y-%m-%d %H:%M}"
