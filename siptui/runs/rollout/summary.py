"""All runs of a list together, known by their devices: the data of a report. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from siptui.domain.device import Device
from siptui.domain.outcome import Outcome
from siptui.domain.state import DeviceState
from siptui.runs.group_tally import stop_words, tallies
from siptui.runs.state import Correction, DeviceRecord, RunState

#: What was planned and not submitted, or never planned at all.
NOT_SUBMITTED = "not submitted"
_SHOWN = {DeviceState.QUEUED: NOT_SUBMITTED, DeviceState.SUBMITTING: str(DeviceState.RUNNING)}
#: In place of the region of a row that names none and of which no run has one.
NO_REGION = "-"
#: How devices can stand, in the order of a report.
STANDINGS = ("succeeded", "failed", "unknown", "running", NOT_SUBMITTED)


class RunLine(Struct, frozen=True):
    """A run of the report: `devices` are those of the list that it had, by how they ended there."""

    run: str
    started: str
    file: str
    who: str
    devices: int
    counts: Counter[str]


class DeviceLine(Struct):
    """A device of the list: its last state counts; `attempts` are its submits in all runs."""

    device: Device
    region: str
    standing: str = NOT_SUBMITTED
    attempts: int = 0
    run: str = ""
    who: str = ""
    when: str = ""
    as_of: str = ""
    error: str = ""
    outcome: Outcome | None = None
    corrections: tuple[Correction, ...] = ()
    called: Device | None = None  # since its names were corrected in a run


class SiteLine(Struct):
    """The devices of one value of a column, why some are not signed in, and why runs stopped it
    where something of it is still not submitted for that."""

    site: str
    devices: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    stops: list[str] = field(default_factory=list)


class RolloutSummary(Struct, frozen=True):
    """What all runs of a list came to. `by` is the column of `sites`, nothing for none."""

    file: str
    tenant: str
    made: datetime
    runs: tuple[RunLine, ...]
    devices: tuple[DeviceLine, ...]
    counts: Counter[str]
    attempts: int
    causes: tuple[tuple[Outcome, int], ...]
    by: str = ""
    sites: tuple[SiteLine, ...] = ()
    part: str = ""
    faulty: int = 0  # rows of the list that name no device, so that nothing is told of them

    @property
    def left(self) -> tuple[DeviceLine, ...]:
        """What is not signed in."""
        return tuple(one for one in self.devices if one.standing != "succeeded")


def summarize(
    devices: Sequence[Device],
    states: Iterable[RunState],
    made: datetime,
    *,
    file: str,
    tenant: str,
    by: str = "",
    group_of: Callable[[Device], str] | None = None,
    part: str = "",
    faulty: int = 0,
    no_region: Collection[int] = (),
) -> RolloutSummary:
    """What `states`, runs in any order, come to for `devices`. A device is known by its hardware
    id, whatever the list it was submitted from was called; of one that was submitted for another
    account last, that is not this row's sign-in. One that was corrected in a run is known by what
    the list has for it, too. The rows of the lines `no_region` name no region: it is that in which
    their device was submitted last."""
    rows = {
        str(d.hardware_id): DeviceLine(d, NO_REGION if d.line in no_region else str(d.region))
        for d in devices
    }
    runs = []
    in_order = sorted(states, key=lambda s: s.planned_at)
    for state in in_order:
        mine = [(r, row) for r in state.devices if (row := _row_of(rows, r)) is not None]
        if not mine:
            continue
        counts: Counter[str] = Counter()
        for record, row in mine:
            if row.device.line in no_region:
                row.region = str(record.device.region)
            _take(row, record, state)
            counts[_standing(record)] += 1
        name = state.plan.file if state.plan else ""
        runs.append(RunLine(state.run, state.planned_at, name, _who(state), len(mine), counts))
    lines = tuple(rows.values())
    causes: Counter[Outcome] = Counter(one.outcome for one in lines if one.outcome)
    return RolloutSummary(
        *(file, tenant, made, tuple(runs), lines),
        counts=Counter(one.standing for one in lines),
        attempts=sum(one.attempts for one in lines),
        causes=tuple(causes.most_common()),
        by=by,
        sites=_sites(rows, in_order, group_of) if group_of else (),
        part=part,
        faulty=faulty,
    )


def _row_of(rows: Mapping[str, DeviceLine], record: DeviceRecord) -> DeviceLine | None:
    for was in record.corrections:
        row = rows.get(str(was.device.hardware_id))
        if row is not None and row.device.key == was.device.key:
            return row
    return rows.get(str(record.device.hardware_id))


def _take(row: DeviceLine, record: DeviceRecord, state: RunState) -> None:
    row.attempts += record.submits
    if not record.submitted_at and not record.signed_in_by:
        return  # only planned, or left out as another run has it
    if record.as_of < row.as_of:
        return  # a run that began before this one submitted it after it
    if record.corrections:
        row.corrections, row.called = record.corrections, record.device
    if row.device.key not in record.keys:
        row.standing, row.error = NOT_SUBMITTED, f"last submitted for {record.device.user_name}"
        row.outcome = None
    else:
        row.standing = _standing(record)
        row.error, row.outcome = record.error, record.outcome
    row.run, row.who, row.when = state.run, _who(state), record.since
    row.as_of = record.as_of


def _standing(record: DeviceRecord) -> str:
    return _SHOWN.get(record.state, str(record.state))


def _who(state: RunState) -> str:
    actor = state.plan.actor if state.plan else None
    return (actor.account or actor.os_user) if actor else ""


def _sites(
    rows: Mapping[str, DeviceLine], states: Iterable[RunState], group_of: Callable[[Device], str]
) -> tuple[SiteLine, ...]:
    found: dict[str, SiteLine] = {}
    for line in rows.values():
        site = group_of(line.device)
        one = found.setdefault(site, SiteLine(site))
        one.devices += 1
        one.counts[line.standing] += 1
        if line.outcome:
            one.causes[line.outcome.short] += 1
    for state in states:
        for group, why in _stopped(state).items():
            waits = {
                group_of(row.device)
                for index, name in state.group_of.items()
                if name == group
                and (row := _row_of(rows, state.devices[index]))
                and row.standing == NOT_SUBMITTED
            }
            for site in sorted(waits):
                found[site].stops.append(f"stopped in run {state.run}: {why}")
    return tuple(found.values())


def _stopped(state: RunState) -> dict[str, str]:
    """The groups of the run that are stopped, and why."""
    most = state.plan.options.max_failures if state.plan else 100.0
    found = ((one.group, one.stop) for one in tallies(state) if one.left)
    return {group: stop_words(stop, most) for group, stop in found if stop}
