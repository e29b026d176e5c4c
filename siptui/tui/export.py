"""Results of a run, written from the console as `siptui export` writes them."""

from collections.abc import Iterable
from pathlib import Path

from siptui.runs.state import DeviceRecord, RunState


def write_results(
    run: RunState, records: Iterable[DeviceRecord], path: Path, *, force: bool
) -> int:
    """Write these devices of the run: JSON for a name that ends in `.json`, a report
    for one in `.md`, CSV otherwise.

    Returns how many. Raises `SiptuiError`, with code `exists` for a file that is there already.
    """
    from siptui.devicelist.writing import write_csv, write_json, write_new
    from siptui.runs.report import report_text
    from siptui.runs.results import result_rows

    records = list(records)
    if path.suffix.casefold() in (".md", ".markdown"):
        write_new(path, report_text(run, records).encode(), force=force)
        return len(records)
    rows = result_rows(run, records)
    if path.suffix.casefold() == ".json":
        write_json(path, run.run, rows, force=force)
    else:
        write_csv(path, rows, force=force)
    return len(rows)
