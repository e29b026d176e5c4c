"""Encryption for this user on this host alone, by keys that the system keeps: Windows has them
(DPAPI), other systems none that are there for every user.

Not every session of the user is given the keys: one that OpenSSH opened by a public key has no
password to open them with (PowerShell/Win32-OpenSSH issue 996).
"""

import sys

from siptui.host.errors import ProtectionError

if sys.platform == "win32":
    from siptui.host.windows.protection import protect, unprotect

    #: What encrypts, for people; empty where nothing does.
    PROTECTED_BY = "Windows"
else:
    PROTECTED_BY = ""

    def protect(content: bytes) -> bytes:
        """Raises `ProtectionError`: there is nothing that encrypts."""
        raise ProtectionError("this system keeps no keys for it")

    def unprotect(protected: bytes) -> bytes:
        """Raises `ProtectionError`: there is nothing that decrypts."""
        raise ProtectionError("it takes the Windows host that it was written on")


__all__ = ["PROTECTED_BY", "ProtectionError", "protect", "unprotect"]
