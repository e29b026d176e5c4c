"""Jobs as a session has them: what is started in one is ended with it."""

import ctypes
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from siptui.host.windows.kernel import ExtendedLimits, kernel32

_EXTENDED_LIMITS = 9
_KILL_ON_CLOSE, _MAY_BREAK_AWAY = 0x2000, 0x800
_SUSPENDED = 0x4


class Session:
    """A job that is ended when it is closed; `leave` lets processes break away from it, as that of
    OpenSSH does and that of Windows Terminal does not."""

    def __init__(self, *, leave: bool) -> None:
        self._job = kernel32.CreateJobObjectW(None, None)
        assert self._job
        limits = ExtendedLimits()
        limits.basic.flags = _KILL_ON_CLOSE | (_MAY_BREAK_AWAY if leave else 0)
        assert kernel32.SetInformationJobObject(
            self._job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
        )

    def start(
        self, command: Sequence[str], env: Mapping[str, str], **how: Any
    ) -> "subprocess.Popen[str]":
        """Start a command in the session."""
        text = {"encoding": "utf-8", "errors": "replace"}
        process = subprocess.Popen(command, env=dict(env), creationflags=_SUSPENDED, **text, **how)
        handle = int(process._handle)  # type: ignore[attr-defined]
        assert kernel32.AssignProcessToJobObject(self._job, handle)
        ntdll = ctypes.WinDLL("ntdll")
        ntdll.NtResumeProcess.argtypes = (ctypes.c_void_p,)
        assert ntdll.NtResumeProcess(handle) == 0
        return process

    def close(self) -> None:
        """End the session."""
        kernel32.CloseHandle(self._job)
