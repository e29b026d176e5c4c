"""The quick way for long lists: rows with nothing unusual about them, all at once in polars.

What is accepted here is a strict part of what the rules for one row accept, with the same
result; every other row is handed back to them. So this can be slow for an odd list, never wrong.
"""

import gc
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import repeat
from typing import TYPE_CHECKING

from siptui.devicelist.cells import EDGE, MAX_CELL
from siptui.devicelist.header import Header
from siptui.devicelist.lines import Record, split
from siptui.devicelist.rules import REWRITTEN, Changes
from siptui.domain.device import NOTHING, Device
from siptui.domain.hardware_id import HardwareId
from siptui.domain.region import Region
from siptui.domain.text import HIDDEN
from siptui.domain.user_name import UserName

if TYPE_CHECKING:
    import polars as pl

_CUT = "\x1f"  # stands for the delimiter once the quotes are off; lines that hold it are odd
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_USER = rf"^[A-Za-z0-9_][A-Za-z0-9_+'-]*(?:\.[A-Za-z0-9_+'-]+)*@(?:{_LABEL}\.)+{_LABEL}$"
_USER_MAX = 63  # below every limit on the whole name and its parts
_H2, _H4, _H6 = "[0-9A-Fa-f]{2}", "[0-9A-Fa-f]{4}", "[0-9A-Fa-f]{6}"
_PORT = ":(?:00[1-9]|0[1-9][0-9]|[1-9][0-9][0-9])"
_FORMS = "|".join(
    [f"{_H6}{_H6}"]
    + [
        f"{group}(?:{mark}{group}){{{times}}}"
        for group, times in ((_H2, 5), (_H4, 2), (_H6, 1))
        for mark in ("-", ":", r"\.")
    ]
)
_HARDWARE = f"^(?:[Ss][Ee][Pp]|[Aa][Tt][Aa])?(?:{_FORMS})(?:{_PORT})?$"
_DAY = "[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
_DATE = rf"^(?:{_DAY}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z)?)?$"
_ADAPTER = r"(?i)mp[\s\-]?1(?:14|18|24)"


def quick(
    lines: Sequence[str], header: Header, region: Region | None, changes: Changes
) -> tuple[list[Device], list[Record]] | None:
    """The plain rows of `lines` below the header as devices, and the rest as records.

    None where a quote may run across lines: then every row has to be looked at in order.
    """
    with _no_collection():
        return _quick(lines, header, region, changes)


def _quick(
    lines: Sequence[str], header: Header, region: Region | None, changes: Changes
) -> tuple[list[Device], list[Record]] | None:
    import polars as pl

    body = lines[header.first :]
    frame = pl.DataFrame(
        {"line": range(header.first + 1, len(lines) + 1), "text": body},
        schema={"line": pl.Int64, "text": pl.String},
    ).filter(pl.col("text").str.strip_chars(" \t") != "")
    text = pl.col("text")
    plain = (text.str.len_bytes() <= MAX_CELL) & ~text.str.contains(_unusual(header.delimiter))
    if frame["text"].str.contains('"', literal=True).any():
        mark = re.escape(header.delimiter)
        # A tab that is no delimiter is looked at one by one: the rules strip it from a cell.
        inside = '[^"\\t]' if header.delimiter == "\t" else '[^"]'
        quoted = text.str.contains(rf'^"{inside}*"(?:{mark}"{inside}*")*$')
        bare = ~text.str.contains('"', literal=True)
        frame = frame.with_columns(
            ok=plain & (quoted | bare),
            cut=pl.when(quoted)
            .then(
                text.str.strip_prefix('"')
                .str.strip_suffix('"')
                .str.replace_all(f'"{header.delimiter}"', _CUT, literal=True)
            )
            .otherwise(text.str.replace_all(header.delimiter, _CUT, literal=True)),
        )
        separator = _CUT
    else:
        frame = frame.with_columns(ok=plain, cut=text)
        separator = header.delimiter
    done = _columns(frame, header, region, separator)
    good = done.filter(pl.col("ok"))
    odd = frame.filter(~done["ok"])
    records = _odd(odd["line"].to_list(), odd["text"].to_list(), header.delimiter)
    if records is None:
        return None
    _note(good, changes)
    return _devices(good, header), records


def _unusual(delimiter: str) -> str:
    hidden = HIDDEN.replace(r"\ud800-\udfff", "").removeprefix("[").removesuffix("]")
    edge = EDGE.replace(" \t\r\n", "")
    controls = r"\x00-\x08\x0a-\x1f" if delimiter == "\t" else r"\x00-\x1f"
    rust = re.sub(r"\\[uU]([0-9a-f]+)", r"\\x{\1}", hidden.replace(r"\x00-\x1f", controls))
    return f"[{rust}{edge}]"


