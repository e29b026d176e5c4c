"""The tenant's batches that are not this run's: which are live, and which devices are in them."""

import contextlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from siptui.domain.region import Region
from siptui.gateway.errors import GatewayError
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase
from siptui.gateway.times import parse_when, surely_before
from siptui.runs.engine.batch_matching import own_ids
from siptui.runs.state import BatchRecord, RunState

#: A batch older than this is not counted as live, whatever word the service has for it: a word
#: for "over" that is not known must not block a region for the 30 days they are listed.
_OLD = timedelta(hours=6)
#: Seconds a batch whose devices all have an outcome waits until the service calls it over. It
#: keeps its slot that long; which word the service uses for that is not known for certain.
ALL_DECIDED = 30.0
#: How many batches of others that are over a run reads at most, the newest of them. Those since
#: its plan are all read.
_MOST_OLD = 30

ReadStatus = Callable[[str], Awaitable[BatchStatus]]


class OtherBatch(Struct, frozen=True):
    """A batch of the tenant that is not this run's.

    `by` and `requested` are as the service writes them. `items` are its devices as far as it lists
    them; with `part` there are or may be more, with `untold` that is given up waiting for. `here`:
    another run of this host submitted it. `stuck`: the service calls it running, for hours.
    """

    batch_id: str
    region: Region | None
    by: str
    requested: str
    live: bool
    items: tuple[ItemStatus, ...]
    part: bool = False
    untold: bool = False
    here: bool = False
    stuck: bool = False


class Others(Struct, frozen=True):
    """What a look at the tenant's batches came to, for one region.

    `slots` is how many live batches of others take one there, `batches` what was read of those
    that may have devices of the run, of all regions. `news`: some were read for the first time,
    which takes a while; the list of batches may have grown meanwhile.
    """

    slots: int
    batches: tuple[OtherBatch, ...]
    news: bool = False


