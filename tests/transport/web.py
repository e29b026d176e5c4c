"""The HTTP library for tests that play browser or service; its name is known here alone.

Like the product, the tests must not be in the way when another library takes over.
"""

import ssl
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

import httpx
from httpx import (
    URL,
    AsyncByteStream,
    AsyncClient,
    Client,
    ConnectError,
    ConnectTimeout,
    MockTransport,
    PoolTimeout,
    ProxyError,
    ReadError,
    ReadTimeout,
    RemoteProtocolError,
    Request,
    Response,
    TransportError,
    WriteError,
    WriteTimeout,
)

from siptui.emulator.emulator import Emulator
from siptui.transport.in_process import App, in_process

__all__ = [
    "URL",
    "AsyncByteStream",
    "AsyncClient",
    "Client",
    "ConnectError",
    "ConnectTimeout",
    "MockTransport",
    "PoolTimeout",
    "ProxyError",
    "ReadError",
    "ReadTimeout",
    "RemoteProtocolError",
    "Request",
    "Response",
    "TransportError",
    "WriteError",
    "WriteTimeout",
    "client_of",
    "get",
    "post",
    "service",
]

# To an address without TLS, with nothing read from the environment. For each request the library
# would read all authorities that it knows: ten times the work of the request itself.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
get = partial(httpx.get, verify=_NO_TLS, trust_env=False)
post = partial(httpx.post, verify=_NO_TLS, trust_env=False)


def service(answer: Callable[[Request], Response]) -> App:
    """A service for `open_client` that answers as `answer` says; what that raises, the client
    meets."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        host = next(value for name, value in scope["headers"] if name == b"host").decode()
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        url = f"{scope['scheme']}://{host}{scope['raw_path'].decode()}{query}"
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        reply = answer(Request(scope["method"], url, headers=scope["headers"], content=body))
        start = {"status": reply.status_code, "headers": reply.headers.raw}
        await send({"type": "http.response.start", **start})
        async for part in reply.stream:  # type: ignore[union-attr] # made for both
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def client_of(emulator: Emulator, **options: Any) -> AsyncClient:
    """A client of an emulator in this process, without the product's own."""
    return AsyncClient(transport=in_process(emulator.transport()), **options)
