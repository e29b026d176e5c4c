"""In the place of the WMI service, which Wine has inside the process that asks: what it starts is
in the job of the asker there.

`service` starts what it is told from this process, which is in no session, with the bare
environment of Windows and nothing else, as WMI does. Processes that have `environ` of it ask it
instead: one function is replaced, by which siptui asks WMI.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Listener
from pathlib import Path

from siptui.host.windows import wmi
from tests.worker.installation import QUICK

_SYSTEM = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "TEMP", "TMP", "COMSPEC", "PATHEXT", "PATH")
_CODE = f"""
import runpy
from tests.windows import service
service.replace_wmi({{address!r}})
runpy.run_path({str(QUICK / "sitecustomize.py")!r})
"""


@dataclass
class Service:
    """What it was asked to start, and the environment by which processes ask it."""

    environ: Mapping[str, str]
    asked: list[str] = field(default_factory=list)


def replace_wmi(address: str) -> None:
    """Have this process ask the service at `address` instead of WMI."""

    def create_process(command_line: str, folder: str) -> int:
        with Client(address, family="AF_PIPE") as service:
            service.send((command_line, folder))
            pid = service.recv()
        if not pid:
            raise OSError(2, "Win32_Process.Create says 2")
        return int(pid)

    wmi.create_process = create_process


def start(command_line: str, folder: str) -> int:
    """Start it as the service does: no handles, a bare environment."""
    bare = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
    process = subprocess.Popen(
        command_line, cwd=folder, env=bare, creationflags=subprocess.DETACHED_PROCESS
    )
    return process.pid


@contextlib.contextmanager
def service(folder: Path, start: Callable[[str, str], int] = start) -> Iterator[Service]:
    """A service that starts by `start` while the block runs; `folder` is for its own use."""
    address = rf"\\.\pipe\tests-{os.urandom(8).hex()}"
    (folder / "sitecustomize.py").write_text(_CODE.format(address=address), encoding="utf-8")
    root = Path(__file__).parents[2]
    found = Service({"PYTHONPATH": f"{folder};{root}"})
    listener = Listener(address, family="AF_PIPE")
    over = False

    def serve() -> None:
        while True:
            with listener.accept() as asker:
                if over:
                    return
                line, place = asker.recv()
                found.asked.append(line)
                asker.send(start(line, place))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over = True
        with contextlib.suppress(OSError, EOFError):
            Client(address, family="AF_PIPE").close()
        thread.join(5)
        listener.close()


assert sys.platform == "win32"