class OtherBatches:
    """Reads them for all regions of a run. What a batch lists is remembered by its id: only a live
    one is read again where it takes a slot, where it does not list all of its devices, or when it
    is over and a device waits for it."""

    def __init__(self) -> None:
        self._over: set[str] = set()
        self._decided: dict[str, datetime] = {}
        self._read: dict[str, BatchStatus] = {}
        self._final: set[str] = set()
        self._over_since: dict[str, datetime] = {}
        self._part_since: dict[str, datetime] = {}
        self._old: set[str] = set()

    async def look(
        self,
        state: RunState,
        region: Region,
        summaries: Sequence[BatchSummary],
        now: datetime,
        read: ReadStatus,
        *,
        here: Collection[str] = frozenset(),
        since: datetime | None = None,
        planned: datetime | None = None,
    ) -> Others:
        """What the tenant's batches say beside this run; `now` is by the service's clock.

        `here` are the ids of batches that other runs of this host submitted. Those of others that
        are over are read if they began at `since` or later, by the service's clock; of those that
        began before the run was `planned` only the newest.
        """
        mine = own_ids(state)
        doubts = [b for b in state.open_batches() if not b.batch_id and b.region is region]
        waited_for = {held.batch_id.casefold() for held in state.held.values()}
        slots = new = 0
        before = len(self._read)
        found: list[OtherBatch] = []
        for summary in sorted(summaries, key=_age):
            name = summary.batch_id.casefold()
            if name in mine:
                continue
            takes_slot = summary.region in (None, region)
            live = await self._alive(summary, now, read, again=takes_slot)
            stuck = not live and summary.phase is Phase.RUNNING and name not in self._over
            perhaps_mine = bool(doubts) and takes_slot and _is_new(name, doubts)
            if live and takes_slot:
                new += perhaps_mine
                slots += not perhaps_mine
            elif not live and name not in waited_for:
                news = since is not None and _perhaps_since(summary.request_time, since)
                if name in here or not (news or stuck):
                    continue
                if not (planned and _perhaps_since(summary.request_time, planned)):
                    if name not in self._old and len(self._old) >= _MOST_OLD:
                        continue
                    self._old.add(name)
            other = await self._other(summary, now, read, live=live, stuck=stuck, here=name in here)
            if other is not None and not (perhaps_mine and _lost(state, doubts, other)):
                found.append(self._bounded(other, now, state, known=perhaps_mine))
        slots += max(0, new - len(doubts))
        return Others(slots, tuple(found), news=len(self._read) > before)

    async def _other(
        self,
        summary: BatchSummary,
        now: datetime,
        read: ReadStatus,
        *,
        live: bool,
        stuck: bool,
        here: bool,
    ) -> OtherBatch | None:
        status = await self._items(summary, read, live=live)
        if status is None and not live:
            return None  # it cannot be read now; at the next look perhaps
        going_on = live or (status is not None and not self._ended(summary, status, now))
        part = going_on and (status is None or _part(summary, status))
        by, requested = summary.user_id, summary.request_time
        return OtherBatch(
            batch_id=summary.batch_id,
            region=summary.region or (status.region if status else None),
            by=by or (status.user_id if status else ""),
            requested=requested or (status.request_time if status else ""),
            live=going_on,
            items=status.items if status else (),
            part=part and not here,  # whose devices are known from the journal
            here=here,
            stuck=stuck,
        )

    def _bounded(
        self, other: OtherBatch, now: datetime, state: RunState, *, known: bool
    ) -> OtherBatch:
        """`other`, whose devices are not waited for longer than a lost batch is looked for."""
        if not other.part or known:
            return replace(other, part=False)
        first = self._part_since.setdefault(other.batch_id.casefold(), now)
        patience = state.options.settle_seconds
        if (now - first).total_seconds() < patience:
            return other
        return replace(other, part=False, untold=True)

    async def _alive(
        self, summary: BatchSummary, now: datetime, read: ReadStatus, *, again: bool
    ) -> bool:
        name = summary.batch_id.casefold()
        if summary.phase is not Phase.RUNNING or name in self._over:
            return False
        if surely_before(summary.request_time, now - _OLD):
            return False
        known = self._read.get(name)
        if not again and known is not None and not _part(summary, known):
            return True
        with contextlib.suppress(GatewayError):
            status = self._read[name] = await read(summary.batch_id)
            going_on = not status.items or any(i.phase is Phase.RUNNING for i in status.items)
            if going_on or status.gap:
                self._decided.pop(name, None)
            else:
                self._decided.setdefault(name, now)
            since = self._decided.get(name, now)
            decided = (now - since).total_seconds() >= ALL_DECIDED
            if status.phase is not Phase.RUNNING or decided:
                self._over.add(name)
                self._final.add(name)
                return False
        return True

    async def _items(
        self, summary: BatchSummary, read: ReadStatus, *, live: bool
    ) -> BatchStatus | None:
        """What the batch lists; None where that cannot be read now."""
        name = summary.batch_id.casefold()
        known = self._read.get(name)
        if live or name in self._final:
            return known  # a live one was asked for a moment ago, or lists all there is
        with contextlib.suppress(GatewayError):
            known = self._read[name] = await read(summary.batch_id)
        return known

    def _ended(self, summary: BatchSummary, status: BatchStatus, now: datetime) -> bool:
        """Whether what `status` says of a batch that is listed as over is its last word.

        The status may lag behind the list; after a while it does not any more.
        """
        name = summary.batch_id.casefold()
        since = self._over_since.setdefault(name, now)
        lagging = status.phase is Phase.RUNNING and any(
            item.phase is Phase.RUNNING and not item.ended for item in status.items
        )
        if not lagging or (now - since).total_seconds() >= ALL_DECIDED:
            self._final.add(name)
        return name in self._final


def _perhaps_since(text: str, moment: datetime) -> bool:
    """Whether the service's time `text` lies at `moment` or later, or may do so."""
    return not surely_before(text, moment)


def _age(summary: BatchSummary) -> float:
    """A key that sorts the newest first, those without a time last."""
    when = parse_when(summary.request_time)
    return -when.timestamp() if when else 0.0


def _part(summary: BatchSummary, status: BatchStatus) -> bool:
    """Whether the batch has, or may have, devices that it does not list."""
    if status.gap or not status.items:
        return True
    return summary.count is not None and len(status.items) < summary.count


def _lost(state: RunState, doubts: Sequence[BatchRecord], other: OtherBatch) -> bool:
    """Whether it may be one of the run's lost batches: it has devices of that one and no others.
    The search for that one decides; until then its accounts hold up others as they are."""
    keys = {item.key for item in other.items}
    return bool(keys) and any(
        keys <= {state.devices[i].device.key for i in lost.devices} for lost in doubts
    )


def _is_new(name: str, doubts: Sequence[BatchRecord]) -> bool:
    """Whether none of the lost batches was preceded by the one of that id."""
    return all(name not in {i.casefold() for i in lost.known} for lost in doubts)
