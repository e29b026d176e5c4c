"""The emulated authority on a loopback port over TLS, in a thread of its own."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from starlette.types import ASGIApp


@contextlib.contextmanager
def served(app: ASGIApp, *, certificate: Path, key: Path, port: int = 0) -> Iterator[str]:
    """Serve `app` at `https://localhost:PORT` while the block runs; yields that address.

    `certificate` and `key` are PEM files for `localhost`. Port 0 picks a free one. Raises
    `PortError`.
    """
    import uvicorn

    # Said to be TCP, else asyncio does not turn off Nagle's wait of 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        from siptui.emulator.server import port_error

        listener.close()
        raise port_error(port, error) from None
    config = uvicorn.Config(
        app,
        ssl_certfile=str(certificate),
        ssl_keyfile=str(key),
        log_config=None,
        access_log=False,  # addresses of redirects would carry codes
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    up = threading.Event()

    async def serve() -> None:
        task = asyncio.ensure_future(server.serve([listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 uvicorn has no event for it
            await asyncio.sleep(0.005)
        up.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True, name="entra")
    thread.start()
    try:
        up.wait(10)
        yield f"https://localhost:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)
        listener.close()
