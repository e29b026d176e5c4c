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
    from siptui.devicelist import write_csv, write_json
    from siptui.runs.results import result_rows

    rows = result_rows(run, records)
    if path.suffix.casefold() == ".json":
        write_json(path, run.run, rows, force=force)
    else:
        write_csv(path, rows, force=force)
    return len(rows)
