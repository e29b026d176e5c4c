"""What the service itself remembers: everybody's batches of 30 days, and which were submitted here.

The journal knows only what was submitted from here; the service knows the whole tenant's.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from siptui.domain.region import Region
from siptui.gateway.listed import Listed
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn
from siptui.runs.aside import Aside
from siptui.runs.events import BatchAccepted, BatchSubmitting, RunPlanned
from siptui.runs.journal import Journal
from siptui.runs.times import parse_when

if TYPE_CHECKING:
    from siptui.runs.office import Office
    from siptui.runs.worker import Connect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """A batch that the journal has. `here`: it was submitted by this run, not only followed."""

    run: str
    file: str
    account: str
    here: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """A batch as the service lists it, and what the journal knows of it. `when` if readable."""

    summary: BatchSummary
    when: datetime | None = None
    known: Known | None = None


class Memory(Protocol):
    """What a console asks of the service's memory. All raise `SiptuiError`."""

    async def batches(self) -> Sequence[Remembered]:
        """The tenant's batches of the past 30 days, newest first."""
        ...

    async def batch(self, batch_id: str) -> BatchStatus:
        """One batch and its devices."""
        ...

    def adopt(self, status: BatchStatus, region: Region | None) -> str:
        """A run that follows the batch, which somebody works on; nothing is submitted by it."""
        ...


class TenantMemory:
    """A `Memory` that asks the service over `connect`, in `aside`'s loop, with tries again."""

    def __init__(self, path: Path, desk: "Office", connect: "Connect", aside: Aside) -> None:
        self._path = path
        self._desk = desk
        self._connect = connect
        self._aside = aside

    async def batches(self) -> Sequence[Remembered]:
        """The tenant's batches of the past 30 days, newest first; those without a time last."""
        return await self._aside.ask(self._batches())

    async def batch(self, batch_id: str) -> BatchStatus:
        """One batch and its devices."""
        return await self._aside.ask(self._read(lambda service: service.batch_status(batch_id)))

    def adopt(self, status: BatchStatus, region: Region | None) -> str:
        """A run that follows the batch, the one there is already or a new one. Raises `UsageError`
        where neither the service nor `region` says in which region it is."""
        from siptui.runs.adoption import adopt_foreign

        run = adopt_foreign(self._desk, status, region, datetime.now(UTC))
        if self._desk.head(run).state == "stopped":
            self._desk.start(run)
        return run

    async def _batches(self) -> Sequence[Remembered]:
        summaries = await self._read(lambda service: service.batch_summaries())
        with Journal(self._path) as journal:
            known = batches_of(journal)
        found = [
            Remembered(s, parse_when(s.request_time), known.get(s.batch_id.casefold()))
            for s in summaries
        ]
        found.sort(key=lambda r: r.when.timestamp() if r.when else 0.0, reverse=True)
        return Listed(found, lost=summaries.lost, more=summaries.more, odd=summaries.odd)

    async def _read(self, read: Callable[[BulkSignIn], Awaitable[T]]) -> T:
        from siptui.gateway.authorized import may_pass
        from siptui.transport.retry import retried

        async with self._connect() as service:
            return await retried(lambda: read(service), may_pass)


def batches_of(journal: Journal) -> dict[str, Known]:
    """The batches that runs of this journal have, by the service's id in lower case.

    The run that submitted one counts before those that follow it.
    """
    found: dict[str, Known] = {}
    for run in journal.runs():
        file = account = ""
        sent: set[int] = set()
        for stored in journal.read(run):
            match stored.event:
                case RunPlanned(file=file, actor=actor):
                    account = actor.account or actor.os_user
                case BatchSubmitting(batch=batch):
                    sent.add(batch)
                case BatchAccepted(batch=batch, batch_id=batch_id):
                    key, here = batch_id.casefold(), batch in sent
                    before = found.get(key)
                    if before is None or (here and not before.here):
                        found[key] = Known(run, file, account, here)
    return found
