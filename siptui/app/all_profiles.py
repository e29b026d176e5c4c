"""All profiles of this host at once: what each has going on, and whose a run is. No network."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from siptui.app.session import Selected, select
from siptui.domain.errors import UsageError
from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.runs.journal.journal import Journal, NoSuchRunError
from siptui.runs.journal.locks import holder_of
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.service import RunHead, RunService
from siptui.runs.state import RunState, needs_sign_in
from siptui.runs.state_load import load
from siptui.settings.load import Settings
from siptui.settings.load import load as load_settings
from siptui.settings.model import Profile

_OPEN = (DeviceState.SUBMITTING, DeviceState.RUNNING)


@dataclass(frozen=True, slots=True)
class ProfileOverview:
    """What a profile has going on. `needs` is what a person must do, or nothing; `waiting` counts
    devices that are queued."""

    profile: str
    tenant: str
    live_batches: int = 0
    live_devices: int = 0
    waiting: int = 0
    needs: str = ""
    last_run: RunHead | None = None

    def as_object(self) -> dict[str, Any]:
        """As `overview --json` has it."""
        return {
            **asdict(self),
            "needs": self.needs or None,
            "last_run": asdict(self.last_run) if self.last_run else None,
        }


def journal_of(settings: Settings, profile: Profile) -> Path:
    """Where the profile's journal is or would be; nothing is made."""
    return settings.folders.state / profile.name / "journal.db"


def overview() -> list[ProfileOverview]:
    """Every profile of the configuration, by name."""
    settings = load_settings(os.environ)
    return [_of_profile(settings, settings.profiles[name]) for name in sorted(settings.profiles)]


def _of_profile(settings: Settings, profile: Profile) -> ProfileOverview:
    path = journal_of(settings, profile)
    nothing = ProfileOverview(profile.name, profile.tenant)
    if not path.exists():
        return nothing
    try:
        service = RunService(path, tenant=profile.tenant)
    except JournalError as error:
        return replace(nothing, needs=f"The journal cannot be read: {error.message}")
    try:
        heads = service.runs()
        states = [load(service.journal, h.run) for h in heads if h.state != "finished" or h.unknown]
        notice = service.notice
    finally:
        service.close()
    live = [state for state in states if state.finished is None]
    return ProfileOverview(
        profile.name,
        profile.tenant,
        live_batches=sum(len(state.open_batches()) for state in live),
        live_devices=sum(state.counts[one] for state in live for one in _OPEN),
        waiting=sum(state.counts[DeviceState.QUEUED] for state in live),
        needs=notice or next(filter(None, (needs(path, state) for state in states)), ""),
        last_run=heads[0] if heads else None,
    )


def needs(path: Path, state: RunState) -> str:
    """What a person must do about a run that is not over; nothing where it goes on."""
    if why := needs_sign_in(state):
        return f"Run {state.run} needs a sign-in: {why}"
    if lost := state.unsettled_batches():
        return f"Run {state.run}: {plural(len(lost), 'batch')} in doubt; you decide."
    if state.finished is None and holder_of(path, state.run) is None:
        queued = state.counts[DeviceState.QUEUED]
        said = state.stopped.message if state.stopped else "no process works on it"
        return f"Run {state.run} is stopped, {plural(queued, 'device')} wait: {said}"
    if state.paused and state.finished is None:
        return f"Run {state.run} is paused."
    if state.finished and (unknown := state.counts[DeviceState.UNKNOWN]):
        return f"Run {state.run}: {plural(unknown, 'device')} of unknown outcome; you decide."
    return ""


def select_with_run(profile: str | None, run: str | None) -> Selected:
    """The profile to use for `run`: the one that is chosen, or where none is or it has no such run,
    the only other one whose journal has it. Errors as `select`.

    A profile that was named is taken as it is.
    """
    chosen: Selected | None = None
    why: UsageError | None = None
    try:
        chosen = select(profile)
    except UsageError as error:
        why = error
    if profile or not run or run.startswith("@"):
        if chosen is None:
            assert why is not None
            raise why
        return chosen
    if chosen is not None and _has(journal_of(chosen.settings, chosen.profile), run):
        return chosen
    found = list(_with_run(run))
    if len(found) == 1:
        return select(found[0])
    if chosen is not None:
        return chosen  # which says that it has no such run
    if len(found) > 1:
        raise NoSuchRunError(
            f"more than one profile has a run called {run!r}: {', '.join(found)}",
            remedy="Name one with --profile.",
        )
    assert why is not None
    raise why


def _with_run(run: str) -> Iterator[str]:
    settings = load_settings(os.environ)
    for name in sorted(settings.profiles):
        if _has(journal_of(settings, settings.profiles[name]), run):
            yield name


def _has(path: Path, run: str) -> bool:
    if not path.exists():
        return False
    try:
        with Journal(path, read_only=True) as journal:
            journal.find(run)
    except (NoSuchRunError, JournalError):
        return False
    return True
