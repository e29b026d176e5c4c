"""Status columns in a list of text: its own bytes stay, the cells are put in between."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from siptui.devicelist.cells import clean, guard
from siptui.devicelist.file import without_end_mark
from siptui.devicelist.header import Header, unwrapped
from siptui.devicelist.records import Record, records
from siptui.devicelist.writing import STATUS
from siptui.domain.text import visible

#: A row that is wider than its header by more than this is not one that a list is made of.
_WIDER = 50
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|$)")


def filled_text(
    data: bytes,
    encoding: str,
    cells: Mapping[int, Sequence[str]],
    find: Callable[[Sequence[str]], Header],
) -> bytes:
    """`data` with the status `cells` by line. `encoding` is the codec that read it, `find` finds
    the header among its lines."""
    codec = _codec(data, encoding)
    text, end = without_end_mark(data.decode(codec))
    raw = [(m.group(1), m.group(2)) for m in _LINE.finditer(text) if m.group()]
    lines = [content for content, _ in raw]
    if lines:
        lines[0] = lines[0].removeprefix("\ufeff")
    return (_Text(raw, lines, find(lines), cells).filled() + end).encode(codec, "replace")


def _codec(data: bytes, encoding: str) -> str:
    """The codec that keeps a byte order mark as a character, so that it is written again."""
    if encoding == "utf-32":
        return "utf-32-le" if data.startswith(b"\xff\xfe\x00\x00") else "utf-32-be"
    return "utf-8" if encoding == "utf-8-sig" else encoding


@dataclass(slots=True)
class _Text:
    """The lines of a list as they are, `raw` with their ends, and what goes into them."""

    raw: list[tuple[str, str]]
    lines: list[str]
    header: Header
    cells: Mapping[int, Sequence[str]]

    def filled(self) -> str:
        """The whole text."""
        header = self.header
        rows = {header.line: header.divided, **dict.fromkeys(self.cells, header.delimiter)}
        found = {r.line: r for r in self._records() if r.line in rows and not r.broken}
        at = self._column(found)
        always = self._quotes_always()
        edits: dict[int, tuple[int, str]] = {}
        for line, record in found.items():
            values = (
                STATUS if line == header.line else [guard(visible(c)) for c in self.cells[line]]
            )
            edits[line] = self._edited(record, rows[line], at, values, always)
        return "".join(self._pieces(edits))

    def _records(self) -> Iterator[Record]:
        header = self.header
        yield next(records(self.lines, header.divided, header.line - 1))
        yield from records(self.lines, header.delimiter, header.first)

    def _column(self, found: Mapping[int, Record]) -> int:
        """The place of the first status column."""
        header = self.header
        if STATUS[0] in header.results:
            return header.results[STATUS[0]]
        widths = {line: self._width(record) for line, record in found.items()}
        named = widths[header.line]
        usual = [width for width in widths.values() if width <= named + _WIDER]
        return max(usual, default=named)

    def _width(self, record: Record) -> int:
        header = self.header
        delimiter = header.divided if record.line == header.line else header.delimiter
        return len(_spans(self._text(record)[0], delimiter))

    def _quotes_always(self) -> bool:
        first = self.lines[self.header.line - 1].lstrip()
        return first.startswith('"') and self._whole(first) is None

    def _whole(self, text: str) -> list[str] | None:
        """The cells of a row that stands in the quotation marks of one cell, or none."""
        spans = _spans(text, self.header.divided)
        if len(spans) != 1 or not text.strip().startswith('"'):
            return None
        return unwrapped([clean(text.strip()[1:-1].replace('""', '"'))], self.header.divided)

    def _text(self, record: Record) -> tuple[str, bool]:
        """The text of a record, and whether it stands in the quotation marks of one cell: then
        without them."""
        text = "\n".join(self.lines[record.line - 1 : record.below])
        if len(self.header.names) > 1 and self._whole(text) is not None:
            return text.strip()[1:-1].replace('""', '"'), True
        return text, False

    def _edited(
        self, record: Record, delimiter: str, at: int, values: Sequence[str], always: bool
    ) -> tuple[int, str]:
        """How many lines the record takes, and its text with the status cells."""
        text, wrapped = self._text(record)
        spans = _spans(text, delimiter)
        written = [_cell(value, always) for value in values]
        pieces = [text[start:end] for start, end in spans]
        # What stands in status columns is replaced; a shorter row is filled up with empty cells.
        pieces += [""] * (at + len(written) - len(pieces))
        pieces[at : at + len(written)] = written
        text = delimiter.join(pieces)
        if wrapped:
            text = '"' + text.replace('"', '""') + '"'
        return record.below - record.line + 1, text

    def _pieces(self, edits: Mapping[int, tuple[int, str]]) -> Iterator[str]:
        number = 1
        while number <= len(self.raw):
            content, end = self.raw[number - 1]
            if number not in edits:
                yield content + end
                number += 1
                continue
            count, text = edits[number]
            mark = "\ufeff" if number == 1 and content.startswith("\ufeff") else ""
            ends = [line_end for _, line_end in self.raw[number - 1 : number - 1 + count]]
            parts = text.split("\n")
            yield mark + "".join(
                part + line_end for part, line_end in zip(parts, ends, strict=True)
            )
            number += count


def _cell(value: str, always: bool) -> str:
    """`value` as a cell: in quotation marks where any program could divide it."""
    if always or re.search(r'[",;\t|]|^\s|\s$', value):
        return '"' + value.replace('"', '""') + '"'
    return value


def _spans(text: str, delimiter: str) -> list[tuple[int, int]]:
    """The start and the end of each cell in the text of a record."""
    spans, start, quoted, closed = [], 0, False, -2
    for found in re.finditer('["' + re.escape(delimiter) + "]", text):
        at = found.start()
        if found.group() == delimiter:
            if not quoted:
                spans.append((start, at))
                start = at + 1
        elif quoted:
            quoted, closed = False, at
        elif closed == at - 1 or not text[start:at].strip(" "):
            quoted = True  # one that was doubled, or the first of its cell
    return [*spans, (start, len(text))]
