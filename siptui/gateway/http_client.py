"""What every client of a service shares: token, correlation id, one more try after a 401, tries."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.times import local_time, zone
from siptui.gateway import bulk_json
from siptui.gateway.errors import (
    AccessDeniedError,
    GatewayError,
    NotReachedError,
    ThrottledError,
    TokenRefusedError,
)
from siptui.gateway.http_errors import of_answer, of_transport, refuses_token, unreadable
from siptui.gateway.protocol import TokenSource
from siptui.settings.address import checked_address
from siptui.transport.http import Http
from siptui.transport.messages import Answer, Call, Failure, TransportError
from siptui.transport.retry import MAX_HONOURED, OnWait, asked_wait, date_of, retried
from siptui.transport.throttle import Throttle, Wait

T = TypeVar("T")
#: Seconds between two new tokens that are asked for since a call was denied: most denials last.
_DENIED_AGAIN = 50.0
#: Raises where a request must not leave any more.
Leaving = Callable[[], None]


class Authorized:
    """Sends requests with a bearer token to the service at `address` (the setting `setting`).

    `calls` counts requests that were sent or tried, tries again included. `needs` of a call is
    the role or permission that a 403 asks for, a sentence. Nothing is sent while `throttle`
    says that the service asked to wait: `ThrottledError`, and nothing was accepted.
    """

    def __init__(
        self,
        http: Http,
        address: str,
        tokens: TokenSource,
        *,
        setting: str,
        on_wait: OnWait | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        self._http = http
        self._base = checked_address(address, setting)
        self._tokens = tokens
        self._on_wait = on_wait
        #: When the service may be asked; one for all of its clients in this process.
        self.throttle = throttle or Throttle()
        self.calls = 0
        self._asked_anew: float | None = None
        self._date = ""

    async def authorized(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        needs: str = "",
        leaving: Leaving = lambda: None,
    ) -> tuple[Answer, str]:
        """A success (2xx) and its correlation id. A 401 of the service gets one more try with a new
        token; one of something on the way may stand for an answer to what went through. A 403
        gets one, too, since a role that was activated just now is not in an older token.

        `leaving` is asked last before the request leaves; what it raises passes, and nothing was
        sent. Nothing else is sent twice. Every error has a `fate`; one raised before anything left
        (the token) is never `Fate.UNKNOWN`. `SignInNeededError` of the token source passes.
        """
        headers = headers or {}
        token = await self.token()
        answer, correlation_id = await self._send(call, method, path, headers, body, token, leaving)
        if refuses_token(answer):
            refused = of_answer(answer, correlation_id)
            try:
                renewed = await self.token(refresh=True)
            except SignInNeededError as error:
                raise TokenRefusedError(
                    refused.message,
                    remedy=error.remedy or refused.remedy,
                    status=401,
                    raw=refused.raw,
                    correlation_id=correlation_id,
                ) from error
            if renewed == token:
                raise refused
            answer, correlation_id = await self._send(
                call, method, path, headers, body, renewed, leaving
            )
            token = renewed
        if answer.status == 403:
            denied = of_answer(answer, correlation_id, needs=needs)
            if not isinstance(denied, AccessDeniedError):
                raise denied  # of something on the way
            if not (newer := await self._newer(token)):
                raise denied
            answer, correlation_id = await self._send(
                call, method, path, headers, body, newer, leaving
            )
        if not 200 <= answer.status < 300:
            raise of_answer(answer, correlation_id, needs=needs)
        return answer, correlation_id

    @property
    def service_date(self) -> datetime | None:
        """What the service's clock said with its last answer, if it did."""
        return date_of(self._date)

    def renew_when_denied(self) -> None:
        """Ask for a new token with the next denial, however lately one was asked for."""
        self._asked_anew = None

    async def _newer(self, token: str) -> str:
        """A newer token than `token`, which a call was denied with; now and then a new one is asked
        for. Nothing where there is none."""
        now = asyncio.get_running_loop().time()
        anew = self._asked_anew is None or now - self._asked_anew >= _DENIED_AGAIN
        if anew:
            self._asked_anew = now
        try:
            found = await self.token(refresh=anew)
        except (SignInNeededError, GatewayError):
            return ""
        return found if found != token else ""

    async def token(self, *, refresh: bool = False, lasting: bool = False) -> str:
        """A token (see `TokenSource`).

        Raises `NotReachedError` when it cannot be had for another reason than the sign-in.
        A submit that waits for its token has not left yet, and must not be taken for one in doubt.
        """
        try:
            return await self._tokens.token(refresh=refresh, lasting=lasting)
        except (SignInNeededError, GatewayError):
            raise
        except SiptuiError as error:
            lasting = isinstance(error, TransportError) and error.failure is Failure.PROXY
            raise NotReachedError(
                error.message, remedy=error.remedy, title=error.title, lasting=lasting
            ) from error

    async def retried(self, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives, with passing errors tried again; waits are told to `on_wait`."""
        return await retried(lambda: self._when_allowed(read), may_pass, self._on_wait)

    async def let_in(self, write: Callable[[], Awaitable[T]]) -> T:
        """What `write` gives, sent again only where the service said that it was too much at once
        and so took nothing (429); waits are told to `on_wait`."""
        return await retried(lambda: self._when_allowed(write), _throttled, self._on_wait)

    async def _when_allowed(self, act: Callable[[], Awaitable[T]]) -> T:
        """`act`, once the service may be asked: of many that wait, only those that are sent
        count as tries."""
        if wait := self.throttle.current():
            if wait.asked > MAX_HONOURED:
                raise not_before(wait, wait.asked)  # too long for `retried`, too
            if self._on_wait:
                self._on_wait(wait.why, datetime.now(UTC) + timedelta(seconds=wait.left))
            await self.throttle.passed()
        return await act()

    def heed(self, answer: Answer) -> None:
        """Wait, all of this service's callers, where `answer` asks for it."""
        if wait := asked_wait(answer.status, answer.headers, datetime.now(UTC)):
            self.throttle.told(wait, of_answer(answer, "").message)

    async def _send(
        self,
        call: Call,
        method: str,
        path: str,
        extra: Mapping[str, str],
        body: bytes,
        token: str,
        leaving: Leaving,
    ) -> tuple[Answer, str]:
        def asked_last() -> None:
            self._may_leave()
            leaving()

        correlation_id = str(uuid.uuid4())
        headers = {
            **extra,
            "Authorization": f"Bearer {token}",
            "X-MS-Correlation-Id": correlation_id,
        }
        if body:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.send(
                call,
                method,
                self._base + path,
                headers=headers,
                body=body,
                leaving=asked_last,
            )
        except TransportError as error:
            self.calls += 1
            if error.status is not None:  # the answer had begun
                self.heed(Answer(error.status, {}, b""))
            raise of_transport(error, correlation_id) from error
        self.calls += 1
        self.heed(answer)
        self._date = answer.headers.get("date", "")
        return answer, correlation_id

    def _may_leave(self) -> None:
        """Asked last when the connection is there: that may have taken a while."""
        if wait := self.throttle.current():
            raise not_before(wait, wait.left)


def not_before(wait: Wait, seconds: float) -> ThrottledError:
    """The error of a request that was not sent since the service asked to wait."""
    now = datetime.now(UTC)
    until = local_time(now + timedelta(seconds=wait.left), now)
    return ThrottledError(
        f"{wait.why} Nothing is sent before {until} {zone(now)}.",
        remedy="Wait; fewer batches at once help. A run tries now with: siptui resume RUN --now",
        retry_after=seconds,
    )


def may_pass(error: Exception) -> bool | float:
    """Whether a read that met `error` may be tried again: no, yes, or after so many seconds."""
    if not isinstance(error, GatewayError) or not error.passing or error.lasting:
        return False
    return error.retry_after or True  # at once would be too soon


def _throttled(error: Exception) -> bool | float:
    return isinstance(error, ThrottledError) and may_pass(error)


def read(answer: Answer, correlation_id: str, parse: Callable[[Any], T]) -> T:
    """What `parse` makes of the JSON in an answer; its `WireError` becomes one of the gateway."""
    try:
        return parse(bulk_json.decode(answer.body))
    except bulk_json.WireError as error:
        raise unreadable(answer, str(error), correlation_id) from error
