"""What a profile has going on, from its journal; read again only where something was written."""

from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from siptui.domain.state import DeviceState
from siptui.domain.text import plural
from siptui.runs.journal.locks import holder_of
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.run_head import RunHead
from siptui.runs.service import RunService
from siptui.runs.state import RunState, needs_role, needs_sign_in
from siptui.runs.state_load import load

_OPEN = (DeviceState.SUBMITTING, DeviceState.RUNNING)


class ProfileOverview(Struct, frozen=True):
    """What a profile has going on. `needs` is what a person must do, or nothing, `what` the same
    without the run; `waiting` counts devices that are queued. `opens` is the run to look at first:
    the newest that needs a person, else that is not over, else the last; nothing for none."""

    profile: str
    tenant: str
    live_batches: int = 0
    live_devices: int = 0
    waiting: int = 0
    needs: str = ""
    last_run: RunHead | None = None
    what: str = ""
    opens: str = ""

    def as_object(self) -> dict[str, Any]:
        """As `overview --json` has it."""
        found = asdict(self)
        del found["what"], found["opens"]
        return {
            **found,
            "needs": self.needs or None,
            "last_run": asdict(self.last_run) if self.last_run else None,
        }


class ProfileReader:
    """Looks at the journal of one profile, as often as it is asked to. Let go of with `close`."""

    def __init__(self, profile: str, tenant: str, journal: Path) -> None:
        self._nothing = ProfileOverview(profile, tenant)
        self._path = journal
        self._service: RunService | None = None
        self._heads: list[RunHead] = []
        self._states: list[RunState] = []
        self._notice = ""

    def look(self) -> ProfileOverview:
        """The profile as it is now. A journal that cannot be read is what it needs."""
        if not self._path.exists():
            self.close()
            return self._nothing
        try:
            self._read()
        except JournalError as error:
            self.close()
            why = f"The journal cannot be read: {error.message}"
            return replace(self._nothing, needs=why, what=why)
        return self._told()

    def close(self) -> None:
        """Let go of the journal."""
        service, self._service = self._service, None
        self._heads, self._states = [], []
        if service is not None:
            service.close()

    def _read(self) -> None:
        if self._service is None:
            self._service = RunService(self._path, tenant=self._nothing.tenant)
        service = self._service
        if service.journal.changed():
            self._heads = service.runs()
            open_ = [one.run for one in self._heads if one.state != "finished" or one.unknown]
            self._states = [load(service.journal, run) for run in open_]
            self._notice = service.notice

    def _told(self) -> ProfileOverview:
        live = [state for state in self._states if state.finished is None]
        needed = [
            (state.run, why) for state in self._states if (why := needed_by(self._path, state))
        ]
        first = [*(run for run, _ in needed), *(state.run for state in live)]
        first += [one.run for one in self._heads[:1]]
        run, what = needed[0] if needed else ("", "")
        return replace(
            self._nothing,
            live_batches=sum(len(state.open_batches()) for state in live),
            live_devices=sum(state.counts[one] for state in live for one in _OPEN),
            waiting=sum(state.counts[DeviceState.QUEUED] for state in live),
            needs=self._notice or (f"Run {run}: {what}" if what else ""),
            what=self._notice or what,
            last_run=self._worked_on(self._heads[0]) if self._heads else None,
            opens=first[0] if first else "",
        )

    def _worked_on(self, head: RunHead) -> RunHead:
        """The run with the process that works on it now: one that was killed writes nothing."""
        if head.state == "finished":
            return head
        holder = holder_of(self._path, head.run)
        state = "running" if holder else "stopped"
        return replace(head, state=state, held_by=str(holder) if holder else "")


def lost_note(state: RunState) -> str:
    """That outcomes were lost, for a run that is over; nothing where none was."""
    if not state.lost_outcomes or state.finished is None:
        return ""
    many = plural(state.lost_outcomes, "device")
    return (
        f"the outcomes of {many} were in the journal when the run ended and are lost: it is "
        "damaged, and so is its copy. Look at the phones, or in the Teams admin center, before "
        "you submit them again."
    )


def needs(path: Path, state: RunState) -> str:
    """What a person must do about a run that is not over, as a sentence; nothing where it goes
    on."""
    what = needed_by(path, state)
    return f"Run {state.run}: {what}" if what else ""


def needed_by(path: Path, state: RunState) -> str:
    """As `needs`, without the run."""
    if why := needs_sign_in(state):
        return f"a sign-in is needed: {why}"
    if why := needs_role(state):
        return f"a role is needed: {why}"
    if lost := state.unsettled_batches():
        return f"{plural(len(lost), 'batch')} in doubt; you decide."
    holder = holder_of(path, state.run) if state.finished is None else None
    if holder is not None and holder.stopped:
        return f"{holder.waits}."
    if state.finished is None and holder is None:
        said = state.stopped.message if state.stopped else "no process works on it"
        if queued := state.counts[DeviceState.QUEUED]:
            wait = f"{plural(queued, 'device')} {'waits' if queued == 1 else 'wait'}"
            return f"stopped, {wait}: {said.removesuffix(f'; {wait}')}"
        live = sum(state.counts[one] for one in _OPEN)
        return f"stopped, {plural(live, 'device')} live and not followed: {said}"
    if state.paused and state.finished is None:
        return "paused."
    if state.finished and state.lost_outcomes:
        return lost_note(state)
    if state.finished and (unknown := state.counts[DeviceState.UNKNOWN]):
        return f"{plural(unknown, 'device')} of unknown outcome; you decide."
    return ""
