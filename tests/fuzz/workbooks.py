"""Workbooks as nobody should make them: damaged archives and damaged sheets."""

import random
import zipfile
from io import BytesIO
from pathlib import Path

from siptui.devicelist.workbook_child import _Book, _RefusedError
from tests.fuzz.lists import PIECES, some_list
from tests.support.workbooks import ods, xlsb, xlsx, zipped

_TAGS = [
    *('<row r="9">', '<row r="1048576" hidden="1">', "</row>", '<c r="XFD7"><v>1</v></c>', "<c>"),
    *('<c r="A1" t="s"><v>99999</v></c>', '<c r="B2" t="e"><v>#N/A</v></c>', "<v>1e999</v>"),
    *(
        "<table:table-cell/>",
        '<table:table-row table:number-rows-repeated="99">',
        "<",
        ">",
        "&amp;",
    ),
]


def some_workbook(rnd: random.Random) -> bytes:
    rows = [line.split(",") for line in some_list(rnd).splitlines()]
    if rnd.random() < 0.3:
        return ods({"Cover": [["x"]], "S": rows}, hidden_rows=[2])
    hidden = ["Cover"] if rnd.random() < 0.3 else []
    if rnd.random() < 0.25:
        return xlsb({"Cover": [["x"]], "S": rows}, hidden=hidden, merged=[(1, 2, 0, 0)])
    return xlsx({"Cover": [["x"]], "S": rows}, hidden=hidden, shared=rnd.random() < 0.5)


def damaged_parts(data: bytes, rnd: random.Random) -> bytes:
    """The archive with one of its parts changed here and there."""
    source = zipfile.ZipFile(BytesIO(data))
    parts = {info.filename: source.read(info) for info in source.infolist()}
    name = rnd.choice([n for n in parts if "sheet" in n or n == "content.xml" or "book" in n])
    codec = "latin-1" if name.endswith(".bin") else "utf-8"
    text = parts[name].decode(codec)
    for _ in range(rnd.randrange(1, 4)):
        at = rnd.randrange(len(text) + 1)
        if rnd.random() < 0.6:
            text = text[:at] + rnd.choice(_TAGS + PIECES[:8]) + text[at:]
        else:
            text = text[:at] + text[at + rnd.randrange(1, 40) :]
    return zipped(parts | {name: text.encode(codec, "replace")})


def damaged_bytes(data: bytes, rnd: random.Random) -> bytes:
    raw = bytearray(data)
    for _ in range(rnd.randrange(1, 5)):
        raw[rnd.randrange(len(raw))] = rnd.randrange(256)
    return bytes(raw[: rnd.randrange(len(raw))] if rnd.random() < 0.2 else raw)


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One workbook, damaged; whether something was read from it. Only a refusal is raised."""
    data = some_workbook(rnd)
    data = damaged_parts(data, rnd) if rnd.random() < 0.7 else damaged_bytes(data, rnd)
    try:
        book = _Book(data)
        heads = book.heads()
        for sheet in heads["sheets"]:
            found = book.rows(sheet["name"])
            assert all(isinstance(row, list) for row in found["rows"])
    except _RefusedError as error:
        return not (error.code and error.message)
    return True
