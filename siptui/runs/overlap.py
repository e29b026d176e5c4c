"""Devices and accounts that other runs have in hand: what must not be submitted by oversight."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.events import RunFinished
from siptui.runs.journal import Journal
from siptui.runs.journal_file import JournalError
from siptui.runs.office import holder_of, load
from siptui.runs.orders import ordered
from siptui.runs.state import DeviceRecord, RunState

_LOG = logging.getLogger(__name__)


class BusyDevicesError(UsageError):
    """Devices of a run, or others of their accounts, are or may be at the service already."""

    title = "Already being signed in"
    code = "busy_devices"


@dataclass(frozen=True, slots=True)
class Overlap:
    """What another run last said of a device. `at` is when it got that state.

    `busy`: the service may be working on it, or a process that is at work on the run will submit
    it. `waits`: it is queued in a run that nobody works on. `device` is that run's: it has the
    same hardware id, or where it is `busy` perhaps the same account only. `profile` is whose
    journal has the run, if it is another profile's.
    """

    device: Device
    run: str
    state: DeviceState
    at: str
    busy: bool = False
    waits: bool = False
    profile: str = ""

    @property
    def where(self) -> str:
        """The run, and whose it is, for people."""
        return f"{self.run} of profile {self.profile}" if self.profile else self.run


_BUSY = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING, DeviceState.UNKNOWN})
_OVER = frozenset({BatchState.FINISHED, BatchState.REJECTED})


def beside(paths: Iterable[Path], devices: Sequence[Device], *, tenant: str) -> list[Overlap]:
    """What the journals of other profiles say of `devices`, in runs of the same `tenant`.

    A profile that was renamed, or a second one for the tenant, has a journal of its own.
    """
    found: list[Overlap] = []
    for path in paths:
        try:
            with Journal(path, read_only=True) as journal:
                known = overlaps(journal, devices, tenant=tenant)
            found += [replace(one, profile=path.parent.name) for one in known]
        except JournalError as error:
            _LOG.warning("the journal of another profile cannot be read: %s", error.message)
    return found


def overlaps(
    journal: Journal, devices: Sequence[Device], *, besides: str = "", tenant: str = ""
) -> list[Overlap]:
    """What the journal's runs, `besides` apart, last said of each of `devices`; of runs of
    another tenant nothing, if one is named.

    A device is named at most twice: once for where it was submitted or is about to be, and once
    for where it waits. Another device of the same account is named while it is busy.
    """
    ids = {device.hardware_id for device in devices}
    names = {device.user_name.key for device in devices}
    newest: dict[tuple[str, bool], Overlap] = {}
    runs = dict.fromkeys([*journal.runs_with(list(ids)), *_unfinished(journal)])
    for run in runs:
        if run == besides:
            continue
        state = load(journal, run)
        if tenant and state.plan and state.plan.tenant.casefold() != tenant.casefold():
            continue
        held = holder_of(journal.path, run) is not None
        retried = _to_be_retried(state)
        for record in state.devices:
            now = DeviceState.QUEUED if record.index in retried else record.state
            if record.device.hardware_id in ids:
                found = _same_device(state, record, now, held)
            elif record.device.user_name.key in names:
                found = _same_account(state, record, now, held)
            else:
                continue
            if found is None:
                continue
            key = (record.device.hardware_id, found.waits)
            known = newest.get(key)
            if known is None or (found.busy, found.at) > (known.busy, known.at):
                newest[key] = found
    return list(newest.values())


def _unfinished(journal: Journal) -> Iterator[str]:
    """The runs in which something is open or of unknown outcome."""
    for run in journal.runs():
        last = journal.first_and_last(run)[1].event
        if not isinstance(last, RunFinished) or last.unknown:
            yield run


def _to_be_retried(state: RunState) -> frozenset[int]:
    """The failed devices that an operator ordered to be submitted again and nobody queued yet."""
    wanted = [r for o in state.open_orders.values() if o.what == "retry" for r in ordered(state, o)]
    return frozenset(r.index for r in wanted if r.state is DeviceState.FAILED)


def _same_device(
    state: RunState, record: DeviceRecord, now: DeviceState, held: bool
) -> Overlap | None:
    queued = now is DeviceState.QUEUED
    busy = now in _BUSY or (queued and held)
    if not (busy or queued or record.submitted_at):
        return None
    return Overlap(record.device, state.run, now, record.since, busy, waits=queued and not held)


def _same_account(
    state: RunState, record: DeviceRecord, now: DeviceState, held: bool
) -> Overlap | None:
    busy = now in _BUSY or (now is DeviceState.QUEUED and held)
    if now is DeviceState.UNKNOWN and state.batches[record.batch].state in _OVER:
        busy = False  # what became of it is not known, but its batch is over
    return Overlap(record.device, state.run, now, record.since, busy=True) if busy else None


def refuse_busy(known: Sequence[Overlap], *, again: bool) -> None:
    """Raise `BusyDevicesError` for what another run has, or may have, at the service.

    `again` is the operator's word that those of unknown outcome are submitted all the same.
    """
    busy = [o for o in known if o.busy and not (again and o.state is DeviceState.UNKNOWN)]
    if busy:
        one = busy[0]
        count = "1 device is" if len(busy) == 1 else f"{len(busy)} devices are"
        raise BusyDevicesError(
            f"{count} in another run already, or their accounts are: {one.device.user_name} on "
            f"{one.device.hardware_id} is {one.state} in run {one.where}. Nothing was submitted.",
            remedy=f"Look at it: siptui attach {one.run}{_option(one)}. Devices of unknown "
            "outcome are submitted again with: siptui run --again",
        )


def notes(known: Sequence[Overlap]) -> list[str]:
    """What an operator should know of the others before saying yes, a sentence each."""
    said = []
    done = [o for o in known if o.state is DeviceState.SUCCEEDED]
    if done:
        said.append(
            f"{len(done)} of the devices were signed in before, last in run "
            f"{max(done, key=lambda o: o.run).where}; their passwords are reset again."
        )
    waiting = Counter((o.run, o.where, _option(o)) for o in known if o.waits)
    said += [
        f"{count} of the devices wait in run {where}, which is stopped and goes on with "
        f"“siptui resume {run}{option}”."
        for (run, where, option), count in sorted(waiting.items())
    ]
    return said


def _option(one: Overlap) -> str:
    return f" --profile {one.profile}" if one.profile else ""
