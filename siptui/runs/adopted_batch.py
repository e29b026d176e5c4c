"""A batch that a run follows though another process or person submitted it."""

from datetime import datetime, timedelta

from siptui.gateway.times import parse_when, span
from siptui.runs.events import BatchAccepted
from siptui.runs.journal.codec import timestamp


def followed_from(
    batch: int,
    batch_id: str,
    requested: str,
    *,
    ahead: timedelta | None = None,
    count: int | None = None,
) -> BatchAccepted:
    """The event by which the run's `batch` is the service's batch `batch_id` from now on.

    `requested` is when it was submitted, as the service writes it; `ahead` is how far the service's
    clock is ahead of this host's, none where it is not known.
    """

    def here(moment: datetime | None) -> str:
        return timestamp(moment - (ahead or timedelta())) if moment else ""

    earliest, latest = span(requested)
    return BatchAccepted(
        batch=batch,
        batch_id=batch_id,
        count=count,
        adopted=True,
        requested=here(parse_when(requested)),
        requested_from=here(earliest),
        requested_until=here(latest),
    )
