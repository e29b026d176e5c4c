"""What kind of session this process runs in (Windows)."""

import ctypes
import os
import sys
import winreg
from ctypes import wintypes as w

assert sys.platform == "win32"


from siptui.host.windows.kernel import kernel32

_FLAGS, _VISIBLE = 1, 0x1
_SYSTEM_KEY = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


class _StationFlags(ctypes.Structure):
    """USEROBJECTFLAGS."""

    _fields_ = (("inherit", w.BOOL), ("reserved", w.BOOL), ("flags", w.DWORD))


def over_ssh() -> bool:
    """Whether OpenSSH opened this session: it says so in the environment."""
    return bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT"))


def no_desktop() -> bool:
    """Whether this process belongs to a service: in session 0, or at a window station that is not
    shown."""
    session = w.DWORD()
    known = kernel32.ProcessIdToSessionId(w.DWORD(os.getpid()), ctypes.byref(session))
    if known and session.value == 0:
        return True
    user32 = ctypes.WinDLL("user32", use_last_error=True)
    user32.GetProcessWindowStation.restype = w.HANDLE
    user32.GetUserObjectInformationW.argtypes = (
        *(w.HANDLE, ctypes.c_int, w.LPVOID, w.DWORD),
        ctypes.POINTER(w.DWORD),
    )
    found = _StationFlags()
    station = user32.GetProcessWindowStation()
    told = station and user32.GetUserObjectInformationW(
        station, _FLAGS, ctypes.byref(found), ctypes.sizeof(found), None
    )
    return bool(told) and not found.flags & _VISIBLE


def server_core() -> bool:
    """Whether this is a Windows Server without a desktop."""
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _SYSTEM_KEY) as key:
            return bool(winreg.QueryValueEx(key, "InstallationType")[0] == "Server Core")
    except OSError:
        return False
