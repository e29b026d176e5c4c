"""Workbooks made for a test: .xlsx and .ods, as small as they can be."""

import datetime
import struct
import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path

Cell = str | int | float | bool | datetime.datetime | None
Rows = Sequence[Sequence[Cell]]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_EPOCH = datetime.datetime(1899, 12, 30)
#: Errors as a binary workbook has them.
_ERRORS = {
    "#NULL!": 0,
    "#DIV/0!": 7,
    "#VALUE!": 15,
    "#REF!": 23,
    "#NAME?": 29,
    "#NUM!": 36,
    "#N/A": 42,
}


def letters(place: int) -> str:
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def xlsx(
    sheets: Mapping[str, Rows],
    *,
    hidden: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    start: tuple[int, int] = (1, 0),
    shared: bool = False,
    merged: Sequence[str] = (),
    more: Mapping[str, bytes] = {},
) -> bytes:
    """A workbook of these sheets; `start` is the row and the column of the first cell, `more` are
    further parts of the archive."""
    texts: dict[str, int] = {}

    def cell(place: str, value: Cell) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, datetime.datetime):
            days = (value - _EPOCH) / datetime.timedelta(days=1)
            return f'<c r="{place}" s="1"><v>{days}</v></c>'
        if isinstance(value, int | float):
            return f'<c r="{place}"><v>{value}</v></c>'
        if value.startswith("=="):  # a formula that was never computed
            return f'<c r="{place}"><f>{escape(value[2:])}</f><v></v></c>'
        if value.startswith("#") and " " not in value:
            return f'<c r="{place}" t="e"><v>{escape(value)}</v></c>'
        if shared:
            number = texts.setdefault(value, len(texts))
            return f'<c r="{place}" t="s"><v>{number}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'

    parts = dict(more)
    for number, rows in enumerate(sheets.values(), start=1):
        body = []
        for at, row in enumerate(rows, start=start[0]):
            cells = "".join(cell(f"{letters(start[1] + i)}{at}", c) for i, c in enumerate(row))
            mark = ' hidden="1"' if at in hidden_rows else ""
            if cells:
                body.append(f'<row r="{at}"{mark}>{cells}</row>')
        joined = "".join(f'<mergeCell ref="{cells}"/>' for cells in merged)
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(body)}</sheetData>'
            + (f"<mergeCells>{joined}</mergeCells>" if joined else "")
            + "</worksheet>"
        ).encode()
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"'
        + (' state="hidden"' if name in hidden else "")
        + "/>"
        for n, name in enumerate(sheets, start=1)
    )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{names}</sheets></workbook>'
    ).encode()
    targets = [(f"worksheets/sheet{n}.xml", "worksheet") for n in range(1, len(sheets) + 1)]
    targets += [("styles.xml", "styles"), ("sharedStrings.xml", "sharedStrings")]
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(targets, start=1)
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
    ).encode()
    parts["_rels/.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ).encode()
    parts["xl/styles.xml"] = (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/>'
        '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/>'
        '</cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" '
        'applyNumberFormat="1"/></cellXfs></styleSheet>'
    ).encode()
    strings = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{strings}</sst>'.encode()
    kinds = "".join(
        f'<Override PartName="/xl/{target}" ContentType="{_TYPES}.{kind}+xml"/>'
        for target, kind in targets
    )
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
        f'"{_TYPES}.sheet.main+xml"/>{kinds}</Types>'
    ).encode()
    return zipped(parts)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """An archive of these parts."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def ods(
    sheets: Mapping[str, Rows],
    *,
    hidden_rows: Sequence[int] = (),
    spans: Mapping[str, int] = {},
) -> bytes:
    """A spreadsheet of OpenDocument; `spans` are the cells that go over so many rows."""

    def cell(value: Cell, place: str) -> str:
        if place in spans:
            rows = f' table:number-columns-spanned="1" table:number-rows-spanned="{spans[place]}"'
            return cell(value, "").replace("<table:table-cell", "<table:table-cell" + rows, 1)
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, bool):
            said = str(value).lower()
            return f'<table:table-cell office:value-type="boolean" office:boolean-value="{said}"/>'
        if isinstance(value, datetime.datetime):
            return (
                '<table:table-cell office:value-type="date" '
                f'office:date-value="{value.isoformat()}"/>'
            )
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        error = ' office:string-value="" calcext:value-type="error"' if value[:1] == "#" else ""
        return (
            f'<table:table-cell office:value-type="string"{error}><text:p>'
            f"{escape(value)}</text:p></table:table-cell>"
        )

    tables = ""
    for name, rows in sheets.items():
        body = "".join(
            "<table:table-row"
            + (' table:visibility="filter"' if at in hidden_rows else "")
            + f">{''.join(cell(c, f'{letters(i)}{at}') for i, c in enumerate(row))}"
            + "</table:table-row>"
            for at, row in enumerate(rows, start=1)
        )
        tables += f'<table:table table:name="{escape(name)}">{body}</table:table>'
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    names = f'xmlns:office="{office}office:1.0" xmlns:table="{office}table:1.0"'
    content = (
        f'<office:document-content {names} xmlns:text="{office}text:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
        f'office:version="1.3">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'<manifest:manifest xmlns:manifest="{office}manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind.decode()}"/></manifest:manifest>'
    )
    return zipped(
        {
            "mimetype": kind,
            "content.xml": content.encode(),
            "META-INF/manifest.xml": manifest.encode(),
        }
    )


def xlsb(
    sheets: Mapping[str, Rows],
    *,
    hidden: Sequence[str] = (),
    hidden_rows: Sequence[int] = (),
    merged: Sequence[tuple[int, int, int, int]] = (),
) -> bytes:
    """A binary workbook ([MS-XLSB]); `merged` are first and last row, first and last column, from
    0. An error is a text such as `#N/A`."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
        size, more = len(data), b""
        while size > 127:
            more += bytes([size & 127 | 128])
            size >>= 7
        return head + more + bytes([size]) + data

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le")

    def cell(place: int, value: Cell) -> bytes:
        style = 1 if isinstance(value, datetime.datetime) else 0
        where = struct.pack("<II", place, style)
        if value is None:
            return record(1, where)
        if isinstance(value, bool):
            return record(4, where + bytes([value]))
        if isinstance(value, datetime.datetime):
            value = (value - _EPOCH) / datetime.timedelta(days=1)
        if isinstance(value, int | float):
            return record(5, where + struct.pack("<d", value))
        if value in _ERRORS:
            return record(3, where + bytes([_ERRORS[value]]))
        number = texts.setdefault(value, len(texts))
        return record(7, where + struct.pack("<I", number))

    texts: dict[str, int] = {}
    parts: dict[str, bytes] = {}
    bundle = b""
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        state = 1 if name in hidden else 0
        bundle += record(156, struct.pack("<II", state, number) + wide(f"rId{number}") + wide(name))
        width = max((len(row) for row in rows), default=1)
        size = struct.pack("<IIII", 0, max(len(rows) - 1, 0), 0, width - 1)
        data = record(129) + record(148, size) + record(145)
        for at, row in enumerate(rows):
            flags = 0x10 if at + 1 in hidden_rows else 0
            head = struct.pack("<IIHBBBI", at, 0, 300, 0, flags, 0, 1)
            data += record(0, head + struct.pack("<II", 0, max(len(row) - 1, 0)))
            data += b"".join(cell(i, value) for i, value in enumerate(row))
        data += record(146)
        if merged:
            joined = b"".join(record(176, struct.pack("<IIII", *area)) for area in merged)
            data += record(177, struct.pack("<I", len(merged))) + joined + record(178)
        parts[f"xl/worksheets/sheet{number}.bin"] = data + record(130)
    parts["xl/workbook.bin"] = record(131) + record(143) + bundle + record(144) + record(132)
    targets = [(f"worksheets/sheet{n}.bin", "worksheet") for n in range(1, len(sheets) + 1)]
    targets += [("styles.bin", "styles"), ("sharedStrings.bin", "sharedStrings")]
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(targets, start=1)
    )
    parts["xl/_rels/workbook.bin.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
    ).encode()
    parts["_rels/.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.bin"/></Relationships>'
    ).encode()
    formats = b"".join(
        record(47, struct.pack("<HHHHHHHBB", 0, kind, 0, 0, 0, 0, 0, 0, 0)) for kind in (0, 22)
    )
    parts["xl/styles.bin"] = (
        record(278) + record(617, struct.pack("<I", 2)) + formats + record(618) + record(279)
    )
    strings = b"".join(record(19, b"\0" + wide(text)) for text in texts)
    count = struct.pack("<II", len(texts), len(texts))
    parts["xl/sharedStrings.bin"] = record(159, count) + strings + record(160)
    kind = "application/vnd.ms-excel"
    overrides = "".join(
        f'<Override PartName="/xl/{target}" ContentType="{kind}.{name}"/>'
        for target, name in targets
    )
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
        f'"/xl/workbook.bin" ContentType="{kind}.sheet.binary.macroEnabled.main"/>{overrides}'
        "</Types>"
    ).encode()
    return zipped(parts)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
