"""The emulator on a real loopback port: in a thread of this process, or as a process."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siptui.emulator.emulator import Emulator
from siptui.emulator.scenario import Scenario
from tests.transport import web

#: Seconds that a server may take to end.
_TO_END = 10.0
BULK = "/Teams.SipDevicesGatewayManagement/v1"


@dataclass(frozen=True)
class Running:
    """A served emulator. Its `url`; pages under `/_emulator/` through `ask` and `tell`."""

    url: str

    def ask(self, page: str) -> Any:
        """GET `/_emulator/PAGE`."""
        return web.get(f"{self.url}/_emulator/{page}").raise_for_status().json()

    def forward(self, seconds: float) -> None:
        """Let so much emulated time pass at once."""
        self.tell("time", advance=seconds)

    def tell(self, page: str, **what: Any) -> Any:
        """POST `what` to `/_emulator/PAGE`."""
        answer = web.post(f"{self.url}/_emulator/{page}", json=what)
        return answer.raise_for_status().json()


@contextlib.contextmanager
def running_emulator(
    scenario: Scenario | str | Path = "mixed",
    *,
    seed: int = 1,
    speed: float = 1.0,
    until_ended: bool = True,
) -> Iterator[Running]:
    """An emulator served by a thread while the block runs. Look into it through HTTP only."""
    with serving(Emulator(scenario, seed=seed, speed=speed), until_ended=until_ended) as running:
        yield running


#: Threads that were told to end, each with its socket and when it was.
_ending: list[tuple[threading.Thread, socket.socket, float]] = []


@contextlib.contextmanager
def serving(emulator: Emulator, *, until_ended: bool = True) -> Iterator[Running]:
    """`emulator` on a loopback port while the block runs.

    A server takes a moment to end, in which it does nothing. Unless the block is to last
    `until_ended`, nobody waits for that: that it ended is seen when the next one begins.
    """
    from siptui.emulator.server import make_server

    _see_ended()
    server, listener, url = make_server(emulator)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="emulator"
    )
    thread.start()
    try:
        yield Running(url)
    finally:
        server.should_exit = True
        _ending.append((thread, listener, time.monotonic()))
        if until_ended:
            thread.join(_TO_END)
        _see_ended()


def _see_ended() -> None:
    for one in list(_ending):
        thread, listener, told = one
        if not thread.is_alive():
            listener.close()
            _ending.remove(one)
        else:
            assert time.monotonic() - told < _TO_END, "an emulator did not end"


@contextlib.contextmanager
def emulator_process(
    *options: str, env: dict[str, str] | None = None
) -> Iterator[tuple[Running, "subprocess.Popen[str]"]]:
    """`siptui emulator --port 0 OPTIONS` as a process of its own while the block runs."""
    argv: Sequence[str] = [sys.executable, "-m", "siptui", "emulator", "--port", "0", *options]
    with subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(env or {})},
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), address
            yield Running(address), process
        finally:
            if process.poll() is None:
                process.terminate()
