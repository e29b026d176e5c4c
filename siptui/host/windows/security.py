"""Who owns a file, and whom its access list (ACL) lets do what."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import wintypes as w
from functools import cache
from pathlib import Path

from msgspec import Struct

assert sys.platform == "win32"


from siptui.domain.text import visible
from siptui.host.windows.kernel import (
    INVALID_HANDLE,
    advapi32,
    kernel32,
    last_error,
    long_path,
)

_SE_FILE_OBJECT = 1
_OWNER, _DACL, _PROTECTED = 0x1, 0x4, 0x80000000
_READ_CONTROL, _WRITE_DAC, _READ_ATTRIBUTES = 0x20000, 0x40000, 0x80
_SHARE_ALL = 0x7
_OPEN_EXISTING = 3
_BACKUP_SEMANTICS, _REPARSE_POINT = 0x02000000, 0x00200000
_TOKEN_QUERY, _TOKEN_USER, _TOKEN_INTEGRITY = 0x8, 1, 25
#: The system, administrators, and the installer of Windows itself: nothing keeps these out, and
#: who is one of them could change siptui itself.
_SYSTEM, _ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"
_INSTALLER = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
#: Stand for whoever owns or makes a thing: rules for what is made later, and the owner's own.
_OWNERS = frozenset(("S-1-3-0", "S-1-3-4"))
MIGHTY = frozenset((_SYSTEM, _ADMINISTRATORS, _INSTALLER))
#: Rights with which content or rights can be changed: write, append, delete a child, delete,
#: change the list, take ownership, and the generic ones.
WRITE = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x40000000 | 0x10000000
#: Those with which content can be read, too.
READ_OR_WRITE = WRITE | 0x1 | 0x80000000
_ALLOWED, _INHERIT_ONLY = 0, 0x8


class Rights(Struct, frozen=True):
    """Whose a file or folder is, and what the list allows: account by account (SID), a mask."""

    owner: str
    allowed: tuple[tuple[str, int], ...]
    everything: bool = False  # there is no list: everyone may do all

    def others(self, mask: int) -> list[str]:
        """Accounts that are neither this user nor mighty and may do something of `mask`."""
        trusted = MIGHTY | _OWNERS | {my_sid()}
        if self.everything:
            return ["S-1-1-0"]
        return [sid for sid, may in self.allowed if may & mask and sid not in trusted]

    @property
    def mine(self) -> bool:
        """Whether this user owns it, or one who is mighty does: what an elevated administrator
        makes belongs to all administrators."""
        return self.owner == my_sid() or self.owner in MIGHTY


class _Ace(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_ubyte),
        ("flags", ctypes.c_ubyte),
        ("size", w.WORD),
        ("mask", w.DWORD),
        ("sid", w.DWORD),
    )


class _Acl(ctypes.Structure):
    _fields_ = (
        ("revision", ctypes.c_ubyte),
        ("zero", ctypes.c_ubyte),
        ("size", w.WORD),
        ("count", w.WORD),
        ("zero_too", w.WORD),
    )


def user_name() -> str:
    """Name of the user this process runs as, whatever the environment says."""
    buffer, size = ctypes.create_unicode_buffer(257), w.DWORD(257)
    if not advapi32.GetUserNameW(buffer, ctypes.byref(size)):
        return my_sid()
    return visible(buffer.value)


@cache
def my_sid() -> str:
    """The security identifier of the user this process runs as."""
    return _of_token(kernel32.GetCurrentProcess(), _TOKEN_USER)


@cache
def my_integrity() -> str:
    """How far this process is trusted, as an identifier: medium, or high where it is elevated."""
    return _of_token(kernel32.GetCurrentProcess(), _TOKEN_INTEGRITY)


def runs_as_this_one(process: int) -> bool:
    """Whether the process of this handle is this user's, with the same integrity. Raises
    `OSError`."""
    return (_of_token(process, _TOKEN_USER), _of_token(process, _TOKEN_INTEGRITY)) == (
        my_sid(),
        my_integrity(),
    )


def _of_token(process: int, what: int) -> str:
    """What the token of a process says; of these kinds each begins with an identifier."""
    token = w.HANDLE()
    if not advapi32.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
        raise last_error()
    try:
        size = w.DWORD()
        advapi32.GetTokenInformation(token, what, None, 0, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        if not advapi32.GetTokenInformation(token, what, buffer, size, ctypes.byref(size)):
            raise last_error()
        return _text(w.LPVOID.from_buffer(buffer))
    finally:
        kernel32.CloseHandle(token)


def account_name(sid: str) -> str:
    """What an account is called; the identifier where it has no name."""
    found = w.LPVOID()
    if not advapi32.ConvertStringSidToSidW(sid, ctypes.byref(found)):
        return sid
    try:
        name, domain = (ctypes.create_unicode_buffer(257) for _ in range(2))
        sizes, kind = (w.DWORD(257), w.DWORD(257)), w.DWORD()
        known = advapi32.LookupAccountSidW(
            None, found, name, ctypes.byref(sizes[0]), domain, ctypes.byref(sizes[1]),
            ctypes.byref(kind),
        )  # fmt: skip
        return visible(name.value) if known and name.value else sid
    finally:
        kernel32.LocalFree(found)


def rights_of(path: Path) -> Rights:
    """Whose `path` is and who may do what, of a link itself. Raises `OSError`."""
    with _opened(path, _READ_CONTROL | _READ_ATTRIBUTES) as handle:
        return rights_of_handle(handle)


def rights_of_handle(handle: int) -> Rights:
    """As `rights_of`, of what is open already."""
    owner, dacl, descriptor = w.LPVOID(), w.LPVOID(), w.LPVOID()
    code = advapi32.GetSecurityInfo(
        handle, _SE_FILE_OBJECT, _OWNER | _DACL,
        ctypes.byref(owner), None, ctypes.byref(dacl), None, ctypes.byref(descriptor),
    )  # fmt: skip
    if code:
        raise OSError(None, ctypes.FormatError(code).strip(), None, code)
    try:
        if not dacl:
            return Rights(_text(owner), (), everything=True)
        return Rights(_text(owner), tuple(_entries(dacl)))
    finally:
        kernel32.LocalFree(descriptor)


def make_mine_alone(path: Path, *, folder: bool) -> None:
    """Let this user, the system and administrators alone use `path`, whatever its folder says; in a
    folder what is made later, too. Raises `OSError`."""
    inherit = "OICI" if folder else ""
    text = "D:P" + "".join(
        f"(A;{inherit};FA;;;{sid})" for sid in (my_sid(), _SYSTEM, _ADMINISTRATORS)
    )
    descriptor, dacl, flag = w.LPVOID(), w.LPVOID(), w.BOOL()
    if not advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text, 1, ctypes.byref(descriptor), None
    ):
        raise last_error(path)
    try:
        advapi32.GetSecurityDescriptorDacl(
            descriptor, ctypes.byref(flag), ctypes.byref(dacl), ctypes.byref(flag)
        )
        with _opened(path, _READ_CONTROL | _WRITE_DAC) as handle:
            code = advapi32.SetSecurityInfo(
                handle, _SE_FILE_OBJECT, _DACL | _PROTECTED, None, None, dacl, None
            )
            if code:
                raise OSError(None, ctypes.FormatError(code).strip(), str(path), code)
            # The call above hands the list on to what lies in a folder. That nothing of the folder
            # above is mixed into it, as Wine does, is said once more.
            if not advapi32.SetKernelObjectSecurity(handle, _DACL, descriptor):
                raise last_error(path)
    finally:
        kernel32.LocalFree(descriptor)


@contextmanager
def _opened(path: Path, access: int) -> Iterator[int]:
    handle = kernel32.CreateFileW(
        long_path(path), access, _SHARE_ALL, None, _OPEN_EXISTING,
        _BACKUP_SEMANTICS | _REPARSE_POINT, None,
    )  # fmt: skip
    if handle == INVALID_HANDLE:
        raise last_error(path)
    try:
        yield handle
    finally:
        kernel32.CloseHandle(handle)


def _entries(dacl: w.LPVOID) -> Iterator[tuple[str, int]]:
    head = _Acl.from_address(dacl.value or 0)
    for index in range(head.count):
        found = w.LPVOID()
        if not advapi32.GetAce(dacl, index, ctypes.byref(found)) or not found.value:
            continue
        ace = _Ace.from_address(found.value)
        # What is denied makes nothing safer that is allowed elsewhere; it is passed over.
        if ace.kind == _ALLOWED and not ace.flags & _INHERIT_ONLY:
            yield _text(w.LPVOID(found.value + _Ace.sid.offset)), ace.mask


def _text(sid: w.LPVOID) -> str:
    shown = w.LPWSTR()
    if not advapi32.ConvertSidToStringSidW(sid, ctypes.byref(shown)):
        return ""
    try:
        return shown.value or ""
    finally:
        kernel32.LocalFree(ctypes.cast(shown, w.HLOCAL))
