"""What is copied is on the clipboard of Windows."""

import ctypes
from ctypes import wintypes as w

import pytest

from siptui.host import clipboard
from siptui.host.windows.kernel import kernel32


def test_copied_text_is_on_the_clipboard() -> None:
    if not clipboard.copy("Jörg 00-04-F2-00-00-01\nzwei"):
        pytest.skip("no desktop here")
    user32 = ctypes.WinDLL("user32")
    user32.GetClipboardData.restype = w.HANDLE
    assert user32.OpenClipboard(None)
    try:
        block = user32.GetClipboardData(13)
        place = kernel32.GlobalLock(block)
        assert ctypes.wstring_at(place) == "Jörg 00-04-F2-00-00-01\r\nzwei"
        kernel32.GlobalUnlock(block)
    finally:
        user32.CloseClipboard()
