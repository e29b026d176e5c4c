"""Batches of a run as a plan has them, and when they will probably have ended. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from msgspec import structs

from siptui.domain.plan import Batch
from siptui.runs.batch_time import BatchTime
from siptui.runs.events import BatchPlanned, Event
from siptui.runs.forecast import Forecast, forecast
from siptui.runs.orders import UNCHANGED, Changed
from siptui.runs.state import BatchRecord, RunState


def batches_in(state: RunState, events: Iterable[Event]) -> list[Batch]:
    """The batches that `events` plan in the run."""
    return [
        Batch(
            e.batch,
            e.region,
            tuple(replace(state.devices[i].device, region=e.region) for i in e.devices),
        )
        for e in events
        if isinstance(e, BatchPlanned)
    ]


def queued_batches(state: RunState, records: Iterable[BatchRecord]) -> list[Batch]:
    """Batches of the run as they are."""
    return [
        Batch(b.number, b.region, tuple(state.devices[i].device for i in b.devices))
        for b in records
    ]


def foreseen(
    state: RunState,
    batches: Sequence[Batch],
    time: BatchTime,
    now: datetime,
    changes: Changed = UNCHANGED,
) -> Forecast | None:
    """When these batches of the run will probably have ended; a window that has closed is lifted
    by going on."""
    if not batches or state.plan is None:
        return None
    options = structs.replace(changes.apply(state.plan.options), until="")
    return forecast(batches, options, time, now)
