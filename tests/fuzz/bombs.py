"""Workbooks made to take all memory or time: read or refused, within the product's own limits."""

import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from siptui.devicelist.cells import MAX_ANSWER
from siptui.devicelist.workbook_child import _MEMORY
from tests.support.workbooks import Cell, letters, ods, xlsx

HEAD: list[Cell] = ["Username", "HardwareId"]
ROWS: list[list[Cell]] = [HEAD, ["a@c.de", "0004F28124B3"], ["b@c.de", "00-04-F2-81-24-B4"]]
SHEET, STRINGS, BOOK = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"
#: What the console may take at most beside itself for an answer of the largest size: its bytes,
#: their text, and the texts of the cells.
PARENT = 4 * MAX_ANSWER
CHILD = _MEMORY
_ITSELF = 100 * 2**20
#: Reads lists one after the other; prints of each how many devices it has, or the code of the
#: refusal, and then the most memory that it and one of its children had. Of this program alone:
#: what `getrusage` tells of itself begins with what the process had that started it.
_READING = """
import json, resource, sys
from pathlib import Path
from siptui.devicelist import ListError, read
from siptui.domain.region import Region
found = []
for path in sys.argv[1:]:
    try:
        found.append([len(read(path, region=Region.EMEA).devices), ""])
    except ListError as error:
        found.append([error.code, f"{error.message} {error.remedy}"])
status = Path("/proc/self/status")
most = (
    int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    if status.exists()
    else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
)
unit = 1 if sys.platform == "darwin" else 1024
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
print(json.dumps({"found": found, "parent": most, "child": child}))
"""


@dataclass(frozen=True)
class Reading:
    """What became of each list, and the most memory of the reader and of one of its children."""

    found: list[tuple[int | str, str]]
    parent: int
    child: int


def read_apart(paths: Sequence[Path]) -> Reading:
    """Read the lists in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _READING, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    found = [(said, words) for said, words in answer["found"]]
    return Reading(found, answer["parent"], answer["child"])


def check_memory(reading: Reading) -> None:
    """Raise `AssertionError` where more memory was taken than the product says."""
    assert reading.parent < PARENT + _ITSELF
    assert reading.child <= CHILD


def _changed(data: bytes, **parts: Callable[[bytes], bytes]) -> bytes:
    source, out = zipfile.ZipFile(BytesIO(data)), BytesIO()
    names = {SHEET: "sheet", STRINGS: "strings", BOOK: "book", "content.xml": "content"}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name in source.namelist():
            change = parts.get(names.get(name, ""), bytes)
            target.writestr(name, change(source.read(name)))
    return out.getvalue()


def _before(mark: bytes, piece: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(mark, piece + mark)


def _plain() -> bytes:
    return xlsx({"S": ROWS}, shared=True)


def one_text_in_many_cells(size: int, count: int) -> bytes:
    """A text that stands in the file once."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>6</v></c></row>' % (n, n) for n in range(4, count + 4)
    )
    text = b"<si><t>" + b"x" * size + b"</t></si>"
    return _changed(
        _plain(), strings=_before(b"</sst>", text), sheet=_before(b"</sheetData>", rows)
    )


def one_text_in_merged_cells(size: int, count: int) -> bytes:
    """A text that counts for each row of its merged cell."""
    text = b'<row r="4"><c r="A4" t="inlineStr"><is><t>%b</t></is></c></row>' % (b"x" * size)
    last = b'<row r="%d"><c r="B%d"><v>1</v></c></row>' % (count + 4, count + 4)
    merged = b'<mergeCells><mergeCell ref="A4:A%d"/></mergeCells>' % (count + 3)
    return _changed(
        _plain(),
        sheet=lambda part: _before(b"</worksheet>", merged)(
            _before(b"</sheetData>", text + last)(part)
        ),
    )


def one_large_text(size: int) -> bytes:
    """One cell."""
    text = b'<row r="4"><c r="A4" t="inlineStr"><is><t>%b</t></is></c></row>' % (b"x" * size)
    return _changed(_plain(), sheet=_before(b"</sheetData>", text))


def one_large_name(size: int) -> bytes:
    """A sheet whose name is of many megabytes."""
    return _changed(
        _plain(), book=lambda part: part.replace(b'name="S"', b'name="%b"' % (b"S" * size))
    )


def entities(deep: int) -> bytes:
    """Entities that stand for others, so many levels deep ("billion laughs")."""
    first = b'<!ENTITY a0 "%b">' % (b"x" * 1_000)
    others = b"".join(
        b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 30) for n in range(1, deep + 1)
    )
    cell = b'<row r="9"><c r="A9" t="inlineStr"><is><t>&a%d;</t></is></c></row>' % deep
    return _changed(
        _plain(),
        sheet=lambda part: (
            b"<!DOCTYPE x [%b%b]>" % (first, others) + _before(b"</sheetData>", cell)(part)
        ),
    )


