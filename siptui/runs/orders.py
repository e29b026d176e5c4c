"""Carrying out what an operator ordered: an order in, events out. Pure rules."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from msgspec import Struct, structs

from siptui.domain.device import Device
from siptui.domain.limits import MAX_BATCH_SIZE
from siptui.domain.plan import make_batches
from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.gateway.protocol import BatchStatus
from siptui.runs.engine.batch_matching import own_ids
from siptui.runs.engine.status_changes import undecided
from siptui.runs.events import (
    BatchDeferred,
    BatchGivenUp,
    BatchPlanned,
    BatchUnsettled,
    DevicesHeld,
    Event,
    Note,
    Options,
    Order,
)
from siptui.runs.state import BatchRecord, DeviceRecord, RunState


def plan_again(
    state: RunState,
    devices: Iterable[DeviceRecord],
    *,
    size: int,
    order: int = 0,
    first: int = 0,
    moved: bool = False,
    grouped: bool = False,
    region: Region | None = None,
) -> list[BatchPlanned]:
    """New batches for `devices`, in the order of the list, an attempt further each unless they
    are only `moved` from batches that were never submitted.

    Devices that a directory ever throttled go into batches of at most half the size of that one,
    and of `size` at most. The `first` few go into batches of their own, which are tried before
    the others. With `grouped`, and where they are only moved, each stays in the group that it has
    in a run by a column, which may be stopped; what an operator orders goes out whatever its group.
    `region` is where they go instead of where the list says; what is moved, or tried again without
    an order, stays where it was.
    """
    records = sorted(devices, key=lambda r: r.index)
    start = max(state.batches, default=0) + 1
    size = min(size, MAX_BATCH_SIZE)
    planned: list[BatchPlanned] = []
    tried = (records[:first], start), (records[first:], 0)
    for part, trial in tried:
        for most, name, probe in sorted({_kind(state, r, moved or grouped) for r in part}):
            kind = (most, name, probe)
            group = [r for r in part if _kind(state, r, moved or grouped) == kind]
            by_id = {r.device.hardware_id: r for r in group}
            for batch in make_batches(
                [_in_region(state, r, region, stays=moved or grouped) for r in group],
                size=min(size, most or size),
                start=start + len(planned),
            ):
                members = [by_id[d.hardware_id] for d in batch.devices]
                planned.append(
                    BatchPlanned(
                        batch=batch.number,
                        region=batch.region,
                        devices=[r.index for r in members],
                        attempt=max(r.attempt for r in members) + (not moved),
                        order=order,
                        trial=trial,
                        moved=moved,
                        group=name,
                        probe=probe,
                    )
                )
    return planned


def _in_region(
    state: RunState, record: DeviceRecord, region: Region | None, *, stays: bool
) -> Device:
    """The device as it is submitted: in `region`, or where its last batch was if it `stays`."""
    before = state.batches.get(record.batch)
    if region is None and stays and before is not None:
        region = before.region
    if region is None:
        return record.device
    return replace(record.device, region=region)


def _kind(state: RunState, record: DeviceRecord, grouped: bool) -> tuple[int, str, bool]:
    """What devices of one batch must have in common: the most there may be, the group."""
    if not grouped:
        return record.most, "", False
    return record.most, state.group_of.get(record.index, ""), record.index in state.probes


def cut_again(state: RunState, *, size: int, first: int) -> list[Event]:
    """What is queued, in batches of another size or with a `first` few apart.

    What the service asked to wait for is waited for still; what is held stays as it is.
    """
    held = state.held
    queued = [b for b in state.queued_batches() if held.keys().isdisjoint(b.devices)]
    records = [state.devices[i] for b in queued for i in b.devices]
    before = {i: b for b in queued for i in b.devices}
    events: list[Event] = list(plan_again(state, records, size=size, first=first, moved=True))
    for planned in list(events):
        assert isinstance(planned, BatchPlanned)
        latest = max((before[i] for i in planned.devices), key=lambda b: b.not_before)
        if latest.not_before:
            events.append(
                BatchDeferred(batch=planned.batch, why=latest.why, until=latest.not_before)
            )
    return events


class Reason(Struct, frozen=True):
    """Why devices wait: see `DevicesHeld`."""

    why: Literal["other_batch", "personal"]
    batch_id: str = ""
    by: str = ""
    requested: str = ""
    decide: bool = False

    def event(self, batch: int, devices: Sequence[int]) -> DevicesHeld:
        """That `devices` wait in `batch` for this."""
        return DevicesHeld(
            batch=batch,
            devices=list(devices),
            why=self.why,
            batch_id=self.batch_id,
            by=self.by,
            requested=self.requested,
            decide=self.decide,
        )


def hold(state: RunState, reasons: Mapping[int, Reason], gone: Collection[int] = ()) -> list[Event]:
    """The events by which devices of queued batches wait, `reasons` by their places.

    Those of a batch that wait for the same are put apart from the others, which go out alike;
    `gone` are left out of it. What waits so already is left as it is.
    """
    number = max(state.batches, default=0) + 1
    events: list[Event] = []
    for batch in state.queued_batches():
        parts: dict[Reason | None, list[int]] = {}
        for index in batch.devices:
            if index not in gone:
                parts.setdefault(reasons.get(index), []).append(index)
        whole = len(parts) == 1 and not any(i in gone for i in batch.devices)
        for reason, devices in parts.items():
            where = batch.number
            if not whole:
                where, number = number, number + 1
                planned = moved(batch, devices, where)
                events += [planned, *put_off(planned, batch)]
            if reason is not None:
                held = reason.event(where, devices)
                if any(state.held.get(i) != held for i in devices):
                    events.append(held)
    return events


def moved(batch: BatchRecord, devices: Sequence[int], number: int) -> BatchPlanned:
    """A batch of some `devices` of a queued one, which goes out as that would have gone."""
    return BatchPlanned(
        batch=number,
        region=batch.region,
        devices=list(devices),
        attempt=batch.attempt,
        order=batch.order,
        trial=batch.trial,
        moved=True,
        group=batch.group,
        probe=batch.probe,
    )


def put_off(planned: BatchPlanned, before: BatchRecord) -> list[Event]:
    """What the service asked to wait for is waited for still, in the batch that takes over."""
    if not before.not_before:
        return []
    return [BatchDeferred(batch=planned.batch, why=before.why, until=before.not_before)]


def ordered(state: RunState, order: Order) -> list[DeviceRecord]:
    """The devices that an order to retry or to resubmit names, itself or by their batch. Those
    whose names were forgotten cannot be submitted."""
    wanted = dict.fromkeys(i for i in order.devices if 0 <= i < len(state.devices))
    if order.batch in state.batches:
        wanted |= dict.fromkeys(state.batches[order.batch].devices)
    return [state.devices[i] for i in wanted if i not in state.forgotten]


def retry(state: RunState, seq: int, order: Order, *, size: int) -> list[Event]:
    """Batches for those of the ordered devices that failed; unknown ones need another order."""
    wanted = [r for r in ordered(state, order) if r.state is DeviceState.FAILED]
    planned: list[Event] = list(
        plan_again(
            state,
            wanted,
            size=order.size or size,
            order=seq,
            first=order.first,
            region=order.region,
        )
    )
    return planned or [Note(level="warning", text="no failed device to retry", order=seq)]


def resubmit(state: RunState, seq: int, order: Order, *, size: int) -> list[Event]:
    """Batches for devices whose outcome is unknown: a whole unsettled batch, or single ones."""
    records = [
        r
        for r in ordered(state, order)
        if r.state is DeviceState.UNKNOWN and _decided(state.batches[r.batch])
    ]
    planned: list[Event] = list(
        plan_again(state, records, size=order.size or size, order=seq, first=order.first)
    )
    return planned or [
        Note(level="warning", text="no device of unknown outcome to resubmit", order=seq)
    ]


def may_be_given_up(state: RunState) -> list[BatchRecord]:
    """The batches that an operator may give up: those that are followed or looked for."""
    return [
        batch
        for batch in state.open_batches()
        if batch.state in (BatchState.RUNNING, BatchState.IN_DOUBT)
    ]


def give_up(state: RunState, seq: int, order: Order) -> list[Event]:
    """The end of a batch that never ends: it is not followed any more. One that is still being
    looked for is left to the operator at once."""
    batch = state.batches.get(order.batch or 0)
    if batch is not None and batch.state is BatchState.RUNNING:
        unknown = len(undecided(state, batch))
        return [
            BatchGivenUp(batch=batch.number, batch_id=batch.batch_id, unknown=unknown, order=seq)
        ]
    if batch is not None and batch.state is BatchState.IN_DOUBT:
        why = "it was looked for until an operator gave it up"
        return [BatchUnsettled(batch=batch.number, why=why, order=seq)]
    text = f"batch {order.batch} is not live, so it cannot be given up"
    return [Note(level="warning", text=text, batch=order.batch, order=seq)]


def not_adoptable(state: RunState, order: Order, status: BatchStatus | None = None) -> str:
    """Why the ordered batch cannot be taken for the one in doubt; nothing when it can.

    `status` is what the service says of it, where that is known already.
    """
    batch = state.batches.get(order.batch or 0)
    if batch is None or batch.state not in ADOPTABLE:
        return f"batch {order.batch} is not in doubt"
    name = order.batch_id.casefold()
    refused = f"batch {order.batch_id} was not adopted: "
    if batch.state is BatchState.GIVEN_UP:
        same = name == batch.batch_id.casefold()
        return "" if same else f"{refused}batch {batch.number} is {batch.batch_id}"
    if name in own_ids(state):
        return f"{refused}another batch of this run has that id"
    if name in {i.casefold() for i in batch.known}:
        return f"{refused}it was there before batch {batch.number} was submitted"
    if status is None:
        return ""
    if status.region not in (None, batch.region):
        return f"{refused}it is in {status.region}"
    wanted = {state.devices[i].device.key for i in batch.devices}
    if wanted.isdisjoint(item.key for item in status.items):
        return f"{refused}it has none of the devices"
    return ""


def _decided(batch: BatchRecord) -> bool:
    """Whether this batch is not looked for any more."""
    return batch.state in DECIDED


#: Orders after which devices are submitted.
SUBMITTING = frozenset({"retry", "resubmit"})
#: States of a batch that an operator may say is one of the service's. One that was given up is
#: followed again so.
ADOPTABLE = frozenset({BatchState.UNSETTLED, BatchState.IN_DOUBT, BatchState.GIVEN_UP})
#: States of a batch whose devices of unknown outcome the operator may have submitted again.
DECIDED = frozenset(
    {BatchState.UNSETTLED, BatchState.FINISHED, BatchState.ABANDONED, BatchState.GIVEN_UP}
)


class Changed(Struct, frozen=True):
    """Options of the run that are to change; those that are none stay.

    `first` is how many devices are tried before the others this time; it is no option of the run.
    `personal` are further accounts that may be personal and were named. `region` is where a retry
    goes instead of where the list says.
    """

    batch_size: int | None = None
    slots: int | None = None
    first: int | None = None
    max_failures: float | None = None
    personal: tuple[str, ...] = ()
    region: Region | None = None

    @property
    def cuts(self) -> bool:
        """Whether what is queued must be put into other batches."""
        return bool(self.batch_size or self.first)

    def apply(self, options: Options) -> Options:
        """`options` with the changes that last."""
        return structs.replace(
            options,
            slots=self.slots or options.slots,
            max_failures=options.max_failures if self.max_failures is None else self.max_failures,
            personal=list(dict.fromkeys([*options.personal, *self.personal])),
        )

    def cut(self, state: RunState) -> list[Event]:
        """What is queued in other batches."""
        size = self.batch_size or state.options.batch_size
        return cut_again(state, size=size, first=self.first or 0)


UNCHANGED = Changed()
