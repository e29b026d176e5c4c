"""The one-page web server that the browser comes back to, on the loopback interface."""

import asyncio
import contextlib
import html
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from siptui.identity.errors import PortInUseError

_MOST = 65_536
#: Seconds that a request may take to come in, and those that what is left of it is read for.
_SECONDS = 10.0
_LEFT_OVER = 1.0
#: Seconds to wait for pages that are on their way when listening ends.
_LAST_PAGE = 2.0

#: Takes the answer in a redirect; says whether it belongs to this sign-in.
Take = Callable[[Mapping[str, str]], bool]
#: Whether the sign-in succeeded, once that is known; none while that is not waited for.
Outcome = Callable[[], Awaitable[bool | None]]

_SIGNED_IN = "Signed in. Go back to the terminal; this window can be closed."
_FAILED = "The sign-in did not succeed. The terminal says why."
_NOT_KNOWN = "Go back to the terminal: it says how the sign-in ends. This window can be closed."


class Listener:
    """Listens on 127.0.0.1 and hands redirects to `take`; its page tells the `outcome`."""

    def __init__(self, take: Take, outcome: Outcome) -> None:
        self._take = take
        self._outcome = outcome
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self, port: int) -> int:
        """Listen on `port`, 0 for any; the port. Raises `PortInUseError`."""
        try:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_MOST)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "it cannot be used"
            raise PortInUseError(
                f"Port {port} cannot be listened on: {reason}.",
                remedy="Choose another with `--port N`, or use `--method paste`.",
            ) from None
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Take no further connection; those that are there get their page."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Stop, and wait a little for the pages that are on their way."""
        self.stop()
        if serving := self._serving - {asyncio.current_task()}:
            _, late = await asyncio.wait(serving, timeout=_LAST_PAGE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_LAST_PAGE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            writer.write(_response(*await self._answer(reader)))
            await writer.drain()
            await _read_on(reader)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            pass  # not a browser
        except asyncio.CancelledError:
            pass  # ended by `close`, or with the loop: Python 3.11 has a traceback for others
        finally:
            self._serving.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, str]:
        try:
            async with asyncio.timeout(_SECONDS):
                answer = await _redirect(reader)
        except asyncio.LimitOverrunError:
            return "431 Request Header Fields Too Large", "That is too much."
        except ValueError:
            return "400 Bad Request", "That cannot be read."
        if isinstance(answer, tuple):
            return answer
        if not self._take(answer):
            return "400 Bad Request", "This does not belong to the sign-in that is under way."
        if "code" not in answer:
            return "200 OK", _FAILED
        # The code alone is no sign-in yet: it may be refused, or be for another tenant.
        pages = {True: _SIGNED_IN, False: _FAILED, None: _NOT_KNOWN}
        return "200 OK", pages[await self._outcome()]


async def _redirect(reader: asyncio.StreamReader) -> Mapping[str, str] | tuple[str, str]:
    """The answer in a redirect, or the status and words for a request that is none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, _, rest = head.partition("\r\n")
    method, _, target = line.partition(" ")
    parts = urlsplit(target.rpartition(" ")[0])
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (row.partition(":") for row in rest.split("\r\n"))
    }
    if parts.path not in ("", "/"):
        return "404 Not Found", "There is nothing here."
    query = parts.query
    if method == "POST":
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= _MOST:
            return "413 Content Too Large", "That is too much."
        query = (await reader.readexactly(length)).decode("latin-1")
    return dict(parse_qsl(query))


async def _read_on(reader: asyncio.StreamReader) -> None:
    """Read what is left of a request for a moment: closing on it would reset the connection, and
    the page would be lost with it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LEFT_OVER):
            while await reader.read(_MOST):
                pass


def _response(status: str, page: str) -> bytes:
    body = (
        f"<!doctype html><meta charset=utf-8><title>siptui</title><p>{html.escape(page)}".encode()
    )
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
