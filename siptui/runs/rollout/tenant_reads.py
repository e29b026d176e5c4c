"""Reading what the tenant itself tells of phones: its batches of 30 days, and the inventory."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from msgspec.structs import replace

from siptui.domain.errors import SiptuiError
from siptui.domain.forgotten_text import is_stand_in
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.times import local_time
from siptui.gateway.json_lists import Listed
from siptui.gateway.operator_names import NamesById, OperatorNames
from siptui.gateway.protocol import BatchStatus, BatchSummary, Phase
from siptui.gateway.tenant_model import Inventory
from siptui.gateway.times import parse_when
from siptui.runs.rollout.evidence import Attempt, Evidence, Result, Seen, SourceRead

#: Batches read at once.
AT_ONCE = 4
#: Batches of which the devices are read at least, the newest of them; with more rows a few more.
_BATCHES = 150
_ROWS_A_BATCH = 100
#: A batch that was submitted so long ago is over.
_OVER = timedelta(days=3)
#: Hears how far a read is: of the batches that are wanted, how many were read.
OnProgress = Callable[[int, int], None]
_RESULTS = {Phase.SUCCEEDED: Result.SUCCEEDED, Phase.FAILED: Result.FAILED}


class BatchReads(Protocol):
    """What is read of bulk sign-in; a client tries reads again with `retry`."""

    calls: int

    async def batch_status(self, batch_id: str, *, retry: bool = False) -> BatchStatus: ...

    async def batch_summaries(self, *, retry: bool = False) -> Listed[BatchSummary]: ...


async def read_batches(
    client: BatchReads,
    now: datetime,
    *,
    decided: Collection[str],
    rows: int,
    on_progress: OnProgress | None = None,
) -> tuple[list[Attempt], SourceRead, frozenset[str] | None]:
    """What the tenant's batches tell of each of their devices, and the ids of all there are (None
    where they cannot be read).

    `decided` are ids, in lower case, of batches whose end is known from the history: they are not
    read again. Of very many the newest are read, for a list of `rows` rows.
    """
    try:
        summaries = await client.batch_summaries(retry=True)
    except SiptuiError as error:
        return [], SourceRead("batches", now, error=_why(error), cause=error), None
    ids = frozenset(s.batch_id.casefold() for s in summaries)
    wanted = [s for s in summaries if s.batch_id.casefold() not in decided]
    wanted.sort(key=_newest_first)
    most = max(_BATCHES, rows // _ROWS_A_BATCH)
    gap, note = _missing(summaries, now)
    errors = [gap] if gap else []
    if len(wanted) > most:
        errors.append(f"the devices of {len(wanted) - most} older batches were not read")
    slots = asyncio.Semaphore(AT_ONCE)
    found: list[Attempt] = []
    done = 0

    async def one(summary: BatchSummary) -> None:
        async with slots:
            status = await client.batch_status(summary.batch_id, retry=True)
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, len(wanted[:most]))
        if status.gap:
            errors.append(f"batch {summary.batch_id}: {status.gap}")
        found.extend(attempts_of(summary, status))

    failed = await asyncio.gather(*map(one, wanted[:most]), return_exceptions=True)
    for summary, fault in zip(wanted, failed, strict=False):
        if isinstance(fault, SiptuiError):
            errors.append(f"batch {summary.batch_id}: {_why(fault)}")
        elif fault is not None:
            raise fault
    said = "; ".join(errors[:3]) + (f"; and {len(errors) - 3} more" if len(errors) > 3 else "")
    return found, SourceRead("batches", now, len(found), said, partial=True, note=note), ids


def _missing(summaries: Listed[BatchSummary], now: datetime) -> tuple[str, str]:
    """What of the tenant's batches was not listed, and what of them may not be and is no matter.

    A list of a round length may be cut. Where its times show that the newest come first, what was
    cut is older than its oldest, and over long since: the inventory has its phones as it left
    them. Where the inventory cannot be read either, it still counts as missing.
    """
    if summaries.lost or not summaries.guessed:
        return summaries.gap, ""
    times = [parse_when(one.request_time) for one in summaries]
    told = [when for when in times if when is not None]
    falling = len(told) == len(times) and all(a >= b for a, b in pairwise(told))
    if not falling or told[0] == told[-1] or now - told[-1] < _OVER:
        return summaries.gap, ""
    return "", f"those of before {local_time(told[-1], now)} may not be listed"


def attempts_of(summary: BatchSummary, status: BatchStatus) -> list[Attempt]:
    """What a batch tells of its devices. One whose word is not known is not over, unless its
    batch is: then it is not known."""
    over = summary.phase is not Phase.RUNNING or status.phase is not Phase.RUNNING
    when = parse_when(summary.request_time or status.request_time)
    where, by = f"batch {summary.batch_id}", summary.user_id or status.user_id
    region = str(summary.region or status.region or "")
    found = []
    for item in status.items:
        result = _RESULTS.get(item.phase)
        if result is None:
            result = Result.UNKNOWN if over or item.ended else Result.LIVE
        found.append(
            Attempt(
                user_name=item.user_name,
                hardware_id=_canonical(item.hardware_id),
                result=result,
                at=when,
                where=where,
                by=by,
                batch_id=summary.batch_id,
                region=region,
                error=item.error,
                end_known=False,
            )
        )
    return found


async def read_inventory(
    inventory: Inventory | None, now: datetime
) -> tuple[dict[str, Seen], SourceRead]:
    """The phones of the inventory by hardware id."""
    if inventory is None:
        why = "This profile's cloud has no address of the device inventory."
        return {}, SourceRead("inventory", now, error=why)
    try:
        devices = await inventory.sip_devices()
    except SiptuiError as error:
        return {}, SourceRead("inventory", now, error=_why(error), cause=error)
    seen = {d.hardware_id: Seen(d.user_name, d.signed_in, str(d.region or "")) for d in devices}
    return seen, SourceRead("inventory", now, len(seen))


async def read_evidence(
    history: tuple[list[Attempt], SourceRead],
    client: BatchReads,
    inventory: Inventory | None,
    *,
    now: Callable[[], datetime],
    rows: int,
    on_progress: OnProgress | None = None,
) -> Evidence:
    """History, batches and inventory put together; the two services are read at once."""
    past, source = history
    decided = decided_batches(past)
    before = client.calls + (inventory.calls if inventory else 0)
    (batches, of_batches, ids), (seen, of_inventory) = await asyncio.gather(
        read_batches(client, now(), decided=decided, rows=rows, on_progress=on_progress),
        read_inventory(inventory, now()),
    )
    calls = client.calls + (inventory.calls if inventory else 0) - before
    return Evidence(merged(past, batches, ids), seen, (source, of_batches, of_inventory), calls)


async def with_names(
    evidence: Evidence, names: OperatorNames, directory: NamesById | None
) -> Evidence:
    """`evidence` with names in place of the ids of those who submitted batches, as far as they can
    be read; one call at most."""
    attempts = evidence.attempts
    nameless = await names.look_up((a.by for some in attempts.values() for a in some), directory)
    found = {
        hardware_id: [a if (by := names.of(a.by)) == a.by else replace(a, by=by) for a in some]
        for hardware_id, some in attempts.items()
    }
    return replace(evidence, attempts=found, nameless=nameless)


def unreadable(
    history: tuple[list[Attempt], SourceRead], error: SiptuiError, now: datetime
) -> Evidence:
    """The history alone, where `error` keeps everything else from being read."""
    past, source = history
    gone = [
        SourceRead(name, now, error=_why(error), cause=error) for name in ("batches", "inventory")
    ]
    return Evidence(merged(past, [], None), {}, (source, *gone))


def decided_batches(past: Collection[Attempt]) -> frozenset[str]:
    """The batches, in lower case, of which the history knows how every device ended: of one whose
    names were forgotten the service alone can tell."""
    open_ = {
        a.batch_id.casefold()
        for a in past
        if a.result in (Result.LIVE, Result.UNKNOWN) or is_stand_in(a.user_name)
    }
    ended = frozenset(a.batch_id.casefold() for a in past if a.batch_id and a.of_run)
    return ended - open_


def merged(
    past: Collection[Attempt], batches: Collection[Attempt], ids: Collection[str] | None
) -> Mapping[str, list[Attempt]]:
    """All attempts by hardware id. What the service says of a batch stands for what a run that
    did not see its end says of it; a batch that it knows no more did not come to a known end."""
    told = {(a.batch_id.casefold(), a.hardware_id): a for a in batches}
    found: dict[str, list[Attempt]] = {}
    for one in past:
        key = (one.batch_id.casefold(), one.hardware_id)
        if one.result in (Result.LIVE, Result.UNKNOWN) and one.batch_id:
            if (better := told.pop(key, None)) is not None:
                one = _with(one, better)
            elif ids is not None and key[0] not in ids:
                one = _replaced(one, Result.UNKNOWN)
        else:
            told.pop(key, None)  # the run saw it, with its time
        found.setdefault(one.hardware_id, []).append(one)
    for one in told.values():
        found.setdefault(one.hardware_id, []).append(one)
    return found


def _with(ours: Attempt, told: Attempt) -> Attempt:
    """Our attempt with the service's outcome; its time is that of the request, ours is later."""
    return replace(_replaced(ours, told.result, told.error), end_known=False)


def _replaced(one: Attempt, result: Result, error: str = "") -> Attempt:
    return replace(one, result=result, error=error or one.error)


def _canonical(text: str) -> str:
    try:
        return str(HardwareId.parse(text))
    except HardwareIdError:
        return text


def _newest_first(summary: BatchSummary) -> tuple[bool, float]:
    when = parse_when(summary.request_time)
    return summary.phase is not Phase.RUNNING, -(when.timestamp() if when else 0.0)


def _why(error: SiptuiError) -> str:
    return f"{error.title}: {error.message}"
