"""Signals (POSIX): interrupt, hang-up, an order to end."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # as heavy as the rest of a command together, and few have a loop
    from asyncio import AbstractEventLoop

assert sys.platform != "win32"


#: Of prctl(2).
_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """See to it that the memory of this process, in which there may be a token, is never written
    to a file, nor read by other processes of the user.

    The limit alone does not do on Linux: where the kernel hands cores to a program
    (systemd-coredump, apport), it is not asked about (core(5)).
    """
    import ctypes
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError, TypeError):  # there is no such call
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextlib.contextmanager
def ending_as_interrupted(here: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, SIGTERM and SIGHUP raise `KeyboardInterrupt` in it if `here` says so,
    else they end the process as ever. One that is ignored (nohup) stays ignored.

    After SIGHUP nothing can be printed any more, and nothing fails for that.
    """

    def end(number: int, _: object) -> None:
        if not here():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if number == signal.SIGHUP:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (1, 2):
                os.dup2(null, stream)
            os.close(null)
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():  # others cannot set any
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def on_terminal_end(loop: "AbstractEventLoop", leave: Callable[[int, bool], None]) -> None:
    """Have `loop` call `leave(code, gone)` when this process is to end (SIGTERM) or its terminal
    is `gone` (SIGHUP); `code` is the exit code that says so. Not in a thread but the main one."""
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in (signal.SIGTERM, signal.SIGHUP):
            gone = number == signal.SIGHUP
            loop.add_signal_handler(number, leave, 128 + number, gone)


def begin_worker() -> None:
    """What a process does first that goes on without a terminal: whatever a terminal sends is
    ignored, and SIGTERM ends it in order until `on_order_to_end` says how."""
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ended)


def on_order_to_end(loop: "AbstractEventLoop", end: Callable[[], object]) -> None:
    """Have `loop` call `end` at SIGTERM."""
    loop.add_signal_handler(signal.SIGTERM, end)


def _ended(number: int, _: object) -> None:
    """End in order: what was taken and made by then is let go of."""
    sys.exit(128 + number)
