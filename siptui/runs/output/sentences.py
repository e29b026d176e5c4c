"""Events as sentences, the same on the screen, on the command line and in messages. Pure.

A view adds the time and the style; nothing is decided by its words.
"""

from collections import Counter

from msgspec import Struct

from siptui.domain.outcome import OUTCOMES, Cause
from siptui.domain.text import plural, visible
from siptui.domain.times import local_time
from siptui.runs import events as ev
from siptui.runs.state import RunState

#: Devices named one by one; more than these are counted.
_SHOWN = 3
#: Causes named at the end of a run; the rest is one number.
_CAUSES = 3


class Sentence(Struct, frozen=True):
    """What an event says. `tone` is `normal`, `muted`, `strong`, `unknown` or `failed`; `remedy`
    says what to do next, or nothing."""

    text: str
    tone: str = "normal"
    remedy: str = ""

    @property
    def whole(self) -> str:
        """The sentence with its remedy, which is a sentence of its own."""
        if not self.remedy:
            return self.text
        end = "" if self.text.endswith((".", "!", "?")) else "."
        return f"{self.text}{end} {self.remedy}"


def sentence(
    stored: ev.Stored, run: RunState | None = None, *, short: bool = False
) -> Sentence | None:
    """What `stored` says to people; nothing for events that a table of devices shows.

    `run` names the devices of an event; with `short` long ids of batches are shortened.
    """
    event, at = stored.event, stored.at
    match event:
        case ev.RunPlanned():
            left_out = f", {plural(event.skipped, 'row')} left out" if event.skipped else ""
            return Sentence(
                f"run planned: {plural(event.devices, 'device')} in "
                f"{plural(event.batches, 'batch')}{left_out}"
            )
        case ev.OptionsChanged(options=options):
            return Sentence(
                f"from now on {plural(options.slots, 'batch')} at once in a region; of the first "
                f"devices {options.max_failures:g} % may fail",
                "muted",
            )
        case ev.BatchPlanned(attempt=attempt) if attempt > 1:
            return Sentence(
                f"batch {event.batch} planned    {plural(len(event.devices), 'device')} once "
                f"more, attempt {attempt}"
            )
        case ev.BatchSubmitting():
            return Sentence(
                f"batch {event.batch} submitting  {plural(event.devices, 'device')}  "
                f"{event.region}",
                "muted",
            )
        case ev.BatchAccepted():
            found = "found after the lost answer" if event.adopted else "accepted"
            name = short_id(event.batch_id) if short else event.batch_id
            return Sentence(f"batch {event.batch} {found}  {name}")
        case ev.BatchDeferred():
            again = f"; again at {local_time(event.until, at)}" if event.until else ""
            return Sentence(f"batch {event.batch} waits: {event.why}{again}", "muted")
        case ev.BatchRejected():
            answer = " ".join(str(part) for part in (event.status, event.code) if part)
            code = f" ({answer})" if answer else ""
            queued = "; it waits to be submitted" if event.requeued else ""
            words = event.message or "no reason given"
            return Sentence(
                f"batch {event.batch} rejected{code}: {words}{queued}", "failed", event.remedy
            )
        case ev.BatchInDoubt():
            return Sentence(
                f"batch {event.batch} in doubt: {event.why}; looking for it in the tenant's "
                "batches",
                "unknown",
            )
        case ev.BatchUnsettled():
            return Sentence(f"batch {event.batch} unsettled: {event.why}; your decision", "unknown")
        case ev.BatchFinished():
            unknown = f", {event.unknown} unknown" if event.unknown else ""
            return Sentence(
                f"batch {event.batch} finished  {event.succeeded} signed in, "
                f"{event.failed} failed{unknown}",
                "strong" if event.failed or event.unknown else "normal",
            )
        case ev.GroupStopped():
            return Sentence(
                f"{event.column} {visible(event.group)} is stopped: {event.bad} of {event.tried} "
                f"devices were not signed in; {event.left} wait, others go on",
                "failed",
            )
        case ev.BatchGivenUp():
            return Sentence(
                f"batch {event.batch} given up: {plural(event.unknown, 'device')} unknown; its "
                "slot is free",
                "unknown",
            )
        case ev.DevicesSignedIn() | ev.DevicesHeld():
            return Sentence(held_back(run, event), "unknown") if run else None
        case ev.DeviceCorrected():
            line = f"line {run.devices[event.device].device.line}" if run else "a device"
            who = actor_words(event.actor)
            by = f", by {who}" if who else ""
            return Sentence(f"{line} corrected: {correction_words(event)}{by}", "strong")
        case ev.DevicesForgotten():
            who = actor_words(event.actor)
            by = f" by {who}" if who else ""
            return Sentence(
                f"the names of {plural(len(event.devices), 'device')} were forgotten{by}", "muted"
            )
        case ev.Waiting(over=True):
            return Sentence(event.why, "muted")
        case ev.Waiting():
            until = f" until {local_time(event.until, at)}" if event.until else ""
            tone = "unknown" if event.for_role else "muted"
            return Sentence(f"waiting{until}: {event.why}", tone)
        case ev.Note():
            tone = {"warning": "unknown", "error": "failed"}.get(event.level, "normal")
            about = f"batch {event.batch}: " if event.batch else ""
            return Sentence(f"{about}{event.text}", tone)
        case ev.Order():
            stops = event.what in ("pause", "stop")
            return Sentence(f"order: {order_words(event)}", "unknown" if stops else "muted")
        case ev.WorkerStarted():
            return Sentence("the run is being worked on", "muted")
        case ev.RunStopped():
            return Sentence(f"run stopped: {event.message}", "unknown", event.remedy)
        case ev.RunFinished():
            causes = causes_line(run.causes(), _CAUSES) if run else ""
            return Sentence(
                f"run ended: {event.succeeded} signed in, {event.failed} failed, "
                f"{event.unknown} unknown" + (f" ({causes})" if causes else "")
            )
    return None


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
    """A cause in the few words of the table of outcomes."""
    try:
        return OUTCOMES[Cause(cause)].short
    except (ValueError, KeyError):
        return visible(cause)


