"""Where a run stands: a fold over its events, cheap to bring up to date.

Over 400 lines because a fold has one step for each kind of event, all over the same state.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import Struct, field, structs

from siptui.domain.device import Device, DeviceKey
from siptui.domain.forgotten_text import FORGOTTEN, is_stand_in
from siptui.domain.hardware_id import HardwareId
from siptui.domain.outcome import (
    ANSWER_LOST,
    BATCH_REJECTED,
    GIVEN_UP,
    NO_RESULT,
    Cause,
    Outcome,
    explain,
)
from siptui.domain.region import Region
from siptui.domain.state import BatchState, DeviceState
from siptui.domain.user_name import UserName
from siptui.runs import events as ev

#: The kinds of waits, the one to tell of first.
_WAITS = (*ev.FOR_PERSONS, "")
#: The moments of no submit.
_NO_SUBMIT = ("", "", "")
#: Before every submit: when it was is not known.
_LONG_AGO = "1970-01-01T00:00:00.000Z"
_OVER = frozenset({DeviceState.SUCCEEDED, DeviceState.FAILED, DeviceState.UNKNOWN})


class Correction(Struct, frozen=True):
    """What a device was called before its names were corrected, and what had come of it: how
    often it was submitted so, with which outcome. `at` and `by` say when that was and who did."""

    device: Device
    at: str
    by: ev.Actor
    attempt: int
    error: str
    outcome: Outcome | None


class DeviceRecord(Struct):
    """A device of the run and what is known of it. `since` is when it got its present state.

    `submitted_at` is when it was submitted last; `submitted_from` and `submitted_until` are the
    earliest and the latest moment of that where another process or person did it and it is not
    told exactly; else empty. `most` is how many devices its batch may have from now on, 0 for no
    limit: a directory that throttled it asks for smaller batches.

    `before` are these three moments of its last submit in an earlier batch that the service took,
    or may have. They are those of the record again where a later submit was refused: it undid
    nothing.
    """

    index: int
    device: Device
    state: DeviceState = DeviceState.QUEUED
    batch: int = 0
    attempt: int = 0
    word: str = ""
    error: str = ""
    outcome: Outcome | None = None
    submitted_at: str = ""
    submitted_from: str = ""
    submitted_until: str = ""
    since: str = ""
    signed_in_by: str = ""  # the service's batch that did, where it is not of this host
    most: int = 0
    before: tuple[str, str, str] = _NO_SUBMIT
    corrections: tuple[Correction, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether its last submit was refused as a whole, so that nothing was reset by it."""
        return self.outcome is BATCH_REJECTED

    @property
    def as_of(self) -> str:
        """The moment by which its state is newer or older than what another run or batch says of
        it: that of its submit, where it was submitted. What came of it may be heard much later.
        A submit that was refused as a whole says nothing; with no other there is no moment.

        Where that is not known exactly, a success is as new as it may be and all else as old: what
        is signed in, perhaps, is not submitted again without a word.
        """
        if self.refused:
            return self.taken_at
        if self.state is DeviceState.QUEUED or self.signed_in_by:
            return self.since
        if self.state is DeviceState.SUCCEEDED:
            return self.submitted_until or self.submitted_at or self.since
        return self.earliest_submit or self.since

    @property
    def earliest_submit(self) -> str:
        """When it was submitted, at the earliest; empty where it was not."""
        return self.submitted_from or self.submitted_at

    @property
    def taken_at(self) -> str:
        """When it was submitted last, at the earliest, in an earlier batch that the service took,
        or may have; empty where it was not."""
        at, earliest, _ = self.before
        return earliest or at

    @property
    def submits(self) -> int:
        """How often it was submitted: once less than it was planned while it only waits to be."""
        return max(0, self.attempt - (self.submitted_at == self.before[0]))

    @property
    def corrected(self) -> bool:
        """Whether it failed with names that were corrected since."""
        failed = self.state is DeviceState.FAILED
        return failed and bool(self.corrections) and self.corrections[-1].attempt == self.attempt

    @property
    def keys(self) -> frozenset[DeviceKey]:
        """What it is and was called."""
        return frozenset((self.device.key, *(one.device.key for one in self.corrections)))


