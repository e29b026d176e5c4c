"""A terminal window on this computer, with a siptui in it."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tests.support.forking import take_terminal
from tests.support.two_users import Operator
from tests.worker.installation import Installation


class Terminal:
    """What was started in it dies with it unless it left."""

    def __init__(
        self,
        installation: Installation | Operator,
        *args: str,
        before: Sequence[str] = (),
        env: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        self.shown = b""
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "siptui", *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **installation.env, **env, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(theirs)

    def shows(self, text: str) -> bool:
        """Read what came; whether `text` was ever among it."""
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self._ours, 65536):
                self.shown += piece
        return text.encode() in self.shown

    def types(self, text: str) -> None:
        """Press these keys."""
        os.write(self._ours, text.encode())

    def ends(self, seconds: float = 60) -> int:
        """The exit code of what runs in it, once it ends by itself."""
        for _ in range(int(seconds * 20)):
            self.shows("")
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(0.05)
        self.process.kill()
        raise AssertionError(f"did not end: {self.shown!r}")

    def close(self) -> None:
        """The window is closed: the kernel hangs up on the session."""
        os.close(self._ours)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
