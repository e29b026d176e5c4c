"""A journal that goes from Linux to Windows and back."""

import shutil
from pathlib import Path

from siptui.devicelist.reading import read
from siptui.domain.region import Region
from siptui.runs.events import Options
from siptui.runs.journal.journal import Journal
from siptui.runs.service import RunService
from siptui.runs.state_load import load

USER = "jörg@contoso.example"
_NAME, _BACK = "journal.db", "journal-back.db"


def planned(folder: Path) -> Path:
    """A journal in `folder` with a run of one phone that nothing was submitted of."""
    file = folder / "phones.csv"
    file.write_text(f"Username,HardwareId\n{USER},00-04-F2-00-00-01\n", encoding="utf-8")
    service = RunService(folder / _NAME, tenant="contoso.example")
    try:
        devices = read(file, region=Region.EMEA).devices
        service.create(devices, file=str(file), sha256="", skipped=0, options=Options())
    finally:
        service.close()
    return folder / _NAME


def give_back(journal: Path, given: Path) -> None:
    """Put a copy of `journal` beside the one that was given."""
    for path in journal.parent.glob(f"{_NAME}*"):
        shutil.copy(path, given.with_name(path.name.replace(_NAME, _BACK)))


def came_back(given: Path) -> str:
    """What is wrong with the journal that came back, or nothing."""
    path = given.with_name(_BACK)
    if not path.exists():
        return "the journal did not come back from Windows"
    with Journal(path) as journal:
        (run,) = journal.runs()
        state = load(journal, run)
    if not state.finished or [str(r.device.user_name) for r in state.devices] != [USER]:
        return "the journal came back from Windows with something else in it"
    return ""
