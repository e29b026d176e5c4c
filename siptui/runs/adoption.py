"""Making a run of a batch that somebody else submitted, so that it can be followed like one."""

from collections.abc import Container
from datetime import datetime

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.user_name import UserName, UserNameError
from siptui.gateway.protocol import BatchStatus
from siptui.runs.events import BatchAccepted, BatchPlanned, Event, Note, Options, RunPlanned
from siptui.runs.journal import Journal
from siptui.runs.office import Office, load


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


def adopt_foreign(office: Office, status: BatchStatus, region: Region | None, now: datetime) -> str:
    """A run that follows the batch `status` is of; nothing is submitted by it. The run's id.

    `region` counts where the service names none. Raises `UsageError` when neither does, or when
    the batch has no device that can be named.
    """
    looked_at = frozenset(office.journal.runs())
    if known := run_of_batch(office.journal, status.batch_id):
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
    run = office.new_run_id()
    events: list[Event] = [
        RunPlanned(
            file=f"batch {status.batch_id}",
            sha256="",
            tenant=office.tenant,
            devices=len(devices),
            skipped=unnamed,
            batches=1,
            actor=office.actor,
            options=Options(),
        ),
        BatchPlanned(batch=1, region=where, devices=list(range(len(devices)))),
        BatchAccepted(batch=1, batch_id=status.batch_id, count=len(status.items), adopted=True),
    ]
    who = status.user_id or "somebody"
    events.append(Note(level="info", text=f"submitted by {who} {status.request_time}".strip()))
    if status.gap:
        text = f"it may have devices that are not followed: {status.gap}"
        events.append(Note(level="warning", text=text, batch=1))

    def unless_known() -> None:
        if known := run_of_batch(office.journal, status.batch_id, looked_at):
            raise _KnownError(known)

    try:
        # Looked at once more and written in one piece: of two who adopt it at once one does.
        office.journal.create(run, devices, events, now, unless=unless_known)
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
