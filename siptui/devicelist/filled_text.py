"""Status columns in a list of text: its own bytes stay, the cells are put in between."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from siptui.devicelist.cells import clean, guard
from siptui.devicelist.delimiters import unwrapped
from siptui.devicelist.file import without_end_mark
from siptui.devicelist.header import Header
from siptui.devicelist.model import ListError
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


class _Text(Struct):
    """The lines of a list as they are, `raw` with their ends, and what goes into them."""

    raw: list[tuple[str, str]]
    lines: list[str]
    header: Header
    cells: Mapping[int, Sequence[str]]

    def filled(self) -> str:
        """The whole text."""
        header = self.header
        outer = header.wrapped
        below = dict.fromkeys(self.cells, outer or header.delimiter)
        rows = {header.line: outer or header.divided, **below}
        found = {r.line: r for r in self._records() if r.line in rows and not r.broken}
        if header.line not in found:
            raise ListError(
                f"Line {header.line}, the header, has quotation marks that do not match, so that "
                "nothing can be filled in beside it.",
                code="form",
                remedy="Correct them in the list; or export the results with -o.",
            )
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
        yield next(records(self.lines, header.wrapped or header.divided, header.line - 1))
        yield from records(self.lines, header.wrapped or header.delimiter, header.first)

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
        spans = _spans(self._text(record)[0], header.wrapped or delimiter)
        return len(spans) + self._inside(record)

    def _inside(self, record: Record) -> int:
        """How many cells the first cell of a row holds besides one, where such hold whole rows."""
        inside = self.header.wrapped and unwrapped(record.cells[:1], self.header.delimiter)
        return self.header.inner - 1 if inside else 0

    def _quotes_always(self) -> bool:
        first = self.lines[self.header.line - 1].lstrip()
        whole = self.header.wrapped or self._whole(first) is not None
        return first.startswith('"') and not whole

    def _whole(self, text: str) -> tuple[str, str] | None:
        """The row that stands in the quotation marks of the first cell, and the empty cells behind
        it; none where a row stands as rows do."""
        end = _spans(text, self.header.divided)[0][1]
        first, behind = text[:end].strip(), text[end:]
        if not first.startswith('"') or behind.strip(f" {self.header.divided}"):
            return None
        inside = first[1:-1].replace('""', '"')
        return None if unwrapped([clean(inside)], self.header.divided) is None else (inside, behind)

    def _text(self, record: Record) -> tuple[str, str | None]:
        """The text of a record; where it stands in one cell as a whole without the quotation marks
        of that, and with the empty cells behind it."""
        text = "\n".join(self.lines[record.line - 1 : record.below])
        one = self.header.wrapped or len(self.header.names) == 1
        return (None if one else self._whole(text)) or (text, None)

    def _edited(
        self, record: Record, delimiter: str, at: int, values: Sequence[str], always: bool
    ) -> tuple[int, str]:
        """How many lines the record takes, and its text with the status cells."""
        text, behind = self._text(record)
        at -= self._inside(record)
        spans = _spans(text, delimiter)
        written = [_cell(value, always) for value in values]
        pieces = [text[start:end] for start, end in spans]
        # The content of status columns is replaced; a shorter row is filled up with empty cells.
        pieces += [""] * (at + len(written) - len(pieces))
        pieces[at : at + len(written)] = written
        text = delimiter.join(pieces)
        if behind is not None:
            text = '"' + text.replace('"', '""') + '"' + behind
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
