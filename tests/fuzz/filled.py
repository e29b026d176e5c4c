"""Lists to fill results into: `export --into` changes nothing else, or refuses."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from siptui.devicelist import DeviceList, ListError, WriteError, read
from siptui.devicelist.filled_copy import RowStatus, fill
from siptui.devicelist.filled_workbook import filled_workbook
from siptui.devicelist.workbook_child import _Book, _RefusedError
from siptui.devicelist.writing import STATUS
from siptui.domain.list_options import DEFAULT_OPTIONS
from siptui.domain.region import Region
from tests.fuzz.lists import ENCODINGS, damaged, mutated, some_list, surrounded
from tests.fuzz.workbooks import damaged_bytes, damaged_parts
from tests.support.workbooks import xlsx

_TEXTS = (
    "signed in",
    "failed",
    "",
    "=1+1",
    "\x1b[2J",
    "a\nb",
    "<&>\"'",
    "]]>",
    "\ud800",
    "ü" * 300,
)


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One list, as text or as a workbook; whether results were filled in.

    Raises `AssertionError` where the copy has other devices or other cells than the list.
    """
    return _text(folder, rnd) if rnd.random() < 0.5 else _workbook(rnd)


def _status(rnd: random.Random) -> RowStatus:
    return RowStatus(*(rnd.choice(_TEXTS) for _ in STATUS))


def _text(folder: Path, rnd: random.Random) -> bool:
    text = surrounded(some_list(rnd), rnd)
    if rnd.random() < 0.6:
        text = mutated(text, rnd)
    source, target = folder / "source.csv", folder / "target.csv"
    source.write_bytes(damaged(text.encode(rnd.choice(ENCODINGS), "replace"), rnd))
    target.unlink(missing_ok=True)

    def statuses(found: DeviceList) -> Mapping[int, RowStatus]:
        lines = [row.line for row in (*found.devices, *found.invalid)]
        return {line: _status(rnd) for line in (*lines, *found.left_out)}  # as a run says of all

    how: Any = {"options": DEFAULT_OPTIONS, "region": Region.EMEA}
    try:
        before = read(source, **how)
        fill(source, target, statuses, force=False, **how)
    except (ListError, WriteError):
        assert not target.exists()
        return False
    after = read(target, **how)
    known = {d.line: d for d in before.devices}
    for now in after.devices:  # fewer may be valid, as where the header stands in the list twice
        was = known[now.line]
        assert (was.key, was.region) == (now.key, now.region), source.read_bytes()
        # A file of results has columns of siptui's already, so that new ones are its own to it.
        said = {name: cell for name, cell in was.extra.items() if cell}
        assert said.items() <= dict(now.extra).items(), source.read_bytes()
    return True


def _workbook(rnd: random.Random) -> bool:
    rows = [line.split(",") for line in some_list(rnd).splitlines()]
    top, left = rnd.choice((1, 1, 3)), rnd.choice((0, 0, 2))
    merged = ("A1:XFD1", "A2:A1048576", "B2:C3", "Z9:A1")
    whole = xlsx(
        {"Cover": [["x"]], "S": rows},
        start=(top, left),
        shared=rnd.random() < 0.5,
        merged=[rnd.choice(merged)] if rnd.random() < 0.3 else (),
        more={"xl/media/picture.png": rnd.randbytes(200)},
    )
    kind = rnd.random()
    data = whole if kind < 0.3 else (damaged_parts if kind < 0.8 else damaged_bytes)(whole, rnd)
    cells = {top + n: _status(rnd).cells for n in range(1, len(rows) + 1) if rnd.random() < 0.8}
    try:
        before = _read(data)
    except _RefusedError:
        before = None  # as it is before anything is filled in
    try:
        filled = filled_workbook(data, "S", top, cells)
    except ListError:
        if data is whole:
            raise
        return False
    if before is None:
        return False
    for was, now in zip(before, _read(filled), strict=False):
        wide = max((n + 1 for n, cell in enumerate(was) if cell not in ("", None)), default=0)
        assert list(map(_plain, now[:wide])) == list(map(_plain, was[:wide])) or _has_status(was)
    return True


def _read(data: bytes) -> list[list[Any]]:
    book = _Book(data)
    book.heads()
    rows: list[list[Any]] = book.rows("S")["rows"]
    return rows


def _plain(cell: Any) -> Any:
    return None if cell in ("", None) else cell


def _has_status(row: list[Any]) -> bool:
    return any(cell in STATUS for cell in row)
