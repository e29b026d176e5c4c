"""The HTTP client: time-outs, size limit, trust, proxy and watchers in one place."""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from siptui import __version__
from siptui.domain.text import visible
from siptui.settings.address import checked_address, is_loopback
from siptui.transport.causes import explain, proxy_refused
from siptui.transport.exchange import (
    LIMITS,
    MAX_BODY,
    Answer,
    Call,
    Exchange,
    Failure,
    TransportError,
    Watcher,
)
from siptui.transport.tls import trust

if TYPE_CHECKING:
    import httpx

USER_AGENT = f"siptui/{__version__}"
#: What a request carries unless told otherwise. No brotli: httpx cannot always read it.
COMMON_HEADERS: Mapping[str, str] = {
    "User-Agent": USER_AGENT,
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}


def open_client(
    *,
    transport: "httpx.AsyncBaseTransport | None" = None,
    watchers: Sequence[Watcher] = (),
    max_body: int = MAX_BODY,
) -> "Http":
    """The HTTP client of this process. `transport` puts an in-process service in place of the
    network; `watchers` are told of every exchange. Trust and proxy come from the environment.
    """
    return Http(transport=transport, watchers=watchers, max_body=max_body)


class Http:
    """Sends requests; follows no redirect, repeats nothing, keeps no cookies.

    Loopback addresses never go through a proxy: plain http is allowed to them, and a proxy would
    see the token. Submits never reuse a kept connection: one that the other side has just
    closed would lose the answer and leave a batch in doubt for nothing.
    """

    def __init__(
        self,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        watchers: Sequence[Watcher] = (),
        max_body: int = MAX_BODY,
    ) -> None:
        self._transport = transport
        self._watchers = tuple(watchers)
        self._max_body = max_body
        self._clients: dict[tuple[bool, bool], httpx.AsyncClient] = {}
        self._context: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def send(
        self,
        call: Call,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send one request once and read the whole answer, whatever its status.

        Raises `TransportError` when there is none, `UsageError` for plain http to another
        machine.
        """
        checked_address(url.partition("?")[0], "address")
        full = {**COMMON_HEADERS, **(headers or {})}
        began, started = datetime.now(UTC), time.monotonic()
        answer, failure = None, None
        try:
            answer = await self._exchange(call, method, url, full, body)
        except TransportError as error:
            failure = error
            raise
        finally:
            if answer or failure:
                seconds = time.monotonic() - started
                seen = Exchange(began, seconds, call, method, url, full, body, answer, failure)
                for watcher in self._watchers:
                    watcher(seen)
        return answer

    def _client(self, call: Call, host: str) -> "httpx.AsyncClient":
        import httpx

        direct, single = is_loopback(host), call is Call.SUBMIT
        if self._transport is not None:
            direct, single = True, False
        if found := self._clients.get((direct, single)):
            return found
        client = httpx.AsyncClient(
            transport=self._transport,
            verify=self._trusted(),
            trust_env=not direct,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx.Limits(
                max_connections=32,
                max_keepalive_connections=0 if single else 8,
                keepalive_expiry=5,
            ),
        )
        self._clients[direct, single] = client
        return client

    def _trusted(self) -> ssl.SSLContext | bool:
        if self._transport is not None:
            return True  # never looked at: there is no network
        if self._context is None:
            self._context = trust()
        return self._context

    async def _exchange(
        self, call: Call, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        import httpx

        host = urlsplit(url).hostname or ""
        limits = LIMITS[call]
        trace = _Trace()
        begun: list[int] = []
        try:
            async with asyncio.timeout(limits.total):
                client = self._client(call, host)
                request = client.build_request(
                    method,
                    url,
                    headers=dict(headers),
                    content=body or None,
                    timeout=httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect),
                    extensions={"trace": trace},
                )
                response = await client.send(request, stream=True)
                try:
                    begun.append(response.status_code)
                    return await self._read(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, UnicodeError) as error:
            raise _failure(error, host, limits.read, trace, begun) from error

    async def _read(self, response: "httpx.Response") -> Answer:
        status = response.status_code
        if "," in response.headers.get("content-encoding", ""):
            raise TransportError(  # each layer multiplies what a small answer can unpack to
                "The answer is compressed more than once.",
                Failure.GARBLED,
                sent=True,
                status=status,
            )
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._max_body:
                raise TransportError(
                    f"The answer is longer than {self._max_body / 1e6:.0f} MB.",
                    Failure.TOO_LARGE,
                    sent=True,
                    status=status,
                )
            parts.append(part)
        headers = {name.lower(): visible(value) for name, value in response.headers.items()}
        return Answer(status, headers, b"".join(parts))


class _Trace:
    """Learns from httpcore's own events whether the request itself began to leave.

    A CONNECT to a proxy and the TLS handshake come before; failing there, nothing was sent.
    """

    def __init__(self) -> None:
        self.seen = False
        self.sent = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        self.seen = True
        if event.endswith("send_request_headers.started"):
            request = info.get("request")
            self.sent = self.sent or getattr(request, "method", b"") != b"CONNECT"


def _failure(
    error: Exception, host: str, read: float, trace: _Trace, begun: Sequence[int]
) -> TransportError:
    import httpx

    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    rules = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError)
    sent = not isinstance(error, (*never, *rules))
    if trace.seen:
        sent = trace.sent
    status = begun[0] if begun else None
    failure, remedy = Failure.BROKEN, ""
    if isinstance(error, httpx.ProxyError):
        message, remedy = proxy_refused(str(error))
        failure = Failure.PROXY
    elif isinstance(error, (httpx.TimeoutException, TimeoutError)):
        failure = Failure.TIMEOUT
        if sent:
            message = f"{host} did not answer in time ({read:.0f} s)."
        else:
            message = f"No connection to {host} in time."
            remedy = "Check the network, the firewall, and HTTPS_PROXY if there is a proxy."
    elif found := explain(error, host):
        failure, message, remedy = found
    elif isinstance(error, httpx.DecodingError):
        failure, message = Failure.GARBLED, f"The answer of {host} cannot be unpacked."
    elif isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        failure, message = Failure.GARBLED, f"{host} does not speak HTTP: {visible(str(error))}."
    elif isinstance(error, rules):
        failure, message = Failure.GARBLED, f"Not a request that can be sent: {visible(str(error))}"
    else:
        message = f"The connection to {host} was cut: {visible(str(error)) or 'no reason given'}."
    return TransportError(message, failure, sent=sent, remedy=remedy, status=status)
