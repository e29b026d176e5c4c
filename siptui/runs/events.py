"""The events of a run: all that ever happened to it, one record each.

State is a fold over these, every view is a reader of these, and an act follows its event, never
the other way round. Records are stored as JSON with their `type`; fields are only ever added.
A device is named by its place in the plan, counted from 0.
"""

from typing import Literal

import msgspec

from siptui.domain.region import Region
from siptui.domain.state import DeviceState

Level = Literal["info", "warning", "error"]
#: `Waiting.kind` of a wait for a new sign-in, of one for a role that has ended, of one that the
#: service asked for, and of one for a free place or for the outcome of the first devices.
SIGN_IN, ROLE, SERVICE, TURN = "sign_in", "role", "service", "turn"
#: Waits that a person ends.
FOR_PERSONS = (SIGN_IN, ROLE)
#: How the reason of such a wait began before it had a kind.
_SIGN_IN_BEFORE = "sign-in needed"


class Event(
    msgspec.Struct, frozen=True, tag_field="type", tag=True, omit_defaults=True, kw_only=True
):
    """Root of all events."""


class Actor(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who did it: the account signed in to the tenant, the user and the host of the computer."""

    account: str = ""
    os_user: str = ""
    host: str = ""


class Options(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a run is to be carried out."""

    batch_size: int = 100
    slots: int = 3
    settle_seconds: float = 300.0
    first: int = 0
    max_failures: float = 10.0  # percent of the first devices that may fail
    auto_retry: int = 0  # how often passing failures are submitted again without an order
    again: bool = False  # also devices that another run has signed in, or may have
    personal: list[str] = []  # accounts that may be personal and that the operator named
    not_before: str = ""  # RFC 3339 in UTC: nothing is submitted earlier
    until: str = ""  # nor from then on, until an operator goes on with the run
    by: str = ""  # the column by whose values batches are cut, tried and stopped


class RunPlanned(Event, frozen=True, tag="run_planned", kw_only=True):
    """The run exists. Its devices are in the journal's device table, its batches follow.

    `devices_digest` is of that table's rows, so that damage to one is seen; empty in journals of
    earlier versions.
    """

    file: str
    sha256: str
    tenant: str
    devices: int
    skipped: int
    batches: int
    actor: Actor = Actor()
    options: Options = Options()
    columns: dict[str, str] = {}  # the header of the list that each column was read from
    source: str = ""  # the whole path of the list, where it has one that can be shown
    sheet: str = ""  # of a workbook
    plan: str = ""  # SHA-256 of the plan file that was submitted
    planned_by: str = ""  # who wrote that plan
    devices_digest: str = ""


class OptionsChanged(Event, frozen=True, tag="options", kw_only=True):
    """The operator wants it carried out otherwise from now on."""

    options: Options
    actor: Actor = Actor()


class BatchPlanned(Event, frozen=True, tag="batch_planned", kw_only=True):
    """Devices were put into a batch, for the first time or once more.

    Batches of one `trial`, which is the number of its first batch, go out before all others.
    """

    batch: int
    region: Region
    devices: list[int]
    attempt: int = 1
    order: int = 0  # the order it carries out, by its place in the journal
    trial: int = 0
    moved: bool = False  # from batches that were never submitted: no further attempt
    group: str = ""  # the value of the column that the run goes by
    probe: bool = False  # the first of their group, tried before the rest of it


class BatchSubmitting(Event, frozen=True, tag="batch_submitting", kw_only=True):
    """The intent to submit, written before the request leaves.

    `known` are the batch ids the tenant had before, so that a lost answer can be settled.
    `service_ahead` is how many seconds the service's clock was ahead of this host's, if known.
    """

    batch: int
    region: Region
    devices: int
    known: list[str] = []
    service_ahead: float | None = None


class BatchAccepted(Event, frozen=True, tag="batch_accepted", kw_only=True):
    """The service has the batch. `adopted` when it was found after a lost answer.

    `requested` is when another process or person submitted it, by this host's clock, as far as the
    service tells (RFC 3339 in UTC): this run did not. `requested_from` and `requested_until` are
    the earliest and the latest moment that may be meant: they differ where no zone was named.
    """

    batch: int
    batch_id: str
    count: int | None = None
    correlation_id: str = ""
    adopted: bool = False
    order: int = 0
    requested: str = ""
    requested_from: str = ""
    requested_until: str = ""


class BatchDeferred(Event, frozen=True, tag="batch_deferred", kw_only=True):
    """Certainly nothing was accepted; the batch is back in the queue."""

    batch: int
    why: str
    until: str = ""


class BatchRejected(Event, frozen=True, tag="batch_rejected", kw_only=True):
    """The service refused the batch as a whole. With `requeued` its devices wait again."""

    batch: int
    status: int | None = None
    code: str = ""
    message: str = ""
    remedy: str = ""
    correlation_id: str = ""
    requeued: bool = False


class BatchInDoubt(Event, frozen=True, tag="batch_in_doubt", kw_only=True):
    """The answer to the submit was lost; the batch is being looked for."""

    batch: int
    why: str


class BatchUnsettled(Event, frozen=True, tag="batch_unsettled", kw_only=True):
    """The search ended without one certain match; the operator decides."""

    batch: int
    why: str
    candidates: list[str] = []
    order: int = 0


class BatchFinished(Event, frozen=True, tag="batch_finished", kw_only=True):
    """Every device of the batch has its outcome."""

    batch: int
    batch_id: str
    succeeded: int
    failed: int
    unknown: int = 0


class BatchGivenUp(Event, frozen=True, tag="batch_given_up", kw_only=True):
    """The batch never ended and is not followed any more, by the operator's order. Its slot is
    free; `unknown` of its devices had no outcome. The service may still be working on it."""

    batch: int
    batch_id: str
    unknown: int
    order: int = 0


class DeviceChanged(Event, frozen=True, tag="device", kw_only=True):
    """The service said something new about a device."""

    device: int
    batch: int
    state: DeviceState
    word: str = ""
    error: str = ""


class DevicesSignedIn(Event, frozen=True, tag="devices_signed_in", kw_only=True):
    """Another run or batch signed these in as the list wants it: they are left out.

    `run` is that run of this host, `batch_id` the service's batch, `by` who submitted it. What is
    not known is empty.
    """

    devices: list[int]
    run: str = ""
    batch_id: str = ""
    by: str = ""


class DevicesHeld(Event, frozen=True, tag="devices_held", kw_only=True):
    """These devices wait in `batch`, and why.

    `other_batch`: they or their accounts are in a batch that is not of this run; `personal`: their
    accounts may be personal and were not named. With `decide` they go out only by the operator's
    decision. `batch_id`, `by` and `requested` are the other batch's, as the service writes them.
    """

    batch: int
    devices: list[int]
    why: Literal["other_batch", "personal"]
    batch_id: str = ""
    by: str = ""
    requested: str = ""
    decide: bool = False


class DeviceCorrected(Event, frozen=True, tag="device_corrected", kw_only=True):
    """The list had wrong names for a device, which are these from now on; it is no order to submit
    it. What they were is kept: its account may have been submitted."""

    device: int
    user_name: str
    hardware_id: str
    old_user_name: str
    old_hardware_id: str
    actor: Actor = Actor()


class DevicesForgotten(Event, frozen=True, tag="devices_forgotten", kw_only=True):
    """The names of these were made unreadable at the operator's word; they are never submitted
    again by this run."""

    devices: list[int]
    actor: Actor = Actor()


class Waiting(Event, frozen=True, tag="waiting", kw_only=True):
    """Nothing can be done until then, and why. `until` is RFC 3339 in UTC, or nothing.

    With `over` the waiting has ended, and `why` says by what. `kind` says what is waited for;
    journals of before have none.
    """

    why: str
    until: str = ""
    over: bool = False
    kind: str = ""  # SIGN_IN, ROLE, SERVICE or TURN

    @property
    def for_sign_in(self) -> bool:
        """Whether it waits until an operator signs in again."""
        return self.kind == SIGN_IN or (not self.kind and self.why.startswith(_SIGN_IN_BEFORE))

    @property
    def known_kind(self) -> str:
        """Its kind; nothing where a journal of before does not tell it."""
        return SIGN_IN if self.for_sign_in else self.kind

    @property
    def for_role(self) -> bool:
        """Whether it waits until a role of the account is active again."""
        return self.kind == ROLE

    @property
    def for_person(self) -> bool:
        """Whether it lasts until a person does something."""
        return self.for_sign_in or self.for_role


class Note(Event, frozen=True, tag="note", kw_only=True):
    """Something an operator should know."""

    level: Level
    text: str
    batch: int | None = None
    order: int = 0


class Order(Event, frozen=True, tag="order", kw_only=True):
    """What an operator asked of the worker. Written by a viewer, carried out by the worker.

    `how` says by what the order was given, for people: a key of the console, a signal.
    """

    what: Literal[
        "pause",
        "go_on",
        "stop",
        "retry",
        "adopt",
        "resubmit",
        "give_up",
        "new_token",
        "now",
    ]
    actor: Actor = Actor()
    how: str = ""
    devices: list[int] = []
    batch: int | None = None
    batch_id: str = ""
    size: int = 0  # of the batches of a retry; 0: as the run has it
    region: Region | None = None  # that of a retry; none: as the list has it
    first: int = 0  # how many of a retry go out before the others
    again: bool = False  # also devices that another run has signed in, or may have


class WorkerStarted(Event, frozen=True, tag="worker_started", kw_only=True):
    """A process took the run."""

    pid: int
    actor: Actor = Actor()


class GroupStopped(Event, frozen=True, tag="group_stopped", kw_only=True):
    """Too many devices of a group failed: nothing more of it is submitted, other groups go on.
    `bad` of the `tried` were not signed in, `left` wait."""

    column: str
    group: str
    bad: int
    tried: int
    left: int


class RunStopped(Event, frozen=True, tag="run_stopped", kw_only=True):
    """The worker let go of an unfinished run. `code` is a machine word, `message` for people."""

    code: str
    message: str
    remedy: str = ""


class RunFinished(Event, frozen=True, tag="run_finished", kw_only=True):
    """Nothing is left to do."""

    succeeded: int
    failed: int
    unknown: int
    skipped: int
    seconds: float


AnyEvent = (
    RunPlanned
    | OptionsChanged
    | BatchPlanned
    | BatchSubmitting
    | BatchAccepted
    | BatchDeferred
    | BatchRejected
    | BatchInDoubt
    | BatchUnsettled
    | BatchFinished
    | BatchGivenUp
    | GroupStopped
    | DeviceChanged
    | DevicesSignedIn
    | DevicesHeld
    | DeviceCorrected
    | DevicesForgotten
    | Waiting
    | Note
    | Order
    | WorkerStarted
    | RunStopped
    | RunFinished
)


class Stored(msgspec.Struct, frozen=True):
    """An event where it stands in the journal: `seq` counts up, `at` is RFC 3339 in UTC."""

    seq: int
    at: str
    event: AnyEvent
