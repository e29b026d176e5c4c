"""Child processes of tests without the cost of starting Python and importing siptui each time.

`subprocess.Popen` starts `python -m siptui …`, workers, what reads workbooks and what asks a
keyring by a fork of a process that has imported it all already (`fork_server`). What comes of it
is a child like any other: with its own process id, session, streams, folder, environment and exit
code. Only its command line and first environment, as `/proc` shows them, are those of the server.
Whatever is started otherwise, or with something of its own that Python reads when it starts, is
started as ever; so is everything in a test marked `own_python`, and on systems other than Linux.
"""

import array
import fcntl
import inspect
import json
import os
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from siptui.devicelist.workbook_process import _ENVIRONMENT as READER_ENVIRONMENT
from siptui.host.interpreter import module_command
from siptui.tui.run_console import _ENVIRONMENT as CONSOLE_ENVIRONMENT
from tests.support import fork_server
from tests.support.late_start import AFTER_IMPORTS

#: What a worker needs, and what commands need that submit and look. Not the programs themselves:
#: those are run from their first line.
_COMMANDS = (
    *("siptui.app.role_end", "siptui.app.session", "siptui.app.worker_start", "siptui.runs.worker"),
    *("siptui.gateway.bulk_client", "siptui.cli.group", "siptui.cli.errors"),
    *("siptui.cli.commands.run", "siptui.cli.commands.attach", "siptui.cli.commands.runs"),
    *("concurrent.futures.thread", "encodings.idna", "httpx", "msal", "stamina", "truststore"),
    *("cryptography.hazmat.primitives.ciphers.aead", "encodings.cp1252", "encodings.utf_8_sig"),
    # What the HTTP library loads at its first request.
    *("httpcore", "anyio.to_thread", "anyio.abc", "anyio.streams.tls", "anyio._backends._asyncio"),
    *("siptui.host.limits", "siptui.host.posix.limits", "siptui.host.clipboard", "resource"),
    *("siptui.host.windows", "siptui.host.side", "siptui.host.surroundings", "siptui.cli.main"),
    *("siptui.settings.hosts", "siptui.identity.keyring_child", "siptui.logs.removal"),
    "siptui.runs.journal.oldest_run",
    *("keyring", "keyring.backends.fail", "keyring.backends.null"),
    *("siptui.runs.journal.backup", "siptui.runs.journal.repair", "siptui.transport.recorder"),
    # For what reads workbooks.
    *("siptui.devicelist.sheet_biff", "siptui.devicelist.sheet_binary", "fastexcel"),
    *("glob", "sysconfig", "zoneinfo"),
)
#: What consoles need beside that.
_CONSOLES = (
    *("siptui.cli.commands.open", "siptui.cli.commands.demo", "siptui.tui.app"),
    "siptui.cli.console_parts",
    *(f"siptui.tui.console.{name}_flow" for name in ("run", "submit", "retry", "decision")),
    *(f"siptui.tui.console.{name}_flow" for name in ("correct", "tenant", "overview", "status")),
    *("siptui.tui.console.verify_flow", "siptui.tui.terminal_driver", "siptui.app.demo_tenant"),
    *("textual.drivers.linux_driver", "textual.layouts.factory", "textual.scrollbar"),
)
_QUICK = str(Path(__file__).parents[1] / "worker" / "quick")
#: These folders may be on PYTHONPATH: what is in the first is read when the process begins, and in
#: the other are the keyrings of tests.
_FOLDERS = (_QUICK, str(Path(__file__).parents[2]))
_WORKER = module_command("siptui.app.worker_main")
_READER = module_command("siptui.devicelist.workbook_child")
_KEYRING = module_command("siptui.identity.keyring_child")
_SIPTUI = [sys.executable, "-m", "siptui"]
#: What Python and libraries read when they start or are imported.
_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "OPENSSL", "MALLOC")
_LATER = ("PYTHONPATH", "PYTHONIOENCODING", "PYTHON_KEYRING_BACKEND")
_USUAL = {
    **dict.fromkeys(("executable", "gid", "gids", "uid", "startupinfo")),
    "pass_fds": (),
    "shell": False,
    "umask": -1,
    "close_fds": True,
}
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
_execute = subprocess.Popen._execute_child  # type: ignore[attr-defined]  # of CPython
_signature = inspect.signature(_execute)


def _read_at_start(env: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in env.items() if k.startswith(_AT_START) and k not in _LATER}


def _may_be_read_later(folder: str) -> bool:
    if folder in _FOLDERS:
        return True
    try:
        return Path(folder, "sitecustomize.py").read_text("utf-8").startswith(AFTER_IMPORTS)
    except (OSError, ValueError):
        return False