class BatchRecord(Struct):
    """A batch of the run and what is known of it."""

    number: int
    region: Region
    devices: list[int]
    attempt: int
    order: int = 0
    trial: int = 0
    state: BatchState = BatchState.QUEUED
    batch_id: str = ""
    known: frozenset[str] = frozenset()
    candidates: list[str] = field(default_factory=list)
    why: str = ""
    not_before: str = ""
    deferrals: int = 0
    submitted_at: str = ""
    accepted_at: str = ""
    changed_at: str = ""
    adopted: bool = False
    planned_at: str = ""
    service_ahead: float | None = None
    group: str = ""
    probe: bool = False


class RunState:
    """The run as its events so far tell it. `apply` returns the devices that changed."""

    def __init__(self, run: str, devices: Iterable[Device]) -> None:
        self.run = run
        self.devices = [DeviceRecord(i, device) for i, device in enumerate(devices)]
        self.batches: dict[int, BatchRecord] = {}
        self.plan: ev.RunPlanned | None = None
        self.planned_at = ""
        self.last_seq = 0
        self.last_at = ""
        self.paused = False
        self.stopping = False
        self.held_by: ev.Order | None = None  # the order by which nothing is submitted
        self.held_since = ""
        self.stopped_at = 0
        self.stopped: ev.RunStopped | None = None
        self.finished: ev.RunFinished | None = None
        #: How many devices had an outcome when the run ended that no entry here tells: it was lost.
        self.lost_outcomes = 0
        self._waits: dict[str, ev.Waiting] = {}  # by kind: for a sign-in, for a role, any other
        self.open_orders: dict[int, ev.Order] = {}
        self.sign_ins = 0
        #: Warnings that were given, with the batch they are about.
        self.warned: set[tuple[int | None, str]] = set()
        self.first_stopped = 0
        #: Whether an operator went on after the window for submits had closed.
        self.window_lifted = False
        #: By place: the group of a device, where the run goes by a column, and its first few.
        self.group_of: dict[int, str] = {}
        self.group_members: dict[str, set[int]] = {}
        self.probes: set[int] = set()
        #: What was worked out of each group, until something of it changes (see `groups.progress`).
        self.group_memo: dict[str, Any] = {}
        #: The groups of which too many failed, and those that go on all the same.
        self.stopped_groups: dict[str, ev.GroupStopped] = {}
        self.released_groups: set[str] = set()
        #: When the operator last ordered that what is signed in is submitted, too.
        self.again_at = ""
        #: The batches, in lower case, for which devices waited that were then ordered all the same.
        self.let_go: set[str] = set()
        #: The devices that wait for another batch or for the operator's decision, by their place.
        self.held: dict[int, ev.DevicesHeld] = {}
        #: The devices whose names were made unreadable, by their place.
        self.forgotten: set[int] = set()
        self.counts: Counter[DeviceState] = Counter({DeviceState.QUEUED: len(self.devices)})

    def apply(self, stored: ev.Stored) -> set[int]:
        """Take in one event; the places of the devices it changed.

        Only forward moves are made: an event that would take a device back (a copy, a straggler
        of an earlier attempt) changes nothing.
        """
        self.last_seq, self.last_at = stored.seq, stored.at
        event = stored.event
        if type(event) is ev.DeviceChanged:  # nine of ten events; no order is carried out by one
            self.group_memo.pop(self.group_of.get(event.device, ""), None)
            return self._on_device(event, stored.at)
        self.group_memo.clear()
        if done := getattr(event, "order", 0):
            self.open_orders.pop(done, None)
        elif isinstance(event, ev.Order) and event.what in _TO_CARRY_OUT:
            if event.what == "now" and self.finished:
                return set()  # it came too late: nothing waits
            self.open_orders[stored.seq] = event
            self.finished = None  # there is something to do once more
        changed: set[int] = _HANDLERS[type(event)](self, event, stored.at)
        return changed

    @property
    def waiting(self) -> ev.Waiting | None:
        """What the run waits for; what a person must do first."""
        return next((self._waits[kind] for kind in _WAITS if kind in self._waits), None)

    def waits_for(self, kind: str) -> ev.Waiting | None:
        """The wait of this kind, if there is one; of those for no person, the last of any kind."""
        return self._waits.get(kind if kind in ev.FOR_PERSONS else "")

    @property
    def options(self) -> ev.Options:
        """How it is carried out; as by default while it is not planned."""
        return self.plan.options if self.plan else ev.Options()

    @property
    def over(self) -> bool:
        """Whether every device has an outcome and no batch is open."""
        decided = sum(self.counts[state] for state in _OVER)
        return decided == len(self.devices) and not self.open_batches()

    def open_batches(self) -> list[BatchRecord]:
        """The batches the service may be working on, the ones in doubt included."""
        return [b for b in self.batches.values() if b.state in _OPEN]

    def queued_batches(self) -> list[BatchRecord]:
        """The batches still to be submitted, in order."""
        return [b for b in self.batches.values() if b.state is BatchState.QUEUED]

    def unsettled_batches(self) -> list[BatchRecord]:
        """The batches that wait for the operator's decision."""
        return [b for b in self.batches.values() if b.state is BatchState.UNSETTLED]

    def causes(self) -> Counter[str]:
        """How many failed and unknown devices each cause has."""
        return Counter(str(r.outcome.cause) for r in self.devices if r.outcome)

    def _move(
        self,
        record: DeviceRecord,
        state: DeviceState,
        at: str,
        *,
        word: str = "",
        error: str = "",
        outcome: Outcome | None = None,
    ) -> None:
        if record.state is not state:
            self.counts[record.state] -= 1
            self.counts[state] += 1
            record.since = at
        record.state, record.word, record.error, record.outcome = state, word, error, outcome

    def _members(self, batch: BatchRecord) -> list[DeviceRecord]:
        """The devices of the batch that are in no later one."""
        records = (self.devices[i] for i in batch.devices)
        return [record for record in records if record.batch == batch.number]

    def _move_batch(
        self,
        batch: BatchRecord,
        state: DeviceState,
        at: str,
        *,
        sources: frozenset[DeviceState],
        error: str = "",
        outcome: Outcome | None = None,
    ) -> set[int]:
        changed = set()
        for record in self._members(batch):
            if record.state in sources:
                self._move(record, state, at, error=error, outcome=outcome)
                changed.add(record.index)
        return changed

    def _on_run_planned(self, event: ev.RunPlanned, at: str) -> set[int]:
        self.plan, self.planned_at = event, at
        if event.options.again:
            self.again_at = at
        return set()

    def _on_options(self, event: ev.OptionsChanged, at: str) -> set[int]:
        if self.plan is not None:
            self.plan = structs.replace(self.plan, options=event.options)
        named = {name.casefold() for name in event.options.personal}
        for index in [i for i, held in self.held.items() if held.why == "personal"]:
            if self.devices[index].device.user_name.key in named:
                del self.held[index]
        return set()

    def _on_batch_planned(self, event: ev.BatchPlanned, at: str) -> set[int]:
        if event.batch in self.batches:
            return set()
        planned_at = at
        for index in event.devices:
            record = self.devices[index]
            before = self.batches.get(record.batch)
            if before and event.moved:
                planned_at = min(planned_at, before.planned_at)
            if record.refused:
                _take_back(record)
            record.before = (record.submitted_at, record.submitted_from, record.submitted_until)
            if before and before.state in (BatchState.UNSETTLED, BatchState.QUEUED):
                before.state = BatchState.ABANDONED
            # Devices of different attempts may share a batch, whose number is the highest.
            record.batch = event.batch
            record.attempt += not event.moved
            self._move(record, DeviceState.QUEUED, at)
        self.batches[event.batch] = BatchRecord(
            event.batch,
            event.region,
            list(event.devices),
            event.attempt,
            event.order,
            event.trial,
            changed_at=at,
            planned_at=planned_at,
            group=event.group,
            probe=event.probe,
        )
        if event.group:
            self.group_of |= dict.fromkeys(event.devices, event.group)
            self.group_members.setdefault(event.group, set()).update(event.devices)
            if event.probe:
                self.probes.update(event.devices)
        self.finished = None
        return set(event.devices)

    def _on_batch_submitting(self, event: ev.BatchSubmitting, at: str) -> set[int]:
        batch = self.batches[event.batch]
        if batch.state is BatchState.QUEUED:
            # All of them, unless an entry was lost by which the rest was put into another batch.
            members = self._members(batch)
            batch.devices = [r.index for r in members if r.state is DeviceState.QUEUED]
        batch.state, batch.known, batch.submitted_at = (
            BatchState.SUBMITTING,
            frozenset(event.known),
            at,
        )
        batch.not_before = ""
        self._waits.pop("", None)
        batch.service_ahead = event.service_ahead
        for record in self._members(batch):
            record.submitted_at = at
            record.submitted_from = record.submitted_until = ""
            self.held.pop(record.index, None)
        return self._move_batch(
            batch, DeviceState.SUBMITTING, at, sources=frozenset({DeviceState.QUEUED})
        )

    def _on_batch_accepted(self, event: ev.BatchAccepted, at: str) -> set[int]:
        batch = self.batches[event.batch]
        # Another one submitted it, perhaps after a submit of this run was refused.
        anothers = event.requested or not batch.submitted_at or batch.state is BatchState.QUEUED
        batch.state, batch.batch_id, batch.adopted = (
            BatchState.RUNNING,
            event.batch_id,
            event.adopted,
        )
        batch.accepted_at = batch.changed_at = at
        self.finished = None
        if not event.adopted:
            self._waits.pop(ev.SIGN_IN, None)
        if anothers:
            batch.submitted_at = min(event.requested or at, at)
            unknown = _LONG_AGO if not event.requested else ""
            for record in self._members(batch):
                record.submitted_at = batch.submitted_at
                record.submitted_from = event.requested_from or unknown
                record.submitted_until = min(event.requested_until or batch.submitted_at, at)
                self.held.pop(record.index, None)
        return self._move_batch(
            batch,
            DeviceState.RUNNING,
            at,
            sources=frozenset({DeviceState.SUBMITTING, DeviceState.UNKNOWN, DeviceState.QUEUED}),
        )

    def _on_batch_deferred(self, event: ev.BatchDeferred, at: str) -> set[int]:
        batch = self.batches[event.batch]
        batch.state, batch.why, batch.not_before = BatchState.QUEUED, event.why, event.until
        batch.deferrals += 1
        return self._refused(batch, at)

    def _refused(self, batch: BatchRecord, at: str) -> set[int]:
        """The devices of a batch that is queued again, and was certainly not taken."""
        changed = self._move_batch(
            batch, DeviceState.QUEUED, at, sources=frozenset({DeviceState.SUBMITTING})
        )
        for index in changed:
            _take_back(self.devices[index])
        return changed

    def _on_batch_rejected(self, event: ev.BatchRejected, at: str) -> set[int]:
        batch = self.batches[event.batch]
        batch.why = event.message
        if event.requeued:
            batch.state = BatchState.QUEUED
            return self._refused(batch, at)
        batch.state = BatchState.REJECTED
        return self._move_batch(
            batch,
            DeviceState.FAILED,
            at,
            sources=frozenset({DeviceState.SUBMITTING}),
            error=event.message,
            outcome=BATCH_REJECTED,
        )

    def _on_batch_in_doubt(self, event: ev.BatchInDoubt, at: str) -> set[int]:
        batch = self.batches[event.batch]
        batch.state, batch.why, batch.changed_at = BatchState.IN_DOUBT, event.why, at
        return self._move_batch(
            batch,
            DeviceState.UNKNOWN,
            at,
            sources=frozenset({DeviceState.SUBMITTING}),
            error=event.why,
            outcome=ANSWER_LOST,
        )

    def _on_batch_unsettled(self, event: ev.BatchUnsettled, at: str) -> set[int]:
        batch = self.batches[event.batch]
        batch.state, batch.why, batch.candidates = (
            BatchState.UNSETTLED,
            event.why,
            list(event.candidates),
        )
        return self._move_batch(
            batch,
            DeviceState.UNKNOWN,
            at,
            sources=frozenset({DeviceState.SUBMITTING, DeviceState.UNKNOWN}),
            error=event.why,
            outcome=ANSWER_LOST,
        )

    def _on_batch_given_up(self, event: ev.BatchGivenUp, at: str) -> set[int]:
        batch = self.batches[event.batch]
        if batch.state is not BatchState.RUNNING:
            return set()
        batch.state, batch.changed_at = BatchState.GIVEN_UP, at
        return self._move_batch(
            batch,
            DeviceState.UNKNOWN,
            at,
            sources=frozenset({DeviceState.RUNNING}),
            error="its batch was given up",
            outcome=GIVEN_UP,
        )

    def _on_batch_finished(self, event: ev.BatchFinished, at: str) -> set[int]:
        batch = self.batches[event.batch]
        if batch.state is BatchState.GIVEN_UP:
            return set()
        batch.state, batch.changed_at = BatchState.FINISHED, at
        return set()

    def _on_device(self, event: ev.DeviceChanged, at: str) -> set[int]:
        record = self.devices[event.device]
        if record.batch != event.batch or record.state not in _AFTER_ACCEPTANCE:
            return set()  # a straggler of an earlier attempt
        outcome = None
        if event.state is DeviceState.FAILED:
            outcome = explain(event.error)
            if outcome.cause is Cause.AD_THROTTLING:
                half = max(1, len(self.batches[event.batch].devices) // 2)
                record.most = min(half, record.most or half)
        elif event.state is DeviceState.UNKNOWN:
            outcome = NO_RESULT
        self._move(record, event.state, at, word=event.word, error=event.error, outcome=outcome)
        record.signed_in_by = ""  # it is of this run's own batch, which was found again
        self.batches[event.batch].changed_at = at
        return {event.device}

    def _on_devices_signed_in(self, event: ev.DevicesSignedIn, at: str) -> set[int]:
        changed: set[int] = set()
        for index in event.devices:
            record = self.devices[index]
            self.held.pop(index, None)
            if record.state in _LEFT_OUT:
                where = f"in run {event.run}" if event.run else f"in batch {event.batch_id}"
                self._move(record, DeviceState.SUCCEEDED, at, word=f"signed in {where}")
                record.signed_in_by = event.batch_id
                changed.add(index)
        for number in {self.devices[index].batch for index in changed}:
            batch = self.batches.get(number)
            if batch is None or batch.state not in (BatchState.QUEUED, BatchState.UNSETTLED):
                continue
            records = [self.devices[i] for i in batch.devices]
            if not any(r.batch == number and r.state in _LEFT_OUT for r in records):
                batch.state = BatchState.ABANDONED
        return changed

    def _on_devices_held(self, event: ev.DevicesHeld, at: str) -> set[int]:
        self.held |= dict.fromkeys(event.devices, event)
        return set()

    def why_not_corrected(self, index: int) -> str:
        """Why the names of a device cannot be corrected now, or nothing where they can."""
        record = self.devices[index]
        if index in self.forgotten:
            return "its names were forgotten"
        if record.state is not DeviceState.FAILED:
            return "it has not failed"
        batch = self.batches.get(record.batch)
        if batch is not None and batch.state in _OPEN:
            # The service's answers are matched by these names, and may correct an outcome.
            return f"its batch {batch.number} has not ended; it can be corrected then"
        orders = (one for one in self.open_orders.values() if one.what == "retry")
        if any(index in one.devices or one.batch == record.batch for one in orders):
            return "it is ordered to be submitted again already"
        return ""

    def _on_device_corrected(self, event: ev.DeviceCorrected, at: str) -> set[int]:
        record = self.devices[event.device]
        names = (event.user_name, event.hardware_id)
        if FORGOTTEN in names or is_stand_in(record.device.user_name):
            return set()  # what it was called, before or after, is not to be known
        if self.why_not_corrected(event.device):
            return set()
        old = Correction(
            record.device, at, event.actor, record.attempt, record.error, record.outcome
        )
        record.corrections = (*record.corrections, old)
        user_name, hardware_id = UserName(event.user_name), HardwareId(event.hardware_id)
        record.device = replace(record.device, user_name=user_name, hardware_id=hardware_id)
        return {event.device}

    def _on_devices_forgotten(self, event: ev.DevicesForgotten, at: str) -> set[int]:
        self.forgotten.update(event.devices)
        return set(event.devices)

    def _on_waiting(self, event: ev.Waiting, at: str) -> set[int]:
        kind = ev.SIGN_IN if event.for_sign_in else ev.ROLE if event.for_role else ""
        if not event.over:
            self._waits[kind] = event
        elif event.kind:
            self._waits.pop(kind, None)
        else:
            self._waits.clear()
        return set()

    def _on_note(self, event: ev.Note, at: str) -> set[int]:
        if event.level == "warning":
            self.warned.add((event.batch, event.text))
        return set()

    def _on_order(self, event: ev.Order, at: str) -> set[int]:
        if event.again:
            self.again_at = at
            self.let_go |= {h.batch_id.casefold() for h in self.held.values() if h.decide}
            self.held = {i: h for i, h in self.held.items() if h.why == "personal"}
        if event.what == "pause":
            self.paused = True
            self.held_by, self.held_since = event, at
        elif event.what == "go_on":
            self.paused = self.stopping = False
            self.held_by, self.held_since = None, ""
        elif event.what == "stop":
            self._stop()
            self.held_by, self.held_since = event, at
        elif event.what == "now":
            for batch in self.queued_batches():
                batch.not_before = ""
        elif event.what == "new_token":
            self.sign_ins += 1
            # Who works on the run says so again if it was not enough.
            self._waits.pop(ev.SIGN_IN, None)
        return set()

    def _stop(self) -> None:
        # Only an order to go on lifts it. What is ordered later, such as a retry, goes out alone.
        self.stopping, self.stopped_at = True, self.last_seq

    def _on_worker_started(self, event: ev.WorkerStarted, at: str) -> set[int]:
        self.stopped = None
        self._waits.clear()
        return set()

    def _on_run_stopped(self, event: ev.RunStopped, at: str) -> set[int]:
        self.stopped = event
        self._waits.clear()
        if event.code == "canary":
            self.first_stopped = max((b.trial for b in self.batches.values()), default=0)
            self._stop()
        elif event.code == "window_closed":
            self.window_lifted = True
            self._stop()
        elif event.code == "groups_stopped":
            self.released_groups.update(self.stopped_groups)
            self._stop()
        return set()

    def _on_group_stopped(self, event: ev.GroupStopped, at: str) -> set[int]:
        self.stopped_groups[event.group] = event
        return set()

    def _on_run_finished(self, event: ev.RunFinished, at: str) -> set[int]:
        self.finished, self.stopped = event, None
        self._waits.clear()
        ended = (
            (DeviceState.SUCCEEDED, event.succeeded),
            (DeviceState.FAILED, event.failed),
            (DeviceState.UNKNOWN, event.unknown),
        )
        self.lost_outcomes = sum(max(0, many - self.counts[state]) for state, many in ended)
        return set()


def _take_back(record: DeviceRecord) -> None:
    """Count a submit that was refused as none."""
    record.submitted_at, record.submitted_from, record.submitted_until = record.before


#: States of a device that is left out when another run or batch signed it in.
_LEFT_OUT = frozenset({DeviceState.QUEUED, DeviceState.FAILED, DeviceState.UNKNOWN})
_AFTER_ACCEPTANCE = _OVER | {DeviceState.RUNNING}
_TO_CARRY_OUT = frozenset({"retry", "adopt", "resubmit", "give_up", "now"})
_OPEN = frozenset({BatchState.SUBMITTING, BatchState.RUNNING, BatchState.IN_DOUBT})
_HANDLERS: dict[type[ev.Event], Any] = {
    ev.RunPlanned: RunState._on_run_planned,
    ev.OptionsChanged: RunState._on_options,
    ev.BatchPlanned: RunState._on_batch_planned,
    ev.BatchSubmitting: RunState._on_batch_submitting,
    ev.BatchAccepted: RunState._on_batch_accepted,
    ev.BatchDeferred: RunState._on_batch_deferred,
    ev.BatchRejected: RunState._on_batch_rejected,
    ev.BatchInDoubt: RunState._on_batch_in_doubt,
    ev.BatchUnsettled: RunState._on_batch_unsettled,
    ev.BatchFinished: RunState._on_batch_finished,
    ev.BatchGivenUp: RunState._on_batch_given_up,
    ev.DevicesSignedIn: RunState._on_devices_signed_in,
    ev.DevicesHeld: RunState._on_devices_held,
    ev.DeviceCorrected: RunState._on_device_corrected,
    ev.DevicesForgotten: RunState._on_devices_forgotten,
    ev.Waiting: RunState._on_waiting,
    ev.Note: RunState._on_note,
    ev.Order: RunState._on_order,
    ev.WorkerStarted: RunState._on_worker_started,
    ev.RunStopped: RunState._on_run_stopped,
    ev.GroupStopped: RunState._on_group_stopped,
    ev.RunFinished: RunState._on_run_finished,
}

_STOPS = frozenset({"sign_in_needed", "token_refused", "not_signed_in"})


def needs_sign_in(run: RunState | None) -> str:
    """Why a run waits for, or was stopped by, a sign-in; nothing where none is asked for."""
    if run is None or run.finished is not None:
        return ""
    if run.stopped is not None:
        code = run.stopped.code
        return run.stopped.message if code in _STOPS or code.startswith("AADSTS") else ""
    wait = run.waits_for(ev.SIGN_IN)
    return wait.why if wait is not None else ""


def needs_role(run: RunState | None) -> str:
    """Why a run waits for a role of the account; nothing where it does not."""
    if run is None or run.finished is not None:
        return ""
    wait = run.waits_for(ev.ROLE)
    return wait.why if wait is not None else ""
