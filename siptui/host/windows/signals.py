"""Being told of interrupt, close and shutdown (Windows: events of the console).

Python hears of Ctrl-C and Ctrl-Break alone, and when the handler of a close returns, Windows ends
the process at once. So the handler here waits, as long as Windows lets it, until the process has
ended in order. A process without a console, as a worker is, hears of none of them: it is ended, and
what counts is in the journal by then.
"""

import _thread
import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from ctypes import wintypes as w
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # as heavy as the rest of a command together, and few have a loop
    from asyncio import AbstractEventLoop

assert sys.platform == "win32"


from siptui.host.windows.kernel import kernel32

_BREAK, _CLOSE, _LOG_OFF, _SHUTDOWN = 1, 2, 5, 6
#: Windows ends a process some five seconds after a close.
_SECONDS_LEFT = 4.5
#: SEM_FAILCRITICALERRORS and SEM_NOGPFAULTERRORBOX: no window waits for a click.
_QUIET_ERRORS = 0x1 | 0x2
#: WER_FAULT_REPORTING_FLAG_NOHEAP: what is reported of a crash holds no heap.
_NO_HEAP = 0x1
#: The exit codes that POSIX has for a hang-up and for an order to end.
_HUNG_UP, _TERMINATED = 129, 143
_Handler = ctypes.WINFUNCTYPE(w.BOOL, w.DWORD)


def forbid_core_dumps() -> None:
    """See to it that reports of a crash hold no memory of this process: there may be a token."""
    kernel32.SetErrorMode(_QUIET_ERRORS)
    with contextlib.suppress(OSError, AttributeError):
        kernel32.WerSetFlags(_NO_HEAP)


@contextlib.contextmanager
def ending_as_interrupted(here: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, the close of the window, log-off, shutdown and Ctrl-Break raise
    `KeyboardInterrupt` in it if `here` says so, else they end the process as ever."""

    def told(_: int) -> bool:
        if not here():
            return False
        _thread.interrupt_main(signal.SIGINT)
        return True

    with _hearing(told):
        yield


def on_terminal_end(loop: "AbstractEventLoop", leave: Callable[[int, bool], None]) -> None:
    """Have `loop` call `leave(code, gone)` when this process is to end or its window is `gone`;
    `code` is the exit code that says so."""

    def told(event: int) -> bool:
        gone = event == _CLOSE
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(leave, _HUNG_UP if gone else _TERMINATED, gone)
        return True

    _add(told)


def begin_worker() -> None:
    """What a process does first that goes on without a terminal: Ctrl-C of any console is
    ignored."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def on_order_to_end(loop: "AbstractEventLoop", end: Callable[[], object]) -> None:
    """Have `loop` call `end` at Ctrl-Break, which a console of the worker's own could send."""

    def told(event: int) -> bool:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end)
        return event != _BREAK

    _add(told)


@contextlib.contextmanager
def _hearing(told: Callable[[int], bool]) -> Iterator[None]:
    handler = _add(told)
    try:
        yield
    finally:
        kernel32.SetConsoleCtrlHandler(handler, False)
        _handlers.remove(handler)


#: What Windows may call must not be collected.
_handlers: list[object] = []


def _add(told: Callable[[int], bool]) -> object:
    def handle(event: int) -> bool:
        if event not in (_BREAK, _CLOSE, _LOG_OFF, _SHUTDOWN):
            return False  # Ctrl-C is Python's
        if not told(event):
            return False
        if event != _BREAK:
            threading.Event().wait(_SECONDS_LEFT)
        return True

    handler = _Handler(handle)
    kernel32.SetConsoleCtrlHandler(handler, True)
    _handlers.append(handler)
    return handler
