"""What three sources say of phones: runs of this host, the tenant's batches, the inventory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from siptui.domain.errors import SiptuiError
from siptui.gateway.errors import GatewayError


class Standing(StrEnum):
    """Where a row of a list stands."""

    TO_DO = "to_do"  # new, failed, or not signed in
    DONE = "done"  # signed in as the list wants it
    OTHER = "other"  # signed in as another account
    LIVE = "live"  # in a batch now
    UNKNOWN = "unknown"  # sources disagree, or none tells
    GONE = "gone"  # in the history or the inventory, not in the list


class Result(StrEnum):
    """What an attempt to sign a phone in came to."""

    WAITS = "waits"  # planned, in a run without a worker
    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Attempt(Struct, frozen=True):
    """An attempt on a phone as a run of this host or a batch of the tenant tells of it.

    `at` is when it came to `result`, `where` the run or batch for people, `by` the account that
    submitted it, `batch_id` the service's batch. Without `end_known` (the service tells no end)
    `at` is when it was submitted, and it ended at any time since. `began` is when it was submitted,
    where `at` is not that. `corrected_to` is what that run calls the phone since its hardware id
    was corrected.
    """

    user_name: str
    hardware_id: str
    result: Result
    at: datetime | None
    where: str
    by: str = ""
    batch_id: str = ""
    region: str = ""
    error: str = ""
    end_known: bool = True
    corrected_to: str = ""
    began: datetime | None = None

    @property
    def of_run(self) -> bool:
        """Whether a run of this host submitted it; else it is of another one's batch, of which
        that run knows no other phone."""
        return self.where.startswith("run ")


class Seen(Struct, frozen=True):
    """A phone as the inventory has it. `signed_in` is None where that is not told."""

    user_name: str
    signed_in: bool | None
    region: str = ""


class SourceRead(Struct, frozen=True):
    """What came of reading a source: `history`, `batches` or `inventory`. `error` says what could
    not be read, or nothing; with `partial` some of it was read all the same. `cause` is the error
    that kept all of it from being read. `note` is what may be missing and is over long since.
    """

    source: str
    read_at: datetime
    rows: int = 0
    error: str = ""
    partial: bool = False
    cause: SiptuiError | None = None
    note: str = ""

    @property
    def read(self) -> bool:
        """Whether anything was read."""
        return not self.error or self.partial

    @property
    def fails_for_now(self) -> bool:
        """Whether it is there and could not be read this time: it may be at another."""
        cause = self.cause
        return isinstance(cause, GatewayError) and cause.passing


class Evidence(Struct, frozen=True):
    """Everything that was read. `attempts` are by hardware id, `seen` too, `sources` in order."""

    attempts: Mapping[str, Sequence[Attempt]]
    seen: Mapping[str, Seen]
    sources: tuple[SourceRead, ...]
    calls: int = 0
    #: Why those who submitted batches have no names, the first time that it is so; or nothing.
    nameless: str = ""

    def __repr__(self) -> str:
        # Without the thousands of attempts: `asyncio.run` writes out what its task returned.
        return f"{type(self).__name__}(sources={self.sources!r}, calls={self.calls})"

    def source(self, name: str) -> SourceRead | None:
        """What came of reading the source of this name; None where it was not asked."""
        return next((one for one in self.sources if one.source == name), None)


class RowStanding(Struct, frozen=True):
    """Where a row stands: since when and by whom where that is known, and why for people.

    `line` is None for what is gone. `again`: earlier runs call it signed in, and it is so no more.
    """

    line: int | None
    user_name: str
    hardware_id: str
    region: str
    standing: Standing
    since: datetime | None = None
    by: str = ""
    why: str = ""
    again: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