def _columns(
    frame: "pl.DataFrame", header: Header, region: Region | None, separator: str
) -> "pl.DataFrame":
    """Line, `ok`, user name, canonical hardware id, region and extra columns of every row."""
    import polars as pl

    width = len(header.names)
    cells = frame["cut"].str.splitn(separator, width + 1).struct.unnest()
    cells = cells.rename({name: f"c{i}" for i, name in enumerate(cells.columns)})
    rest = pl.col(f"c{width}")
    ok = (
        frame["ok"]
        & cells.select(
            pl.col(f"c{width - 1}").is_not_null()
            & (rest.is_null() | (rest.str.strip_chars(f"{separator} ") == ""))
        ).to_series()
    )
    cells = cells.select(pl.col(f"c{i}").str.strip_chars(" ") for i in range(width))
    user, raw = pl.col(f"c{header.user}"), pl.col(f"c{header.hardware}")
    where = pl.lit(region.value if region else "")
    if header.region is not None:
        named = pl.col(f"c{header.region}").str.to_uppercase()
        where = pl.when(named == "").then(where).otherwise(named)
    # In steps: polars works out an expression again wherever it is used.
    found = cells.select(
        user.alias("user"),
        raw.alias("raw"),
        where.alias("region"),
        raw.str.extract("(:[0-9]{3})$").fill_null("").alias("port"),
        raw.str.to_uppercase()
        .str.strip_prefix("SEP")
        .str.strip_prefix("ATA")
        .str.replace_all("[-:.]", "")
        .alias("digits"),
        pl.all_horizontal(_checks(header)).fill_null(False).alias("plain"),
        *(pl.col(f"c{place}").alias(f"x{n}") for n, (_, place) in enumerate(header.extra)),
    )
    digits = pl.col("digits")
    pairs = pl.concat_str([digits.str.slice(i, 2) for i in range(0, 12, 2)], separator="-")
    return found.with_columns(
        line=frame["line"],
        ok=ok
        & pl.col("plain")
        & pl.col("region").is_in([r.value for r in Region])
        & digits.str.contains("^.[02468ACE]")
        & (digits.str.slice(0, 12) != "0" * 12),
        hardware=pl.concat_str([pairs, pl.col("port")]),
    )


def _checks(header: Header) -> "list[pl.Expr]":
    """What the cells of a plain row fulfil, column by column."""
    import polars as pl

    user, raw = pl.col(f"c{header.user}"), pl.col(f"c{header.hardware}")
    checks = [
        user.str.contains(_USER),
        user.str.len_bytes() <= _USER_MAX,
        raw.str.contains(_HARDWARE),
    ]
    if header.model is not None:
        checks.append(~pl.col(f"c{header.model}").str.contains(_ADAPTER))
    if header.onboarded is not None:
        checks.append(pl.col(f"c{header.onboarded}").str.contains(_DATE))
    if (state := header.results.get("State")) is not None:
        checks.append(pl.col(f"c{state}").str.to_lowercase() != "succeeded")
    return checks + [~pl.col(f"c{i}").str.contains("^=|'") for _, i in header.extra]


def _odd(lines: list[int], texts: list[str], delimiter: str) -> list[Record] | None:
    records = []
    for line, text in zip(lines, texts, strict=True):
        if '"' in text:
            cells = split(text, delimiter)
            if cells is None:
                return None
        else:
            cells = text.split(delimiter)
        records.append(Record(line, line, cells))
    return records


def _note(good: "pl.DataFrame", changes: Changes) -> None:
    import polars as pl

    prefix = pl.col("raw").str.slice(0, 3).str.to_uppercase()
    changed = good.filter(pl.col("raw") != pl.col("hardware")).select(
        "line", "raw", "hardware", prefix.alias("prefix")
    )
    rewritten = ~pl.col("prefix").is_in(["SEP", "ATA"])
    for what, which in (
        (REWRITTEN, rewritten),
        ("SEP prefix removed", pl.col("prefix") == "SEP"),
        ("ATA prefix removed", pl.col("prefix") == "ATA"),
    ):
        found = changed.filter(which)
        if found.height:
            line, raw, hardware, _ = found.row(0)
            changes.add(what, line, f"{raw} → {hardware}", found.height)


def _devices(good: "pl.DataFrame", header: Header) -> list[Device]:
    regions = {region.value: region for region in Region}
    values: dict[str, Iterable[object]] = {
        "line": good["line"].to_list(),
        "user_name": map(UserName, good["user"].to_list()),
        "hardware_id": map(HardwareId, good["hardware"].to_list()),
        "region": map(regions.__getitem__, good["region"].to_list()),
        "extra": _extras(good, header),
    }
    # A frozen dataclass writes its fields one by one through Python; filling the slots column by
    # column makes the same objects in a fifth of the time.
    devices = list(map(object.__new__, repeat(Device, good.height)))
    for field in fields(Device):
        slot = getattr(Device, field.name)
        deque(map(slot.__set__, devices, values[field.name]), maxlen=0)
    return devices


def _extras(good: "pl.DataFrame", header: Header) -> Iterable[Mapping[str, str]]:
    names = [name for name, _ in header.extra]
    if not names:
        return repeat(NOTHING)
    first = names[0]
    if len(names) == 1:  # a site or a building: few values, so rows share what is the same
        values = good["x0"].to_list()
        shared = {value: {first: value} for value in values}
        return map(shared.__getitem__, values)
    extras = [{first: value} for value in good["x0"].to_list()]
    for number, name in enumerate(names[1:], 1):
        deque(map(dict.__setitem__, extras, repeat(name), good[f"x{number}"].to_list()), maxlen=0)
    return extras


@contextmanager
def _no_collection() -> Iterator[None]:
    """The collector would walk a growing heap again and again, and find nothing. What was made
    here lives as long as its list, and goes with its last reference: no walk is needed later,
    either, in a console that must not pause nor when the process ends."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if before:
            gc.enable()
