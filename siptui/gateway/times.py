"""Times as the service writes them: the form is not known, so several are read."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta

_DOTNET = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


#: A time without a zone may be of any: the widest that there are.
_ANY_ZONE = timedelta(hours=14)
#: What a clock read over the network, and a time written in whole seconds, may be off by.
_SECONDS, _MINUTES = timedelta(seconds=2), timedelta(minutes=1)


def surely_before(text: str, moment: datetime) -> bool:
    """Whether the service's time `text` lies before `moment` (by the service's clock) for certain.

    False where it cannot be read. A time without seconds may be a minute early, one without a zone
    may be of any zone.
    """
    when = parse_when(text)
    if when is None:
        return False
    slack = _SECONDS if when.second or when.microsecond else _MINUTES
    if _zoneless(text):
        slack += _ANY_ZONE
    return when + slack < moment


def surely_since(text: str, moment: datetime) -> bool:
    """Whether the service's time `text` does not lie before `moment`, as far as it can be read."""
    when = parse_when(text)
    slack = _SECONDS if when and (when.second or when.microsecond) else _MINUTES
    return when is not None and when + slack >= moment


def exact(text: str) -> bool:
    """Whether the service's time `text` names one moment: it can be read and has a zone."""
    earliest, latest = span(text)
    return earliest is not None and earliest == latest


def _zoneless(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is None
    except ValueError:
        return False  # a number of seconds is of no zone


def span(text: str) -> tuple[datetime | None, datetime | None]:
    """The earliest and the latest moment that `text` may name; None where it does not say.

    They differ where it names no zone: which one the service would mean is not known.
    """
    when = parse_when(text)
    if when is None:
        return None, None
    return (when - _ANY_ZONE, when + _ANY_ZONE) if _zoneless(text) else (when, when)


def parse_when(text: str) -> datetime | None:
    """The moment that `text` names (ISO 8601, seconds or milliseconds since 1970, `/Date(…)/`).

    None also for the first and the last year of the calendar: .NET writes so that a time was never
    set or has no end, and beside them there is nothing to compare with.
    """
    text = text.strip()
    if found := _DOTNET.fullmatch(text):
        text = found.group(1)
    try:
        if re.fullmatch(r"\d{9,14}(\.\d+)?", text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        when = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    if not MINYEAR < when.year < MAXYEAR:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
