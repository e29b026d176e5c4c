"""Submitting in turn: two processes of a host that know nothing of each other's journals do not
both submit what neither found at the service."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.host.locks import CountedLock

_LOG = logging.getLogger(__name__)
#: Seconds between two tries, and after which no turn is waited for any more: a submit takes no
#: longer (`transport.exchange.LIMITS`), so that process was stopped.
_AGAIN, _PATIENCE = 0.2, 180.0


#: How often the turn of each region had been taken or given back at a moment, by all processes of
#: the host: one that has it while the batches are listed makes the list old, too.
TurnsTaken = Mapping[Region, int]


class SubmitTurns:
    """A lock for each region in `folder`, held while a request to submit is on its way.

    Its holder submits only if no other process did since the tenant's batches were listed. Without
    a folder every turn is one's own.
    """

    def __init__(self, folder: Path | None) -> None:
        self._locks = {r: CountedLock(folder / str(r)) for r in Region} if folder else {}
        self._mine: set[tuple[Region, int]] = set()

    def taken(self) -> TurnsTaken:
        """The turns that were taken so far."""
        return {region: lock.count() for region, lock in self._locks.items()}

    async def take(self, region: Region, listed: TurnsTaken) -> bool:
        """Wait for the turn and take it; false when another process submitted since `listed`, so
        that the tenant's batches must be listed anew."""
        lock = self._locks.get(region)
        if lock is None:
            return True
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        try:
            while (before := lock.take()) is None:
                if loop.time() >= until:
                    _LOG.warning("the turn to submit in %s was not waited for any longer", region)
                    return True
                await asyncio.sleep(_AGAIN)
        except (OSError, SiptuiError) as error:
            _LOG.warning("there are no turns to submit: %s", type(error).__name__)
            return True
        # One's own turns make no list old: what they submitted is known.
        if all((region, turn) in self._mine for turn in range(listed.get(region, before), before)):
            self._mine |= {(region, before), (region, before + 1)}
            return True
        self._release(lock, used=False)
        return False

    def give_back(self, region: Region) -> None:
        """The submit was answered, or its answer is lost."""
        if lock := self._locks.get(region):
            self._release(lock, used=True)

    def _release(self, lock: CountedLock, *, used: bool) -> None:
        with suppress(OSError):
            lock.release(used=used)
