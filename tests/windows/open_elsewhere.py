"""Files that another process has open, with the sharing that spreadsheet programs ask for.

`python -m tests.windows.open_elsewhere` is that process; it is told what to open, line by line.
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What others may do meanwhile: Excel lets them read a workbook or list that it has open; some
#: programs let them do nothing.
READ, NOTHING = 1, 0
_READ_WRITE, _EXISTING = 0xC0000000, 3


class Elsewhere:
    """The other process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @contextmanager
    def opened(self, path: Path, share: int = READ) -> Iterator[None]:
        """While the block runs, `path` is open there."""
        self._tell({"open": str(path), "share": share})
        try:
            yield
        finally:
            self._tell({"close": 0.0})

    def close_in(self, seconds: float) -> None:
        """Have it closed after so many seconds, without waiting for that."""
        self._tell({"close": seconds})

    def _tell(self, order: dict[str, object]) -> None:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        assert self._process.stdout.readline().strip() == "ok"


@contextmanager
def another_process() -> Iterator[Elsewhere]:
    """A process that opens files while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.windows.open_elsewhere"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Elsewhere(process)
        finally:
            process.kill()


def _main() -> None:
    import threading

    from siptui.host.windows.kernel import INVALID_HANDLE, kernel32

    handles: list[int] = []

    def close() -> None:
        while handles:
            kernel32.CloseHandle(handles.pop())

    for line in sys.stdin:
        order = json.loads(line)
        if "open" in order:
            handle = kernel32.CreateFileW(
                order["open"], _READ_WRITE, order["share"], None, _EXISTING, 0x80, None
            )
            assert handle != INVALID_HANDLE, ctypes.get_last_error()
            handles.append(handle)
        elif order["close"]:
            threading.Timer(order["close"], close).start()
        else:
            close()
        print("ok", flush=True)


if __name__ == "__main__":
    _main()
