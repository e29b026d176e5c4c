"""Results of a run, written from the console as `siptui export` writes them."""

from collections.abc import Iterable
from pathlib import Path

from siptui.runs.state import DeviceRecord, RunState


def write_results(
    run: RunState, records: Iterable[DeviceRecord], path: Path, *, force: bool
) -> int:
    """Write these devices of the run: JSON for a name that ends in `.json`, CSV otherwise.

    Returns how many. Raises `SiptuiError`, with code `exists` for a file that is there already.
    """
    from siptui.devicelist import ResultRow, write_csv, write_json

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
    if path.suffix.casefold() == ".json":
        write_json(path, run.run, rows, force=force)
    else:
        write_csv(path, rows, force=force)
    return len(rows)
