"""Letting other users at a file, as an operator's mistake or another user would."""

import os
import sys
from pathlib import Path


def let_others(path: Path, *, write: bool = False) -> None:
    """Let everyone read `path`, and `write` it."""
    if sys.platform != "win32":
        more = 0o066 if write else 0o044
        path.chmod(path.stat().st_mode & 0o700 | more | (0o011 if path.is_dir() else 0))
        return
    import ctypes
    from ctypes import wintypes as w

    from siptui.host.windows import security
    from siptui.host.windows.kernel import advapi32, kernel32

    rights = "FRFW" if write else "FR"
    text = f"D:P(A;;FA;;;{security.my_sid()})(A;;{rights};;;WD)"
    descriptor, dacl, flag = w.LPVOID(), w.LPVOID(), w.BOOL()
    assert advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text, 1, ctypes.byref(descriptor), None
    ), ctypes.get_last_error()
    advapi32.GetSecurityDescriptorDacl(
        descriptor, ctypes.byref(flag), ctypes.byref(dacl), ctypes.byref(flag)
    )
    with security._opened(path, 0x60000) as handle:
        assert not advapi32.SetSecurityInfo(handle, 1, 0x80000004, None, None, dacl, None)
        assert advapi32.SetKernelObjectSecurity(handle, 0x4, descriptor)
    kernel32.LocalFree(descriptor)


def can_link(folder: Path) -> bool:
    """Whether symbolic links can be made here; on Windows that takes a right of its own."""
    link = folder / f"probe-{os.urandom(4).hex()}"
    try:
        link.symlink_to(folder / "nothing")
    except OSError:
        return False
    return link.is_symlink()  # Wine makes something else
