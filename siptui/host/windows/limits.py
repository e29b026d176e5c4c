"""Limits to what a process may take (Windows)."""

import ctypes
import sys

assert sys.platform == "win32"


from siptui.host.windows.kernel import ExtendedLimits, kernel32

_EXTENDED_LIMITS, _PROCESS_MEMORY, _PROCESS_TIME = 9, 0x100, 0x2


def limit_this_process(memory: int, seconds: int) -> None:
    """Let this process have so many bytes and seconds of processor time, as far as the system lets
    it."""
    job = kernel32.CreateJobObjectW(None, None)
    limits = ExtendedLimits()
    limits.basic.flags = _PROCESS_MEMORY | _PROCESS_TIME
    limits.basic.process_time = seconds * 10_000_000
    limits.process_memory = memory
    if kernel32.SetInformationJobObject(
        job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    ):
        kernel32.AssignProcessToJobObject(job, kernel32.GetCurrentProcess())
