"""The results of a run, as an export has them."""

from collections.abc import Iterable

from siptui.devicelist.writing import ResultRow
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
                extra=record.device.extra,
            )
        )
    return rows
