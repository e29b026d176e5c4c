"""Command lines as programs of Windows take them apart."""

import ctypes
import re
import sys
from ctypes import wintypes as w
from subprocess import list2cmdline

assert sys.platform == "win32"


from siptui.host.windows.kernel import kernel32, shell32

#: An odd number of backslashes in front takes the meaning off a quotation mark.
_QUOTE = re.compile(r'(\\*)"')
#: What cmd and PowerShell leave alone without quotation marks.
_PLAIN = re.compile(r"[\w@%+=:,./\\-]+", re.ASCII)


def split(command: str) -> list[str]:
    """The words of `command`. Raises `ValueError` for an open quotation mark."""
    if not command.strip():
        return []
    if sum(len(found[1]) % 2 == 0 for found in _QUOTE.finditer(command)) % 2:
        raise ValueError("No closing quotation")
    count = ctypes.c_int()
    # Of the first word other rules hold, so that a word is put in front.
    found = shell32.CommandLineToArgvW(f"x {command.strip()}", ctypes.byref(count))
    if not found:
        raise ValueError("it cannot be taken apart")
    try:
        return [found[index] or "" for index in range(1, count.value)]
    finally:
        kernel32.LocalFree(ctypes.cast(found, w.HLOCAL))


def join(words: list[str]) -> str:
    """The command line that `split` takes apart into `words`."""
    return list2cmdline(words)


def quoted(word: str) -> str:
    """`word` as cmd and PowerShell both take it."""
    return word if _PLAIN.fullmatch(word) else f'"{word}"'
