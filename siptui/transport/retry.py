"""When a request may be sent again: what `Retry-After` says, and trying a read once more."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

T = TypeVar("T")
#: The longest wait the service may ask for that is honoured unasked, in seconds.
MAX_HONOURED = 15 * 60.0
#: The wait of who is told to wait in words that cannot be read, or without a time, in seconds.
DEFAULT_WAIT = 30.0
#: How often a read is tried in all.
ATTEMPTS = 5

#: A wait that is longer is taken for one of this length, in seconds: no date is further away.
_LONGEST = 2.5e11
_SECONDS = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)

#: Told why there is a wait, and until when.
OnWait = Callable[[str, datetime], None]
_on_wait: ContextVar[OnWait | None] = ContextVar("on_wait", default=None)


def retry_after(value: str, now: datetime, date: str = "") -> float | None:
    """The whole wait in seconds that a `Retry-After` header names, never negative.

    A date counts from the answer's own `Date` header, so that a clock of this host that is wrong
    makes no difference; where that cannot be read, from `now`. Seconds may have a fraction, which
    RFC 9110 (10.2.3) does not have but services send. Of several values the longest counts.
    None if it cannot be read.
    """
    numbers = [part.strip() for part in value.split(",")]
    if all(_SECONDS.fullmatch(part) for part in numbers):
        return min(max(map(float, numbers)), _LONGEST)
    when = date_of(value)
    if when is None:
        return None
    try:
        return max(0.0, (when - (date_of(date) or now)).total_seconds())
    except OverflowError:  # the last day of year 9999, west of Greenwich
        return _LONGEST


def date_of(value: str) -> datetime | None:
    """The moment that a header with a date names; None where it cannot be read."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(value.strip())
        except (ValueError, OverflowError, IndexError):
            continue
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    return None


def asked_wait(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """The whole wait in seconds that an answer asks for; None where it asks for none.

    429 always does. 503 does with any `Retry-After`, every other answer that is no success with
    one that can be read. What cannot be read, or is not there, is `DEFAULT_WAIT`.
    """
    if status < 300:
        return None
    value = headers.get("retry-after")
    wait = None if value is None else retry_after(value, now, headers.get("date", ""))
    if wait is None and (status == 429 or (status == 503 and value is not None)):
        return DEFAULT_WAIT
    return wait


def honoured(seconds: float) -> float:
    """How much of a wait of so many seconds is waited unasked."""
    return min(max(seconds, 0.0), MAX_HONOURED)


async def retried(
    read: Callable[[], Awaitable[T]],
    wait_for: Callable[[Exception], bool | float],
    on_wait: OnWait | None = None,
) -> T:
    """The result of `read`, tried up to `ATTEMPTS` times.

    `wait_for` says of an error whether it may pass: no, yes, or after so many seconds. A wait
    beyond `MAX_HONOURED` is not begun; the error is raised instead. `on_wait` hears of each wait.
    """
    import stamina
    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks((_tell,))  # stamina's own hooks would log errors as they are
    caller = stamina.AsyncRetryingCaller(
        attempts=ATTEMPTS, timeout=None, wait_initial=1, wait_max=30, wait_jitter=2
    )
    said = _on_wait.set(on_wait)
    try:
        return await caller(lambda error: _bounded(wait_for(error)), read)
    finally:
        _on_wait.reset(said)


def _bounded(wait: bool | float) -> bool | float:
    return wait if wait <= MAX_HONOURED else False


def _tell(details: "RetryDetails") -> None:
    if on_wait := _on_wait.get():
        until = datetime.now(UTC) + timedelta(seconds=details.wait_for)
        on_wait(getattr(details.caused_by, "message", type(details.caused_by).__name__), until)
