"""Workbooks of which one byte is another, or the end is missing: whole, or refused in words.

Each part of a zip archive has a checksum, so nothing of what is read may differ without a word.
What may be otherwise is what nothing is read from: times, versions and rights in the headers. The
older .xls has no checksums, so that a letter of a cell that is another cannot be told.
"""

import datetime
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from siptui.devicelist import DeviceList, ListError, read, workbook, workbook_child
from siptui.devicelist.filled_workbook import filled_workbook
from siptui.domain.region import Region
from siptui.domain.text import visible
from tests.support.replace import replace
from tests.support.workbooks import Cell, ods, xlsb, xlsx

_WHEN = datetime.datetime(2026, 3, 2, 9, 30)
#: With a date in a column that siptui does not know: only its style says that it is one.
ROWS: list[list[Cell]] = [
    ["Username", "HardwareId", "Region", "Since", "Room"],
    ["a@c.de", "0004F28124B3", "EMEA", _WHEN, 12],
    ["b@c.de", "00-04-F2-81-24-B4", None, _WHEN, 0.5],
    ["c@c.de", "0004F28124B5", "APAC", None, None],
]
_STATUS = {2: ("signed in", "", "", "b-1", ""), 3: ("failed", "offline", "", "b-1", "")}


class Here:
    """What reads workbooks, in this process: for thousands of them."""

    def __init__(self, file: str, data: bytes) -> None:
        self._file = file
        self.heads = self._answer(lambda: self._opened(data))

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        return self._answer(lambda: self._book.rows(question["sheet"]))

    def _opened(self, data: bytes) -> dict[str, Any]:
        self._book = workbook_child._Book(data)
        return self._book.heads()

    def _answer(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        out = BytesIO()
        workbook_child._answer(out, ask)
        answer: dict[str, Any] = json.loads(out.getvalue())
        if "error" in answer:
            raise workbook._error(self._file, answer["error"], visible(str(answer["message"])))
        return answer


@cache
def wholes() -> dict[str, bytes]:
    """Small workbooks of each form; that with macros ends with what only a note tells of."""
    two = {"Cover": [["x"]], "S": ROWS}
    plain = xlsx({"S": ROWS}, shared=True, merged=["C2:C3"])
    return {
        "list.xlsx": xlsx(
            two, shared=True, merged=["C2:C3"], hidden=["Cover"], hidden_rows=[4], more=_PICTURE
        ),
        "styles-last.xlsx": _in_order(plain, ["sharedStrings", "styles"]),
        "list.xlsm": _in_order(xlsx({"S": ROWS}, more={"xl/vbaProject.bin": b"x"}), ["vba"]),
        "list.xlsb": xlsb(two, hidden_rows=[3], merged=[(1, 2, 2, 2)]),
        "list.ods": ods(two, hidden_rows=[4], spans={"C2": 2}),
    }


_PICTURE = {"xl/media/image1.png": b"\x89PNG" * 5}


def _in_order(data: bytes, last: list[str]) -> bytes:
    """The archive with these parts at its end, as other programs order them."""
    source, out = zipfile.ZipFile(BytesIO(data)), BytesIO()
    places = [next((i for i, part in enumerate(last) if part in n), -1) for n in source.namelist()]
    names = [name for _, name in sorted(zip(places, source.namelist(), strict=True))]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in names:
            target.writestr(name, source.read(name))
    return out.getvalue()


def outcome(path: Path, data: bytes) -> DeviceList | None:
    """What is read of `data`, but for its checksum; nothing where it is refused, with the file and
    what to do."""
    path.write_bytes(data)
    refused = None
    try:
        with patch.object(workbook, "_Child", Here):
            found = read(path, region=Region.NOAM)
    except ListError as error:
        refused = error
    if refused is None:
        return replace(found, sha256="")
    assert refused.code
    assert refused.remedy
    assert visible(refused.message) == refused.message
    assert len(refused.message) < 1_000
    assert str(path) in refused.message, refused.message
    return None


@cache
def _whole(path: Path) -> tuple[DeviceList | None, dict[str, bytes]]:
    data = wholes()[path.name]
    return outcome(path, data), _filled(path, data) or {}


def _filled(path: Path, data: bytes) -> dict[str, bytes] | None:
    """The parts of the workbook with results in it, or nothing where it is refused."""
    if path.suffix not in (".xlsx", ".xlsm"):
        return {}
    try:
        source = zipfile.ZipFile(BytesIO(filled_workbook(data, "S", 1, _STATUS)))
    except ListError:
        return None
    return {name: source.read(name) for name in source.namelist()}


def check(path: Path, data: bytes) -> bool:
    """Whether a damaged workbook is read. Raises `AssertionError` where anything differs."""
    whole, parts = _whole(path)
    assert whole is not None
    assert len(whole.devices) == 3
    found, filled = outcome(path, data), _filled(path, data)
    assert found in (None, whole), data
    assert filled in (None, parts), data
    return found is not None


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1 << bit,)) + data[at + 1 :]


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One bit of one workbook, or its end; numbers go through all of them, form after form.

    Raises `AssertionError` where rows, notes or the filled copy differ without a word.
    """
    at = number
    for name, data in wholes().items():
        if at < 9 * len(data):
            place, bit = divmod(at, 9)
            sent = data[:place] if bit == 8 else flipped(data, place, bit)
            return check(folder / name, sent)
        at -= 9 * len(data)
    name, data = rnd.choice(list(wholes().items()))
    raw = bytearray(data)
    for _ in range(rnd.randrange(1, 4)):  # several bytes, and any value
        begin = rnd.randrange(len(raw))
        raw[begin : begin + 2] = rnd.randbytes(rnd.randrange(4))
    return check(folder / name, bytes(raw))
