"""A library that Windows has and Wine 8 lacks, without which programs built with Rust do not load.

`bcryptprimitives.dll` gives random bytes (`ProcessPrng`). What is written here has no code: it
names the function of `advapi32.dll` that gives them in Wine.
https://learn.microsoft.com/windows/win32/debug/pe-format
"""

import struct

NAME = "bcryptprimitives.dll"
_EXPORTED, _INSTEAD = b"ProcessPrng", b"advapi32.SystemFunction036"
_HEADERS, _SECTION = 0x400, 0x1000
_SIZE = 0x200
_AMD64, _DLL, _PE32_PLUS = 0x8664, 0x2022, 0x20B


def library() -> bytes:
    """The file."""
    names, at = b"", _SECTION + 40 + 4 + 4 + 2
    places = []
    for name in (NAME.encode(), _EXPORTED, _INSTEAD):
        places.append(at + len(names))
        names += name + b"\0"
    functions = _SECTION + 40
    table = struct.pack(
        "<IIHHIIIIIII",
        *(0, 0, 0, 0, places[0], 1, 1, 1, functions, functions + 4, functions + 8),
    )
    exports = table + struct.pack("<IIH", places[2], places[1], 0) + names
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", _AMD64, 1, 0, 0, 0, 240, _DLL)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        *(_PE32_PLUS, 14, 0, 0, _SIZE, 0, 0, 0, 0x180000000, 0x1000, 0x200),
        *(6, 0, 0, 0, 6, 0, 0, 0x2000, _HEADERS, 0, 3, 0x140),
        *(0x100000, 0x1000, 0x100000, 0x1000, 0, 16),
    )
    directories = struct.pack("<II", _SECTION, len(exports)) + bytes(8 * 15)
    section = struct.pack(
        "<8sIIIIIIHHI", b".rdata", len(exports), _SECTION, _SIZE, _HEADERS, 0, 0, 0, 0, 0x40000040
    )
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    head = dos + coff + optional + directories + section
    return head.ljust(_HEADERS, b"\0") + exports.ljust(_SIZE, b"\0")
