"""Drives, shares and synchronised folders (Windows)."""

import ctypes
import os
import sys
from ctypes import wintypes as w
from pathlib import Path

assert sys.platform == "win32"


from siptui.host.mount import Mount
from siptui.host.windows.kernel import kernel32

_REMOTE = 4
#: Where clients of cloud storage say which folders they keep the same on several hosts.
_SYNCHRONISED = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")


def mount_of(path: Path) -> Mount:
    """The volume that `path`, or its nearest existing parent, lies on; one without a type where
    that cannot be told. A folder that OneDrive copies to other hosts counts as one."""
    path = path.resolve()
    for name in _SYNCHRONISED:
        folder = os.environ.get(name)
        if folder and path.is_relative_to(Path(folder).resolve()):
            return Mount(Path(folder), "onedrive", ("synchronised",))
    buffer = ctypes.create_unicode_buffer(1024)
    if not kernel32.GetVolumePathNameW(str(path), buffer, 1024):
        return Mount(Path(path.anchor), "smb" if path.anchor.startswith("\\\\") else "")
    root = buffer.value
    if root.startswith("\\\\") and not root.startswith("\\\\?\\"):
        return Mount(Path(root), "smb")
    if kernel32.GetDriveTypeW(root) == _REMOTE:
        return Mount(Path(root), "smb")
    kind, flags = ctypes.create_unicode_buffer(64), w.DWORD()
    if not kernel32.GetVolumeInformationW(root, None, 0, None, None, ctypes.byref(flags), kind, 64):
        return Mount(Path(root), "")
    return Mount(Path(root), kind.value.casefold())
