"""The sentences of the console: pure functions from what is known to what is said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from siptui.domain.deadline import deadlines_note
from siptui.domain.device import Device
from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.plan import make_batches
from siptui.domain.region import Region
from siptui.domain.state import DeviceState
from siptui.domain.text import plural, visible
from siptui.domain.times import time_until
from siptui.runs import events as ev
from siptui.runs.orders import plan_again
from siptui.runs.output.sentences import held_back
from siptui.runs.state import BatchRecord, DeviceRecord, RunState
from siptui.tui.console.retry_causes import truth
from siptui.tui.widgets.text_lines import Line, Paragraph, Run

REGIONS = {
    Region.APAC: "Asia Pacific",
    Region.EMEA: "Europe, Middle East, Africa",
    Region.NOAM: "North and South America",
}
_IN_THE_LOG = 3  # causes; a narrow log has three lines for its newest entry
_ENOUGH = 5  # devices done before an estimate is worth saying


def clock(at: str) -> str:
    """The time of day of an RFC 3339 time, or nothing."""
    return at[11:19] if len(at) >= 19 else ""


def short_id(text: str) -> str:
    """A batch id, shortened where it is long."""
    return f"{text[:4]}…{text[-4:]}" if len(text) > 12 else text


def causes_line(causes: Counter[str], most: int = 100) -> str:
    """`8 offline, 4 no phone number`; what comes after the `most` common is one number."""
    told = [f"{n} {cause_name(cause)}" for cause, n in causes.most_common(most)]
    if rest := causes.total() - sum(n for _, n in causes.most_common(most)):
        others = len(causes) - most
        told.append(f"{rest} for {plural(others, 'other reason')}")
    return ", ".join(told)


def cause_name(cause: str) -> str:
    """A cause in the few words of the table."""
    try:
        return OUTCOMES[Cause(cause)].short
    except (ValueError, KeyError):
        return visible(cause)


def log_line(stored: ev.Stored, run: RunState | None = None) -> Line | None:
    """An event as a line of the log, or nothing when it is not worth one."""
    if type(stored.event) is ev.DeviceChanged:  # nine of ten events: the table shows them
        return None
    said = _said(stored.event, run, stored.at)
    if said is None:
        return None
    text, tone = said
    return ((f"{clock(stored.at)}  ", "muted"), (visible(text), tone))


def _said(event: ev.Event, run: RunState | None, at: str) -> tuple[str, str] | None:
    match event:
        case ev.RunPlanned():
            left_out = f", {plural(event.skipped, 'row')} left out" if event.skipped else ""
            return (
                f"run planned: {plural(event.devices, 'device')} in "
                f"{plural(event.batches, 'batch')}{left_out}"
            ), "normal"
        case ev.OptionsChanged(options=options):
            return (
                f"from now on {plural(options.slots, 'batch')} at once in a region; a trial may "
                f"fail by {options.max_failures:g} %"
            ), "muted"
        case ev.BatchPlanned(attempt=attempt) if attempt > 1:
            return (
                f"batch {event.batch} planned    {plural(len(event.devices), 'device')} once "
                f"more, attempt {attempt}"
            ), "normal"
        case ev.BatchSubmitting():
            return (
                f"batch {event.batch} submitting  {plural(event.devices, 'device')}  {event.region}"
            ), "muted"
        case ev.BatchAccepted():
            found = "found after the lost answer" if event.adopted else "accepted"
            return f"batch {event.batch} {found}  {short_id(event.batch_id)}", "normal"
        case ev.BatchDeferred():
            until = f", again at {time_until(event.until, at)}" if event.until else ""
            return f"batch {event.batch} waits: {event.why}{until}", "muted"
        case ev.BatchRejected():
            code = f" ({event.status or ''} {event.code})".replace("( ", "(").replace(" )", ")")
            queued = "; it waits to be submitted" if event.requeued else ""
            words = event.message or "no reason given"
            return f"batch {event.batch} rejected{code}: {words}{queued}", "failed"
        case ev.BatchInDoubt():
            return (
                f"batch {event.batch} in doubt: {event.why}; looking for it in the tenant's batches"
            ), "unknown"
        case ev.BatchUnsettled():
            return f"batch {event.batch} unsettled: {event.why}; your decision", "unknown"
        case ev.BatchFinished():
            unknown = f", {event.unknown} unknown" if event.unknown else ""
            tone = "normal" if not event.failed and not event.unknown else "strong"
            return (
                f"batch {event.batch} finished  {event.succeeded} signed in, "
                f"{event.failed} failed{unknown}"
            ), tone
        case ev.BatchGivenUp():
            return (
                f"batch {event.batch} given up: {plural(event.unknown, 'device')} unknown; its "
                "slot is free"
            ), "unknown"
        case ev.DevicesSignedIn() | ev.DevicesHeld():
            return (held_back(run, event) if run else ""), "unknown"
        case ev.Waiting(over=True):
            return event.why, "muted"
        case ev.Waiting():
            until = f" until {time_until(event.until, at)}" if event.until else ""
            return f"waiting{until}: {event.why}", "muted"
        case ev.Note():
            tone = {"warning": "unknown", "error": "failed"}.get(event.level, "normal")
            return (f"batch {event.batch}: " if event.batch else "") + event.text, tone
        case ev.Order():
            stops = event.what in ("pause", "stop")
            return f"order: {order_words(event)}", "unknown" if stops else "muted"
        case ev.WorkerStarted():
            return "the run is being worked on", "muted"
        case ev.RunStopped():
            return f"stopped: {event.message} {event.remedy}".rstrip(), "unknown"
        case ev.RunFinished():
            causes = causes_line(run.causes(), _IN_THE_LOG) if run else ""
            return (
                f"run ended: {event.succeeded} signed in, {event.failed} failed, "
                f"{event.unknown} unknown" + (f" ({causes})" if causes else "")
            ), "normal"
    return None


def order_words(order: ev.Order) -> str:
    """An order, who gave it and how: `pause, by anna@jump1 (admin@contoso.com), P in the
    console`."""
    return ", ".join((order.what.replace("_", " "), *given_by(order)))


def given_by(order: ev.Order) -> list[str]:
    """Who gave an order, and how; what the journal does not say is left out."""
    actor = order.actor
    where = f"{actor.os_user}@{actor.host}" if actor.os_user and actor.host else actor.os_user
    account = f" ({actor.account})" if where and actor.account else actor.account
    return [
        part for part in (f"by {where}{account}" if where or account else "", order.how) if part
    ]


def estimate(run: RunState) -> str:
    """`~4 min left`, from how fast the devices ended so far; nothing while that says little."""
    done = run.counts[DeviceState.SUCCEEDED] + run.counts[DeviceState.FAILED]
    left = sum(
        run.counts[s] for s in (DeviceState.QUEUED, DeviceState.SUBMITTING, DeviceState.RUNNING)
    )
    starts = [b.submitted_at for b in run.batches.values() if b.submitted_at]
    if done < _ENOUGH or not left or not starts or run.paused:
        return ""
    try:
        passed = (
            datetime.fromisoformat(run.last_at) - datetime.fromisoformat(min(starts))
        ).total_seconds()
    except ValueError:
        return ""
    if passed <= 0:
        return ""
    seconds = passed / done * left
    return "<1 min left" if seconds < 60 else f"~{round(seconds / 60)} min left"


def ended(run: RunState, keys: Mapping[str, str], *, read_only: bool = False) -> str:
    """The one line at the end of a run: what came out, why, and what to press next, by action
    id in `keys`. What is not allowed is not proposed."""
    failed, unknown = run.counts[DeviceState.FAILED], run.counts[DeviceState.UNKNOWN]
    good = run.counts[DeviceState.SUCCEEDED]
    if not failed and not unknown:
        return (
            f"Ended: all {good} signed in. {keys['export']} exports the results, "
            f"{keys['summary']} sums up."
        )
    parts = [f"{good} signed in"]
    if failed:
        parts.append(f"{failed} failed")
    if unknown:
        parts.append(f"{unknown} unknown")
    causes = run.causes()
    ways = [f"{keys['summary']} sums up", f"{keys['export']} exports"]
    if failed and not read_only:
        some = f", {keys['retry_cause']} by cause" if len(causes) > 1 else ""
        ways.insert(0, f"{keys['retry']} retries{some}")
    return f"Ended: {', '.join(parts)}. {', '.join(ways)}. {causes_line(causes)}."


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
    batches = len(make_batches(devices, size=options.batch_size, first=options.first))
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
    run: RunState, records: Sequence[DeviceRecord], tenant: str, size: int, *, more: str = ""
) -> list[Paragraph]:
    """What is asked before a retry in batches of at most `size`, as paragraphs; `more` belongs to
    the first."""
    devices = [record.device for record in records]
    causes = Counter(str(r.outcome.cause) for r in records if r.outcome)
    planned = plan_again(run, records, size=size)
    batches = len(planned)
    paragraphs: list[Paragraph] = [
        f"{plural(len(devices), 'device')} in {visible(tenant)} ({regions_line(devices)}) will be "
        f"submitted once more, {plural(batches, 'batch')}: {causes_line(causes)}. {more}".strip(),
        *truth(records),
        _CONSEQUENCE,
    ]
    if most := max((r.most for r in records if r.most < size), default=0):
        paragraphs.append(
            f"A directory throttled some of them: those go in batches of {most} at most."
        )
    return paragraphs


_CONSEQUENCE: Run = (
    "The password of each account will be reset to an unknown value; this cannot be undone.",
    "strong",
)


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
        "The service may still be working on them. Only your own word submits them again.",
    ]


def resume_question(
    run: RunState, tenant: str, waiting: int, notes: Sequence[str] = (), *, more: str = ""
) -> list[Paragraph]:
    """What is asked before a stopped run goes on; `more` belongs to the first paragraph."""
    return [
        f"The run of {visible(run.plan.file) if run.plan else run.run} goes on in "
        f"{visible(tenant)}: {plural(waiting, 'device')} not submitted yet will be. {more}".strip(),
        _CONSEQUENCE,
        *notes,
    ]


def _accounts(devices: Sequence[Device]) -> int:
    return len({device.user_name.key for device in devices})
