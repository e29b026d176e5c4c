"""The first events of a run: what is to be done, cut into batches. Pure."""

from collections.abc import Sequence

from siptui.domain.deadline import due_first
from siptui.domain.device import Device
from siptui.domain.list_options import NOT_KNOWN, ReadFrom
from siptui.domain.plan import Batch, make_batches, make_group_batches
from siptui.domain.row_filter import grouper
from siptui.runs.events import Actor, BatchPlanned, Event, Options, RunPlanned
from siptui.runs.journal.codec import devices_digest


def plan_events(
    devices: Sequence[Device],
    *,
    file: str,
    sha256: str,
    tenant: str,
    skipped: int,
    options: Options,
    actor: Actor,
    read_from: ReadFrom = NOT_KNOWN,
    plan: str = "",
    planned_by: str = "",
) -> list[Event]:
    """The events a run begins with: the plan as a whole, and each of its batches."""
    batches = planned_batches(devices, options)
    first = due_first(devices)[: options.first] if not options.by else []
    tried = {device.hardware_id for device in first}
    index = {device.hardware_id: i for i, device in enumerate(devices)}
    return [
        RunPlanned(
            file=file,
            sha256=sha256,
            tenant=tenant,
            devices=len(devices),
            skipped=skipped,
            batches=len(batches),
            actor=actor,
            options=options,
            columns=dict(read_from.columns),
            source=read_from.path,
            sheet=read_from.sheet,
            plan=plan,
            planned_by=planned_by,
            devices_digest=devices_digest(devices),
        ),
        *(
            BatchPlanned(
                batch=batch.number,
                region=batch.region,
                devices=[index[d.hardware_id] for d in batch.devices],
                trial=int(tried.issuperset(d.hardware_id for d in batch.devices)),
                group=batch.group,
                probe=batch.probe,
            )
            for batch in batches
        ),
    ]


def planned_batches(devices: Sequence[Device], options: Options) -> tuple[Batch, ...]:
    """`devices` cut into batches as a run with these `options` cuts them: what is due first
    goes first."""
    devices = due_first(devices)
    size, first = options.batch_size, options.first
    if options.by:
        return make_group_batches(devices, grouper(devices, options.by), size=size, first=first)
    return make_batches(devices, size=size, first=first)
