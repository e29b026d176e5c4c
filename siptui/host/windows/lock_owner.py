"""Which programs have a file open (Windows: the Restart Manager knows)."""

import contextlib
import ctypes
import os
import sys
from ctypes import wintypes as w
from pathlib import Path, PureWindowsPath

assert sys.platform == "win32"


from siptui.host.windows.kernel import kernel32

_MORE_DATA = 234
_QUERY_LIMITED = 0x1000


class _Process(ctypes.Structure):
    """RM_PROCESS_INFO."""

    _fields_ = (
        ("pid", w.DWORD),
        ("started", w.FILETIME),
        ("name", w.WCHAR * 256),
        ("service", w.WCHAR * 64),
        ("kind", ctypes.c_int),
        ("status", w.ULONG),
        ("session", w.DWORD),
        ("restartable", w.BOOL),
    )


def programs_with(path: Path) -> list[tuple[int, str]]:
    """Number and name of the programs that have `path` open, but for this one; none where that
    cannot be told."""
    with contextlib.suppress(OSError, AttributeError):
        manager = ctypes.WinDLL("rstrtmgr")
        session, key = w.DWORD(), ctypes.create_unicode_buffer(33)
        if manager.RmStartSession(ctypes.byref(session), 0, key):
            return []
        try:
            return _found(manager, session, path)
        finally:
            manager.RmEndSession(session)
    return []


def _found(manager: ctypes.WinDLL, session: w.DWORD, path: Path) -> list[tuple[int, str]]:
    files = (w.LPCWSTR * 1)(str(path.absolute()))
    if manager.RmRegisterResources(session, 1, files, 0, None, 0, None):
        return []
    needed, count, reasons = w.UINT(), w.UINT(16), w.DWORD()
    processes = (_Process * 16)()
    code = manager.RmGetList(
        session, ctypes.byref(needed), ctypes.byref(count), processes, ctypes.byref(reasons)
    )
    if code not in (0, _MORE_DATA):
        return []
    found = processes[: min(count.value, 16)]
    return [(one.pid, one.name) for one in found if one.pid not in (0, os.getpid())]


def lock_owner(path: Path, places: tuple[int, ...]) -> int:
    """The process that has `path` open and may have it locked; 0 if none is known."""
    return next((pid for pid, _ in programs_with(path)), 0)


def process_name(pid: int) -> str:
    """The short name of a process, or nothing where it cannot be told."""
    handle = kernel32.OpenProcess(_QUERY_LIMITED, False, pid)
    if not handle:
        return ""
    try:
        buffer, size = ctypes.create_unicode_buffer(1024), w.DWORD(1024)
        if not kernel32.QueryFullProcessImageNameW(handle, 0, buffer, ctypes.byref(size)):
            return ""
        return PureWindowsPath(buffer.value).name
    finally:
        kernel32.CloseHandle(handle)
