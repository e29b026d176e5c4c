"""Having the WMI service start a process, which is then in no job of this one's.

Win32_Process.Create, asked through COM: the calls are those of `wbemcli.h`. PowerShell could ask
as well, in one to two seconds and where policies let it; the Python packages for COM bring much for
five calls. A scheduled task would leave something behind on the host, and its process is in a job
of the scheduler's.
https://learn.microsoft.com/windows/win32/cimwin32prov/create-method-in-class-win32-process
"""

import contextlib
import ctypes
import sys
import threading
from collections.abc import Iterator
from ctypes import wintypes as w
from typing import Any

assert sys.platform == "win32"


#: Seconds that the service is waited for: it may have to be started.
_LIMIT = 15.0
_NAMESPACE = "ROOT\\CIMV2"
_LOCATOR = "{4590F811-1D3A-11D0-891F-00AA004B2E24}"
_LOCATOR_INTERFACE = "{DC12A687-737F-11CF-884D-00AA004B2E24}"
_IN_PROCESS, _MULTI_THREADED = 1, 0
#: RPC_C_AUTHN_WINNT, RPC_C_AUTHN_LEVEL_PKT_PRIVACY, RPC_C_IMP_LEVEL_IMPERSONATE: the process is to
#: run as this user.
_AS_THIS_USER = (10, 0, None, 6, 3, None, 0)
_NULL, _LONG, _TEXT, _OBJECT = 1, 3, 8, 13
#: DETACHED_PROCESS (no console, so no window), CREATE_NEW_PROCESS_GROUP, CREATE_BREAKAWAY_FROM_JOB:
#: the service has a job, too. The class knows no CREATE_NO_WINDOW.
_FLAGS, _FEWER_FLAGS = 0x8 | 0x200 | 0x1000000, 0x8
_HIDDEN = 0
_INVALID_PARAMETER = 21
_NO_SUCH_CLASS = 0x80041002 - (1 << 32)
#: Places in the tables of methods.
_RELEASE = 2
_CONNECT_SERVER = 3
_GET_OBJECT, _EXEC_METHOD = 6, 24
_GET, _PUT, _SPAWN_INSTANCE, _GET_METHOD = 4, 5, 15, 19

_P = ctypes.POINTER
_Object = ctypes.c_void_p
_Text = ctypes.c_void_p


class _Guid(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_ubyte * 16),)


class _Variant(ctypes.Structure):
    """VARIANT: a type and a value; 16 bytes, on 64 bits 24."""

    _fields_ = (
        ("kind", w.WORD),
        ("reserved", w.WORD * 3),
        ("value", ctypes.c_uint64),
        ("more", ctypes.c_ubyte * (8 if ctypes.sizeof(_Object) == 8 else 0)),
    )


def create_process(command_line: str, folder: str) -> int:
    """Start `command_line` in `folder` as this user; the number of the process.

    It has the user's own environment and no handle of this process. Raises `OSError` where the
    service refuses it, is not there, or does not answer in time; a process that it starts after
    that is on its own.
    """
    found: list[int | OSError] = []

    def ask() -> None:
        try:
            found.append(_asked(command_line, folder))
        except OSError as error:
            found.append(error)
        except Exception as error:  # a part of COM that is not there, or answers otherwise
            found.append(OSError(f"the WMI service cannot be asked: {error!r}"))

    thread = threading.Thread(target=ask, name="wmi", daemon=True)
    thread.start()
    thread.join(_LIMIT)
    if not found:
        raise TimeoutError("the WMI service does not answer")
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _asked(command_line: str, folder: str) -> int:
    ole32 = ctypes.OleDLL("ole32")
    with contextlib.ExitStack() as kept:
        ole32.CoInitializeEx(None, _MULTI_THREADED)
        kept.callback(ctypes.WinDLL("ole32").CoUninitialize)
        service = _service(ole32, kept)
        for flags in (_FLAGS, _FEWER_FLAGS):
            code, pid = _created(service, kept, command_line, folder, flags)
            if code != _INVALID_PARAMETER:
                break
        if code:
            raise OSError(code, f"Win32_Process.Create says {code}")
        return pid


def _service(ole32: ctypes.OleDLL, kept: contextlib.ExitStack) -> int:
    """The namespace in which processes are."""
    clsid, iid = _Guid(), _Guid()
    ole32.CLSIDFromString(ctypes.c_wchar_p(_LOCATOR), ctypes.byref(clsid))
    ole32.CLSIDFromString(ctypes.c_wchar_p(_LOCATOR_INTERFACE), ctypes.byref(iid))
    locator = _Object()
    ole32.CoCreateInstance(
        ctypes.byref(clsid), None, _IN_PROCESS, ctypes.byref(iid), ctypes.byref(locator)
    )
    kept.callback(_release, locator.value)
    service = _Object()
    types = (*[_Text] * 4, w.LONG, _Text, _Object, _P(_Object))
    with _text(_NAMESPACE) as name:
        _call(
            locator.value, _CONNECT_SERVER, types,
            name, None, None, None, 0, None, None, ctypes.byref(service),
        )  # fmt: skip
    kept.callback(_release, service.value)
    ole32.CoSetProxyBlanket(service, *_AS_THIS_USER)
    return service.value or 0