def order_words(order: ev.Order) -> str:
    """An order, who gave it and how: `pause, by anna@jump1 (admin@contoso.com), P in the
    console`. What the journal does not say is left out."""
    who = actor_words(order.actor)
    by = f"by {who}" if who else ""
    return ", ".join(part for part in (order.what.replace("_", " "), by, order.how) if part)


def actor_words(actor: ev.Actor) -> str:
    """Who did it: `anna@jump1 (admin@contoso.com)`. What the journal does not say is left out."""
    where = f"{actor.os_user}@{actor.host}" if actor.os_user and actor.host else actor.os_user
    account = f" ({actor.account})" if where and actor.account else actor.account
    return f"{where}{account}"


def correction_words(event: ev.DeviceCorrected) -> str:
    """What was corrected: `user name a@contoso.com → b@contoso.com`."""
    changes = (
        ("user name", event.old_user_name, event.user_name),
        ("hardware id", event.old_hardware_id, event.hardware_id),
    )
    return ", ".join(f"{what} {old} → {new}" for what, old, new in changes if old != new)


def held_back(state: RunState, event: ev.DevicesHeld | ev.DevicesSignedIn) -> str:
    """Which devices of the run are not submitted now, and because of which batch."""
    devices = _some(state, event.devices)
    by = f" of {event.by}" if event.by else ""
    other = f"batch {event.batch_id}{by}"
    if isinstance(event, ev.DevicesSignedIn):
        where = f"run {event.run}" if event.run else other
        return f"left out, signed in as the list wants it in {where}: {devices}"
    if event.why == "personal":
        return f"held back, the account may be personal and was not named: {devices}"
    if event.decide:
        return f"held back until you decide, {other} has them or their accounts: {devices}"
    return f"held back, they or their accounts are live in {other}: {devices}"


def _some(state: RunState, places: list[int]) -> str:
    records = [state.devices[i].device for i in places[:_SHOWN]]
    named = ", ".join(f"{device.user_name} on {device.hardware_id}" for device in records)
    more = len(places) - _SHOWN
    return f"{named} and {more} more" if more > 0 else named
