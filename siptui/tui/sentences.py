"""The sentences of the console: pure functions from what is known to what is said."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.cells import cell_len

from siptui.domain.deadline import deadlines_note
from siptui.domain.device import Device
from siptui.domain.plan import CONSEQUENCE
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import clock
from siptui.gateway.tenant_model import RoleEnd
from siptui.runs import events as ev
from siptui.runs.batch_time import BatchTime
from siptui.runs.first_events import planned_batches
from siptui.runs.forecast import Forecast
from siptui.runs.orders import plan_again
from siptui.runs.output.plan_notes import forecast_notes, role_end_notes
from siptui.runs.output.sentences import causes_line, sentence
from siptui.runs.run_batches import batches_in, foreseen, queued_batches
from siptui.runs.state import BatchRecord, DeviceRecord, RunState
from siptui.runs.time_left import left_words, time_left
from siptui.tui.powershell import equivalent
from siptui.tui.retry_causes import truth
from siptui.tui.widgets.text_lines import Line, Paragraph, Run

REGIONS = {
    Region.APAC: "Asia Pacific",
    Region.EMEA: "Europe, Middle East, Africa",
    Region.NOAM: "North and South America",
}

_CAUSES = 3  # named at the end of a run; the summary has them all


def list_name(file: str) -> str:
    """The name of a list without its folders, of either system."""
    return visible(file.replace("\\", "/").rsplit("/", 1)[-1])


def log_line(stored: ev.Stored, run: RunState | None = None) -> Line | None:
    """An event as a line of the log, or nothing when it is not worth one."""
    if type(stored.event) is ev.DeviceChanged:  # nine of ten events: the table shows them
        return None
    said = sentence(stored, run, short=True)
    if said is None:
        return None
    return ((f"{clock(stored.at)}  ", "muted"), (visible(said.whole), said.tone))


def log_lines(stored: ev.Stored, run: RunState | None = None) -> list[Line]:
    """The lines of the log for an event; beneath a submit and a look at the service stands what
    PowerShell would do, from the left edge, so that it can be copied."""
    lines = [line] if (line := log_line(stored, run)) else []
    if typed := equivalent(stored.event):
        lines.append(((typed, "accent"),))
    return lines


def estimate(run: RunState, now: datetime | None = None) -> str:
    """`~4 min left`, from how fast the run was so far; nothing while that says little. `now` is
    when it was last heard of, if it is not said."""
    return left_words(time_left(run, now).seconds)


def ended(
    run: RunState, keys: Mapping[str, str], *, read_only: bool = False, verify: bool = False
) -> list[str]:
    """Why not all are signed in, since the counts stand above it, then what to press next, by
    action id in `keys`: in one line, from the longest way to say it to the shortest. What is not
    allowed is not proposed; `verify`: the inventory can be followed."""
    failed, unknown = run.counts[DeviceState.FAILED], run.counts[DeviceState.UNKNOWN]
    good = run.counts[DeviceState.SUCCEEDED]
    if not failed and not unknown:
        all_good = f"Ended: all {good} signed in."
        verifies = f"{keys['verify']} verifies, " if verify else ""
        return [f"{all_good} {verifies}{keys['export']} exports, {keys['summary']} sums up."]
    causes = run.causes()
    ways = [f"{keys['summary']} sums up", f"{keys['export']} exports"]
    if failed and not read_only:
        some = f", {keys['retry_cause']} by cause" if len(causes) > 1 else ""
        ways.insert(0, f"{keys['retry']} retries{some}")
    if good and verify:
        ways.append(f"{keys['verify']} verifies")
    said: list[str] = []
    for most in range(min(_CAUSES, max(1, len(causes))), 0, -1):
        why = f"Ended: {causes_line(causes, most)}"
        said += [f"{why}; {good} signed in. {', '.join(ways)}.", f"{why}; {good} signed in."]
        said.append(f"{why}.")
    short = [f"{failed} failed"] if failed else []
    short += [f"{unknown} unknown"] if unknown else []
    return [*said, f"Ended: {', '.join(short)}."]


def fitting(said: Sequence[str], room: int) -> str:
    """The first of these ways to say it that fits into `room` cells, else the last."""
    return next((one for one in said if cell_len(one) <= room), said[-1])


def regions_line(devices: Iterable[Device]) -> str:
    """`EMEA` or `EMEA 300, NOAM 112`."""
    regions = Counter(str(device.region) for device in devices)
    if len(regions) == 1:
        return next(iter(regions))
    return ", ".join(f"{region} {n}" for region, n in sorted(regions.items()))


def submit_question(
    devices: Sequence[Device],
    tenant: str,
    options: ev.Options,
    *,
    left_out: int,
    checked: str,
    more: str = "",
    notes: Sequence[str] = (),
) -> list[Paragraph]:
    """What is asked before a submit, as paragraphs; `more` belongs to the first."""
    batches = len(planned_batches(devices, options))
    return [
        f"{plural(_accounts(devices), 'account')} in {visible(tenant)} "
        f"({regions_line(devices)}) will be signed in on "
        f"{plural(len(devices), 'device')}, {plural(batches, 'batch')}. {more}".strip(),
        _CONSEQUENCE,
        *([f"{plural(left_out, 'row')} of the list left out as invalid."] if left_out else []),
        *notes,
        *([late] if (late := deadlines_note(devices, datetime.now(UTC))) else []),
        f"Prerequisites: {checked}.",
    ]


def retry_question(
    run: RunState,
    records: Sequence[DeviceRecord],
    tenant: str,
    size: int,
    time: BatchTime,
    now: datetime,
    *,
    correct: str,
    more: str = "",
    role: RoleEnd | None = None,
) -> list[Paragraph]:
    """What is asked before a retry in batches of at most `size`, as paragraphs; `more` belongs to
    the first. A batch takes so much `time`. `correct` is the key that corrects a row."""
    devices = [record.device for record in records]
    causes = Counter(str(r.outcome.cause) for r in records if r.outcome)
    planned = plan_again(run, records, size=size)
    batches = len(planned)
    paragraphs: list[Paragraph] = [
        f"{plural(len(devices), 'device')} in {visible(tenant)} ({regions_line(devices)}) will be "
        f"submitted once more, {plural(batches, 'batch')}: {causes_line(causes)}. {more}".strip(),
        _CONSEQUENCE,  # before what may be too long for the dialog
        *truth(records, correct),
        *ending(foreseen(run, batches_in(run, planned), time, now), now, role),
    ]
    if most := max((r.most for r in records if r.most < size), default=0):
        paragraphs.append(
            f"A directory throttled some of them: those go in batches of {most} at most."
        )
    return paragraphs


_CONSEQUENCE: Run = (CONSEQUENCE, "strong")


def resubmit_question(
    records: Sequence[DeviceRecord], tenant: str, batch: int, *, more: str = ""
) -> list[Paragraph]:
    """What is asked before devices of unknown outcome are submitted again, as paragraphs; `more`
    belongs to the first."""
    devices = [record.device for record in records]
    return [
        f"{plural(len(devices), 'device')} of batch {batch} in {visible(tenant)} "
        f"({regions_line(devices)}) will be submitted again although their outcome is unknown. "
        f"{more}".strip(),
        "The service may have signed them in already, or may still be doing it; two submits at "
        "once work against each other. Look at the phones and at the tenant's batches first.",
        _CONSEQUENCE,
    ]


def give_up_question(batch: BatchRecord, unknown: int, tenant: str) -> list[str]:
    """What is asked before a batch is given up, as paragraphs."""
    return [
        f"Batch {batch.number} in {visible(tenant)} ({batch.region}) is not followed any more, and "
        f"its slot is free. {plural(unknown, 'device')} of it without an outcome will be unknown.",
        "The service may still be working on them. They are submitted again only after your "
        "confirmation.",
    ]


def resume_question(
    run: RunState,
    tenant: str,
    waiting: Collection[Device],
    time: BatchTime,
    now: datetime,
    notes: Sequence[str] = (),
    *,
    more: str = "",
    role: RoleEnd | None = None,
) -> list[Paragraph]:
    """What is asked before a stopped run goes on with what is `waiting`; `more` belongs to the
    first paragraph. A batch takes so much `time`."""
    keys = {device.key for device in waiting}
    batches = [
        replace(batch, devices=left)
        for batch in queued_batches(run, run.queued_batches())
        if (left := tuple(one for one in batch.devices if one.key in keys))
    ]
    return [
        f"The run of {visible(run.plan.file) if run.plan else run.run} goes on in "
        f"{visible(tenant)}: {plural(len(waiting), 'device')} not submitted yet will be. "
        f"{more}".strip(),
        _CONSEQUENCE,
        *ending(foreseen(run, batches, time, now), now, role),
        *notes,
    ]


def ending(found: Forecast | None, now: datetime, role: RoleEnd | None = None) -> list[str]:
    """The estimated end, and when the operator's `role` ends, as a paragraph, as the command line
    has it; nothing where no end is known."""
    if found is None:
        return []
    return [" ".join([*forecast_notes(found, now), *role_end_notes(role, found.end, now)])]


def _accounts(devices: Sequence[Device]) -> int:
    return len({device.user_name.key for device in devices})
