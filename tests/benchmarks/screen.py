"""A program on a real pseudo-terminal: what it sends is counted, at the speed of a link."""

import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence
from fcntl import ioctl
from types import TracebackType
from typing import Any, Self

_PATIENCE = 60.0
_CHUNK = 1024
#: A terminal reached over SSH has no COLORTERM; what is installed is compiled.
_UNSET = ("NO_COLOR", "COLORTERM", "PYTHONDONTWRITEBYTECODE")


class Screen:
    """Runs `command` on a pty of `size` (columns, lines); `rate` is bytes a second, 0 any.

    A stage (see `stage.py`) also has a pipe for orders: `ask` sends one and waits for the answer.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        rate: float = 0,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        env = {k: v for k, v in os.environ.items() if k not in _UNSET}
        env |= {"TERM": "xterm-256color", "STAGE": f"{orders},{answers}"} | (environ or {})
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            pass_fds=(orders, answers),
            start_new_session=True,
        )
        for fd in (slave, orders, answers):
            os.close(fd)
        self._rate = rate
        self.sent = bytearray()
        self.last_at = self.began
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @classmethod
    def stage(cls, scene: str, *words: str, **how: Any) -> "Self":
        """A scene of `stage.py`."""
        return cls([sys.executable, "-m", "tests.benchmarks.stage", scene, *words], **how)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, _CHUNK if self._rate else 65536)
            except OSError:  # the last one closed it
                return
            if not data:
                return
            self.sent += data
            self.last_at = time.monotonic()
            if self._rate:
                time.sleep(len(data) / self._rate)

    def until(self, wanted: str) -> float:
        """Wait until that was sent; seconds since the start."""
        while wanted.encode() not in self.sent:
            if time.monotonic() - self.began > _PATIENCE or self.process.poll() is not None:
                raise RuntimeError(f"{wanted!r} never came: {bytes(self.sent[-500:])!r}")
            time.sleep(0.001)
        return time.monotonic() - self.began

    def quiet(self, seconds: float = 0.5) -> int:
        """Wait until nothing was sent for that long; how much was sent in all."""
        began = time.monotonic()
        while time.monotonic() - max(self.last_at, began) < seconds:
            time.sleep(0.01)
        return len(self.sent)

    def press(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def ask(self, order: str, *words: Any) -> Any:
        """Give an order to the stage; its answer."""
        os.write(self._orders, (json.dumps([order, *words]) + "\n").encode())
        answer = b""
        while not answer.endswith(b"\n"):
            if not select.select([self._answers], [], [], _PATIENCE)[0]:
                raise RuntimeError(f"no answer to {order}: {bytes(self.sent[-500:])!r}")
            part = os.read(self._answers, 65536)
            if not part:
                raise RuntimeError(f"ended at {order}: {bytes(self.sent[-2000:])!r}")
            answer += part
        return json.loads(answer)

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the program."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reading.join(2)
        for fd in (self.master, self._orders, self._answers):
            os.close(fd)
