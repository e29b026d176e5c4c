"""The tenant's batches of the past 30 days, and which of them were submitted here.

The journal knows only what was submitted from here; the service knows the whole tenant's.
"""

from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from siptui.background_loop import BackgroundLoop
from siptui.domain.device import Device
from siptui.domain.errors import SiptuiError, UsageError
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.user_name import UserName, UserNameError
from siptui.gateway.json_lists import Listed
from siptui.gateway.operator_names import NamesById, OperatorNames
from siptui.gateway.protocol import BatchStatus, BatchSummary, BulkSignIn
from siptui.gateway.times import parse_when
from siptui.runs.adopted_batch import followed_from
from siptui.runs.events import (
    BatchAccepted,
    BatchPlanned,
    BatchSubmitting,
    Event,
    Note,
    Options,
    RunPlanned,
)
from siptui.runs.journal.codec import devices_digest
from siptui.runs.journal.journal import Journal
from siptui.runs.service import RunService
from siptui.runs.state_load import load

if TYPE_CHECKING:
    from siptui.runs.service import RunService
    from siptui.runs.worker import Connect

T = TypeVar("T")
#: Opens Microsoft Graph, or gives none where the cloud has none.
OpenDirectory = Callable[[], AbstractAsyncContextManager[NamesById | None]]


class Known(Struct, frozen=True):
    """A batch that the journal has. `here`: it was submitted by this run, not only followed."""

    run: str
    file: str
    account: str
    here: bool


class Remembered(Struct, frozen=True):
    """A batch as the service lists it, and what the journal knows of it. `when` if readable; `by`
    is who submitted it: a name where that is known, else the object id."""

    summary: BatchSummary
    when: datetime | None = None
    known: Known | None = None
    by: str = ""


class TenantBatches:
    """The tenant's batches of the past 30 days, by the service and by the journal.

    The service is asked over `connect`, in `background`'s loop, with tries again. All methods
    raise `SiptuiError`.
    """

    def __init__(
        self,
        path: Path,
        run_service: "RunService",
        connect: "Connect",
        background: BackgroundLoop,
        *,
        directory: OpenDirectory | None = None,
    ) -> None:
        self._path = path
        self._directory = directory
        self._names = OperatorNames()
        self._run_service = run_service
        self._connect = connect
        self._background = background

    async def batches(self) -> Sequence[Remembered]:
        """The tenant's batches of the past 30 days, newest first; those without a time last."""
        return await self._background.ask(self._batches())

    async def named(self, found: Sequence[Remembered]) -> tuple[Sequence[Remembered], str]:
        """`found` with the names of those who submitted them, as far as they can be read; and why
        they cannot, the first time that it is so. One call at most; it raises nothing."""
        ids = [one.summary.user_id for one in found]
        why = ""
        if self._names.unknown(ids):
            why = await self._background.ask(self._look_up(ids))
        return [replace(one, by=self._names.of(one.summary.user_id)) for one in found], why

    async def _look_up(self, ids: Sequence[str]) -> str:
        if self._directory is None:
            return await self._names.look_up(ids, None)
        try:
            async with self._directory() as directory:
                return await self._names.look_up(ids, directory)
        except SiptuiError as error:
            return f"Names cannot be read: {error.message}"

    async def batch(self, batch_id: str) -> BatchStatus:
        """One batch and its devices."""
        return await self._background.ask(
            self._read(lambda service: service.batch_status(batch_id))
        )

    def adopt(self, status: BatchStatus, region: Region | None) -> str:
        """A run that follows the batch, the one there is already or a new one. Nothing is
        submitted by it. Raises `UsageError`
        where neither the service nor `region` says in which region it is."""

        run = adopt_foreign(self._run_service, status, region, datetime.now(UTC))
        if self._run_service.head(run).state == "stopped":
            self._run_service.start(run)
        return run

    async def _batches(self) -> Sequence[Remembered]:
        summaries = await self._read(lambda service: service.batch_summaries())
        with Journal(self._path) as journal:
            known = batches_of(journal)
        found = [
            Remembered(
                *(s, parse_when(s.request_time), known.get(s.batch_id.casefold())),
                by=self._names.of(s.user_id),
            )
            for s in summaries
        ]
        found.sort(key=lambda r: r.when.timestamp() if r.when else 0.0, reverse=True)
        return Listed(found, lost=summaries.lost, more=summaries.more, odd=summaries.odd)

    async def _read(self, read: Callable[[BulkSignIn], Awaitable[T]]) -> T:
        from siptui.gateway.http_client import may_pass
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


def run_of_batch(
    journal: Journal, batch_id: str, besides: Container[str] = frozenset()
) -> str | None:
    """The newest run, not one of `besides`, that has the service's batch `batch_id`, or none."""
    wanted = batch_id.casefold()
    for run in journal.runs():
        if run not in besides and any(
            b.batch_id.casefold() == wanted for b in load(journal, run).batches.values()
        ):
            return run
    return None


def adopt_foreign(
    run_service: RunService, status: BatchStatus, region: Region | None, now: datetime
) -> str:
    """A run that follows the batch `status` is of; nothing is submitted by it. The run's id.

    `region` counts where the service names none. Raises `UsageError` when neither does, or when
    the batch has no device that can be named.
    """
    looked_at = frozenset(run_service.journal.runs())
    if known := run_of_batch(run_service.journal, status.batch_id):
        return known
    where = status.region or region
    if where is None:
        raise UsageError(
            f"The service does not say in which region batch {status.batch_id} is.",
            remedy="Say it with --region.",
        )
    devices, unnamed = _devices(status, where)
    if not devices:
        raise UsageError(f"Batch {status.batch_id} has no device that can be followed.")
    run = run_service.new_run_id()
    events: list[Event] = [
        RunPlanned(
            file=f"batch {status.batch_id}",
            sha256="",
            tenant=run_service.tenant,
            devices=len(devices),
            skipped=unnamed,
            batches=1,
            actor=run_service.actor,
            options=Options(),
            devices_digest=devices_digest(devices),
        ),
        BatchPlanned(batch=1, region=where, devices=list(range(len(devices)))),
        followed_from(1, status.batch_id, status.request_time, count=len(status.items)),
    ]
    who = status.user_id or "an unknown account"
    events.append(Note(level="info", text=f"submitted by {who} {status.request_time}".strip()))
    if status.gap:
        text = f"it may have devices that are not followed: {status.gap}"
        events.append(Note(level="warning", text=text, batch=1))

    def unless_known() -> None:
        if known := run_of_batch(run_service.journal, status.batch_id, looked_at):
            raise _KnownError(known)

    try:
        # Looked at once more and written in one piece: of two who adopt it at once one does.
        run_service.journal.create(run, devices, events, now, unless=unless_known)
    except _KnownError as error:
        return error.run
    return run


class _KnownError(Exception):
    def __init__(self, run: str) -> None:
        super().__init__(run)
        self.run = run


def _devices(status: BatchStatus, region: Region) -> tuple[list[Device], int]:
    """The devices of the batch, numbered as they came, and how many could not be named."""
    devices: dict[str, Device] = {}
    for place, item in enumerate(status.items, start=1):
        try:
            hardware_id = HardwareId.parse(item.hardware_id)
            user_name = UserName.read(item.user_name)
        except (HardwareIdError, UserNameError):
            continue
        devices.setdefault(hardware_id, Device(place, user_name, hardware_id, region))
    return list(devices.values()), len(status.items) - len(devices)
