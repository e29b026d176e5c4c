"""What only POSIX systems have: locks, signals, pipes.

This module, `private_files` and `lock_owner`, a program of its own, alone import `fcntl`, `pwd` and
the like, so that a port has few places to change.

Over 400 lines because locks, private files and signals of one system share their refusals.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

from siptui.host.private_files import PrivateFileError as PrivateFileError
from siptui.host.private_files import private_folder as private_folder
from siptui.host.private_files import read_private as read_private
from siptui.host.private_files import user_name as user_name
from siptui.host.private_files import write_private as write_private

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
