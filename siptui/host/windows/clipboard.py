"""The clipboard (Windows)."""

import ctypes
import sys
from ctypes import wintypes as w

assert sys.platform == "win32"


from siptui.host.windows.kernel import kernel32

_UNICODE_TEXT, _MOVEABLE = 13, 0x2


def copy(text: str) -> bool:
    """Put `text` on the clipboard."""
    user32 = ctypes.WinDLL("user32", use_last_error=True)
    kernel32.GlobalAlloc.restype = kernel32.GlobalLock.restype = w.HANDLE
    kernel32.GlobalAlloc.argtypes = (w.UINT, ctypes.c_size_t)
    kernel32.GlobalLock.argtypes = kernel32.GlobalUnlock.argtypes = (w.HANDLE,)
    kernel32.GlobalFree.argtypes = (w.HANDLE,)
    user32.SetClipboardData.restype = w.HANDLE
    user32.SetClipboardData.argtypes = (w.UINT, w.HANDLE)
    user32.OpenClipboard.argtypes = (w.HWND,)
    data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-16-le") + b"\0\0"
    if not user32.OpenClipboard(None):
        return False
    try:
        block = kernel32.GlobalAlloc(_MOVEABLE, len(data))
        place = kernel32.GlobalLock(block) if block else None
        if not place:
            return False
        ctypes.memmove(place, data, len(data))
        kernel32.GlobalUnlock(block)
        user32.EmptyClipboard()
        if user32.SetClipboardData(_UNICODE_TEXT, block):
            return True  # it belongs to the system now
        kernel32.GlobalFree(block)
        return False
    finally:
        user32.CloseClipboard()
