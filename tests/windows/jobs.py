"""Jobs as a session has them: what is started in one is ended with it."""

import ctypes
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from siptui.host.windows.kernel import ExtendedLimits, kernel32

_EXTENDED_LIMITS = 9
_KILL_ON_CLOSE, _MAY_BREAK_AWAY, _BREAKS_AWAY = 0x2000, 0x800, 0x1000
_SUSPENDED = 0x4


class Session:
    """A job that is ended when it is closed; `leave` lets processes break away from it, as that of
    OpenSSH does and that of Windows Terminal does not. With `virtual` there is another one in it,
    as the python.exe of a virtual environment makes it, which lets every child go."""

    def __init__(self, *, leave: bool, virtual: bool = False) -> None:
        self._jobs = [_job(_KILL_ON_CLOSE | (_MAY_BREAK_AWAY if leave else 0))]
        if virtual:
            self._jobs.append(_job(_KILL_ON_CLOSE | _BREAKS_AWAY))

    def start(
        self, command: Sequence[str], env: Mapping[str, str], **how: Any
    ) -> "subprocess.Popen[str]":
        """Start a command in the session."""
        text = {"encoding": "utf-8", "errors": "replace"}
        process = subprocess.Popen(command, env=dict(env), creationflags=_SUSPENDED, **text, **how)
        handle = int(process._handle)  # type: ignore[attr-defined]
        for job in self._jobs:
            assert kernel32.AssignProcessToJobObject(job, handle)
        ntdll = ctypes.WinDLL("ntdll")
        ntdll.NtResumeProcess.argtypes = (ctypes.c_void_p,)
        assert ntdll.NtResumeProcess(handle) == 0
        return process

    def close(self) -> None:
        """End the session."""
        for job in self._jobs:
            kernel32.CloseHandle(job)


def _job(flags: int) -> int:
    job = kernel32.CreateJobObjectW(None, None)
    assert job
    limits = ExtendedLimits()
    limits.basic.flags = flags
    assert kernel32.SetInformationJobObject(
        job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    return int(job)
