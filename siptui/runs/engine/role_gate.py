"""The wait for a role that was activated for hours, ends in the middle of a run, and comes back.

A denied submit was not accepted, and a denied read says nothing of a phone: both are asked again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from siptui.domain.errors import SignInNeededError
from siptui.domain.region import Region
from siptui.gateway.errors import AccessDeniedError, GatewayError, TokenRefusedError
from siptui.runs.engine.run_stop import stopped_by
from siptui.runs.events import ROLE, Waiting
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.throttle import Throttle

#: Seconds between two looks whether the role is back.
_LOOK = 60.0
_READS = "reads"
_ASKS = "activate it, siptui looks every minute"


class RoleGate:
    """Where work waits whose role has ended, until it is active; one for all parts of an engine.

    `look` is a read that takes the role. `patience` is how many seconds the role may be away;
    where it is 0, or nothing was submitted yet and no person is `attended`, nothing waits here.
    """

    def __init__(
        self,
        run_log: RunLog,
        wakeup: Wakeup,
        throttle: Throttle,
        look: Callable[[], Awaitable[object]],
        *,
        patience: float,
        attended: bool,
    ) -> None:
        self._run_log = run_log
        self._wakeup = wakeup
        self._throttle = throttle
        self._look = look
        self._patience = patience
        self._attended = attended
        #: What is denied: reads, and submits of a region.
        self._denied: set[str] = set()
        self._since = 0.0
        self._told_now = 0
        self._reads_back = 0
        self._one_looks = asyncio.Lock()

    @property
    def patient(self) -> bool:
        """Whether a role that has ended is waited for."""
        return self._patience > 0 and (self._attended or self._touched)

    @property
    def _touched(self) -> bool:
        return any(b.submitted_at for b in self._run_log.state.batches.values())

    async def reads_back(self, error: AccessDeniedError) -> bool:
        """Return once reads are allowed again, and true; false where others are allowed now, so
        that only the one that met `error` is denied. `RunStop` when the role stays away."""
        before = self._reads_back
        async with self._one_looks:
            if self._reads_back != before:
                return True  # it came back while another one looked
            while (answer := await self._allowed()) is False:
                self._begin(_READS, error)
                await self._next_look()
            if answer is None:
                return True  # for want of a sign-in; who is denied again comes back here
            if _READS not in self._denied:
                return False
            self._reads_back += 1
            self._over(_READS)
            self.look_now()
            return True

    async def submit_denied(self, region: Region, error: AccessDeniedError) -> None:
        """Return when it is worth submitting again; `RunStop` when the role stays away."""
        self._begin(str(region), error)
        await self._next_look()

    def submit_allowed(self, region: Region) -> None:
        """A submit was not denied."""
        self._over(str(region))

    def look_now(self) -> None:
        """Do not wait for the next look."""
        self._told_now += 1
        self._wakeup.wake()

    async def _allowed(self) -> bool | None:
        """Whether reads are allowed; None where the sign-in is not good. An answer that does not
        come says nothing."""
        await self._throttle.passed()
        try:
            await self._look()
        except (SignInNeededError, TokenRefusedError):
            return None
        except AccessDeniedError:
            return False
        except GatewayError as error:
            return not error.passing
        return True

    async def _next_look(self) -> None:
        loop, state = asyncio.get_running_loop(), self._run_log.state
        told, sign_ins, until = self._told_now, state.sign_ins, loop.time() + _LOOK
        while loop.time() < until and (told, sign_ins) == (self._told_now, state.sign_ins):
            await self._wakeup.wait(until - loop.time())

    def _begin(self, what: str, error: AccessDeniedError) -> None:
        now = asyncio.get_running_loop().time()
        if not self._denied:
            self._since = now
        self._denied.add(what)
        if now - self._since >= self._patience:
            raise stopped_by(error) from error
        if self._run_log.state.waits_for(ROLE) is None:
            why = "your role has ended" if self._touched else "your account lacks the role"
            self._run_log.write(Waiting(why=f"{why}; {_ASKS} ({_short(error)})", kind=ROLE))

    def _over(self, what: str) -> None:
        self._denied.discard(what)
        if not self._denied and self._run_log.state.waits_for(ROLE) is not None:
            self._run_log.write(Waiting(why="the role is active again", over=True, kind=ROLE))


def _short(error: AccessDeniedError) -> str:
    return error.message.rstrip(".")
