"""Where siptui runs, as `info` and `doctor` tell it: terminal, session or job, folders, workers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siptui.app.worker_start import worker_note
from siptui.domain.text import visible
from siptui.host.mounts import mount_of
from siptui.host.processes import WorkerEnd, worker_end, worker_way
from siptui.host.surroundings import Job, Surroundings, look_around, true_place
from siptui.settings.folders import Folders


def surroundings_told(seen: Surroundings) -> dict[str, Any]:
    """`seen` as `info --json` has it."""
    return {
        "terminal": seen.terminal or None,
        "multiplexer": seen.multiplexer or None,
        "ssh": seen.over_ssh,
        "code_page": seen.code_page,
        "unit": seen.unit or None,
        "job": _job_told(seen.job),
    }


def _job_told(job: Job | None) -> dict[str, bool] | None:
    if job is None:
        return None
    return {
        "may_leave": job.may_leave,
        "children_leave": job.children_leave,
        "ends_members": job.ends_members,
    }


def surroundings_text(seen: Surroundings) -> str:
    """`seen` in a line for people."""
    through = [seen.multiplexer, "SSH" if seen.over_ssh else ""]
    where = ", ".join(filter(None, [seen.terminal, *through])) or "none known"
    return "; ".join(filter(None, [where, seen.code_page, seen.unit, _job_text(seen.job)]))


def _job_text(job: Job | None) -> str:
    if job is None:
        return ""
    leave = "may be left" if job.may_leave or job.children_leave else "may not be left"
    return f"a job that {leave}" + (" and ends what is in it" if job.ends_members else "")


def true_folders(where: Folders) -> dict[str, str]:
    """Which folders lie elsewhere on the disk than their paths say, and where; by their names in
    `info --json`."""
    named = {"config": where.config, "state": where.state, "logs": where.logs}
    return {name: str(true_place(path)) for name, path in named.items() if true_place(path) != path}


def state_folder_found(state: Path) -> tuple[bool | None, str, str]:
    """Whether journals can lie in the state folder (not known: with less), what it is, what to
    do."""
    mount, place = mount_of(state), true_place(state)
    said = visible(str(state)) + (f", on the disk {visible(str(place))}" if place != state else "")
    if mount.kind:
        said += f"; {mount.kind}"
    if mount.locks_stay:
        told = f"{said}: other hosts do not see its locks ({mount.locks_stay})"
        return False, told, "Set SIPTUI_STATE_DIR to a folder on a local disk."
    if mount.network:
        return None, f"{said}: across a network, slower and without a write-ahead log", ""
    return True, said, ""


def terminal_found(environ: Mapping[str, str]) -> str:
    """The terminal and session or job."""
    return surroundings_text(look_around(environ))


def worker_found() -> tuple[bool | None, str, str]:
    """Whether a worker goes on without the terminal, in a few words, and what to do."""
    if worker_end() is WorkerEnd.NOTHING:
        way = worker_way()
        return True, "goes on when this terminal is closed" + (f": {way}" if way else ""), ""
    return None, "does not go on", worker_note()
