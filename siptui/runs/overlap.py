"""Devices that other runs know already: what must not be submitted twice by oversight."""

from collections.abc import Sequence
from dataclasses import dataclass

from siptui.domain.device import Device
from siptui.domain.errors import UsageError
from siptui.domain.state import DeviceState
from siptui.runs.journal import Journal
from siptui.runs.office import holder_of, load


class BusyDevicesError(UsageError):
    """Devices of a new run are, or may be, in the hands of the service already."""

    title = "Already being signed in"
    code = "busy_devices"


@dataclass(frozen=True, slots=True)
class Overlap:
    """A device's newest attempt in another run. `at` is when it got that state.

    `busy`: the service may be working on it or may have worked on it, or a process that is at
    work on the run will submit it.
    """

    device: Device
    run: str
    state: DeviceState
    at: str
    busy: bool


_BUSY = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING, DeviceState.UNKNOWN})


def overlaps(journal: Journal, devices: Sequence[Device]) -> list[Overlap]:
    """What the journal's runs last said of each of `devices`, where they were ever submitted or
    are about to be."""
    wanted = {device.hardware_id: device for device in devices}
    newest: dict[str, Overlap] = {}
    for run in journal.runs_with(list(wanted)):
        held = holder_of(journal.path, run) is not None
        for record in load(journal, run).devices:
            device = wanted.get(record.device.hardware_id)
            coming = held and record.state is DeviceState.QUEUED
            if device is None or not (record.submitted_at or coming):
                continue
            busy = coming or record.state in _BUSY
            known = newest.get(device.hardware_id)
            if known is None or (busy, record.since) > (known.busy, known.at):
                newest[device.hardware_id] = Overlap(device, run, record.state, record.since, busy)
    return list(newest.values())


def refuse_busy(known: Sequence[Overlap], *, again: bool) -> None:
    """Raise `BusyDevicesError` for devices that another run has, or may have, at the service.

    `again` is the operator's word that those of unknown outcome are submitted all the same.
    """
    busy = [o for o in known if o.busy and not (again and o.state is DeviceState.UNKNOWN)]
    if busy:
        one = busy[0]
        raise BusyDevicesError(
            f"{len(busy)} devices are in another run already, {one.device.user_name} on "
            f"{one.device.hardware_id} is {one.state} in run {one.run}. Nothing was submitted.",
            remedy=f"Look at it: siptui attach {one.run}. Devices of unknown outcome are "
            "submitted again with: siptui run --again",
        )
