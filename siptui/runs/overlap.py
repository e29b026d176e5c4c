"""Devices that other runs know already: what must not be submitted twice by oversight."""

from collections.abc import Sequence
from dataclasses import dataclass

from siptui.domain.device import Device
from siptui.domain.state import DeviceState
from siptui.runs.journal import Journal
from siptui.runs.office import load


@dataclass(frozen=True, slots=True)
class Overlap:
    """A device's newest attempt in another run. `at` is when it got that state."""

    device: Device
    run: str
    state: DeviceState
    at: str


#: The service may be working on it, or may have worked on it.
BUSY = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING, DeviceState.UNKNOWN})


def overlaps(journal: Journal, devices: Sequence[Device]) -> list[Overlap]:
    """What the journal's runs last said of each of `devices`, where they were ever submitted."""
    wanted = {device.hardware_id: device for device in devices}
    newest: dict[str, Overlap] = {}
    for run in journal.runs_with(list(wanted)):
        for record in load(journal, run).devices:
            device = wanted.get(record.device.hardware_id)
            if device is None or not record.submitted_at:
                continue
            known = newest.get(device.hardware_id)
            busy = record.state in BUSY
            if known is None or (busy, record.since) > (known.state in BUSY, known.at):
                newest[device.hardware_id] = Overlap(device, run, record.state, record.since)
    return list(newest.values())
