"""One list for each addressee: who must do what, so that the rest of a rollout can be signed in."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from siptui.devicelist.cells import guard
from siptui.devicelist.writing import LIST, write_new
from siptui.domain.device import Device
from siptui.domain.outcome import OUTCOMES, Cause, Outcome
from siptui.domain.text import visible

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


@dataclass(frozen=True, slots=True)
class Case:
    """A phone that was not signed in, and why as far as that is known."""

    device: Device
    outcome: Outcome | None
    error: str = ""


def addressees(outcome: Outcome | None) -> tuple[str, ...]:
    """Who can do something about it; at least one."""
    return _ADDRESSEES.get(outcome.cause, _REST) if outcome else _REST


def handover_lists(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """The cases by addressee, as many as they call for; each case stands in at least one."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        for name in addressees(case.outcome):
            found.setdefault(name, []).append(case)
    return dict(sorted(found.items()))


def write_handover(
    folder: Path, lists: Mapping[str, Iterable[Case]], *, force: bool = False
) -> list[Path]:
    """Write a list for each addressee into `folder`, which is made; the files. Raises
    `WriteError`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
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
        device, outcome = case.device, case.outcome or OUTCOMES[Cause.UNKNOWN]
        cells = (
            *(device.user_name, device.hardware_id, device.region),
            *(device.extra.get(name, "") for name in names),
            *(device.line, outcome.short, case.error, outcome.remedy),
            outcome.powershell.replace("{user}", f"'{device.user_name}'"),
        )
        writer.writerow(guard(visible(str(cell))) for cell in cells)
    return out.getvalue()
