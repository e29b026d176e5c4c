"""The HTTP client: time-outs, size limit, trust, proxy and watchers in one place."""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from siptui import __version__
from siptui.settings.address import checked_address
from siptui.transport.error_causes import Body, Trace, failed
from siptui.transport.in_process import App, in_process
from siptui.transport.messages import (
    LIMITS,
    MAX_BODY,
    Answer,
    Call,
    Exchange,
    Failure,
    TransportError,
    Watcher,
)
from siptui.transport.passed_over import pass_over
from siptui.transport.proxy import proxy_for
from siptui.transport.sent_token import without_sent_token
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
    transport: "App | httpx.AsyncBaseTransport | None" = None,
    watchers: Sequence[Watcher] = (),
    max_body: int = MAX_BODY,
) -> "Http":
    """The HTTP client of this process.

    `transport` puts a service of this process in the network's place (or is a transport of the
    HTTP library's own); `watchers` are told of every exchange. Trust and proxy come from the
    environment; `UsageError` names a file of authorities there that cannot be used.
    """
    return Http(transport=transport, watchers=watchers, max_body=max_body)


class Http:
    """Sends requests; follows no redirect, repeats nothing, keeps no cookies, signs in nowhere.

    Of the library it takes the connections alone: its client would do all of that.

    Loopback addresses never go through a proxy: plain http is allowed to them, and a proxy would
    see the token. Submits never reuse a kept connection: one that the other side has just
    closed would lose the answer and leave a batch in doubt for nothing.
    """

    def __init__(
        self,
        *,
        transport: "App | httpx.AsyncBaseTransport | None" = None,
        watchers: Sequence[Watcher] = (),
        max_body: int = MAX_BODY,
    ) -> None:
        pass_over()
        self._app = transport
        self._watchers = tuple(watchers)
        self._max_body = max_body
        self._pools: dict[tuple[str, bool], httpx.AsyncBaseTransport] = {}
        # At once, so that a file that cannot be used is known before anything is on its way; in
        # process there is no network, and it is never looked at.
        self._trusted: ssl.SSLContext | bool = trust() if transport is None else True

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
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.aclose()

    async def send(
        self,
        call: Call,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        leaving: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Send one request once and read the whole answer, whatever its status.

        `leaving` is called before anything is done, and once more when the connection is there
        and the request is about to leave; what it raises ends the request, and nothing was sent.
        Raises `TransportError` when there is none, `UsageError` for plain http to another
        machine.
        """
        _host_of(url)
        leaving()
        full = {**COMMON_HEADERS, **(headers or {})}
        began, started = datetime.now(UTC), time.monotonic()
        answer, failure = None, None
        try:
            if not all(value.isascii() and value.isprintable() for value in full.values()):
                # without the words: one of the headers is the token
                why = "The token or another header holds characters that HTTP does not allow."
                raise TransportError(why, Failure.GARBLED, sent=False)
            came = await self._exchange(call, method, url, full, body, leaving)
            answer = without_sent_token(came, full)
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

    def _pool(self, call: Call, url: str) -> "httpx.AsyncBaseTransport":
        if self._app is not None:
            proxy, single = "", False
        else:
            proxy, single = proxy_for(url), call is Call.SUBMIT
        if (proxy, single) not in self._pools:
            self._pools[proxy, single] = self._opened(proxy, single)
        return self._pools[proxy, single]

    def _opened(self, proxy: str, single: bool) -> "httpx.AsyncBaseTransport":
        import httpx

        app = self._app
        if app is not None:
            return app if isinstance(app, httpx.AsyncBaseTransport) else in_process(app)
        secure = proxy.casefold().startswith("https:")
        context = self._trusted if secure and isinstance(self._trusted, ssl.SSLContext) else None
        return httpx.AsyncHTTPTransport(
            proxy=httpx.Proxy(proxy, ssl_context=context) if proxy else None,
            verify=self._trusted,
            trust_env=False,  # proxy and trust are chosen here
            limits=httpx.Limits(
                max_connections=32,
                max_keepalive_connections=0 if single else 8,
                keepalive_expiry=5,
            ),
        )

    async def _exchange(
        self,
        call: Call,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        leaving: Callable[[], None],
    ) -> Answer:
        import httpx

        host = _host_of(url)
        limits = LIMITS[call]
        trace = Trace(leaving)
        begun: list[int] = []
        try:
            async with asyncio.timeout(limits.total):
                pool = self._pool(call, url)
                waits = httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect)
                request = httpx.Request(
                    method,
                    _parsed(url),
                    headers={**headers, "Connection": "keep-alive"},
                    content=body or None,
                    extensions={"timeout": waits.as_dict(), "trace": trace.told},
                )
                response = await pool.handle_async_request(request)
                try:
                    begun.append(response.status_code)
                    return await self._read(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise failed(error, host, limits.read, trace, begun) from error

    async def _read(self, response: "httpx.Response") -> Answer:
        body = Body(response, self._max_body)
        async for part in response.aiter_bytes():
            body.take(part)
        return body.answer()


@lru_cache(maxsize=64)
def _host_of(url: str) -> str:
    """The host that is asked. Raises `UsageError` for an address that must not be."""
    checked_address(url.partition("?")[0], "address")
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=64)
def _parsed(url: str) -> "httpx.URL":
    """A run asks for the same addresses again and again. Raises what is wrong with the address."""
    import httpx

    return httpx.URL(url)
