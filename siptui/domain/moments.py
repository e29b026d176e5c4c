"""Moments that an operator types: `--not-before 22:00`, `--until 2026-11-27T06:00:00Z`. Pure."""

import re
from datetime import datetime, timedelta

from siptui.domain.errors import UsageError
from siptui.domain.text import visible
from siptui.domain.times import minute, zone

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_ABOUT = "Write a time of day (22:00, the next one), 2026-11-27 22:00, or RFC 3339 with its zone."


class NoMomentError(UsageError):
    """What was typed is no moment, or one that makes no sense here."""

    title = "No such time"
    code = "bad_time"


def moment(text: str, now: datetime) -> datetime:
    """The moment that `text` names: RFC 3339, a date and a time, or a time of day, the next one
    after `now`. Where no zone is named it is local, as `now` is. Raises `NoMomentError`."""
    typed = text.strip()
    here = now.astimezone()
    if found := _TIME.fullmatch(typed):
        hour, minute, second = (int(part or 0) for part in found.groups())
        naive = here.replace(tzinfo=None, hour=hour, minute=minute, second=second, microsecond=0)
        try:
            when = naive.astimezone()  # by the clock that holds on that day
            return when if when > here else (naive + timedelta(days=1)).astimezone()
        except (ValueError, OverflowError, OSError):  # behind the last day of any calendar
            raise NoMomentError(f"“{typed}” is no time any more.", remedy=_ABOUT) from None
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d", typed):
        raise NoMomentError(f"“{visible(text)}” is no time.", remedy=_ABOUT)
    try:
        return datetime.fromisoformat(typed).astimezone()
    except (ValueError, OverflowError, OSError):
        raise NoMomentError(f"“{visible(text)}” is no time.", remedy=_ABOUT) from None


def window(not_before: str, until: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The beginning and the end of a maintenance window; none where it is not limited.

    `until` as a time of day is the next one after the beginning, if that is later than `now`.
    Raises `NoMomentError` for an end that is past or not after the beginning.
    """
    begin = moment(not_before, now) if not_before else None
    end = moment(until, max(begin, now) if begin else now) if until else None
    if end is not None and end <= now:
        raise NoMomentError(
            f"The end of the window, {until}, is past: {minute(end, now)} {zone(end)}.",
            remedy="Name a later time.",
        )
    if begin is not None and end is not None and end <= begin:
        raise NoMomentError(
            f"The window ends ({until}) before it begins ({not_before}).",
            remedy="The window must end after it begins.",
        )
    return begin, end
