"""The checksum at the end of a backup, where SQLite does not look: a backup lies long, and neither
pages nor rows have one, by which a flipped bit would be found."""

import hashlib
import os
from pathlib import Path

from siptui.host.files import flush_to_disk, open_private

_MARK = b"\nsiptui backup sha256 "
_PIECE = 1 << 20


def add_checksum(path: Path) -> None:
    """Put the checksum of the file at its end."""
    fd = open_private(path, os.O_RDWR)
    with os.fdopen(fd, "r+b") as file:
        said = hashlib.file_digest(file, "sha256").hexdigest()
        file.write(_MARK + said.encode())
        file.flush()
        flush_to_disk(fd)


def checksum_fits(path: Path) -> bool:
    """Whether the file is as it was written; one of before there were checksums is taken for it."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        end = file.seek(0, os.SEEK_END) - len(_MARK) - 64
        file.seek(max(end, 0))
        mark, said = file.read(len(_MARK)), file.read()
        if mark != _MARK:
            return True
        file.seek(0)
        found = hashlib.sha256()
        while end > 0 and (piece := file.read(min(end, _PIECE))):
            found.update(piece)
            end -= len(piece)
    return found.hexdigest().encode() == said
