"""Jobs: which one this process is in, and what becomes of it when the job is closed.

Jobs nest. Of the job of another process only its being there can be asked; of the own one, the
innermost's limits and members. So what is still in a job after it left another one is not known to
be safe: a job that ends its members may lie around one that does not.
https://learn.microsoft.com/windows/win32/procthread/nested-jobs
"""

import ctypes
import sys
from ctypes import wintypes as w

assert sys.platform == "win32"


from siptui.host.surrounding import Job
from siptui.host.windows.kernel import ExtendedLimits, kernel32

_EXTENDED_LIMITS = 9
_MAY_LEAVE, _LEAVES, _KILL_ON_CLOSE = 0x800, 0x1000, 0x2000


def in_job(process: int) -> bool:
    """Whether the process of this handle is in any job; yes where that cannot be told."""
    inside = w.BOOL()
    if not kernel32.IsProcessInJob(process, None, ctypes.byref(inside)):
        return True
    return bool(inside.value)


def own_job() -> Job | None:
    """The innermost job that this process is in, or none. One that says nothing ends all."""
    if not in_job(kernel32.GetCurrentProcess()):
        return None
    limits = ExtendedLimits()
    if not kernel32.QueryInformationJobObject(
        None, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits), None
    ):
        return Job(may_leave=False, children_leave=False, ends_members=True)
    flags = limits.basic.flags
    return Job(bool(flags & _MAY_LEAVE), bool(flags & _LEAVES), bool(flags & _KILL_ON_CLOSE))
