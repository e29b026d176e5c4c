"""Calls of kernel32 and advapi32, with the types they take. https://learn.microsoft.com/windows/win32/api"""

import ctypes
import os
import sys
from ctypes import wintypes as w
from pathlib import Path

assert sys.platform == "win32"


kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
shell32 = ctypes.WinDLL("shell32", use_last_error=True)

ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION = 5, 32, 33
ERROR_IO_PENDING = 997
#: From here on a path counts as long: of the 260 characters, what is put into a folder or beside a
#: file needs some. Python asks for more, which a host must have been set up for.
_SHORT = 180
INVALID_HANDLE = w.HANDLE(-1).value


class Overlapped(ctypes.Structure):
    """Where in a file a lock lies."""

    _fields_ = (
        ("internal", ctypes.c_size_t),
        ("internal_high", ctypes.c_size_t),
        ("offset", w.DWORD),
        ("offset_high", w.DWORD),
        ("event", w.HANDLE),
    )


class BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", w.DWORD),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", w.DWORD),
        ("affinity", ctypes.c_size_t),
        ("priority", w.DWORD),
        ("scheduling", w.DWORD),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def _declare(library: ctypes.WinDLL, name: str, result: object, *arguments: object) -> None:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


_P = ctypes.POINTER
_declare(kernel32, "CloseHandle", w.BOOL, w.HANDLE)
_declare(kernel32, "LocalFree", w.HLOCAL, w.HLOCAL)
_declare(kernel32, "GetCurrentProcess", w.HANDLE)
_declare(
    kernel32, "CreateFileW", w.HANDLE,
    w.LPCWSTR, w.DWORD, w.DWORD, w.LPVOID, w.DWORD, w.DWORD, w.HANDLE,
)  # fmt: skip
_declare(
    kernel32, "LockFileEx", w.BOOL,
    w.HANDLE, w.DWORD, w.DWORD, w.DWORD, w.DWORD, _P(Overlapped),
)  # fmt: skip
_declare(
    kernel32, "UnlockFileEx", w.BOOL, w.HANDLE, w.DWORD, w.DWORD, w.DWORD, _P(Overlapped)
)  # fmt: skip
_declare(kernel32, "OpenProcess", w.HANDLE, w.DWORD, w.BOOL, w.DWORD)
_declare(kernel32, "WaitForSingleObject", w.DWORD, w.HANDLE, w.DWORD)
_declare(kernel32, "TerminateProcess", w.BOOL, w.HANDLE, w.UINT)
_declare(
    kernel32, "QueryFullProcessImageNameW", w.BOOL, w.HANDLE, w.DWORD, w.LPWSTR, _P(w.DWORD)
)  # fmt: skip
_declare(kernel32, "CreateJobObjectW", w.HANDLE, w.LPVOID, w.LPCWSTR)
_declare(kernel32, "AssignProcessToJobObject", w.BOOL, w.HANDLE, w.HANDLE)
_declare(kernel32, "TerminateJobObject", w.BOOL, w.HANDLE, w.UINT)
_declare(kernel32, "IsProcessInJob", w.BOOL, w.HANDLE, w.HANDLE, _P(w.BOOL))
_declare(
    kernel32, "SetInformationJobObject", w.BOOL, w.HANDLE, ctypes.c_int, w.LPVOID, w.DWORD
)  # fmt: skip
_declare(
    kernel32, "QueryInformationJobObject", w.BOOL,
    w.HANDLE, ctypes.c_int, w.LPVOID, w.DWORD, _P(w.DWORD),
)  # fmt: skip
_declare(kernel32, "GetExitCodeProcess", w.BOOL, w.HANDLE, _P(w.DWORD))
_declare(
    kernel32, "CreateNamedPipeW", w.HANDLE,
    w.LPCWSTR, w.DWORD, w.DWORD, w.DWORD, w.DWORD, w.DWORD, w.DWORD, w.LPVOID,
)  # fmt: skip
_declare(kernel32, "ConnectNamedPipe", w.BOOL, w.HANDLE, _P(Overlapped))
_declare(kernel32, "GetNamedPipeClientProcessId", w.BOOL, w.HANDLE, _P(w.ULONG))
_declare(
    kernel32, "SetNamedPipeHandleState", w.BOOL, w.HANDLE, _P(w.DWORD), _P(w.DWORD), _P(w.DWORD)
)  # fmt: skip
_declare(kernel32, "GetDriveTypeW", w.UINT, w.LPCWSTR)
_declare(kernel32, "GetVolumePathNameW", w.BOOL, w.LPCWSTR, w.LPWSTR, w.DWORD)
_declare(
    kernel32, "GetVolumeInformationW", w.BOOL,
    w.LPCWSTR, w.LPWSTR, w.DWORD, _P(w.DWORD), _P(w.DWORD), _P(w.DWORD), w.LPWSTR, w.DWORD,
)  # fmt: skip
_declare(kernel32, "GetSystemDirectoryW", w.UINT, w.LPWSTR, w.UINT)
_declare(kernel32, "SetErrorMode", w.UINT, w.UINT)
_declare(kernel32, "GetConsoleOutputCP", w.UINT)
_declare(kernel32, "GetConsoleWindow", w.HWND)
_declare(advapi32, "GetUserNameW", w.BOOL, w.LPWSTR, _P(w.DWORD))
_declare(advapi32, "OpenProcessToken", w.BOOL, w.HANDLE, w.DWORD, _P(w.HANDLE))
_declare(
    advapi32, "GetTokenInformation", w.BOOL, w.HANDLE, ctypes.c_int, w.LPVOID, w.DWORD, _P(w.DWORD)
)  # fmt: skip
_declare(advapi32, "ConvertSidToStringSidW", w.BOOL, w.LPVOID, _P(w.LPWSTR))
_declare(advapi32, "ConvertStringSidToSidW", w.BOOL, w.LPCWSTR, _P(w.LPVOID))
_declare(
    advapi32, "LookupAccountSidW", w.BOOL,
    w.LPCWSTR, w.LPVOID, w.LPWSTR, _P(w.DWORD), w.LPWSTR, _P(w.DWORD), _P(w.DWORD),
)  # fmt: skip
_declare(
    advapi32, "GetSecurityInfo", w.DWORD,
    w.HANDLE, ctypes.c_int, w.DWORD,
    _P(w.LPVOID), _P(w.LPVOID), _P(w.LPVOID), _P(w.LPVOID), _P(w.LPVOID),
)  # fmt: skip
_declare(
    advapi32, "SetSecurityInfo", w.DWORD,
    w.HANDLE, ctypes.c_int, w.DWORD, w.LPVOID, w.LPVOID, w.LPVOID, w.LPVOID,
)  # fmt: skip
_declare(advapi32, "SetKernelObjectSecurity", w.BOOL, w.HANDLE, w.DWORD, w.LPVOID)
_declare(advapi32, "GetAce", w.BOOL, w.LPVOID, w.DWORD, _P(w.LPVOID))
_declare(
    advapi32, "ConvertStringSecurityDescriptorToSecurityDescriptorW", w.BOOL,
    w.LPCWSTR, w.DWORD, _P(w.LPVOID), _P(w.DWORD),
)  # fmt: skip
_declare(
    advapi32, "GetSecurityDescriptorDacl", w.BOOL,
    w.LPVOID, _P(w.BOOL), _P(w.LPVOID), _P(w.BOOL),
)  # fmt: skip
_declare(shell32, "CommandLineToArgvW", _P(w.LPWSTR), w.LPCWSTR, _P(ctypes.c_int))


def long_path(path: Path) -> str:
    """`path` in the form that has no limit of 260 characters, where it needs it."""
    text = str(path)
    if len(text) < _SHORT or text.startswith("\\\\?\\"):
        return text
    text = os.path.abspath(text)  # noqa: PTH100 - without a dot or two dots, which have no meaning there
    return f"\\\\?\\UNC\\{text[2:]}" if text.startswith("\\\\") else f"\\\\?\\{text}"


def last_error(path: object = None) -> OSError:
    """The error of the last call, as Python raises it."""
    code = ctypes.get_last_error()
    return OSError(None, ctypes.FormatError(code).strip(), path and str(path), code)
