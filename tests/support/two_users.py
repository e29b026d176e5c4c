"""Two users of one host, as root can play them: an operator who works with siptui, and a neighbour.

Neither has an entry in the list of users; both end with the test. The operator is one process that
runs commands one after the other, so that each costs no start of Python.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPERATOR, NEIGHBOUR = 45671, 45672
#: Reads whatever is readable to root, as this Python may lie in a folder that is closed to others.
AS_OPERATOR = (
    *("setpriv", f"--reuid={OPERATOR}", f"--regid={OPERATOR}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
#: Seconds after which a command counts as one that hangs; it ends the operator's process.
_HANGS = 60


def as_neighbour(act: Callable[[], Any]) -> Any:
    """What `act` returns, done by the neighbour in a process of its own (`repr`, read back)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(NEIGHBOUR, NEIGHBOUR, NEIGHBOUR)
            os.setresuid(NEIGHBOUR, NEIGHBOUR, NEIGHBOUR)
            os.umask(0)
            answer = json.dumps(act())
            status = 0
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = file.read()
    _, code = os.waitpid(pid, 0)
    assert code == 0, answer
    return json.loads(answer)


@contextlib.contextmanager
def neighbour_at_it(act: Callable[[], Any], pause: float) -> Iterator[None]:
    """While the block runs the neighbour does `act` again and again, `pause` seconds apart; what
    fails is passed over. Who waits in between is let on to the processor sooner, too."""
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setresgid(NEIGHBOUR, NEIGHBOUR, NEIGHBOUR)
            os.setresuid(NEIGHBOUR, NEIGHBOUR, NEIGHBOUR)
            os.umask(0)
            while True:
                with contextlib.suppress(OSError):
                    act()
                time.sleep(pause)
        os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@dataclass(frozen=True)
class Done:
    """How a command of the operator ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """All that it said, with every run of blanks as one."""
        return " ".join((self.stdout + self.stderr).split())


class Operator:
    """The operator's process; `env` is its environment beside that of the test."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = {**os.environ, **env}
        self._process = subprocess.Popen(
            [*AS_OPERATOR, sys.executable, "-P", "-c", _LOOP],
            env=self.env,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def siptui(self, *words: object, folder: Path, disk: float = 0.0, **env: str | None) -> Done:
        """`siptui WORDS` in `folder`, without a terminal, as under the umask 000, on a disk that
        takes `disk` seconds for what is to be on it."""
        order = {"words": [str(word) for word in words], "folder": str(folder)}
        return Done(**self._asked(**order, env=env, disk=disk))

    def folder(self, path: Path) -> Path:
        """Make a folder of the operator's that everyone may write, as under the umask 000."""
        path.mkdir()
        os.chown(path, OPERATOR, OPERATOR)
        path.chmod(0o777)
        return path

    def _asked(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"{order}: the command hung, or ended its process"
        return json.loads(line)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def operator(env: Mapping[str, str]) -> Iterator[Operator]:
    """The operator, while the block runs."""
    found = Operator(env)
    try:
        yield found
    finally:
        found.end()


#: Its workers are forked where they can be.
_LOOP = f"""
import json, os, signal, sys, time
from pathlib import Path
sys.path.insert(0, str(Path.cwd()))
from click.testing import CliRunner
from siptui.cli.group import cli
if sys.platform == "linux":
    from tests.support import forking
    forking.begin()
del sys.path[0]
os.umask(0)
answers = os.fdopen(os.dup(1), "w")
fsync, disk = os.fsync, 0
def on_disk(fd):
    fsync(fd)
    time.sleep(disk)
os.fsync = on_disk
for line in sys.stdin:
    order = json.loads(line)
    signal.alarm({_HANGS})
    os.chdir(order["folder"])
    disk = order["disk"]
    done = CliRunner().invoke(cli, order["words"], env=order["env"])
    answer = {{"exit_code": done.exit_code, "stdout": done.stdout, "stderr": done.stderr}}
    signal.alarm(0)
    answers.write(json.dumps(answer) + "\\n")
    answers.flush()
"""
