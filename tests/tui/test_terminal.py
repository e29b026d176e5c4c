"""The console on a real terminal: how it leaves it, and where it refuses to open."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl

import pytest

from siptui.domain.errors import ExitCode

_PATIENCE = 30.0


class Terminal:
    """`siptui demo` on a pseudo-terminal; what it sends is kept."""

    def __init__(self, **environ: str) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)
        env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from siptui.cli import main; main()", "demo"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env | {"TERM": "xterm-256color"} | environ,
            start_new_session=True,
        )
        self.slave = slave
        self.sent = b""

    def read_until(self, wanted: bytes) -> None:
        end = time.monotonic() + _PATIENCE
        while wanted not in self.sent:
            assert time.monotonic() < end, self.sent[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                self.sent += os.read(self.master, 65536)

    def leave(self) -> int:
        """Read on until the process has ended; its exit code."""
        end = time.monotonic() + _PATIENCE
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


def _is_clean(terminal: Terminal) -> bool:
    last = {
        mode: [m.group(2) for m in re.finditer(rb"\x1b\[\?(%d)([hl])" % mode, terminal.sent)][-1:]
        for mode in (1049, 1000, 1003, 1006, 2004)
    }
    off = all(state in ([b"l"], []) for state in last.values())
    return off and termios.tcgetattr(terminal.slave) == terminal.before


@pytest.mark.parametrize("how", ["q", "SIGTERM", "SIGHUP", "SIGINT"])
def test_the_terminal_is_left_as_it_was(how: str) -> None:
    terminal = Terminal()
    try:
        terminal.read_until(b"60 devices ready")
        if how == "q":
            os.write(terminal.master, b"q")
            wanted = {0}
        elif how == "SIGINT":
            terminal.process.send_signal(signal.SIGINT)
            wanted = set(range(256)) | {-signal.SIGINT}
        else:
            number = signal.Signals[how]
            terminal.process.send_signal(number)
            wanted = {128 + number}
        assert terminal.leave() in wanted
        assert b"\x1b[?1049h" in terminal.sent
        if how != "SIGINT":
            assert b"\x1b]2;siptui\x07" in terminal.sent
            assert terminal.sent.rindex(b"\x1b]2;\x07\x1b[23;2t") > terminal.sent.rindex(
                b"siptui\x07"
            )
        assert _is_clean(terminal)
        assert b"Traceback" not in terminal.sent
    finally:
        terminal.close()


def test_without_colour_no_colour_code_is_sent() -> None:
    terminal = Terminal(NO_COLOR="1")
    try:
        terminal.read_until(b"60 devices ready")
        os.write(terminal.master, b"q")
        assert terminal.leave() == 0
        for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.sent):
            numbers = {int(code or 0) for code in codes.split(b";")} - {39, 49}  # its own colours
            assert not [n for n in numbers if 30 <= n <= 49 or 90 <= n <= 107], codes
    finally:
        terminal.close()


def test_a_dumb_terminal_is_refused_with_the_way_on() -> None:
    terminal = Terminal(TERM="dumb")
    try:
        assert terminal.leave() == ExitCode.USAGE
        assert b"siptui run FILE" in terminal.sent
        assert b"\x1b" not in terminal.sent
    finally:
        terminal.close()
