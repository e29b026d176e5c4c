"""The guard around the tests holds."""

import asyncio
import socket
from pathlib import Path

import pytest
from textual import constants

# The class cannot be imported from a conftest; what it is derived from is enough.
REFUSED = pytest.fail.Exception


def test_connections_off_this_machine_are_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        with pytest.raises(REFUSED, match="loopback"):
            sock.connect(("192.0.2.1", 80))
        with pytest.raises(REFUSED, match="loopback"):
            sock.connect_ex(("192.0.2.1", 80))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        pytest.raises(REFUSED, match="loopback"),
    ):
        sock.sendto(b"x", ("192.0.2.1", 53))


def test_look_ups_are_refused_and_invalid_names_are_not_found() -> None:
    with pytest.raises(REFUSED, match="loopback"):
        socket.getaddrinfo("login.example.com", 443)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nothing.invalid", 443)


def test_asyncio_is_guarded_too_and_loopback_works() -> None:
    async def echo() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("localhost", port, family=socket.AF_INET)
            writer.write(b"here\n")
            answer = await reader.read()
            writer.close()
            return answer

    async def away() -> None:
        await asyncio.open_connection("192.0.2.1", 80)

    assert asyncio.run(echo()) == b"here\n"
    with pytest.raises(REFUSED, match="loopback"):
        asyncio.run(away())


def test_textual_is_set_as_the_console_sets_it_but_draws_at_once() -> None:
    assert constants.MAX_FPS == 1000
    assert constants.TEXTUAL_ANIMATIONS == "none"
    assert not constants.SMOOTH_SCROLL


def test_no_process_whose_files_are_limited_keeps_what_it_compiles() -> None:
    """Python writes a compiled file as far as it may: each later process would fail to read it, or
    go on without what is to be imported at its start."""
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.rglob("*.py")]
    limited = [text for text in texts if "setrlimit(resource.RLIMIT_" + "FSIZE" in text]
    assert limited
    ways = ("dont_write_bytecode = True", "PYTHONDONTWRITEBYTECODE")
    assert all(any(way in text for way in ways) for text in limited)
