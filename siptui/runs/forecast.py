"""When a plan, or what is left of a run, will probably be carried out. Pure.

Batches are laid into the slots of their regions one after another, each as long as batches took
before. Waits, retries and what fails are not foreseen: it is an estimate and decides nothing.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from siptui.domain.deadline import deadline_of, due_first
from siptui.domain.plan import Batch
from siptui.domain.region import Region
from siptui.runs.batch_time import BatchTime, moment
from siptui.runs.events import Options

#: A day before the end of what dates can say, in any zone.
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


class ToSubmit(Struct, frozen=True):
    """A batch that has to be submitted: not before `earliest`; those that are tried first are
    `ahead` of the rest of their group, or of all others where there are no groups."""

    number: int
    region: Region
    group: str
    ahead: bool
    earliest: datetime


class Forecast(Struct, frozen=True):
    """When a plan will probably be carried out, by `time`. `late` of the `dated` devices, which
    have a deadline, are then past it; `shut_out` will not be submitted before the window closes."""

    end: datetime
    batches: int
    time: BatchTime
    late: int = 0
    dated: int = 0
    shut_out: int = 0


def ends(
    batches: Iterable[ToSubmit],
    *,
    slots: int,
    each: timedelta,
    live: Mapping[int, tuple[Region, str, bool, datetime]],
) -> dict[int, datetime]:
    """When each batch ends, those that are `live` included: region, group, whether it is ahead,
    and its end."""
    found = {number: end for number, (_, _, _, end) in live.items()}
    busy: dict[Region, list[datetime]] = defaultdict(list)
    tried: dict[str, datetime] = {}
    for region, group, ahead, end in live.values():
        heapq.heappush(busy[region], end)
        if ahead:
            tried[group] = max(end, tried.get(group, end))
    slots = max(1, slots)
    # Those that go ahead come first: while they are tried, the rest of their group waits.
    for batch in sorted(batches, key=lambda batch: not batch.ahead):
        start, taken = batch.earliest, busy[batch.region]
        while len(taken) > slots:
            heapq.heappop(taken)
        if len(taken) == slots:
            start = max(start, heapq.heappop(taken))
        if not batch.ahead and batch.group in tried:
            start = max(start, tried[batch.group])
        end = found[batch.number] = _after(start, each)
        heapq.heappush(taken, end)
        if batch.ahead:
            tried[batch.group] = max(end, tried.get(batch.group, end))
    return found


def _after(start: datetime, each: timedelta) -> datetime:
    """`start` and so much later, where dates go as far."""
    return start + each if start < _LAST - each else start


def forecast(
    batches: Sequence[Batch], options: Options, time: BatchTime, now: datetime
) -> Forecast:
    """When the plan of a new run will probably be carried out if it starts `now`."""
    begin = max(now, moment(options.not_before) or now)
    ahead = _ahead(batches, options)
    wanted = [ToSubmit(b.number, b.region, b.group, b.number in ahead, begin) for b in batches]
    found = ends(wanted, slots=options.slots, each=time.each, live={})
    until = moment(options.until)
    late = dated = shut_out = 0
    last = begin
    for batch in batches:
        end = found[batch.number]
        out = until is not None and end >= _after(until, time.each)
        shut_out += len(batch.devices) * out
        last = last if out else max(last, end)
        deadlines = [due for device in batch.devices if (due := deadline_of(device))]
        dated += len(deadlines)
        late += len(deadlines) if out else sum(due < end for due in deadlines)
    return Forecast(last, len(batches), time, late, dated, shut_out)


def _ahead(batches: Sequence[Batch], options: Options) -> set[int]:
    """The batches that are tried before the others."""
    if options.by or not options.first:
        return {batch.number for batch in batches if batch.probe}
    devices = due_first(sorted((d for b in batches for d in b.devices), key=lambda d: d.line))
    tried = {device.hardware_id for device in devices[: options.first]}
    return {b.number for b in batches if tried.issuperset(d.hardware_id for d in b.devices)}
