"""Names that Windows does not let a file or folder have, or takes for something else.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re

#: Devices, in every folder and with every ending.
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$")) | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³"
}
_SIGNS = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def windows_device(name: str) -> str:
    """The device that Windows takes a file of this name for, or nothing."""
    stem = re.split(r"[.:]", name, maxsplit=1)[0].rstrip(" ").upper()
    return stem if stem in _DEVICES else ""


def not_on_windows(name: str) -> str:
    """Why Windows has no file or folder of this name, as the end of a sentence; nothing where it
    can have one. A colon would put the content where no folder shows it, and a dot or blank at the
    end is dropped, so that two names are one."""
    if device := windows_device(name):
        return f"{device} is a name that Windows keeps for a device"
    if found := _SIGNS.search(name):
        sign = found[0] if found[0].isprintable() else "a control character"
        return f"Windows has no names with {sign}"
    if name not in (".", "..") and name.endswith((".", " ")):
        return "Windows drops a dot or a blank at the end of a name"
    return ""
