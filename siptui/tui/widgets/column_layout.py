"""How the columns of a grid share the width there is. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size


class Column(Struct, frozen=True):
    """A column: `width` cells at least, `most` at most, `flex` its share of what is left over.

    A column that is not `fit` may get longer cells later, so what it has now says little; it
    gets all of its `whole`, or what is left of it.
    When it is narrow, columns with the highest `drop` go first; 0 is never dropped. `whole` is
    how wide a flexible column would like to be: others give way for it before it is cut; `roomy`
    is the same in a window that is wide. From `tail` on a cell says least, so that where the width
    is short that goes first; `stem` is how wide the longest cell is without it, `longest` with it.
    A tail that is `silent` goes without an ellipsis. A column that `stays` is there wherever the
    table is scrolled to.
    """

    key: str
    title: str
    width: int
    most: int = 0
    flex: int = 0
    drop: int = 0
    right: bool = False
    fit: bool = True
    whole: int = 0
    roomy: int = 0
    tail: str = ""
    stem: int = 0
    longest: int = 0
    silent: bool = False
    stays: bool = False


#: What stands where there is nothing: it has no tail that could be another.
_EMPTY = frozenset({"", "-"})
#: From this many cells on there is room for two blanks between columns.
_WIDE = 95
#: From this many cells on the beginning of a tail says something.
_WORTH = 6


def fitted_to(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> tuple[Column, ...]:
    """The columns as `fitted` makes them for the cells of these rows. A tail that all cells have
    in common tells none of them from another: it goes silently."""
    lengths, stems = [0] * len(columns), [0] * len(columns)
    tails = [(i, column.tail) for i, column in enumerate(columns) if column.tail and column.fit]
    ends: dict[int, set[str]] = {i: set() for i, _ in tails}
    for cells in rows:
        for i, cell in enumerate(cells):
            if len(cell) > lengths[i]:
                lengths[i] = len(cell) if cell.isascii() else cell_len(cell)
        for i, tail in tails:
            stem, found, end = cells[i].partition(tail)
            if len(ends[i]) < 2 and cells[i] not in _EMPTY:
                ends[i].add(found + end)
            width = (len(stem) if stem.isascii() else cell_len(stem)) + 2 * len(
                found
            )  # the mark itself, and an ellipsis
            stems[i] = max(stems[i], width)
    common = {i for i, tail in tails if len(ends[i]) == 1 and lengths[i] and "".join(ends[i])}
    for i in common:
        stems[i] -= 2 * len(columns[i].tail)
    done = fitted(columns, lengths, stems)
    return tuple(replace(one, silent=True) if i in common else one for i, one in enumerate(done))


def fitted(
    columns: Sequence[Column], lengths: Sequence[int], stems: Sequence[int] = ()
) -> tuple[Column, ...]:
    """The columns with `width` widened to the longest cell each has (`lengths`), up to `most`;
    flexible ones get it as their `most` instead. `stems` are the same without their tails."""
    done = []
    for i, (column, length) in enumerate(zip(columns, lengths, strict=True)):
        if stems and stems[i]:
            column = replace(column, stem=min(stems[i], length), longest=length)
        if not column.fit:
            done.append(column)
            continue
        length = max(length, len(column.title))
        if column.flex:
            most = min(length, column.most) if column.most else length
            most = max(most, column.width)
            done.append(replace(column, most=most, whole=min(column.whole, most)))
        else:
            done.append(replace(column, width=max(column.width, min(length, column.most))))
    return tuple(done)


def spaced(
    columns: Sequence[Column], available: int, *, hidden: Iterable[str] = ()
) -> tuple[int, list[tuple[int, int]]]:
    """The blanks between columns, and what `arrange` makes of the rest. Two blanks are easier on
    the eye than one, but not worth a column, nor a cell of one that is not whole."""
    if available < _WIDE:
        return 1, arrange(columns, available, gap=1, hidden=hidden)
    columns = [replace(one, whole=max(one.whole, one.roomy)) for one in columns]
    loose = arrange(columns, available, gap=2, hidden=hidden)
    close = arrange(columns, available, gap=1, hidden=hidden)
    width = dict(loose)
    lacking = (i not in width or width[i] < min(w, columns[i].whole) for i, w in close)
    return (1, close) if any(lacking) else (2, loose)


def arrange(
    columns: Sequence[Column], available: int, *, gap: int = 1, hidden: Iterable[str] = ()
) -> list[tuple[int, int]]:
    """Which columns are shown (by place), and how wide, in `available` cells.

    Columns with `drop` go first, highest first, until the others are `whole`; then the flexible
    ones are narrowed as far as they must be, so that the others are never cut. Where cells are not
    whole even then, what all have in common goes, and makes room for other columns.
    """
    found = _arranged(columns, available, gap, hidden)
    cut = {i for i, width in found if columns[i].silent and width < columns[i].longest}
    if not cut:
        return found
    bare = [
        replace(one, whole=max(one.stem, one.width), most=max(one.stem, one.width))
        if i in cut
        else one
        for i, one in enumerate(columns)
    ]
    return _arranged(bare, available, gap, hidden)


def _arranged(
    columns: Sequence[Column], available: int, gap: int, hidden: Iterable[str]
) -> list[tuple[int, int]]:
    out = frozenset(hidden)
    chosen = [i for i, column in enumerate(columns) if column.key not in out]

    def needed(widths: dict[int, int]) -> int:
        return sum(widths[i] for i in chosen) + gap * max(0, len(chosen) - 1)

    liked = {i: max(columns[i].width, columns[i].whole) for i in chosen}
    widths = {i: columns[i].width for i in chosen}

    for i in sorted((i for i in chosen if columns[i].drop), key=lambda i: (-columns[i].drop, -i)):
        if needed(liked) <= available:
            break
        chosen.remove(i)
    # Those that would like to be whole come before the other flexible ones; without tails first.
    for wanted in ({i: min(columns[i].stem or liked[i], liked[i]) for i in chosen}, liked):
        for i in chosen:
            widths[i] += max(0, min(wanted[i] - widths[i], available - needed(widths)))
    widths = {i: widths[i] for i in chosen}
    spare = available - needed(widths)
    flexible = [i for i in chosen if columns[i].flex]
    while spare > 0:
        growing = [i for i in flexible if not columns[i].most or widths[i] < columns[i].most]
        if not growing:
            break
        shares = sum(columns[i].flex for i in growing)
        for i in growing:
            more = max(1, spare * columns[i].flex // shares)
            if columns[i].most:
                more = min(more, columns[i].most - widths[i])
            widths[i] += min(more, available - needed(widths))
        spare = available - needed(widths)
    for i in flexible:
        if spare >= 0:
            break
        less = min(-spare, widths[i] - min(4, widths[i]))
        widths[i] -= less
        spare += less
    return [(i, widths[i]) for i in chosen]


def pages(
    columns: Sequence[Column], available: int, *, hidden: Iterable[str] = ()
) -> tuple[int, list[list[tuple[int, int]]]]:
    """The blanks between columns, and what is shown where the table is scrolled to: first what
    `spaced` makes of the columns, then the ones that do not fit there, as many as do at a time,
    beside those that stay."""
    gap, first = spaced(columns, available, hidden=hidden)
    out, shown = frozenset(hidden), {i for i, _ in first}
    beyond = [i for i, one in enumerate(columns) if i not in shown and one.key not in out]
    staying = [i for i, _ in first if columns[i].stays]
    found = [first]
    while beyond:
        chosen, left = list(staying), available - sum(columns[i].width + gap for i in staying)
        while beyond and (left >= columns[beyond[0]].width or chosen == staying):
            left -= columns[beyond[0]].width + gap
            chosen.append(beyond.pop(0))
        some = [replace(columns[i], drop=0) for i in chosen]
        found.append([(chosen[n], width) for n, width in arrange(some, available, gap=gap)])
    return gap, found


def cell_of(column: Column, text: str, width: int) -> str:
    """`text` in exactly `width` cells: with blanks, or without its tail, or cut in the middle, so
    that what tells it from others is kept at both ends."""
    if not column.tail or width < 1:
        return cut_to(text, width, column.right)
    stem, found, _ = text.partition(column.tail)
    if found and column.silent and (width < column.longest or cell_len(text) > width):
        if not column.longest and cell_len(stem) + _WORTH <= width:
            return cut_to(text, width, column.right)
        text, found = stem, ""
    if cell_len(text) <= width:
        return cut_to(text, width, column.right)
    if found and cell_len(stem) + 2 <= width:
        return cut_to(stem + found + "…", width, column.right)
    begin = set_cell_size(stem, (width - 1) // 2)
    end = set_cell_size(stem[::-1], max(0, width - 1 - cell_len(begin)))[::-1]
    return cut_to(f"{begin}…{end}", width, column.right)


def cut_to(text: str, width: int, right: bool) -> str:
    """`text` in exactly `width` cells: with blanks, or cut with an ellipsis."""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    blank = " " * (width - length)
    return blank + text if right else text + blank
