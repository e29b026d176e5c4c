"""Trying a read again: what the service asks for first, else longer and longer with jitter."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

T = TypeVar("T")
#: The longest wait the service may ask for that is honoured unasked, in seconds.
MAX_HONOURED = 15 * 60.0
#: How often a read is tried in all.
ATTEMPTS = 5

#: Told why there is a wait, and until when.
OnWait = Callable[[str, datetime], None]
_on_wait: ContextVar[OnWait | None] = ContextVar("on_wait", default=None)


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds to wait that a `Retry-After` header names, from `now` if it is a date.

    None if there is no such header or it cannot be read; never negative.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


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
    return wait if isinstance(wait, bool) or wait <= MAX_HONOURED else False


def _tell(details: "RetryDetails") -> None:
    if on_wait := _on_wait.get():
        until = datetime.now(UTC) + timedelta(seconds=details.wait_for)
        on_wait(getattr(details.caused_by, "message", type(details.caused_by).__name__), until)
