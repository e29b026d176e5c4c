"""When a service may be asked again: one answer for all who ask it.

A client that is told to wait tells the throttle; while the wait lasts nothing is sent, whatever
the call. The throttle's file makes the wait hold for all processes of this host and after a
restart. It is replaced as a whole, so a process that is killed leaves the old wait or the new.
"""

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from siptui.domain.errors import SiptuiError
from siptui.host.errors import InUseError
from siptui.host.locks import locked_file
from siptui.host.private_files import private_folder, read_private, write_private
from siptui.transport.retry import honoured

_LOG = logging.getLogger(__name__)
#: Seconds after which a waiting caller looks whether another process changed the wait.
_LOOK = 2.0
#: Seconds that a time in the file may be short of, for it has microseconds.
_ROUNDED = 0.001


class Wait(Struct, frozen=True):
    """A wait that is being honoured: what the service said, how long it asked for in all, and
    the seconds that are left of what is honoured."""

    why: str
    asked: float
    left: float


class Throttle:
    """The wait that one service asked for, if any.

    With `path` it is shared through that file, whose folder is made when it is needed. `now` is
    the clock by which the file is written. In this process the wait runs by the event loop's
    clock, which is never set back.
    """

    def __init__(
        self, path: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        self._until = 0.0
        self._why, self._asked = "", 0.0
        self._known: tuple[int, int, int] | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def current(self) -> Wait | None:
        """The wait that holds now, or none. Costs one look at the file's entry."""
        self._look()
        left = self._until - _clock()
        return Wait(self._why, self._asked, left) if left > 0 else None

    def told(self, seconds: float, why: str) -> None:
        """The service asked to wait so many seconds, and `why` in its words. A wait that ends
        later already stays."""
        left = honoured(seconds)
        if left <= 0:
            return
        if self._path is None:
            self._extend(left, seconds, why)
            return
        try:
            private_folder(self._path.parent)
            # Read, compared and written by one process at a time: the longest wait counts.
            with locked_file(self._path.with_suffix(".lock")):
                self._look()
                if self._extend(left, seconds, why):
                    self._write(left)
        except (OSError, SiptuiError) as error:
            # A full disk, most of all. This process waits all the same.
            self._extend(left, seconds, why)
            _LOG.warning("other processes do not see a wait: %s", type(error).__name__)

    def lift(self) -> None:
        """End the wait, for all processes: the operator wants the service asked now."""
        self._until = 0.0
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                # A file that another program holds open on Windows, say.
                _LOG.warning(
                    "other processes do not see an end of a wait: %s", type(error).__name__
                )
            # What is left there is over for this process all the same.
            self._known = self._identity()
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def passed(self) -> None:
        """Return once no wait holds."""
        while wait := self.current():
            await self.pause(min(wait.left, _LOOK))

    async def pause(self, seconds: float) -> None:
        """Wait so many seconds, or until this process lifts the wait."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)

    def _extend(self, left: float, asked: float, why: str) -> bool:
        until = _clock() + left
        if until <= self._until:
            return False
        self._until, self._asked, self._why = until, asked, why
        return True

    def _write(self, left: float) -> None:
        assert self._path is not None
        until = self._now() + timedelta(seconds=left)
        content = {
            "until": until.isoformat(),
            "seconds": left,
            "asked": self._asked,
            "why": self._why,
        }
        write_private(self._path, json.dumps(content).encode())
        self._known = self._identity()

    def _look(self) -> None:
        """Take over what another process wrote."""
        if self._path is None:
            return
        found = self._identity()
        if found == self._known:
            return
        try:
            text = read_private(self._path)
        except InUseError:
            return  # at the next look
        except (OSError, SiptuiError):
            text = b""  # lifted, or not ours
        self._known = found
        self._until = 0.0
        try:
            content = json.loads(text)
            until = datetime.fromisoformat(content["until"])
            seconds, asked = float(content["seconds"]), float(content["asked"])
            if not (math.isfinite(seconds) and math.isfinite(asked)):
                return
            why = str(content["why"])
            # A clock that was set back since makes a wait no longer than it was.
            left = min((until - self._now()).total_seconds(), honoured(seconds)) + _ROUNDED
        except (ValueError, LookupError, TypeError):
            return  # the service says it once more
        self._extend(left, asked, why)

    def _identity(self) -> tuple[int, int, int] | None:
        assert self._path is not None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _clock() -> float:
    """The event loop's time where there is a loop."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()
