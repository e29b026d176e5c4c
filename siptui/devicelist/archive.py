"""Zip archives that workbooks are: opened only where nothing of them is lost or stands twice."""

import struct
import zipfile
from io import BytesIO

_END = b"PK\x05\x06"
#: An archive of more parts says so, and elsewhere how many they are.
_MANY = 0xFFFF


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive in `data`, of which the directory agrees with what is in it.

    `zipfile` leaves out, without a word, all parts behind one whose length in the directory is
    damaged, and compares the name of a part with the one it has in the directory only where the
    part is read. Raises `zipfile.BadZipFile`, and whatever else it raises for damage.
    """
    archive = zipfile.ZipFile(BytesIO(data))
    infos = archive.infolist()
    (count,) = struct.unpack_from("<H", data, data.rindex(_END) + 10)
    if count not in (len(infos), _MANY):
        raise zipfile.BadZipFile(f"its directory has {len(infos)} of {count} parts")
    if len({info.filename.casefold() for info in infos}) < len(infos):
        raise zipfile.BadZipFile("a part stands in it twice; each program may read another one")
    for info in infos:
        if not info.flag_bits & 1:  # one with a password is told of in other words
            archive.open(info).close()
    return archive
