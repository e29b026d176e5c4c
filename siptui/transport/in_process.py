"""A service in this process in the network's place: no socket, the same errors."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from siptui.domain.broken_connection import BrokenLineError

if TYPE_CHECKING:
    import httpx

#: An ASGI app (https://asgi.readthedocs.io), which may raise `BrokenLineError`.
App = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[MutableMapping[str, Any]]],
        Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ],
    Awaitable[None],
]


def in_process(app: App) -> "httpx.AsyncBaseTransport":
    """A transport of the HTTP library that runs `app` for each request; where the line breaks it
    raises what the library would raise.

    Time-outs are the request's own, counted in the event loop's time, so that emulated time
    passes them at once.
    """
    import httpx

    class InProcess(httpx.AsyncBaseTransport):
        """In here, since the library is imported when it is needed."""

        _inner = httpx.ASGITransport(app=app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            limits = request.extensions.get("timeout", {})
            try:
                async with asyncio.timeout(limits.get("read")):
                    try:
                        return await self._inner.handle_async_request(request)
                    except BrokenLineError as broken:
                        if broken.kind == "hang":
                            await asyncio.Event().wait()
                        fault = broken
            except TimeoutError:
                raise httpx.ReadTimeout("The read operation timed out", request=request) from None
            if fault.kind == "connect_timeout":
                await asyncio.sleep(limits.get("connect") or 0)
                raise httpx.ConnectTimeout("The connection timed out", request=request)
            raise _error(fault, request)

    return InProcess()


def _error(fault: BrokenLineError, request: "httpx.Request") -> "httpx.TransportError":
    import httpx

    if fault.kind == "refused":
        return httpx.ConnectError("All connection attempts failed", request=request)
    if fault.kind == "reset":
        return httpx.ReadError("Connection reset by peer", request=request)
    if fault.sent:
        return httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=request
        )
    return httpx.RemoteProtocolError(
        "Server disconnected without sending a response.", request=request
    )