def begin(own: socket.socket | None = None) -> "Forking | None":
    """Have `subprocess.Popen` fork what can be forked; nothing where that cannot be.

    `own` leads to the server of a process that was forked itself: only what begins a session is
    forked from it.
    """
    if not fork_server.supported():
        return None
    forking = Forking(own)

    def execute(popen: "subprocess.Popen[bytes]", *args: Any, **named: Any) -> None:
        forking.execute(popen, *args, **named)

    subprocess.Popen._execute_child = execute  # type: ignore[attr-defined]  # on purpose
    return forking


def take_terminal() -> None:
    """For `preexec_fn`: standard input becomes the terminal of the session."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Forking:
    """What stands in the place of `Popen._execute_child` while `active`."""

    def __init__(self, own: socket.socket | None = None) -> None:
        self.active = True
        self._forked = own is not None
        self._owner = os.getpid()
        self._env = _read_at_start(os.environ)
        self._commands = ForkServer(_COMMANDS, self._env, own)
        console_env = self._env | CONSOLE_ENVIRONMENT
        self._consoles = ForkServer(_CONSOLES, console_env, base=self._commands)

    def execute(self, popen: "subprocess.Popen[bytes]", *args: Any, **named: Any) -> None:
        """Fork, or start as ever."""
        how = _signature.bind(popen, *args, **named).arguments
        order = self._order(how) if self.active and os.getpid() == self._owner else None
        if order is None:
            _execute(popen, *args, **named)
            return
        streams = [
            number if given == -1 else given
            for number, given in enumerate((how["p2cread"], how["c2pwrite"], how["errwrite"]))
        ]
        console = os.isatty(streams[0]) and not self._forked
        server = self._consoles if console else self._commands
        folder = os.open(how["cwd"] or ".", os.O_RDONLY)
        try:
            popen.pid = server.fork(order, [folder, *streams])
        finally:
            os.close(folder)
        popen._child_created = True  # type: ignore[attr-defined]
        popen._close_pipe_fds(*(how[name] for name in _PIPES))  # type: ignore[attr-defined]

    def _wanted(self, module: str) -> dict[str, str]:
        """What must be in the environment of a process of `module` for it to be forked."""
        if module == "siptui.devicelist.workbook_child":  # it is given little
            return {k: v for k, v in self._env.items() if k in READER_ENVIRONMENT}
        return self._env

    def _order(self, how: Mapping[str, Any]) -> dict[str, Any] | None:
        """What to fork; nothing if Python must be started."""
        command, preexec = how["args"], how["preexec_fn"]
        env = dict(os.environ if how["env"] is None else how["env"])
        found = _module(command) if isinstance(command, list) else None
        if (
            found is None
            or any(how.get(name, usual) != usual for name, usual in _USUAL.items())
            or preexec not in (None, take_terminal)
            or (self._forked and (preexec or not how["start_new_session"]))
            or _read_at_start(env) != self._wanted(found[0])
            or not _may_be_read_later(env.get("PYTHONPATH", _QUICK))
            or any(env.get(name, value) != value for name, value in CONSOLE_ENVIRONMENT.items())
        ):
            return None
        umask = os.umask(0o022)
        os.umask(umask)
        return {
            "module": found[0],
            "args": found[1],
            "env": env,
            "session": bool(how["start_new_session"]),
            "terminal": preexec is take_terminal,
            "umask": umask,
        }


def _module(command: list[Any]) -> tuple[str, list[str]] | None:
    """Which module of siptui `command` runs, and the arguments."""
    for start, module in (
        (_WORKER, "siptui.app.worker_main"),
        (_READER, "siptui.devicelist.workbook_child"),
        (_KEYRING, "siptui.identity.keyring_child"),
        (_SIPTUI, "siptui"),
    ):
        if command[: len(start)] == start:
            return module, list(map(os.fspath, command[len(start) :]))
    return None


class ForkServer:
    """A process that imports `ahead` in the environment `env`, and then forks. It is started at
    the first order, itself forked from `base` if there is one, unless a socket leads to it."""

    def __init__(
        self,
        ahead: Sequence[str],
        env: Mapping[str, str],
        own: socket.socket | None = None,
        *,
        base: "ForkServer | None" = None,
    ) -> None:
        self._ahead, self._env, self._base = ahead, env, base
        self._lock = threading.Lock()
        self._socket = own

    def fork(self, order: Mapping[str, Any], handed: Sequence[int]) -> int:
        """The process id of what was forked."""
        with self._lock:
            ours = self._socket or self._start()
            ours.sendmsg(
                [json.dumps(order).encode()],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handed))],
            )
            return int(ours.recv(100))

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for one in (ours, theirs):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with theirs:
            # It ends when the other end of its socket is closed, at the latest with this process.
            if self._base is not None:
                order = {"ahead": self._ahead, "env": self._env}
                self._base.fork(order, [theirs.fileno()])
            else:
                self._begin(theirs.fileno())
        assert ours.recv(100) == b"ready", "the fork server did not start"
        self._socket = ours
        return ours

    def _begin(self, number: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", fork_server.__file__, str(number), *self._ahead],
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **self._env},
            pass_fds=[number],
            stdin=subprocess.DEVNULL,
        )
