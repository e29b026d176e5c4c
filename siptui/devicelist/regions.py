"""Columns of regions: of SIP Gateway's, which are read or proposed, and of others, which are not.

A phone in the wrong region is not found, and a list whose regions are passed over puts all of them
there: where a column says something else than `--region`, the operator decides.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from siptui.devicelist.column_choice import as_option
from siptui.devicelist.column_names import spaced
from siptui.devicelist.model import Option, Question, UndecidedError
from siptui.domain.region import Region

_FILLED = 0.5  # share of the rows in which such a column says something
_MOSTLY = 0.5  # share of its filled cells that are regions
_EXAMPLES = 3
#: What people write into a cell for nothing.
_NOTHING = frozenset(("-", "--", "–", "—", "?", "n/a", "n.a.", "tbd", "none", "unknown", "open"))
_SAYS = re.compile(r"\b(?:regi\w+|geo\w*|theat(?:er|re)|[ck]ontinente?|sdg|gateway|sip)\b")


def check_regions(
    where: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    place: int | None,
    others: Sequence[int],
    default: Region | None,
    *,
    decided: bool = False,
) -> Iterator[str]:
    """Ask where it is not certain which regions are meant; gives what is to be said.

    `place` is the column that is read as the region, `others` those that could be it; `default`
    counts where a row names none. `decided` says that the operator chose already: then nothing is
    asked. Raises `UndecidedError`.
    """
    here = _Words.of(names, rows, place) if place is not None else None
    if here is not None and here.words and not decided:
        if not any(map(_is_region, here.words)):
            raise _foreign(where, names, here, [*_holding(names, rows, others)], default)
        for other in _holding(names, rows, others):
            if other.named and _differ(rows, here.place, other.place):
                raise _contradictory(where, names, here, other)
    elif here is None or not here.words:
        for other in _holding(names, rows, others):
            if other.regions == {default} and other.spelled_out:
                yield f"“{other.name}” says {default} as well"
            elif decided:
                yield f"“{other.name}” says {other.said} and is not read"
            else:
                raise _proposed(where, names, other, default)
    if here is not None and here.words and default is not None and (empty := here.empty(rows)):
        many = "1 row" if empty == 1 else f"{empty:,} rows"
        yield f"“{here.name}” is empty in {many}; {default} counts there"


class _Words(Struct, frozen=True):
    """The texts of one column, each once and in the order of the rows."""

    place: int
    name: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str], rows: Sequence[Sequence[str]], place: int) -> "_Words":
        words = dict.fromkeys(cells[place] for cells in rows if place < len(cells))
        words.pop("", None)
        return cls(place, names[place], tuple(words))

    @property
    def regions(self) -> set[Region]:
        """The regions that are named or meant."""
        return set(filter(None, map(_region, self.words)))

    @property
    def said(self) -> str:
        """The regions, and the first other text."""
        odd = [w for w in self.words if not _region(w) and w.casefold() not in _NOTHING]
        return ", ".join([*sorted(self.regions), *odd[:_EXAMPLES]])

    @property
    def spelled_out(self) -> bool:
        """Whether nothing but regions stands there, as the service spells them."""
        return all(_is_region(w) or w.casefold() in _NOTHING for w in self.words)

    @property
    def named(self) -> bool:
        """Whether the column is called after regions."""
        return _SAYS.search(spaced(self.name)) is not None

    def empty(self, rows: Sequence[Sequence[str]]) -> int:
        """How many rows say nothing in the column."""
        return sum(self.place >= len(cells) or not cells[self.place] for cells in rows)

    def hold(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether these are regions: most of them, or all where few rows say something."""
        # “NA” and “US” mean a region only in a column that is called so.
        if not (any(map(_is_region, self.words)) or self.named):
            return False
        cells = [cells[self.place] for cells in rows if self.place < len(cells)]
        filled = [cell for cell in cells if cell and cell.casefold() not in _NOTHING]
        good = {word for word in self.words if _region(word)}
        share = sum(cell in good for cell in filled) / max(1, len(filled))
        return share >= (_MOSTLY if len(filled) >= _FILLED * len(rows) else 1)


def _holding(
    names: Sequence[str], rows: Sequence[Sequence[str]], others: Sequence[int]
) -> Iterator[_Words]:
    """The columns among `others` that hold regions."""
    for place in others:
        words = _Words.of(names, rows, place)
        if words.hold(rows):
            yield words


def _differ(rows: Sequence[Sequence[str]], one: int, other: int) -> bool:
    """Whether two columns name different regions in a row."""
    both = {(cells[one], cells[other]) for cells in rows if max(one, other) < len(cells)}
    return any(
        (a := _region(said)) and (b := _region(meant)) and a is not b for said, meant in both
    )


def _region(text: str) -> Region | None:
    try:
        return Region.parse(text)
    except ValueError:
        return Region.meant(text)


def _is_region(text: str) -> bool:
    try:
        Region.parse(text)
    except ValueError:
        return False
    return True


def _foreign(
    where: str,
    names: Sequence[str],
    here: _Words,
    others: Sequence[_Words],
    default: Region | None,
) -> UndecidedError:
    name, said = here.name, ", ".join(here.words[:_EXAMPLES])
    how = f"--region {default} then counts" if default else "name the region with --region"
    out = Option("", here.words[:_EXAMPLES], f"leave “{name}” out; {how}")
    read = [as_option("region", other.name) for other in others] or ["--column region=HEADER"]
    return UndecidedError(
        f"{where}: “{name}” holds no region of SIP Gateway ({said}); those are APAC, "
        "EMEA and NOAM.",
        Question(
            "region",
            f"“{name}” holds no region of SIP Gateway. Leave it out?",
            (*map(_read, others), out),
        ),
        remedy=f"Leave the column out: --column region= ({how}); or name the one that holds the "
        f"regions: {' or '.join(read)}.",
        names=names,
        code="region_column",
    )


def _contradictory(where: str, names: Sequence[str], here: _Words, other: _Words) -> UndecidedError:
    ways = " or ".join(as_option("region", words.name) for words in (here, other))
    return UndecidedError(
        f"{where}: two columns hold regions, and they differ: “{here.name}” ({here.said}) and "
        f"“{other.name}” ({other.said}).",
        Question("region", "Which column holds the region?", (_read(here), _read(other))),
        remedy=f"Say which: {ways}.",
        names=names,
        code="region_columns",
    )


def _proposed(
    where: str, names: Sequence[str], other: _Words, default: Region | None
) -> UndecidedError:
    name = other.name
    out = f"leave it out; {default} counts for all rows" if default else "leave it out"
    if default is None:
        message = f"“{name}” holds regions ({other.said}), but is not known as the Region column."
        code = "region_column"
    else:
        message = f"“{name}” says {other.said}, but --region says {default}."
        code = "region_contradicts"
    return UndecidedError(
        f"{where}: {message}",
        Question("region", f"Read the regions from “{name}”?", (_read(other), Option("", (), out))),
        remedy=f"Say which holds: {as_option('region', name)} to read it, or --column region= to "
        f"leave it out{f' ({default} then counts for all rows)' if default else ''}.",
        names=names,
        code=code,
    )


def _read(words: _Words) -> Option:
    return Option(words.name, words.words[:_EXAMPLES], f"read {words.said}")