def an_entity_in_a_text(declared: bytes = b'"a@c.de"') -> bytes:
    """A user name that is written elsewhere, or in another file of the computer."""
    return _changed(
        _plain(),
        strings=lambda part: (
            b"<!DOCTYPE x [<!ENTITY a %b>]>" % declared + part.replace(b"a@c.de", b"&a;")
        ),
    )


def many_sheets(count: int) -> bytes:
    """So many sheets beside the list."""
    return xlsx({"S": ROWS, **{f"T{n}": [["x"]] for n in range(count)}})


def repeated_cells(rows: int, columns: int) -> bytes:
    """An .ods with one cell that is repeated."""
    cell = (
        b'<table:table-row table:number-rows-repeated="%d"><table:table-cell office:value-type='
        b'"float" office:value="1" table:number-columns-repeated="%d"/></table:table-row>'
    )
    whole = cell % (rows, columns)
    return _changed(ods({"S": ROWS}), content=_before(b"</table:table>", whole))


def blanks(size: int) -> bytes:
    """A sheet that unpacks to so many bytes."""
    return _changed(_plain(), sheet=lambda part: part + b" " * size)


def columns(count: int, rows: int = 2) -> bytes:
    """A list of so many columns, the last at the right end of what a sheet can have."""
    head = [*HEAD, *(f"C{n}" for n in range(count - 2))]
    below = [[f"p{n}@c.de", f"0004F28{n:05x}", *["x"] * (count - 2)] for n in range(rows)]
    return xlsx({"S": [head, *below]}, shared=True)


def last_cell(row: int, column: int) -> bytes:
    """A list, and one cell far away from it."""
    name = letters(column - 1).encode()
    cell = b'<row r="%d"><c r="%b%d" t="inlineStr"><is><t>.</t></is></c></row>' % (row, name, row)
    return _changed(_plain(), sheet=_before(b"</sheetData>", cell))


def empty_rows(last: int) -> bytes:
    """A list, and hidden rows without a cell as far as a sheet goes."""
    rows = b"".join(b'<row r="%d" hidden="1"/>' % n for n in range(4, last + 1))
    return _changed(_plain(), sheet=_before(b"</sheetData>", rows))


def merged_everywhere(count: int) -> bytes:
    """So many merged cells, each of the whole sheet."""
    merged = b"<mergeCells>%b</mergeCells>" % (b'<mergeCell ref="A1:XFD1048576"/>' * count)
    return _changed(_plain(), sheet=_before(b"</worksheet>", merged))


def nested(deep: int) -> bytes:
    """Elements in elements."""
    whole = b"<a>" * deep + b"</a>" * deep
    return _changed(_plain(), sheet=_before(b"<sheetData>", whole))


def attributes(count: int, name: bytes = b"a%d") -> bytes:
    """One element with so many attributes."""
    said = b" ".join(name % n + b'="x"' for n in range(count))
    return _changed(
        _plain(), sheet=lambda part: part.replace(b"<sheetData>", b"<sheetData %b>" % said)
    )


_SOME: Sequence[Callable[[random.Random], bytes]] = (
    lambda rnd: one_text_in_many_cells(10 ** rnd.randrange(2, 7), 10 ** rnd.randrange(2, 6)),
    lambda rnd: one_text_in_merged_cells(10 ** rnd.randrange(2, 7), 10 ** rnd.randrange(2, 6)),
    lambda rnd: one_large_text(rnd.randrange(1, 300) << 20),
    lambda rnd: one_large_name(rnd.randrange(1, 200) << 20),
    lambda rnd: entities(rnd.randrange(9)),
    lambda rnd: an_entity_in_a_text(
        rnd.choice((b'"a@c.de"', b'SYSTEM "file:///etc/hostname"', b'PUBLIC "x" "http://[::1]:9/"'))
    ),
    lambda rnd: many_sheets(10 ** rnd.randrange(1, 5)),
    lambda rnd: repeated_cells(10 ** rnd.randrange(7), 4 ** rnd.randrange(8)),
    lambda rnd: blanks(rnd.randrange(1, 500) << 20),
    lambda rnd: columns(4 ** rnd.randrange(2, 8), rnd.randrange(2, 100)),
    lambda rnd: last_cell(4 ** rnd.randrange(1, 11), 4 ** rnd.randrange(8)),
    lambda rnd: empty_rows(4 ** rnd.randrange(1, 11)),
    lambda rnd: merged_everywhere(10 ** rnd.randrange(1, 7)),
    lambda rnd: nested(10 ** rnd.randrange(7)),
    lambda rnd: attributes(10 ** rnd.randrange(6), rnd.choice((b"a%d", b"xmlns:a%d"))),
)


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One bomb of some size; whether it was read. Raises `AssertionError` for more memory than the
    limits say, and where rows of the list are lost without a word."""
    path = folder / "bomb.xlsx"
    path.write_bytes(_SOME[number % len(_SOME)](rnd))
    reading = read_apart([path])
    check_memory(reading)
    ((said, words),) = reading.found
    assert isinstance(said, str) or said >= len(ROWS) - 1, said
    assert isinstance(said, int) or str(path) in words, words
    return isinstance(said, int)
