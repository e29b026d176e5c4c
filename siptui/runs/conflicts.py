"""Devices and accounts of other runs that must not be submitted once more by mistake."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.device import Device, DeviceKey
from siptui.domain.errors import UsageError
from siptui.domain.provisioning import tenant_id
from siptui.domain.state import BatchState, DeviceState
from siptui.runs.engine.scheduler import may_go_out
from siptui.runs.events import DevicesSignedIn, Event, RunFinished
from siptui.runs.host_tenant import HostTenant
from siptui.runs.journal.journal import Journal
from siptui.runs.journal.locks import holder_of
from siptui.runs.journal.sqlite_file import JournalError
from siptui.runs.orders import hold, ordered
from siptui.runs.state import DeviceRecord, RunState
from siptui.runs.state_load import load

_LOG = logging.getLogger(__name__)


class BusyDevicesError(UsageError):
    """Devices of a run, or others of their accounts, are or may be at the service already."""

    title = "Already being signed in"
    code = "busy_devices"


class SignedInError(UsageError):
    """Devices are signed in as the list wants it, and no order says that they go out again."""

    title = "Signed in already"
    code = "signed_in"


class Overlap(Struct, frozen=True):
    """What another run last said of a device. `at` is when it got that state.

    `busy`: the service may be working on it, or a process that is at work on the run will submit
    it. `waits`: it is queued in a run that no process works on. `device` is that run's: it has the
    same hardware id, or where it is `busy` perhaps the same account only. `profile` is whose
    journal has the run, if it is another profile's. `forgotten`: the run was, and only that much
    of the device is known still. `corrected_to` is what that run calls it since its names were
    corrected; `device` has those of before. `submitted` is when it was submitted, where that
    tells which of two is the newer: `at` is when this host heard of it.
    """

    device: Device
    run: str
    state: DeviceState
    at: str
    busy: bool = False
    waits: bool = False
    profile: str = ""
    forgotten: bool = False
    corrected_to: Device | None = None
    submitted: str = ""

    @property
    def as_of(self) -> str:
        """The moment by which it is newer or older than another."""
        return self.submitted or self.at

    @property
    def where(self) -> str:
        """The run, and whose it is, for people."""
        of_profile = f" of profile {self.profile}" if self.profile else ""
        return self.run + of_profile + (" (forgotten since)" if self.forgotten else "")


_BUSY = frozenset({DeviceState.SUBMITTING, DeviceState.RUNNING, DeviceState.UNKNOWN})


def seen(
    journal: Journal, devices: Sequence[Device], *, besides: str = "", host: HostTenant
) -> list[Overlap]:
    """What this host's journals last said of `devices`, the run `besides` apart: `overlaps` of
    `journal`, and of those of other profiles in runs of the same tenant.

    A profile that was renamed, or a second one for the tenant, has a journal of its own.
    """
    found = overlaps(journal, devices, besides=besides)
    for path in host.beside:
        try:
            with Journal(path, read_only=True) as other:
                known = overlaps(other, devices, tenant=host.tenant)
            found += [replace(one, profile=path.parent.name) for one in known]
        except JournalError as error:
            _LOG.warning("the journal of another profile cannot be read: %s", error.message)
    return found


def overlaps(
    journal: Journal, devices: Sequence[Device], *, besides: str = "", tenant: str = ""
) -> list[Overlap]:
    """What the journal's runs, `besides` apart, last said of each of `devices`; of runs of
    another tenant nothing, if one is named.

    A device is named at most twice: once for where it was submitted or is about to be, and once
    for where it waits. Another device of the same account is named while it is busy.
    """
    ids = {device.hardware_id for device in devices}
    newest: dict[tuple[str, bool], Overlap] = {}
    runs = dict.fromkeys([*journal.runs_with(ids), *_unfinished(journal)])
    runs.pop(besides, None)
    # A list may be long, and most journals have no other run with any of it.
    names = {device.user_name.key for device in devices} if runs else set()
    keys = {device.key for device in devices} if runs else set()
    for run in runs:
        state = load(journal, run)
        if tenant and state.plan and not perhaps_same_tenant(state.plan.tenant, tenant):
            continue
        held = holder_of(journal.path, run) is not None
        retried = _to_be_retried(state)
        for record in state.devices:
            now = DeviceState.QUEUED if record.index in retried else record.state
            if before := _before(record, keys):
                found = _same_device(state, record, now, held, before=before)
            elif record.device.hardware_id in ids:
                found = _same_device(state, record, now, held)
            elif record.device.user_name.key in names:
                found = _same_account(state, record, now, held)
            else:
                continue
            if found is None:
                continue
            key = (found.device.hardware_id, found.waits)
            known = newest.get(key)
            if known is None or (found.busy, found.as_of) > (known.busy, known.as_of):
                newest[key] = found
    for one in _of_forgotten_runs(journal, devices):
        known = newest.get((one.device.hardware_id, False))
        if known is None or (one.as_of > known.as_of and one.busy >= known.busy):
            newest[one.device.hardware_id, False] = one
    return list(newest.values())


def _before(record: DeviceRecord, keys: Collection[DeviceKey]) -> Device | None:
    """The device as it was called before its names were corrected, where the list of `keys` calls
    it so still."""
    return next(
        (
            correction.device
            for correction in reversed(record.corrections)
            if correction.device.key in keys and record.device.key not in keys
        ),
        None,
    )


def _of_forgotten_runs(journal: Journal, devices: Sequence[Device]) -> Iterator[Overlap]:
    remembered = journal.remembered(devices)
    by_key = {device.key: device for device in devices} if remembered else {}
    for one in remembered:
        state = DeviceState(one.state)
        yield Overlap(
            by_key[one.key],
            one.run,
            state,
            one.at,
            busy=state is DeviceState.UNKNOWN,
            forgotten=True,
        )


def _unfinished(journal: Journal) -> Iterator[str]:
    """The runs in which something is open or of unknown outcome."""
    for run in journal.runs():
        last = journal.first_and_last(run)[1].event
        if not isinstance(last, RunFinished) or last.unknown:
            yield run


def _to_be_retried(state: RunState) -> frozenset[int]:
    """The failed devices with an order to submit them again that are not queued yet."""
    wanted = [r for o in state.open_orders.values() if o.what == "retry" for r in ordered(state, o)]
    return frozenset(r.index for r in wanted if r.state is DeviceState.FAILED)


def perhaps_same_tenant(one: str, other: str) -> bool:
    """Whether two names of tenants may be of the same: one may be its id, the other a domain."""
    return one.casefold() == other.casefold() or _is_id(one) != _is_id(other)


def _is_id(tenant: str) -> bool:
    try:
        return bool(tenant_id(tenant))
    except ValueError:
        return False


def _same_device(
    state: RunState,
    record: DeviceRecord,
    now: DeviceState,
    held: bool,
    *,
    before: Device | None = None,
) -> Overlap | None:
    queued = now is DeviceState.QUEUED
    going = queued and held and _goes_out(state, record)
    busy = now in _BUSY or going
    if not queued and not (record.submitted_at or record.signed_in_by):
        return None
    if now is DeviceState.FAILED and record.refused and not record.taken_at:
        return None  # nothing was reset
    return Overlap(
        before or record.device,
        state.run,
        now,
        record.since,
        busy,
        waits=queued and not going,
        corrected_to=record.device if before else None,
        submitted=record.as_of,
    )


def _same_account(
    state: RunState, record: DeviceRecord, now: DeviceState, held: bool
) -> Overlap | None:
    busy = now in _BUSY or (now is DeviceState.QUEUED and held and _goes_out(state, record))
    if now is DeviceState.UNKNOWN and state.batches[record.batch].state is BatchState.FINISHED:
        busy = False  # what became of it is not known, but its batch is over
    return Overlap(record.device, state.run, now, record.since, busy=True) if busy else None


def _goes_out(state: RunState, record: DeviceRecord) -> bool:
    """Whether a worker of the run will submit the device without a further confirmation.

    Of two runs that meet, the one that was told to stop lets the other go on.
    """
    batch = state.batches.get(record.batch)
    retried = record.state is not DeviceState.QUEUED
    return retried or batch is None or may_go_out(state, batch)


def signed_in(
    known: Iterable[Overlap], wanted: Mapping[Device, str], *, again_at: str = ""
) -> list[Overlap]:
    """What of `known` says that devices of `wanted` are signed in as the list wants it.

    `wanted` has each device, and when its own run last submitted it (or nothing): what is older
    than that, or than the order `again_at` to submit it all the same, does not count.
    """
    newest: dict[str, Overlap] = {}
    for one in known:  # of several journals, each with its own newest word on a device
        before = newest.get(one.device.hardware_id)
        if not one.waits and (before is None or one.as_of > before.as_of):
            newest[one.device.hardware_id] = one
    if not newest:
        return []
    return [
        one
        for device, submitted in wanted.items()
        for one in filter(None, [newest.get(device.hardware_id)])
        if not one.busy
        and one.state is DeviceState.SUCCEEDED
        and one.device.key == device.key
        and one.as_of >= submitted
        and one.at > again_at
    ]


def left_out(state: RunState, done: Sequence[Overlap]) -> list[Event]:
    """The events by which the devices `done` are left out of the run, and what they leave behind
    of its batches goes out alike."""
    places = {r.device.hardware_id: r.index for r in state.devices}
    by_run: dict[str, list[int]] = {}
    for one in done:
        by_run.setdefault(one.run, []).append(places[one.device.hardware_id])
    gone = {i for devices in by_run.values() for i in devices}
    events: list[Event] = [
        DevicesSignedIn(devices=sorted(devices), run=run) for run, devices in by_run.items()
    ]
    return events + hold(state, {}, gone)


def refuse_signed_in(done: Sequence[Overlap]) -> None:
    """Raise `SignedInError` where `done` names devices that are signed in as the list wants it."""
    if done:
        newest = max(done, key=lambda o: o.at)
        many = "1 device is" if len(done) == 1 else f"{len(done)} devices are"
        raise SignedInError(
            f"{many} signed in as the list wants it, last in run {newest.where}: "
            f"{newest.device.user_name} on {newest.device.hardware_id}{_corrected(newest)}. "
            "Nothing was submitted.",
            remedy="Submit only the others with --new-only, or all of them once more with --again, "
            "which resets their passwords.",
        )


def refuse_busy(known: Sequence[Overlap], *, again_at: str) -> None:
    """Raise `BusyDevicesError` for what another run has, or may have, at the service.

    `again_at` is when the operator ordered that those of unknown outcome are submitted all
    the same (or nothing); it counts for what was unknown by then.
    """
    busy = [
        o for o in known if o.busy and not (o.state is DeviceState.UNKNOWN and o.at <= again_at)
    ]
    if busy:
        one = busy[0]
        count = "1 device is" if len(busy) == 1 else f"{len(busy)} devices are"
        raise BusyDevicesError(
            f"{count} in another run already, or their accounts are: {one.device.user_name} on "
            f"{one.device.hardware_id} is {one.state} in run {one.where}. Nothing was submitted.",
            remedy=(
                "Look at the phones first, or at: siptui status LIST."
                if one.forgotten
                else f"Look at it: siptui attach {one.run}{_option(one)}."
            )
            + " Devices of unknown outcome are submitted again with: siptui run LIST --again",
        )


def notes(known: Sequence[Overlap], done: Sequence[Overlap] = (), *, again: bool) -> list[str]:
    """What an operator should know of the others before saying yes, a sentence each.

    `done` are signed in as the list wants it; with `again` they are submitted all the same.
    """
    said = []
    if done and again:
        said.append(
            f"{len(done)} of the devices were signed in before, last in run "
            f"{max(done, key=lambda o: o.at).where}; their passwords are reset again."
        )
    elif done:
        said.append(left_out_note(done))
    waiting = Counter((o.run, o.where, _option(o)) for o in known if o.waits)
    said += [
        f"{count} of the devices wait in run {where}, which is stopped and goes on with "
        f"“siptui resume {run}{option}”."
        for (run, where, option), count in sorted(waiting.items())
    ]
    return said


def signed_in_note(done: Sequence[Overlap]) -> str:
    """That these are signed in as the list wants it, and by which run."""
    many = "1 device is" if len(done) == 1 else f"{len(done)} devices are"
    newest = max(done, key=lambda o: o.at)
    return f"{many} signed in as the list wants it, last in run {newest.where}{_corrected(newest)}."


def left_out_note(done: Sequence[Overlap]) -> str:
    """That these are left out, since they are signed in as the list wants it."""
    many = "1 device is" if len(done) == 1 else f"{len(done)} devices are"
    newest = max(done, key=lambda o: o.at)
    return (
        f"{many} left out: signed in as the list wants it, last in run {newest.where}"
        f"{_corrected(newest)}. "
        "--again submits them once more."
    )


class NewOnly(Struct, frozen=True):
    """A list by what the history says: `to_do` is not signed in and not at the service."""

    to_do: tuple[Device, ...]
    signed_in: tuple[Device, ...]
    at_service: tuple[Device, ...]


def new_only(known: Sequence[Overlap], devices: Sequence[Device]) -> NewOnly:
    """What of `devices` is to be done still. A device that is signed in with another account is
    not: that it goes to another account needs a confirmation of its own."""
    busy = {o.device.hardware_id for o in known if o.busy}
    accounts = {o.device.user_name.key for o in known if o.busy}
    newest: dict[str, Overlap] = {}
    for one in sorted((o for o in known if not o.waits), key=lambda o: o.as_of):
        newest[one.device.hardware_id] = one
    done = {key for key, one in newest.items() if one.state is DeviceState.SUCCEEDED}
    live = {d for d in devices if d.hardware_id in busy or d.user_name.key in accounts}
    signed_in = {d for d in devices if d not in live and d.hardware_id in done}
    return NewOnly(
        tuple(d for d in devices if d not in live and d not in signed_in),
        tuple(d for d in devices if d in signed_in),
        tuple(d for d in devices if d in live),
    )


def _corrected(one: Overlap) -> str:
    """What it was corrected to there, for people; or nothing."""
    if (to := one.corrected_to) is None:
        return ""
    return f" (corrected there to {to.user_name} on {to.hardware_id})"


def _option(one: Overlap) -> str:
    return f" --profile {one.profile}" if one.profile else ""
