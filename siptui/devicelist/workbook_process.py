"""Starting the process that reads workbooks (see `workbook_child`), early where one will be read.

It loads libraries for longer than it reads. Started as soon as a workbook is named, it does so
beside this process, which has the screen or the rest of itself to load. The file is sent to it at
once; when the list is read, it has to be the same still.
"""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from siptui.host.files import read_plain
from siptui.host.interpreter import module_command
from siptui.host.processes import start_child

#: How files of workbooks end. What a file is, is told by its bytes when it is read.
_ENDINGS = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))
#: Of the environment, what a process that only reads bytes needs.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
#: A larger file is sent when it is read.
_SENT_EARLY = 16 * 1024 * 1024
#: Seconds that the process may take to load its libraries.
_PATIENCE = 60.0


class _Early:
    """A process that was started early and not taken yet, to which the file is sent beside.

    `sent` is what was sent to it, or nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = _started("early")
        self.sent = b""
        self._sending = Thread(target=self._send, daemon=True)
        self._sending.start()

    def _send(self) -> None:
        try:
            data = read_plain(self.path, _SENT_EARLY + 1)
        except (OSError, ValueError):
            return  # whoever reads the list is told of it
        if self.process.stdin is None or not 0 < len(data) <= _SENT_EARLY:
            return
        self.sent = data
        with suppress(OSError, ValueError):  # it has ended, which is told by its exit
            self.process.stdin.write(as_sent(data))
            self.process.stdin.flush()

    def has(self, data: bytes) -> bool:
        """Whether the process has been sent these very bytes, or nothing yet."""
        self._sending.join(_PATIENCE)
        return not self._sending.is_alive() and self.sent in (b"", data)


_waiting: list[_Early] = []


def as_sent(data: bytes) -> bytes:
    """A workbook as the process is sent it."""
    return json.dumps({"size": len(data)}).encode() + b"\n" + data


def start_early(path: Path) -> Callable[[], None] | None:
    """Start the process where `path` looks like that of a workbook, unless that was done, and send
    it the file; `process_for_workbook` takes it. Returns what ends it where nothing has taken it,
    or None where none was started."""
    if path.suffix.casefold() not in _ENDINGS or not path.is_file():
        return None
    early = next((one for one in _waiting if one.path == path), None)
    if early is None:
        try:
            early = _Early(path)
        except OSError:
            return None  # it is tried again when the workbook is read, and told of then
        _waiting.append(early)

    def end() -> None:
        if early in _waiting:
            _waiting.remove(early)
            end_process(early.process)

    return end


def process_for_workbook(data: bytes) -> tuple["subprocess.Popen[bytes]", bool]:
    """The process that was started early, or a new one, and whether it has the workbook `data`
    already. End it with `end_process`."""
    while _waiting:
        early = _waiting.pop()
        if early.has(data):
            return early.process, bool(early.sent)
        end_process(early.process)  # the file is another one now
    return _started(), False


def end_process(process: "subprocess.Popen[bytes]") -> None:
    """End the process, whatever it is doing."""
    with suppress(OSError):
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()


def _started(*words: str) -> "subprocess.Popen[bytes]":
    environ = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return start_child(
        [*module_command("siptui.devicelist.workbook_child"), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
    )
