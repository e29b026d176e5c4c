"""Columns of regions: of SIP Gateway's, which are read or proposed, and of others, which are not.

A phone in the wrong region is not found, and a list whose regions are passed over puts all of them
there: where a column says something else than `--region`, the operator decides.
"""

from collections.abc import Sequence

from siptui.devicelist.column_choice import as_option
from siptui.devicelist.model import Option, Question, UndecidedError
from siptui.domain.region import Region

_FILLED = 0.5  # share of the rows in which such a column says something
_EXAMPLES = 3


def check_regions(
    where: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    place: int | None,
    others: Sequence[int],
    default: Region | None,
) -> str:
    """Ask where it is not certain which regions are meant; what is to be said, or nothing.

    `place` is the column that is read as the region, `others` those that nobody reads; `default`
    counts where a row names none. Raises `UndecidedError`.
    """
    words = _words(rows, place) if place is not None else {}
    if place is not None and words:
        if not any(map(_is_region, words)):
            raise _foreign(where, names, place, list(words), default)
        return ""
    for other in others:
        found = _words(rows, other)
        filled = sum(found.values())
        if filled < _FILLED * len(rows) or not any(map(_is_region, found)):
            continue
        if not all(_is_region(word) or Region.meant(word) for word in found):
            continue
        meant = {_region(word) for word in found}
        if meant == {default} and all(map(_is_region, found)):
            return f"“{names[other]}” says {default} as well"
        raise _proposed(where, names, other, list(found), sorted(filter(None, meant)), default)
    return ""


def _words(rows: Sequence[Sequence[str]], place: int) -> dict[str, int]:
    """How often each text stands in the column."""
    found: dict[str, int] = {}
    for cells in rows:
        if place < len(cells) and (text := cells[place]):
            found[text] = found.get(text, 0) + 1
    return found


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
    place: int,
    words: Sequence[str],
    default: Region | None,
) -> UndecidedError:
    name = names[place]
    said = ", ".join(words[:_EXAMPLES])
    how = f"--region {default} then counts" if default else "name the region with --region"
    return UndecidedError(
        f"{where}: “{name}” holds no region of SIP Gateway ({said}); those are APAC, "
        "EMEA and NOAM.",
        Question(
            "region",
            f"“{name}” holds no region of SIP Gateway. Leave it out?",
            (Option("", tuple(words[:_EXAMPLES]), f"leave “{name}” out; {how}"),),
        ),
        remedy=f"Leave the column out: --column region= ({how}); or name the one that holds the "
        "regions: --column region=HEADER.",
        names=names,
        code="region_column",
    )


def _proposed(
    where: str,
    names: Sequence[str],
    place: int,
    words: Sequence[str],
    meant: Sequence[Region],
    default: Region | None,
) -> UndecidedError:
    name, regions = names[place], ", ".join(meant)
    out = f"leave it out; {default} counts for all rows" if default else "leave it out"
    if default is None:
        message = f"“{name}” holds regions ({regions}), but is not known as the Region column."
        code = "region_column"
    else:
        message = f"“{name}” says {regions}, but --region says {default}."
        code = "region_contradicts"
    return UndecidedError(
        f"{where}: {message}",
        Question(
            "region",
            f"Read the regions from “{name}”?",
            (Option(name, tuple(words[:_EXAMPLES]), f"read {regions}"), Option("", (), out)),
        ),
        remedy=f"Say which holds: {as_option('region', name)} to read it, or --column region= to "
        f"leave it out{f' ({default} then counts for all rows)' if default else ''}.",
        names=names,
        code=code,
    )