def _created(
    service: int, kept: contextlib.ExitStack, command_line: str, folder: str, flags: int
) -> tuple[int, int]:
    """What `Create` returns, and the number of the process."""
    wanted = _Object()
    process = _class(service, kept, "Win32_Process")
    _call(
        process, _GET_METHOD, (w.LPCWSTR, w.LONG, _P(_Object), _P(_Object)),
        "Create", 0, ctypes.byref(wanted), None,
    )  # fmt: skip
    kept.callback(_release, wanted.value)
    given = _instance(kept, wanted.value or 0)
    how = _start_up(service, kept, flags)
    with _text(command_line) as line, _text(folder) as place:
        _put(given, "CommandLine", _TEXT, line.value or 0)
        _put(given, "CurrentDirectory", _TEXT, place.value or 0)
        if how:
            _put(given, "ProcessStartupInformation", _OBJECT, how)
    came = _Object()
    with _text("Win32_Process") as name, _text("Create") as method:
        _call(
            service, _EXEC_METHOD,
            (_Text, _Text, w.LONG, _Object, _Object, _P(_Object), _P(_Object)),
            name, method, 0, None, given, ctypes.byref(came), None,
        )  # fmt: skip
    kept.callback(_release, came.value)
    # That the call went well says nothing: the method has a return value of its own.
    return _number(came.value or 0, "ReturnValue"), _number(came.value or 0, "ProcessId")


def _start_up(service: int, kept: contextlib.ExitStack, flags: int) -> int:
    """How to start it: without a console, out of the service's job; 0 where there is no such class,
    as in Wine."""
    try:
        how = _instance(kept, _class(service, kept, "Win32_ProcessStartup"))
    except OSError as error:
        if error.winerror == _NO_SUCH_CLASS:
            return 0
        raise
    _put(how, "CreateFlags", _LONG, flags)
    _put(how, "ShowWindow", _LONG, _HIDDEN)
    return how


def _class(service: int, kept: contextlib.ExitStack, name: str) -> int:
    found = _Object()
    with _text(name) as text:
        _call(
            service, _GET_OBJECT, (_Text, w.LONG, _Object, _P(_Object), _P(_Object)),
            text, 0, None, ctypes.byref(found), None,
        )  # fmt: skip
    kept.callback(_release, found.value)
    return found.value or 0


def _instance(kept: contextlib.ExitStack, of: int) -> int:
    made = _Object()
    _call(of, _SPAWN_INSTANCE, (w.LONG, _P(_Object)), 0, ctypes.byref(made))
    kept.callback(_release, made.value)
    return made.value or 0


def _put(thing: int, name: str, kind: int, value: int) -> None:
    variant = _Variant(kind=kind, value=value)
    types = (w.LPCWSTR, w.LONG, _P(_Variant), w.LONG)
    _call(thing, _PUT, types, name, 0, ctypes.byref(variant), 0)


def _number(thing: int, name: str) -> int:
    """A value of 32 bits; 0 where there is none."""
    variant = _Variant()
    types = (w.LPCWSTR, w.LONG, _P(_Variant), _P(w.LONG), _P(w.LONG))
    _call(thing, _GET, types, name, 0, ctypes.byref(variant), None, None)
    return 0 if variant.kind in (0, _NULL) else variant.value & 0xFFFFFFFF


def _call(thing: int | None, place: int, types: tuple[Any, ...], *arguments: object) -> None:
    """Call a method by its place in the table; what it returns is a HRESULT, and a bad one raises
    `OSError`."""
    if not thing:
        raise OSError(0, "the WMI service gave nothing")
    ctypes.WINFUNCTYPE(ctypes.HRESULT, *types)(place, "")(_Object(thing), *arguments)


def _release(thing: int | None) -> None:
    if thing:
        ctypes.WINFUNCTYPE(w.ULONG)(_RELEASE, "Release")(_Object(thing))


@contextlib.contextmanager
def _text(value: str) -> Iterator[_Text]:
    """`value` as COM hands texts over (BSTR)."""
    oleaut32 = ctypes.WinDLL("oleaut32")
    oleaut32.SysAllocString.restype = _Text
    made = _Text(oleaut32.SysAllocString(ctypes.c_wchar_p(value)))
    try:
        yield made
    finally:
        oleaut32.SysFreeString(made)
