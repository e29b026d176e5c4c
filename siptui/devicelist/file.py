"""From a path to bytes and to text: the limits, what is no list at all, and the encoding."""

import hashlib
import os
import re
import stat
import sys
from itertools import islice
from pathlib import Path

from msgspec import Struct

from siptui.devicelist.model import ListError
from siptui.domain.patterns import regex
from siptui.domain.text import visible
from siptui.host.files import open_to_read

_SAVE_AS = "Open it in the spreadsheet program and save it as “CSV UTF-8”."
_MAGIC = (
    (b"%PDF-", "binary", "This is a PDF document, not text."),
    (b"\x1f\x8b", "binary", "This is a compressed file (gzip), not text."),
    (b"{\\rtf", "binary", "This is a rich text document, not plain text."),
)
_OTHER_TEXT = (
    (
        regex(r"<\?xml\b[^>]*>\s*(?:<\?mso-application[^>]*>\s*)?<(?:ss:)?workbook\b", re.I),
        "an XML spreadsheet, not a table of text",
        _SAVE_AS,
    ),
    (
        regex(r"<!doctype html|<html\b|<table\b|<(?:\?xml[^>]*>\s*<)(?:!doctype )?html", re.I),
        "an HTML table, whatever its name ends in",
        _SAVE_AS,
    ),
    (
        regex(r"(?:[\w-]+: [^\n]*\n)*mime-version:", re.I),
        "a web page or a mail (MIME), not a list",
        _SAVE_AS,
    ),
    (regex(r"ID;P"), "a SYLK spreadsheet, not a table of text", _SAVE_AS),
    (regex(r"<\?xml\b|<[a-z][\w:.-]*(?:\s[^<>]*)?>\s*<", re.I), "XML, not a list", _SAVE_AS),
    (
        regex(r'\[\s*(?:\{\s*"|\[|\]\s*\Z)|\{\s*"(?:[^"\\]|\\.)*"\s*:'),
        "JSON, not a list",
        "Export the list as CSV with the columns Username and HardwareId.",
    ),
)
# More control characters than this share of the text, and it is no text.
_BINARY_SHARE = 0.1
# “Ã¤”, “Â ” and “â€“” in a word of letters: what “ä”, a hard blank and a dash become.
_TWICE = regex(r"[ÃÂ][\u0080-\u00bf€-™ŠŒŽšœžŸ]|â€.")
#: Programs of DOS end a file with a Ctrl-Z, those of CP/M fill it up with them.
_END = regex(r"\x1a+(?:\r\n|\r|\n)?\Z")
_HEAD, _TAIL = regex(r"\w*$"), regex(r"\w*")
_TRIED = 1_000
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D}) + b"\x7f"


class Source(Struct, frozen=True):
    """The bytes of a list, and where they came from."""

    file: str
    sha256: str
    data: bytes


def load(path: Path, max_bytes: int) -> Source:
    """Read the file at `path` (`-` is standard input), at most `max_bytes` long.

    Raises `ListError` for what cannot be read, and for what is neither text nor a workbook.
    """
    name = visible(str(path))
    data = _read(path, name, max_bytes)
    for magic, code, message in _MAGIC:
        if data.startswith(magic):
            raise ListError(f"{name}: {message}", code=code, remedy=_SAVE_AS)
    return Source(name, hashlib.sha256(data).hexdigest(), data)


def text_of(source: Source) -> tuple[str, str]:
    """The name of the Python codec that reads `source`, and its text with line ends as `\\n`.

    Raises `ListError` for anything that is no text, or that of a document of another kind.
    """
    encoding, text = _decode(source.data, source.file)
    _refuse_other_text(source.file, text)
    if not text.strip():
        raise ListError(
            f"{source.file} is empty.",
            code="empty",
            remedy="A device list has a header line and one line for each device.",
        )
    text, _ = without_end_mark(text)
    return encoding, text.replace("\r\n", "\n").replace("\r", "\n")


def without_end_mark(text: str) -> tuple[str, str]:
    """`text` without the mark of its end, and that mark: it is part of the file, not of a cell."""
    found = _END.search(text)
    return (text[: found.start()], found.group()) if found else (text, "")


