"""What the runs of this host tell of each phone: its own profile's, and others' of the tenant."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.runs.conflicts import perhaps_same_tenant
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.rollout.evidence import Attempt, Result, SourceRead
from siptui.runs.state import DeviceRecord, RunState
from siptui.runs.state_load import load


def read_history(
    host: HostTenant, now: datetime, devices: Sequence[Device] = ()
) -> tuple[list[Attempt], SourceRead]:
    """The newest attempt of each run on each of its phones, and what is known still of `devices`
    from runs that were forgotten. A journal that cannot be read is told of; a profile without any
    journal has no history."""
    found: list[Attempt] = []
    errors = []
    for path in (host.journal, *host.beside):
        if not path.exists():
            continue
        try:
            found += _of_journal(path, host, devices)
        except JournalError as error:
            errors.append(error.message)
    return found, SourceRead("history", now, len(found), "; ".join(errors), partial=bool(found))


def read_states(
    host: HostTenant, passed_over: Callable[[str], None] | None = None
) -> Iterator[RunState]:
    """Every run of the tenant on this host, also of other profiles. Raises `JournalError`; where
    there is `passed_over`, it is told of other profiles' journals that cannot be read instead."""
    for path in (host.journal, *host.beside):
        if not path.exists():
            continue
        try:
            with Journal(path, read_only=True) as journal:
                yield from _runs(journal, host)
        except JournalError as error:
            if passed_over is None or path == host.journal:
                raise
            passed_over(error.message)


def _runs(journal: Journal, host: HostTenant) -> Iterator[RunState]:
    """The runs of a journal that are of the tenant."""
    own = journal.path == host.journal
    for run in journal.runs():
        state = load(journal, run)
        if own or not state.plan or perhaps_same_tenant(state.plan.tenant, host.tenant):
            yield state


def _of_journal(path: Path, host: HostTenant, devices: Sequence[Device]) -> Iterator[Attempt]:
    profile = "" if path == host.journal else f" of profile {path.parent.name}"
    with Journal(path, read_only=True) as journal:
        for state in _runs(journal, host):
            held = holder_of(path, state.run) is not None
            yield from attempts_of(state, f"run {state.run}{profile}", held=held)
        yield from _forgotten(journal, devices)


def _forgotten(journal: Journal, devices: Sequence[Device]) -> Iterator[Attempt]:
    by_key = {device.key: device for device in devices}
    for one in journal.remembered(devices):
        device = by_key[one.key]
        yield Attempt(
            user_name=str(device.user_name),
            hardware_id=str(device.hardware_id),
            result=Result(one.state),
            at=_when(one.at),
            where=f"run {one.run} (forgotten since)",
        )


def attempts_of(state: RunState, where: str, *, held: bool) -> Iterator[Attempt]:
    """What a run tells of its phones; `held` where a process is at work on it."""
    actor = state.plan.actor if state.plan else None
    by = (actor.account or actor.os_user) if actor else ""
    for record in state.devices:
        result = _result(record, held=held)
        if result is None:
            continue
        batch = state.batches.get(record.batch)
        foreign = record.signed_in_by
        attempt = Attempt(
            user_name=str(record.device.user_name),
            hardware_id=str(record.device.hardware_id),
            result=result,
            at=_when(record.since) or _when(state.planned_at),
            where=f"batch {foreign}" if foreign else where,
            by="" if foreign else by,
            batch_id=foreign or (batch.batch_id if batch else ""),
            region=str(record.device.region),
            error=record.error,
            began=_when(record.as_of),
        )
        yield attempt
        # A list may have the phone under the hardware id that was corrected still.
        for user_name, hardware_id in record.keys:
            if hardware_id != attempt.hardware_id:
                to = f"{attempt.user_name} on {attempt.hardware_id}"
                yield replace(
                    attempt, user_name=user_name, hardware_id=hardware_id, corrected_to=to
                )


def _result(record: DeviceRecord, *, held: bool) -> Result | None:
    match record.state:
        case DeviceState.QUEUED:
            return Result.LIVE if held else Result.WAITS
        case DeviceState.SUBMITTING:
            return Result.LIVE if held else Result.UNKNOWN  # its answer was lost
        case DeviceState.RUNNING:
            return Result.LIVE
        case DeviceState.UNKNOWN:
            return Result.UNKNOWN
        case DeviceState.FAILED:
            return Result.WAITS if record.refused and not record.taken_at else Result.FAILED
        case DeviceState.SUCCEEDED:
            # What was left out since another run signed it in is that run's to tell.
            return Result.SUCCEEDED if record.submitted_at or record.signed_in_by else None
    return None


def _when(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
