"""The results of a run, as an export has them."""

from collections.abc import Iterable, Sequence

from siptui.devicelist.writing import ResultRow
from siptui.domain.outcome import explain
from siptui.domain.region import Region
from siptui.domain.row_filter import Condition, own_columns, taker
from siptui.domain.state import DeviceState
from siptui.gateway.protocol import BatchStatus, ItemStatus, Phase
from siptui.runs.state import DeviceRecord, RunState


def result_rows(run: RunState, records: Iterable[DeviceRecord]) -> list[ResultRow]:
    """A row for each of these devices of `run`, in their order."""
    rows = []
    for record in records:
        batch = run.batches.get(record.batch)
        outcome = record.outcome
        rows.append(
            ResultRow(
                line=record.device.line,
                user_name=record.device.user_name,
                hardware_id=record.device.hardware_id,
                region=str(record.device.region),
                batch_id=batch.batch_id if batch else "",
                state=str(record.state),
                attempt=record.attempt,
                error=record.error,
                cause=str(outcome.cause) if outcome else "",
                remedy=outcome.remedy if outcome else "",
                corrected_from=corrected_from(record),
                extra=record.device.extra,
            )
        )
    return rows


def corrected_from(record: DeviceRecord) -> str:
    """What the list had for the device, where its names were corrected; or nothing."""
    if not record.corrections:
        return ""
    listed = record.corrections[0].device
    return f"{listed.user_name} on {listed.hardware_id}"


def in_part(run: RunState, wanted: Sequence[Condition]) -> list[DeviceRecord]:
    """The devices of `run` that are in the part of its list that `wanted` names, in their order.

    Raises `NoSuchColumnError`.
    """
    if not wanted:
        return list(run.devices)
    names = dict.fromkeys(name for record in run.devices for name in record.device.extra)
    takes = taker(wanted, names, run.plan.columns if run.plan else {})
    return [r for r in run.devices if takes(own_columns(r.device), r.device.extra)]


def batch_rows(status: BatchStatus, region: Region | None = None) -> list[ResultRow]:
    """A row for each device of a batch as the service has it, in its order, counted from 1.

    `region` counts where the service names none.
    """
    rows = []
    for place, item in enumerate(status.items, start=1):
        outcome = explain(item.error) if item.phase is Phase.FAILED else None
        rows.append(
            ResultRow(
                line=place,
                user_name=item.user_name,
                hardware_id=item.hardware_id,
                region=str(status.region or region or ""),
                batch_id=status.batch_id,
                state=str(state_of(item)),
                error=item.error,
                cause=str(outcome.cause) if outcome else "",
                remedy=outcome.remedy if outcome else "",
            )
        )
    return rows


def state_of(item: ItemStatus) -> DeviceState:
    """Where a device stands by the service's word; a word that is not known is "running"."""
    states = {Phase.SUCCEEDED: DeviceState.SUCCEEDED, Phase.FAILED: DeviceState.FAILED}
    return states.get(item.phase, DeviceState.RUNNING)
