"""Bulk sign-in over HTTP: the three calls, each with a fresh correlation id."""

import asyncio
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from siptui.domain.device import Device
from siptui.domain.errors import SignInNeededError, SiptuiError
from siptui.domain.region import Region
from siptui.gateway import wire
from siptui.gateway.errors import GatewayError, NotReachedError, ThrottledError, TokenRefusedError
from siptui.gateway.protocol import BatchAccepted, BatchStatus, BatchSummary, TokenSource
from siptui.gateway.refusals import of_answer, of_transport, unreadable
from siptui.settings.address import checked_address
from siptui.transport.exchange import Answer, Call, TransportError
from siptui.transport.http import Http
from siptui.transport.retry import OnWait, retried

T = TypeVar("T")
_LOG = logging.getLogger("siptui.gateway")
_BASE = "/Teams.SipDevicesGatewayManagement/v1"
_DISCOVERY = "/Teams.Tenant/serviceDiscovery"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_FOREST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class BulkSignInClient:
    """`BulkSignIn` over the admin API.

    Before its first call it asks the service for the tenant's own endpoint and forest and names
    them in every call, as the Teams PowerShell module does. Where that question gets no answer
    it goes on without, and `discovery_note` says so: the headers were seen to be optional.
    """

    def __init__(
        self, http: Http, admin_api: str, tokens: TokenSource, *, on_wait: OnWait | None = None
    ) -> None:
        self._http = http
        self._base = checked_address(admin_api, "admin_api")
        self._tokens = tokens
        self._on_wait = on_wait
        self._discovered: dict[str, str] | None = None
        self._discovering = asyncio.Lock()
        self.discovery_note = ""

    async def ready(self) -> None:
        """See to it that the sign-in is good for a submit; `SignInNeededError` otherwise."""
        await self._token()

    async def create_batch(self, region: Region, devices: Sequence[Device]) -> BatchAccepted:
        """Submit `devices` (1 to 100). Resets their accounts' passwords; sent exactly once.

        The one exception: a 401 says that nothing was accepted, so the same is sent once more
        with a new token. Every error has a `fate`; one raised before the submit (discovery,
        token) is never `Fate.UNKNOWN`. `SignInNeededError` of the token source passes through.
        """
        if not devices:
            raise ValueError("a batch has at least one device")
        path = f"{_BASE}/createbatch?TargetRegion={region}"
        body = wire.submit_body(devices)
        answer, correlation_id = await self._call(Call.SUBMIT, "POST", path, body)
        batch_id, count = _read(answer, correlation_id, wire.accepted)
        return BatchAccepted(batch_id, count, correlation_id)

    async def batch_status(self, batch_id: str, *, retry: bool = False) -> BatchStatus:
        """The batch and each of its devices; with `retry`, passing errors are tried again."""
        path = f"{_BASE}/batchstatus?batchid={quote(batch_id, safe='')}"

        async def read() -> BatchStatus:
            answer, correlation_id = await self._call(Call.READ, "GET", path)
            return _read(answer, correlation_id, lambda value: wire.batch_status(value, batch_id))

        return await self._maybe_retried(read, retry)

    async def batch_summaries(self, *, retry: bool = False) -> tuple[BatchSummary, ...]:
        """The tenant's batches of the past 30 days, everybody's; `retry` as above."""

        async def read() -> tuple[BatchSummary, ...]:
            answer, correlation_id = await self._call(Call.READ, "GET", f"{_BASE}/batchsummaries")
            if answer.status == 204 and not answer.body:
                return ()
            return _read(answer, correlation_id, wire.batch_summaries)

        return await self._maybe_retried(read, retry)

    async def discover(self) -> Mapping[str, str]:
        """The headers that name the tenant's endpoint and forest, asked for once.

        Raises `GatewayError` only where going on would be in vain and nothing can be in doubt:
        not reached, throttled, token refused.
        """
        async with self._discovering:
            if self._discovered is None:
                self._discovered = await self._discover()
            return self._discovered

    async def _discover(self) -> dict[str, str]:
        try:
            answer, correlation_id = await self._authorized(Call.READ, "GET", _DISCOVERY, {}, b"")
            found = _read(answer, correlation_id, _endpoints)
        except (NotReachedError, ThrottledError, TokenRefusedError):
            raise
        except GatewayError as error:
            self.discovery_note = f"Service discovery failed, going on without: {error.message}"
            found = {}
        else:
            missing = "" if found else "Service discovery named no endpoint, going on without."
            self.discovery_note = missing
        if self.discovery_note:
            _LOG.warning(self.discovery_note)
        return found

    async def _call(
        self, call: Call, method: str, path: str, body: bytes = b""
    ) -> tuple[Answer, str]:
        return await self._authorized(call, method, path, await self.discover(), body)

    async def _authorized(
        self, call: Call, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Answer, str]:
        """A success (2xx) and its correlation id. A 401 gets one more try with a new token."""
        token = await self._token()
        answer, correlation_id = await self._send(call, method, path, headers, body, token)
        if answer.status == 401:
            refused = of_answer(answer, correlation_id)
            try:
                renewed = await self._token(refresh=True)
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
            answer, correlation_id = await self._send(call, method, path, headers, body, renewed)
        if not 200 <= answer.status < 300:
            raise of_answer(answer, correlation_id)
        return answer, correlation_id

    async def _token(self, *, refresh: bool = False) -> str:
        """A token; `NotReachedError` when it cannot be had for another reason than the sign-in.

        A submit that waits for its token has not left yet, and must not be taken for one in doubt.
        """
        try:
            return await self._tokens.token(refresh=refresh)
        except (SignInNeededError, GatewayError):
            raise
        except SiptuiError as error:
            raise NotReachedError(error.message, remedy=error.remedy, title=error.title) from error

    async def _send(
        self, call: Call, method: str, path: str, extra: Mapping[str, str], body: bytes, token: str
    ) -> tuple[Answer, str]:
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
                call, method, self._base + path, headers=headers, body=body
            )
        except TransportError as error:
            raise of_transport(error, correlation_id) from error
        return answer, correlation_id

    async def _maybe_retried(self, read: Callable[[], Awaitable[T]], retry: bool) -> T:
        return await retried(read, may_pass, self._on_wait) if retry else await read()


def may_pass(error: Exception) -> bool | float:
    """Whether a read that met `error` may be tried again: no, yes, or after so many seconds."""
    if not isinstance(error, GatewayError) or not error.passing:
        return False
    return True if error.retry_after is None else error.retry_after


def _read(answer: Answer, correlation_id: str, parse: Callable[[Any], T]) -> T:
    try:
        return parse(wire.decode(answer.body))
    except wire.WireError as error:
        raise unreadable(answer, str(error), correlation_id) from error


def _endpoints(value: Any) -> dict[str, str]:
    """The headers in an answer of service discovery; what cannot be a host name is left out."""
    if not isinstance(value, dict):
        raise wire.WireError("it is no object")
    record = wire.folded_keys(value)
    headers: dict[str, str] = {}
    endpoints, given = record.get("endpoints"), record.get("headers")
    if isinstance(endpoints, dict):
        host = wire.folded_keys(endpoints).get("adminserviceendpoint")
        if isinstance(host, str) and _HOST.fullmatch(host):
            headers["X-MS-Target-Uri"] = f"https://{host}/"
    if isinstance(given, dict):
        forest = wire.folded_keys(given).get("x-ms-forest")
        if isinstance(forest, str) and _FOREST.fullmatch(forest):
            headers["X-MS-Forest"] = forest
    return headers
