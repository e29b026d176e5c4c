"""Encryption for this user on this host alone (DPAPI).

msal-extensions has the same two calls, and brings a token cache, locks and pywin32 along, for
which siptui has no use: its store has its own lock, and is replaced as a whole.
https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
"""

import ctypes
import sys
from collections.abc import Callable
from ctypes import wintypes as w

assert sys.platform == "win32"


from siptui.host.errors import ProtectionError
from siptui.host.windows.kernel import kernel32

_UI_FORBIDDEN = 0x1


class _Blob(ctypes.Structure):
    """DATA_BLOB."""

    _fields_ = (("size", w.DWORD), ("data", w.LPVOID))


def protect(content: bytes) -> bytes:
    """`content` encrypted. Raises `ProtectionError` where this session has no key."""
    return _called("CryptProtectData", content)


def unprotect(protected: bytes) -> bytes:
    """What `protect` was given. Raises `ProtectionError` for what is damaged, was written by
    another user or on another host, and where this session has no key."""
    return _called("CryptUnprotectData", protected)


def _called(name: str, content: bytes) -> bytes:
    function: Callable[..., int] = getattr(ctypes.WinDLL("crypt32", use_last_error=True), name)
    buffer = ctypes.create_string_buffer(content, len(content))
    given = _Blob(len(content), ctypes.cast(buffer, w.LPVOID))
    made = _Blob()
    if not function(
        ctypes.byref(given), None, None, None, None, w.DWORD(_UI_FORBIDDEN), ctypes.byref(made)
    ):
        code = ctypes.get_last_error()
        said = ctypes.FormatError(code).strip().rstrip(".")
        raise ProtectionError(f"{said} (0x{code & 0xFFFFFFFF:08X})")
    try:
        return ctypes.string_at(made.data, made.size)
    finally:
        kernel32.LocalFree(made.data)
