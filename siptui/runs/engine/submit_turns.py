"""Submitting in turn: two processes of a host that know nothing of each other's journals do not
both submit what neither found at the service."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from siptui.domain.errors import SiptuiError
from siptui.domain.region import Region
from siptui.host.locks import CountedLock
from siptui.host.unused_locks import TURNS

_LOG = logging.getLogger(__name__)
#: Seconds between two tries, and after which no turn is waited for any more: a submit takes no
#: longer (`transport.exchange.LIMITS`), so that process was stopped.
_AGAIN, _PATIENCE = 0.2, 180.0


#: How often the turn had been taken or given back at a moment, by all processes of the host: one
#: that has it while the batches are listed makes the list old, too.
TurnsTaken = int


class SubmitTurns:
    """A lock in `folder` that a process holds while requests of it to submit are on their way.

    Its holder submits only if no other process did since the tenant's batches were listed. It is
    one for all regions, since a phone or an account may be in lists of several; those of a process
    have it together. Without a folder every turn is one's own.
    """

    def __init__(self, folder: Path | None) -> None:
        self._lock = CountedLock(folder / TURNS) if folder else None
        self._mine: set[int] = set()
        self._using: set[Region] = set()

    def taken(self) -> TurnsTaken:
        """The turns that were taken so far."""
        return self._lock.count() if self._lock else 0

    async def take(self, region: Region, listed: TurnsTaken) -> bool:
        """Wait for the turn and take it; false when another process submitted since `listed`, so
        that the tenant's batches must be listed anew."""
        lock = self._lock
        if lock is None:
            return True
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE
        try:
            while not self._using and (before := lock.take()) is None:
                if loop.time() >= until:
                    _LOG.warning("the turn to submit in %s was not waited for any longer", region)
                    return True
                await asyncio.sleep(_AGAIN)
            if self._using:  # another region of this process has it
                before = lock.count()
        except (OSError, SiptuiError) as error:
            _LOG.warning("there are no turns to submit: %s", type(error).__name__)
            return True
        assert before is not None
        # One's own turns make no list old: what they submitted is known. A count that went back
        # is that of a new file, of which it is not known what was submitted before.
        if listed <= before and all(turn in self._mine for turn in range(listed, before)):
            if not self._using:
                self._mine |= {before, before + 1}
            self._using.add(region)
            return True
        if not self._using:
            self._release(used=False)
        return False

    def give_back(self, region: Region) -> None:
        """The submit was answered, or its answer is lost."""
        if region in self._using:
            self._using.remove(region)
            if not self._using:
                self._release(used=True)

    def _release(self, *, used: bool) -> None:
        with suppress(OSError):
            assert self._lock is not None
            self._lock.release(used=used)
