"""`siptui` on a pseudo-terminal: bytes go in, a screen comes out."""

import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl

import pyte

PATIENCE = 90.0


class Terminal:
    """`siptui demo` on a pseudo-terminal, or another `command`, or `argv` as it is; what it sends
    is kept, and shown on a `screen` of 80×24."""

    def __init__(
        self,
        *words: str,
        command: str = "demo",
        size: tuple[int, int] = (80, 24),
        argv: Sequence[str] = (),
        **environ: str,
    ) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(slave)
        env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM")}
        self.process = subprocess.Popen(
            argv or [sys.executable, "-m", "siptui", *filter(None, [command]), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env | {"TERM": "xterm-256color"} | environ,
            start_new_session=True,
        )
        self.slave = slave
        self.sent = b""
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)
        self._shown = 0

    def write(self, keys: str) -> None:
        """All of it in one piece."""
        os.write(self.master, keys.encode())

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        self._stream.feed(self._as_sent(self.sent[self._shown :]))
        self._shown = len(self.sent)
        return "\n".join(line.rstrip() for line in self.screen.display)

    def _as_sent(self, data: bytes) -> bytes:
        """What was sent of what came; another host of terminals may have put something in."""
        return data

    def until(self, seen: Callable[[str], bool]) -> str:
        """Read on until the screen is so; the screen."""
        end = time.monotonic() + PATIENCE
        while not seen(self.text):
            assert time.monotonic() < end, self.text
            if select.select([self.master], [], [], 0.1)[0]:
                self.sent += os.read(self.master, 65536)
        return self.text

    def shows(self, *wanted: str) -> str:
        """Read on until all of it stands on the screen; the screen."""
        return self.until(lambda text: all(one in text for one in wanted))

    def read_until(self, wanted: bytes) -> None:
        end = time.monotonic() + PATIENCE
        while wanted not in self.sent:
            assert time.monotonic() < end, self.sent[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self.sent += os.read(self.master, 65536)

    def resize(self, width: int, height: int) -> None:
        ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.process.send_signal(signal.SIGWINCH)

    def leave(self) -> int:
        """Read on until the process has ended; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end
            if select.select([self.master], [], [], 0.05)[0]:
                self.sent += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.sent += os.read(self.master, 65536)
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
