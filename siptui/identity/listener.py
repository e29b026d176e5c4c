"""The one-page web server that the browser comes back to, on the loopback interface."""

import asyncio
import contextlib
import html
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

from siptui.identity.errors import PortInUseError

_MOST = 65_536
_SECONDS = 10.0

#: Takes the answer in a redirect; says whether it belongs to this sign-in.
Take = Callable[[Mapping[str, str]], bool]


async def listen(port: int, take: Take) -> asyncio.Server:
    """Listen on 127.0.0.1:`port` and hand redirects to `take`. Raises `PortInUseError`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                status, page = await _answered(reader, take)
                writer.write(_response(status, page))
                await writer.drain()
        except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            pass  # whoever that was, it was no browser
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    try:
        return await asyncio.start_server(serve, "127.0.0.1", port, limit=_MOST)
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        raise PortInUseError(
            f"Port {port} cannot be listened on: {reason}.",
            remedy="Choose another with `--port N`, or use `--method paste`.",
        ) from None


async def _answered(reader: asyncio.StreamReader, take: Take) -> tuple[str, str]:
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
    answer = dict(parse_qsl(query))
    if not take(answer):
        return "400 Bad Request", "This does not belong to the sign-in that is under way."
    if "code" in answer:
        return "200 OK", "Signed in. Go back to the terminal; this window can be closed."
    return "200 OK", "The sign-in did not succeed. The terminal says why."


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
