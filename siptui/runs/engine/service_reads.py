"""Reads of the service that wait and are tried again, and the wait for a sign-in."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.gateway.errors import AccessDeniedError, GatewayError, TokenRefusedError
from siptui.runs.engine.backoff import Backoff, Pace
from siptui.runs.engine.role_gate import RoleGate
from siptui.runs.engine.run_stop import stopped_by
from siptui.runs.events import SIGN_IN, Waiting
from siptui.runs.run_log import RunLog
from siptui.runs.wakeup import Wakeup
from siptui.transport.throttle import Throttle

T = TypeVar("T")
#: Seconds a service that never answered is tried before a run that submitted nothing gives up.
_FIRST_CONTACT = 60.0
#: Seconds between two attempts to go on after the sign-in was lost.
_GATE_SECONDS = 15.0
#: Failed reads in a row after which the operator is told.
TELL_AFTER = 3


class SignInGate:
    """Where work waits whose sign-in was refused, until an operator signs in again.

    `patience` is how many seconds that may take; with 0 the run stops at once.
    """

    def __init__(self, run_log: RunLog, wakeup: Wakeup, patience: float) -> None:
        self._run_log = run_log
        self._wakeup = wakeup
        self._patience = patience
        self._since: float | None = None

    async def wait(self, error: SiptuiError) -> None:
        """Until it is worth trying again: a new sign-in was ordered, or a while has passed."""
        loop = asyncio.get_running_loop()
        if self._since is None:
            self._since = loop.time()
        if loop.time() - self._since >= self._patience:
            raise stopped_by(error) from error
        if self._run_log.state.waits_for(SIGN_IN) is None:
            self._run_log.write(Waiting(why=f"sign-in needed: {error.message}", kind=SIGN_IN))
        sign_ins, until = self._run_log.state.sign_ins, loop.time() + _GATE_SECONDS
        while loop.time() < until and self._run_log.state.sign_ins == sign_ins:
            await self._wakeup.wait(until - loop.time())

    def passed(self) -> None:
        """The sign-in is good again, for what waited here."""
        waited, self._since = self._since is not None, None
        if waited and self._run_log.state.waits_for(SIGN_IN) is not None:
            self._run_log.write(Waiting(why="the sign-in is good again", over=True, kind=SIGN_IN))


class Reader:
    """Reads of the service that are tried again while trying again can help.

    None leaves while `throttle` says that the service asked to wait. `answered` is told of each
    answer.
    """

    def __init__(
        self,
        run_log: RunLog,
        rng: random.Random,
        gate: Callable[[], SignInGate],
        throttle: Throttle,
        roles: RoleGate,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._run_log = run_log
        self._answered = answered
        self._rng = rng
        self._gate = gate
        self._throttle = throttle
        self._roles = roles
        self._reached = False
        self._failing_since: float | None = None
        self._told = False
        #: When the service last answered, in seconds of the loop.
        self.answered_at = 0.0

    async def ready(self, call: Callable[[], Awaitable[None]]) -> None:
        """Return once the sign-in is good for a submit; `RunStop` when it does not become so.

        Having a token does not mean that the service can be reached.
        """
        await self._ask("sign-in", None, call, self._no_answer)

    async def read(
        self, what: str, pace: Pace, call: Callable[[], Awaitable[T]], *, first: bool = False
    ) -> T:
        """The answer of `call`, however long it takes; `RunStop` when it never can succeed.

        With `first` it goes before other reads of the region. Raises `GatewayError` for a
        definite refusal.
        """
        return await self._ask(what, pace, call, self._succeeded, first=first)

    async def once(self, pace: Pace, call: Callable[[], Awaitable[T]], *, first: bool = False) -> T:
        """The answer of `call`; raises whatever `GatewayError` it met, passing or not.

        For reads that must not hold up what stands behind them. Only a lost sign-in and a role
        that has ended are waited for, since they concern all alike; `RunStop` when they stay away.
        """
        gate, denied = self._gate(), 0
        while True:
            await self._turn(pace, first)
            try:
                answer = await call()
            except (TokenRefusedError, SignInNeededError) as error:
                await gate.wait(error)
            except AccessDeniedError as error:
                denied = await self._denied(error, denied)
            else:
                gate.passed()
                self._succeeded("")
                return answer

    async def _turn(self, pace: Pace | None, first: bool) -> None:
        """Return when the service may be asked and it is this read's turn."""
        await self._throttle.passed()
        if pace is None:
            return
        await pace.turn(first=first)
        while self._throttle.current():  # it began in the meantime
            await self._throttle.passed()
            await pace.turn(first=first)

    async def _ask(
        self,
        what: str,
        pace: Pace | None,
        call: Callable[[], Awaitable[T]],
        succeeded: Callable[[str], None],
        *,
        first: bool = False,
    ) -> T:
        wait = Backoff(self._rng, 2.0, 60.0)
        gate, denied = self._gate(), 0
        failed = 0
        while True:
            await self._turn(pace, first)
            try:
                answer = await call()
            except (TokenRefusedError, SignInNeededError) as error:
                await gate.wait(error)
            except AccessDeniedError as error:
                denied = await self._denied(error, denied)
            except GatewayError as error:
                if not error.passing:
                    raise
                failed += 1
                await self._passing(what, error, failed, wait.next())
            else:
                gate.passed()
                succeeded(what)
                return answer

    @property
    def waits_for_role(self) -> bool:
        """Whether a role that has ended is waited for."""
        return self._roles.patient

    async def _denied(self, error: AccessDeniedError, before: int) -> int:
        """Return when the read may be asked again, with how often it alone was denied. Raises
        `error` where that is the second time, or where a role is not waited for."""
        if not self._roles.patient:
            raise error
        if await self._roles.reads_back(error):
            return 0
        if before:
            raise error
        return before + 1

    def _no_answer(self, what: str) -> None:
        """Nothing was asked of the service, so nothing is known of it."""

    async def _passing(self, what: str, error: GatewayError, failed: int, wait: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._failing_since is None or error.retry_after is not None:
            self._failing_since = now  # to be told to wait is an answer
        untouched = not any(b.submitted_at for b in self._run_log.state.batches.values())
        over = error.lasting or now - self._failing_since >= _FIRST_CONTACT
        if not self._reached and untouched and over:
            raise stopped_by(error) from error
        if error.retry_after is None and failed >= TELL_AFTER:
            self.tell(what, error)
        await self._throttle.pause(wait)  # how long the service asks to wait is the throttle's

    def tell(self, what: str, error: GatewayError) -> None:
        """Tell the operator that the service does not answer; once until it does again."""
        if not self._told:
            self._told = True
            self._run_log.note(
                f"{what}: {error.message.rstrip('.')}; still trying", level="warning"
            )

    def _succeeded(self, what: str) -> None:
        self._reached = True
        self._failing_since = None
        self.answered_at = asyncio.get_running_loop().time()
        self._answered()
        if self._told:
            self._told = False
            self._run_log.note("the service answers again")
