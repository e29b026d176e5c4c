"""One list for each addressee: who must do what, so that the rest of a rollout can be signed in."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from siptui.devicelist.cells import guard
from siptui.devicelist.writing import LIST, WriteError, write_new
from siptui.domain.columns import cell_of
from siptui.domain.device import Device
from siptui.domain.outcome import OUTCOMES, Cause, Outcome
from siptui.domain.text import visible
from siptui.host.files import make_folders

#: Who can do something about a cause. What is not here is for the operator of the rollout.
_ADDRESSEES: Mapping[Cause, tuple[str, ...]] = {
    Cause.USER_NOT_FOUND: ("identity",),
    Cause.AD_CONFIGURATION: ("identity",),
    Cause.AD_THROTTLING: ("identity",),
    Cause.PASSWORD_WRITEBACK: ("identity",),
    Cause.NO_PHONE_NUMBER: ("licences",),
    Cause.CALLING_POLICY: ("policies",),
    Cause.IP_PHONE_POLICY: ("policies",),
    Cause.IP_NOT_TRUSTED: ("network",),
    Cause.DEVICE_NOT_FOUND: ("technicians",),
    Cause.TAG_MISSING: ("technicians",),
    Cause.OFFLINE: ("technicians", "network"),
    Cause.DEADLINE_EXPIRED: ("technicians",),
    Cause.DUPLICATE_DEVICE: ("technicians",),
}
_REST = ("rollout",)
_ADDED = ("Line", "Cause", "Error", "What to do", "PowerShell")


class Case(Struct, frozen=True):
    """A phone that was not signed in: why, as far as that is known, and who can do what."""

    device: Device
    addressees: tuple[str, ...]
    cause: str
    error: str = ""
    remedy: str = ""
    powershell: str = ""


def case_of(device: Device, outcome: Outcome | None, error: str = "") -> Case:
    """The case of a phone by the outcome that the service gave, if it is known."""
    known = outcome or OUTCOMES[Cause.UNKNOWN]
    command = known.powershell.replace("{user}", f"'{device.user_name}'")
    return Case(device, addressees(outcome), known.short, error, known.remedy, command)


def addressees(outcome: Outcome | None) -> tuple[str, ...]:
    """Who can do something about it; at least one."""
    return _ADDRESSEES.get(outcome.cause, _REST) if outcome else _REST


def handover_lists(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """The cases by addressee, as many as they call for; each case stands in at least one."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        for name in case.addressees:
            found.setdefault(name, []).append(case)
    return dict(sorted(found.items()))


def sites(cases: Iterable[Case]) -> list[str]:
    """The sites of the phones, by the list's own column; none where it has no such column."""
    named = {cell_of(case.device.extra, "site") for case in cases}
    return sorted(named - {""})


def write_handover(
    folder: Path, lists: Mapping[str, Iterable[Case]], *, force: bool = False
) -> list[Path]:
    """Write a list for each addressee into `folder`, which is made; the files. Raises
    `WriteError`."""
    try:
        make_folders(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise WriteError(
            f"{visible(str(folder))}: {reason}.", remedy="Name another folder."
        ) from error
    written = []
    for name, cases in lists.items():
        path = folder / f"{name}.csv"
        write_new(path, _csv(cases).encode("utf-8-sig", "backslashreplace"), force=force)
        written.append(path)
    return written


def _csv(cases: Iterable[Case]) -> str:
    cases = list(cases)
    names = list(dict.fromkeys(name for case in cases for name in case.device.extra))
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(guard(visible(name)) for name in (*LIST, *names, *_ADDED))
    for case in cases:
        device = case.device
        cells = (
            *(device.user_name, device.hardware_id, device.region),
            *(device.extra.get(name, "") for name in names),
            *(device.line, case.cause, case.error, case.remedy, case.powershell),
        )
        writer.writerow(guard(visible(str(cell))) for cell in cells)
    return out.getvalue()
