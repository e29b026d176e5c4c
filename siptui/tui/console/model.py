"""What a console works on: a run service, a list, a run. It decides nothing and draws nothing.

Over 400 lines because every action of the console asks this one thing what there is.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from siptui.devicelist import read
from siptui.devicelist.part import part_of
from siptui.domain.columns import columns_read
from siptui.domain.device import Device, DeviceKey
from siptui.domain.list_options import DEFAULT_OPTIONS, ListOptions
from siptui.domain.public_address import parse_public
from siptui.domain.region import Region
from siptui.domain.state import WORDS, DeviceState
from siptui.domain.text import visible
from siptui.domain.times import passed
from siptui.gateway.tenant_model import NumberType
from siptui.runs.events import Options, Stored
from siptui.runs.follower import Follower, RunUpdate
from siptui.runs.orders import DECIDED, UNCHANGED, Changed, may_be_given_up
from siptui.runs.service import RunService
from siptui.runs.state import BatchRecord, DeviceRecord, RunState
from siptui.runs.time_left import time_left
from siptui.tui.console.filters import LISTED, STATUS, RowFilter
from siptui.tui.console.selection import Selection
from siptui.tui.console.sorting import sort_key
from siptui.tui.console.status_rows import Standings
from siptui.tui.console.table_rows import Board
from siptui.tui.options import ConsoleOptions
from siptui.tui.widgets.row_index import GridRow
from siptui.tui.widgets.text_lines import Line

if TYPE_CHECKING:
    from siptui.devicelist.model import DeviceList
    from siptui.preflight.check import Preflight
    from siptui.preflight.fix_plan import Wishes

#: Why a row that could be submitted is no part of a run: the operator selected others.
NOT_SELECTED = "not selected"
#: Why one is left out that is as the list wants it.
SIGNED_IN_ALREADY = "signed in already"
SIGNED_IN_AS_ANOTHER = "signed in as another account"
_QUIET = frozenset({NOT_SELECTED, SIGNED_IN_ALREADY})
_NOTHING: Mapping[DeviceKey, str] = MappingProxyType({})


def _before(state: DeviceState) -> str:
    """Why a device is left out that a run before had."""
    if state is DeviceState.SUCCEEDED:
        return SIGNED_IN_ALREADY
    return f"{WORDS[state]} in an earlier run"


def read_list(path: Path, region: Region | None, options: ListOptions) -> "DeviceList":
    """Read a device list; for a thread, as a long one takes a second."""
    return part_of(read(path, region=region, options=options), options.where)


class RunClock(Struct, frozen=True):
    """How long the run has been going, and how long ago its worker last had an answer, if that
    is known: as of one moment, so that nothing else is sent because time goes by."""

    at: datetime
    seconds: float
    asked: float | None = None


class Session:
    """The list that was opened and the run that is followed."""

    def __init__(self, run_service: RunService, options: ConsoleOptions) -> None:
        self.run_service = run_service
        self.options = options
        self.board = Board()
        self.path: Path | None = None
        self._read_with = options.list_options
        self.region = options.region
        self.account = run_service.account
        self.tenant_id = options.tenant_id
        self.public_ips = options.public_ips
        self.number_type = options.number_type
        self.preflight: Preflight | None = None
        self.events: list[Stored] = []
        self._filter = RowFilter()
        #: Where the rows stand, as it was read last, and whether the table shows that.
        self.standings: Standings | None = None
        self.standings_shown = False
        #: The columns that the operator does not want to see, by key.
        self.hidden: frozenset[str] = frozenset()
        #: What stands at the top of the log as long as a list is shown.
        self.welcome: Line = ()
        self._following: Follower | None = None
        #: Why devices of the list that could be submitted are no part of the run.
        self.left_out: Mapping[DeviceKey, str] = _NOTHING
        #: Those that were not selected for any run.
        self.rest_of_list: frozenset[DeviceKey] = frozenset()
        #: Whether the run has an end before it and no process works on it; see `look_for_worker`.
        self.worker_gone = False
        #: What the worker waits for and cannot say in the journal, or nothing.
        self.worker_waits = ""
        #: When the worker last had an answer of the service, RFC 3339, or nothing.
        self.worker_asked = ""
        #: The run's clock as it was last looked at, while it goes on.
        self.clock: RunClock | None = None
        #: Why the run cannot be read any more, or nothing.
        self.unreadable = ""

    @property
    def tenant(self) -> str:
        """The tenant for people: its own name where the service has told it, and what the
        profile calls it."""
        called, ways = visible(self.run_service.tenant), self.options.sign_in
        name = visible(ways.tenant_name) if ways is not None else ""
        return f"{name} ({called})" if name and name != called else called

    @property
    def status(self) -> Standings | None:
        """Where the rows stand, while the table shows that in place of the run."""
        return self.standings if self.standings_shown else None

    @property
    def table(self) -> Board | Standings:
        """What the table shows."""
        return self.status or self.board

    @property
    def filter(self) -> RowFilter:
        """What the table is filtered by; where rows stand has a filter of its own."""
        if self.status:
            return self.status.filter
        self._filter.present = self.board.states
        self._filter.steps = STATUS if self.board.run is not None else LISTED
        return self._filter

    def sort_key(self, column: str) -> Callable[[GridRow], Any]:
        """How the rows of the table are compared when sorted by a column."""
        status = self.status
        return status.sort_key(column) if status else sort_key(column, self.board)

    def show_standings(self) -> Standings:
        """Have the table show where the rows stand; what was read before is still known."""
        if self.standings is None:
            listed = self.board.list  # all of it, where a part of it was submitted
            devices = listed.devices if listed is not None else self.devices()
            self.standings = Standings(devices, self.board)
        self.standings_shown = True
        return self.standings

    def hide_standings(self) -> None:
        """Have the table show the list or the run again."""
        self.standings_shown = False

    @property
    def run(self) -> RunState | None:
        """The run that is followed."""
        return self._following.state if self._following else None

    @property
    def live(self) -> bool:
        """Whether the run is worked on as far as the journal tells, which a worker that was
        killed cannot write to any more."""
        run = self.run
        return run is not None and run.finished is None and run.stopped is None

    @property
    def resumable(self) -> bool:
        """Whether a retry resumes the run: no process works on it, and where that is because it
        stopped, there is no failed device that the same key would retry."""
        if self.worker_gone:
            return True
        run = self.run
        return run is not None and run.stopped is not None and not run.counts[DeviceState.FAILED]

    def look_for_worker(self) -> bool:
        """Ask whether a process works on the run; whether the answer is another one than before.

        A process writes its last entries before it releases the run: without one, read
        what is new and ask `live` again. Where the journal has an end, no lock is tried.
        """
        gone, waits, run = False, "", self.run
        if run is not None and self.live and not self.unreadable:
            holder = self.run_service.holder(run.run)
            gone, waits = holder is None, holder.waits if holder else ""
            self.worker_asked = holder.asked if holder else ""
            if gone and self._following is not None:
                self._following.check()
        news = (gone, waits) != (self.worker_gone, self.worker_waits)
        self.worker_gone, self.worker_waits = gone, waits
        return news

    def look_at_clock(self) -> bool:
        """Bring the run's clock up to date; whether it goes on."""
        run, self.clock = self.run, None
        if run is None or not self.live or self.worker_gone or self.unreadable:
            return False
        now = self.run_service.now()
        if (seconds := passed(run.planned_at, now)) is None:
            return False
        asked = passed(self.worker_asked, now) if self.worker_asked else None
        self.clock = RunClock(now, seconds, asked)
        self.board.now_running = now
        return True

    @property
    def file(self) -> str:
        """The name of the list, for people."""
        if self.run is not None and self.run.plan is not None:
            return self.run.plan.file
        return self.board.list.file if self.board.list else ""

    @property
    def digest(self) -> str:
        """What tells the list that is open from what its file may be by now; or nothing."""
        return self.board.list.sha256 if self.board.list else ""

    @property
    def start_folder(self) -> Path:
        """Where a file is looked for first."""
        return self.path.absolute().parent if self.path else Path.cwd()

    @property
    def export_folder(self) -> Path:
        """Where a file is proposed to be written."""
        return self.options.export_folder or self.start_folder

    def list_options(self, path: Path) -> ListOptions:
        """How the list at `path` is read: as it was answered before, if it is open."""
        return self._read_with if path == self.path else self.options.list_options

    def take_list(
        self, path: Path, devices: "DeviceList", options: ListOptions = DEFAULT_OPTIONS
    ) -> None:
        """Show a list that was read with `options`; a run that was followed continues."""
        self.leave()
        self._other_rows()
        self.path, self._read_with = path, options
        self.take_preflight(None)
        self.board.take_list(devices)

    def take_preflight(self, made: "Preflight | None") -> None:
        """What a preflight found of these devices."""
        self.preflight = made
        self.board.take_report(made.report if made else None)

    def wishes(self) -> "Wishes":
        """What a check and its fixes go by."""
        from siptui.preflight.fix_plan import Wishes

        ips = tuple(parse_public(text) for text in self.public_ips)
        return Wishes(public_ips=ips, number_type=NumberType(self.number_type))

    def take_left_out(self, why: Mapping[DeviceKey, str]) -> None:
        """Know why devices of the list that could be submitted are no part of the run."""
        self.left_out = why
        self.rest_of_list = frozenset(key for key, said in why.items() if said == NOT_SELECTED)

    @property
    def rest(self) -> int:
        """How many rows of the list could be submitted and were not selected for any run."""
        return len(self.rest_of_list)

    def devices(self) -> Sequence[Device]:
        """The devices of the list or the run."""
        if self.run is not None:
            return [record.device for record in self.run.devices]
        return self.board.list.devices if self.board.list else ()

    def devices_of(self, chosen: Selection) -> list[Device]:
        """The devices of these rows, without those that are invalid."""
        return [one for key in chosen.keys if (one := self.board.device(key)) is not None]

    def headers_read(self) -> str:
        """From which headers user names and hardware ids were read, as a sentence; or nothing."""
        if self.run is not None:
            headers = self.run.plan.columns if self.run.plan else {}
        else:
            headers = self.board.list.headers_read if self.board.list else {}
        return visible(columns_read(headers))

    def decided(self) -> list[str]:
        """What was decided about the list when it was read, as one paragraph; or nothing."""
        said = self.board.list.decided if self.board.list and self.run is None else ()
        return [". ".join(said) + "."] if said else []

    def retyped(self) -> list[str]:
        """What was corrected in the list that is open, for the journal of its run."""
        said = self.board.list.decided if self.board.list else ()
        known = {one.sentence for one in self._read_with.retyped}
        return [one for one in said if one in known]

    def submit(
        self,
        without: Mapping[DeviceKey, str] = _NOTHING,
        *,
        again: bool = False,
        options: Options | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        """Write the run down, have it worked on, follow it.

        Rows may be left out, and why; `again` also submits what is signed in already. `options`
        are those of the run where they are not the console's own, `notes` are kept with it.
        """
        devices = self.board.list
        if devices is None or self.run is not None:
            return
        left_out = [device for device in devices.devices if device.key in without]
        earlier, former = self.board.outcomes(), self.left_out
        why_not = {device.key: without[device.key] for device in left_out}
        for key, why in why_not.items():
            if why != NOT_SELECTED:
                continue
            if (before := earlier.get(key)) is not None:
                why_not[key] = _before(before.state)
            else:  # what a run before left out for a reason is no more to be submitted now
                why_not[key] = former.get(key, NOT_SELECTED)
        # Until it is held, so that of two that start at once one does.
        with self.run_service.deciding():
            run = self.run_service.create(
                [device for device in devices.devices if device.key not in without],
                file=visible(str(self.path.absolute())) if self.path else devices.file,
                sha256=devices.sha256,
                skipped=devices.rows_invalid + len(left_out),
                options=options or self.options.run_options,
                again=again,
                notes=notes,
                read_from=devices.read_from,
            )
            self.run_service.start(run)
        for why in dict.fromkeys(why_not.values()):
            self.board.leave_out(
                [d for d in left_out if why_not[d.key] == why], why, quiet=why in _QUIET
            )
        self.follow(run, same_list=True)
        self.take_left_out(why_not)

    def follow(self, run: str, *, same_list: bool = False) -> RunUpdate:
        """Follow a run from its beginning."""
        following = self.run_service.follow(run)
        self.leave()
        self._other_rows()
        self._following = following
        self.board.take_run(following.state, same_list=same_list)
        return self.poll()

    def _other_rows(self) -> None:
        """What was known of the rows that were shown is of no use any more."""
        self.take_left_out(_NOTHING)
        self.standings, self.standings_shown = None, False

    def poll(self) -> RunUpdate:
        """What is new."""
        if self._following is None:
            return RunUpdate((), frozenset())
        changes = self._following.poll()
        self.events.extend(changes.events)
        if changes.devices and self.standings is not None:
            self.standings.stale = True
        return changes

    def leave(self) -> None:
        """Follow nothing any more."""
        if self._following is not None:
            self._following.close()
        self._following = None
        self.worker_gone, self.worker_waits, self.unreadable = False, "", ""
        self.worker_asked, self.clock, self.board.now_running = "", None, None
        self.events.clear()

    def failed(self, cause: str | None = None) -> list[DeviceRecord]:
        """The failed devices, of one cause if it is named."""
        run = self.run
        if run is None:
            return []
        return [
            r
            for r in run.devices
            if r.state is DeviceState.FAILED
            and (cause is None or (r.outcome and str(r.outcome.cause) == cause))
        ]

    def failed_causes(self) -> Counter[str]:
        """How many failed devices each cause has."""
        return Counter(str(r.outcome.cause) for r in self.failed() if r.outcome)

    def retry(
        self, records: Sequence[DeviceRecord], batch_size: int = 0, *, again: bool = False
    ) -> None:
        """Have these failed devices submitted once more, in batches of another size perhaps."""
        if self.run is not None:
            changes = Changed(batch_size=batch_size) if batch_size else UNCHANGED
            self.run_service.retry(self.run.run, [r.index for r in records], changes, again=again)

    def undecided(self) -> list[tuple[BatchRecord, list[DeviceRecord]]]:
        """The batches with devices of unknown outcome that are not looked for any more."""
        run = self.run
        if run is None or not run.counts[DeviceState.UNKNOWN]:
            return []
        found: dict[int, list[DeviceRecord]] = {}
        for record in run.devices:
            if record.state is DeviceState.UNKNOWN and record.batch in run.batches:
                found.setdefault(record.batch, []).append(record)
        batches = [(run.batches[number], records) for number, records in sorted(found.items())]
        return [(batch, records) for batch, records in batches if batch.state in DECIDED]

    def live_batches(self) -> list[BatchRecord]:
        """The batches of the run that are followed or looked for."""
        return may_be_given_up(self.run) if self.run is not None else []

    def not_submitted(self) -> int:
        """How many devices of the run wait to be submitted."""
        return self.run.counts[DeviceState.QUEUED] if self.run else 0

    def waiting(self) -> list[Device]:
        """The devices of the run that wait to be submitted."""
        run = self.run
        return [r.device for r in run.devices if r.state is DeviceState.QUEUED] if run else []

    @property
    def moment(self) -> datetime | None:
        """From when the time left counts: now where the run waits for a time, else when it was
        last heard of, so that an idle screen stays as it is."""
        if self.run is None or not self.waits():
            return None
        now = self.options.waits.now()
        return now if time_left(self.run, now).next_attempt else None

    def waits(self) -> bool:
        """Whether the run waits for a time that the service named, or some of it does."""
        run = self.run
        if run is None or run.finished or run.stopped:
            return False
        timed = run.waiting is not None and bool(run.waiting.until)
        return timed or any(batch.not_before for batch in run.queued_batches())
