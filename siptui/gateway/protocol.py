"""What a run needs of the service, as a Protocol over plain values.

Every name of the wire (Teams.SipDevicesGatewayManagement/v1) is known at property level only;
casing, the name of the item array and most status words are not. Hence words are kept as they
came, and only the few that were seen decide anything.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from siptui.domain.device import Device, DeviceKey
from siptui.domain.region import Region
from siptui.gateway.json_lists import Listed
from siptui.transport.throttle import Throttle


class Phase(StrEnum):
    """What a status word says for certain. An unknown word is `RUNNING`: not known to be over."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    COMPLETED = "completed"  # batches only: over, each item has its own outcome


class BatchAccepted(Struct, frozen=True):
    """Answer to a submit. `count` is the service's own number of items, if it named one."""

    batch_id: str
    count: int | None
    correlation_id: str


class ItemStatus(Struct, frozen=True):
    """One device in a batch's status. `word` and `error` are the service's own, made visible."""

    user_name: str
    hardware_id: str  # canonical where it can be read, else as it came
    word: str
    phase: Phase
    error: str
    ended: bool = False  # its word says that it is over, but not how

    @property
    def named(self) -> bool:
        """Whether it says which device it is about."""
        return bool(self.user_name and self.hardware_id)

    @property
    def key(self) -> DeviceKey:
        """What it is matched to a device by."""
        return (self.user_name.casefold(), self.hardware_id)


class BatchStatus(Struct, frozen=True):
    """A batch and its devices. `region` and `request_time` only where the service names them.

    `odd` are texts about what of the answer could not be read as it should, `gap` says what of
    the devices is known to be missing, nothing where they are all there.
    """

    batch_id: str
    word: str
    phase: Phase
    region: Region | None
    request_time: str
    user_id: str
    items: tuple[ItemStatus, ...]
    odd: tuple[str, ...] = ()
    gap: str = ""


class BatchSummary(Struct, frozen=True):
    """A batch as the tenant's 30-day list has it: no devices."""

    batch_id: str
    word: str
    phase: Phase
    region: Region | None
    request_time: str
    user_id: str
    count: int | None


class BulkSignIn(Protocol):
    """The three calls of bulk sign-in. All raise `gateway.errors.GatewayError`.

    While `throttle` says that the service asked to wait, they send nothing and raise
    `ThrottledError`.
    """

    throttle: Throttle

    @property
    def service_date(self) -> datetime | None:
        """What the service's clock said with its last answer (header `Date`), if it did."""
        ...

    async def ready(self) -> None:
        """See to it that the sign-in is good for a submit, renewing it if need be.

        Raises `SignInNeededError` when it is not; a sign-in that is still good enough for reads
        may not be for this.
        """
        ...

    def renew_when_denied(self) -> None:
        """Ask for a new token with the next denial, however lately one was asked for: the operator
        says that a role is active now."""
        ...

    async def create_batch(
        self,
        region: Region,
        devices: Sequence[Device],
        *,
        leaving: Callable[[], None] = lambda: None,
    ) -> BatchAccepted:
        """Submit `devices` (1 to 100). Resets their accounts' passwords; sent exactly once.

        `leaving` is asked last before it leaves; what it raises passes, and nothing was sent.
        """
        ...

    async def batch_status(self, batch_id: str) -> BatchStatus:
        """The batch and each of its devices."""
        ...

    async def batch_summaries(self) -> Listed[BatchSummary]:
        """The tenant's batches of 30 days, of all operators, as far as they can be read."""
        ...


class TokenSource(Protocol):
    """Where the bearer token for the admin API comes from."""

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """A token; with `refresh` a new one, since the service refused the last.

        With `lasting` one that outlasts a submit; otherwise one that is about to run out will do
        where no new one can be had, so that reading goes on as long as it can.
        Raises `SignInNeededError` when there is none, or another `SiptuiError`. The caller had
        not sent anything then.
        """
        ...
