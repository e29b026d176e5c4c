"""How long a batch takes: measured over the tenant's last ones, which estimates go by."""

import logging
from datetime import datetime, timedelta
from statistics import median

from msgspec import Struct

from siptui.domain.errors import SiptuiError
from siptui.runs.conflicts import perhaps_same_tenant
from siptui.runs.events import BatchAccepted, BatchFinished, RunPlanned
from siptui.runs.journal.journal import Journal

_LOG = logging.getLogger(__name__)
#: What a batch is taken to last before one of the tenant's was followed to its end.
ASSUMED = timedelta(minutes=10)
#: Batches that are enough to go by, and runs that are looked through for them.
_ENOUGH, _RUNS = 30, 10


class BatchTime(Struct, frozen=True):
    """How long a batch takes, in the middle of so many that were `measured`; assumed for none."""

    each: timedelta = ASSUMED
    measured: int = 0


def batch_time(journal: Journal, tenant: str) -> BatchTime:
    """The time that the last batches of `tenant` took from acceptance to their end. A run that
    cannot be read is left out: nothing is decided by this."""
    took: list[float] = []
    for run in journal.runs()[:_RUNS]:
        try:
            planned = journal.first_and_last(run)[0].event
            if isinstance(planned, RunPlanned) and perhaps_same_tenant(planned.tenant, tenant):
                took += _took(journal, run)
        except SiptuiError as error:
            _LOG.warning("run %s is not counted in estimates: %s", run, error.message)
        if len(took) >= _ENOUGH:
            break
    return BatchTime(timedelta(seconds=median(took)), len(took)) if took else BatchTime()


def _took(journal: Journal, run: str) -> list[float]:
    begun: dict[int, str] = {}
    took: list[float] = []
    for stored in journal.batch_times(run):
        event = stored.event
        if isinstance(event, BatchAccepted) and not event.adopted:
            begun[event.batch] = stored.at
        elif isinstance(event, BatchFinished) and (at := begun.pop(event.batch, "")):
            took.append(seconds_between(at, stored.at))
    return took


def seconds_between(begin: str, end: str) -> float:
    """The seconds from one RFC 3339 time of a journal to another, never less than none; none
    where one of them is no time."""
    first, last = moment(begin), moment(end)
    return max(0.0, (last - first).total_seconds()) if first and last else 0.0


def moment(at: str) -> datetime | None:
    """The RFC 3339 time `at`, which may be foreign; nothing where it is none."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return found if found.tzinfo else None
