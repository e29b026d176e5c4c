"""The results of a run in a copy of the list it was made from."""

from collections.abc import Mapping
from pathlib import Path

from siptui.devicelist.filled_copy import RowStatus, fill
from siptui.devicelist.model import DeviceList
from siptui.domain.columns import COLUMNS, NEEDED, NOT_MAPPED, Mapped
from siptui.domain.errors import UsageError
from siptui.domain.list_options import ListOptions
from siptui.domain.outcome import Cause
from siptui.domain.state import WORDS, DeviceState
from siptui.domain.text import visible
from siptui.runs.group_tally import goes_on, stop_of, stop_words
from siptui.runs.output.export_rows import corrected_from
from siptui.runs.state import DeviceRecord, RunState

_OVER = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN})
_NOT_SUBMITTED = RowStatus("not submitted", "left out of the run")


def write_into(run: RunState, target: Path, *, source: Path | None = None, force: bool) -> int:
    """Write a copy of the list that `run` was made from to `target`, with its results.

    The list is looked for where it was, or at `source`; it may have changed since, rows are found
    again by account and hardware id. Returns how many rows have a status. Raises `SiptuiError`.
    """
    plan = run.plan
    where = source or (Path(plan.source) if plan and plan.source else None)
    if plan is None or where is None:
        raise UsageError(
            f"Run {run.run} does not say where its list is.",
            code="no_source",
            remedy="Name it with --list FILE, or write the results alone with -o FILE.",
        )
    regions = [record.device.region for record in run.devices]
    return fill(
        where,
        target,
        lambda found: _statuses(run, found),
        options=ListOptions(_as_before(plan.columns), plan.sheet),
        region=regions[0] if regions else None,
        force=force,
    )


def _as_before(columns: Mapping[str, str]) -> Mapped:
    """The headers that were read before, and no others: no date or region needs to be decided."""
    if not all(columns.get(key) for key in NEEDED):
        return NOT_MAPPED  # a run of an earlier version
    headers = {key: (columns[key],) if key in columns else () for key in COLUMNS}
    headers |= {"onboarded_at": (), "signed_out_at": ()}
    return Mapped(headers, "the run", frozenset(headers))


def _statuses(run: RunState, found: DeviceList) -> dict[int, RowStatus]:
    """What each row of the list is to say, by line."""
    records = {key: record for record in run.devices for key in record.keys}
    records |= {record.device.key: record for record in run.devices}
    why: dict[int, str] = {}
    for fault in found.faults:
        if fault.severity == "error":
            why.setdefault(fault.line, fault.message)
    invalid = WORDS[DeviceState.INVALID]
    said = {row.line: RowStatus(invalid, why.get(row.line, "")) for row in found.invalid}
    said |= {line: RowStatus("left out", reason) for line, reason in found.left_out.items()}
    for device in found.devices:
        record = records.get(device.key)
        said[device.line] = _status(run, record) if record else _NOT_SUBMITTED
    return said


def _status(run: RunState, record: DeviceRecord) -> RowStatus:
    batch = run.batches.get(record.batch)
    outcome = record.outcome
    cause = record.error
    group = run.group_of.get(record.index, "")
    if record.state is DeviceState.QUEUED and run.plan and (stop := stop_of(run, group)):
        why = (
            f"{stop.column} {group} was stopped: {stop_words(stop, run.plan.options.max_failures)}"
        )
        return RowStatus(WORDS[record.state], visible(why), goes_on(run, group))
    remedy = outcome.remedy if outcome else ""
    if was := corrected_from(record):
        now = f"{record.device.user_name} on {record.device.hardware_id}"
        said = f"Corrected in the run: {was} is {now}."
        remedy = f"{said} {remedy if outcome and not record.corrected else ''}".strip()
    if outcome is not None:
        unknown = outcome.cause is Cause.UNKNOWN
        cause = record.error or outcome.short if unknown else outcome.short
    return RowStatus(
        WORDS[record.state],
        visible(cause),
        visible(remedy),
        batch.batch_id if batch else "",
        record.since if record.state in _OVER else "",
    )
