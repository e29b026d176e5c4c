"""Drives, shares and synchronised folders (Windows)."""

import contextlib
import ctypes
import os
import sys
import winreg
from collections.abc import Iterator
from ctypes import wintypes as w
from pathlib import Path

assert sys.platform == "win32"


from siptui.host.mount import Mount
from siptui.host.windows.kernel import kernel32
from siptui.host.windows.security import my_sid

_REMOTE = 4
#: Where clients of cloud storage say which folders they keep the same on several hosts: in the
#: user's variables, and in the registry, a key for each client with a value for each user.
_SYNCHRONISED = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
SYNC_ROOTS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\SyncRootManager"
_USER_ROOTS = "UserSyncRoots"


def mount_of(path: Path) -> Mount:
    """The volume that `path`, or its nearest existing parent, lies on; one without a type where
    that cannot be told. A folder that OneDrive, or another client of cloud storage, copies to other
    hosts counts as one."""
    path = path.resolve()
    for folder, copied_by in _synchronised():
        if path.is_relative_to(Path(folder).resolve()):
            return Mount(Path(folder), copied_by, ("synchronised",))
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


def _synchronised() -> Iterator[tuple[str, str]]:
    """The folders that are copied to other hosts, and by what."""
    for folder in filter(None, map(os.environ.get, _SYNCHRONISED)):
        yield folder, "onedrive"
    with contextlib.suppress(OSError):  # there is no such client
        for folder in _registered():
            yield folder, "cloud"


def _registered() -> Iterator[str]:
    """Those in the registry, of this user. Other users' are in their own folders."""
    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, SYNC_ROOTS) as clients:
        for index in range(winreg.QueryInfoKey(clients)[0]):
            name = winreg.EnumKey(clients, index)
            with (
                contextlib.suppress(OSError),
                winreg.OpenKey(clients, rf"{name}\{_USER_ROOTS}") as roots,
            ):
                folder, _ = winreg.QueryValueEx(roots, my_sid())
                if isinstance(folder, str) and folder:
                    yield folder
