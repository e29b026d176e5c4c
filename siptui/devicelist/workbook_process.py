"""Starting the process that reads workbooks (see `workbook_child`), early where one will be read.

It loads libraries for longer than it reads. Started as soon as a workbook is named, it does so
beside this process, which has the screen or the rest of itself to load.
"""

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from siptui.host.interpreter import module_command
from siptui.host.processes import start_child

#: How files of workbooks end. What a file is, is told by its bytes when it is read.
_ENDINGS = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"))
#: Of the environment, what a process that only reads bytes needs.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
#: Started early and not taken yet.
_waiting: list["subprocess.Popen[bytes]"] = []


def start_early(path: Path) -> Callable[[], None] | None:
    """Start the process where `path` looks like that of a workbook; `process_for_workbook` takes
    it. Returns what ends it where nothing has taken it, or None where none was started."""
    if path.suffix.casefold() not in _ENDINGS or not path.is_file():
        return None
    try:
        process = _started("early")
    except OSError:
        return None  # it is tried again when the workbook is read, and told of then
    _waiting.append(process)

    def end() -> None:
        if process in _waiting:
            _waiting.remove(process)
            end_process(process)

    return end


def process_for_workbook() -> "subprocess.Popen[bytes]":
    """The process that was started early, or a new one. End it with `end_process`."""
    with suppress(IndexError):
        return _waiting.pop()
    return _started()


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
    environ |= {"POLARS_MAX_THREADS": "1", "POLARS_SKIP_CPU_CHECK": "1"}
    return start_child(
        [*module_command("siptui.devicelist.workbook_child"), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
    )
