"""The emulated tenant on a loopback port, where a broken line really breaks."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from siptui.domain.errors import SiptuiError
from siptui.emulator.emulator import Emulator
from siptui.emulator.faulty_network import BrokenLineError
from siptui.emulator.own_host import OwnHost

HOST = "127.0.0.1"
_TRANSPORT = "siptui.transport"
_NO_LINGER = struct.pack("ii", 1, 0)  # closing sends a reset instead of a goodbye


class PortError(SiptuiError):
    """The port cannot be listened on."""

    title = "Port not free"
    code = "port"


def port_error(port: int, error: OSError) -> PortError:
    """What `error` at listening on `port` means."""
    return PortError(
        f"{HOST}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.",
        remedy="Choose another port, or 0 for any free one.",
    )


class _Protocol(H11Protocol):
    """HTTP/1.1 that lets the app reach its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        # Head and body are two small writes: the second would wait for a delayed acknowledgement.
        # asyncio sees to that only where the listening socket names its protocol.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


class _OnSocket:
    """Does to the connection what a broken line stands for.

    `refused` cannot be had once there is a connection, so here it is a reset before any byte;
    a refusal of every call (`Faults.refusing`) closes the port itself. A connection that times
    out is one that never answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
            return
        except asyncio.CancelledError:
            return  # the server ends while a slow answer is on its way: no caller waits for it
        except BrokenLineError as broken:
            kind = broken.kind
        transport: asyncio.Transport = scope["state"][_TRANSPORT]
        if kind in {"refused", "reset"}:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )
            transport.abort()
        elif kind == "cut":
            transport.close()
        # Returning before the connection is gone would make the server answer for us.
        while (await receive())["type"] != "http.disconnect":
            pass


class _Server(uvicorn.Server):
    """uvicorn, ended quietly by SIGINT and SIGTERM, with a port that can be closed for a while."""

    def __init__(self, config: uvicorn.Config, emulator: Emulator, port: int) -> None:
        super().__init__(config)
        self._emulator = emulator
        self._port = port
        self._closed = False

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; True ends the server."""
        refusing = self._emulator.refusing()
        if refusing and not self._closed:
            self._closed = True
            for server in self.servers:
                server.close()
            for connection in list(self.server_state.connections):
                connection.transport.abort()
        elif self._closed and not refusing:
            self._closed = False
            self.servers = [
                await asyncio.get_running_loop().create_server(
                    lambda: _Protocol(self.config, self.server_state, {}),
                    sock=_listener(self._port),
                )
            ]
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End now: a request that hangs on purpose would be waited for."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`serve` has the signals: uvicorn would raise them again at the end."""
        yield


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise port_error(port, error) from None


def make_server(emulator: Emulator, port: int = 0) -> tuple[uvicorn.Server, socket.socket, str]:
    """A server for `emulator`, its listening socket and its address.

    The socket listens already: a client may connect as soon as this returns, and is answered
    once `server.run(sockets=[socket])` is called. Loopback only. Raises `PortError`.
    """
    listener = _listener(port)
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        OwnHost(_OnSocket(emulator.app)),
        http=_Protocol,
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # the emulated service has a clock of its own
        timeout_graceful_shutdown=1,
    )
    return _Server(config, emulator, port), listener, f"http://{HOST}:{port}"


def serve(emulator: Emulator, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets the address once the port listens."""
    server, listener, address = make_server(emulator, port)
    # Before the address is printed: its reader may end this process at once. Both signals are
    # the usual end, so neither is a failure.
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, server.handle_exit) for number in numbers}
    try:
        with listener:
            announce(address)
            server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
