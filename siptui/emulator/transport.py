"""The emulated tenant as an httpx transport: no socket, the same errors."""

import asyncio

import httpx
from starlette.types import ASGIApp

from siptui.emulator.line import BrokenLineError


class EmulatorTransport(httpx.AsyncBaseTransport):
    """Runs the emulator's app for each request; a broken line raises what httpx would raise.

    Time-outs are the request's own, counted in the event loop's time, so that emulated time
    passes them at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer `request`, or raise the `httpx.TransportError` of the fault it met."""
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


def _error(fault: BrokenLineError, request: httpx.Request) -> httpx.TransportError:
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