def _refuse_other_text(name: str, text: str) -> None:
    """Refuse text that is a document of another kind, by what it begins with."""
    head = text[:4096].lstrip()
    for pattern, kind, remedy in _OTHER_TEXT:
        if pattern.match(head):
            raise ListError(f"{name}: This is {kind}.", code="other_format", remedy=remedy)


def read_twice(text: str) -> tuple[str, str] | None:
    """A word of `text` whose UTF-8 was taken for Windows-1252, and what it was before; or none."""
    if text.isascii():
        return None
    for found in islice(_TWICE.finditer(text), _TRIED):
        start, end = found.span()
        head = _HEAD.search(text[max(0, start - 40) : start])
        tail = _TAIL.match(text[end : end + 40])
        word = (head.group() if head else "") + found.group() + (tail.group() if tail else "")
        try:
            return word, visible(word.encode("cp1252").decode("utf-8"))
        except UnicodeError:
            continue
    return None


def _read(path: Path, name: str, max_bytes: int) -> bytes:
    if str(path) == "-":
        data = sys.stdin.buffer.read(max_bytes + 1)
        return _within(data, len(data), name, max_bytes)
    try:
        # A named pipe without a writer must not hang us.
        with os.fdopen(open_to_read(path), "rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_ISDIR(found.st_mode):
                raise ListError(f"{name} is a folder.", code="is_a_directory", remedy=_NAME_ONE)
            if not stat.S_ISREG(found.st_mode):
                raise ListError(f"{name} is not a plain file.", code="not_a_file", remedy=_NAME_ONE)
            _within(b"", found.st_size, name, max_bytes)
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ListError(f"There is no file {name}.", code="not_found", remedy=_NAME_ONE) from None
    except IsADirectoryError:
        raise ListError(f"{name} is a folder.", code="is_a_directory", remedy=_NAME_ONE) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is not one a file can have"
        raise ListError(
            f"{name} cannot be read: {why}.",
            code="unreadable",
            remedy="Check the name and that you may read the file.",
        ) from error
    return _within(data, len(data), name, max_bytes)


_NAME_ONE = "Name a CSV file with one line for each device."


def _within(data: bytes, size: int, name: str, max_bytes: int) -> bytes:
    if size > max_bytes:
        raise ListError(
            f"{name} is larger than {max_bytes / 2**20:.3g} MB, the limit for a device list.",
            code="too_large",
            remedy="Split it, or leave out columns that are not needed.",
        )
    return data


def _decode(data: bytes, name: str) -> tuple[str, str]:
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        # UTF-16 codecs of one byte order keep the byte order mark.
        text = text.removeprefix("\ufeff")
        if "\x00" in text[:4096] or encoding == "cp1252":
            _refuse_binary(data, name)
        return encoding, text
    _refuse_binary(data, name)
    raise ListError(
        f"{name} is text in an encoding that is neither UTF-8, UTF-16 nor Windows-1252.",
        code="encoding",
        remedy=_SAVE_AS,
    )


def _candidates(data: bytes) -> tuple[str, ...]:
    if data.startswith(b"\xef\xbb\xbf"):
        return ("utf-8-sig", "cp1252")
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return ("utf-32",)
    if data.startswith(b"\xff\xfe"):
        return ("utf-16-le",)
    if data.startswith(b"\xfe\xff"):
        return ("utf-16-be",)
    # Text of Western letters in UTF-16 has a NUL in nearly every other byte.
    head = data[:4096]
    even, odd, half = head[::2].count(0), head[1::2].count(0), max(1, len(head) // 2)
    if odd > 0.6 * half and even < 0.1 * half:
        return ("utf-16-le",)
    if even > 0.6 * half and odd < 0.1 * half:
        return ("utf-16-be",)
    return ("utf-8", "cp1252")


def _refuse_binary(data: bytes, name: str) -> None:
    head = data[:65536]
    if len(head) - len(head.translate(None, _CONTROLS)) > _BINARY_SHARE * len(head):
        raise ListError(f"{name} is not text.", code="binary", remedy=_SAVE_AS)
