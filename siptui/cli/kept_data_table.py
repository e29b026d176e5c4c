"""What siptui keeps on this host, as a table for people and as JSON."""

import json
from collections.abc import Sequence
from datetime import datetime

from siptui.app.kept_data import HOLDS, Kept
from siptui.cli.wording import columns
from siptui.domain.text import visible
from siptui.domain.times import day

_HEAD = ("PROFILE", "WHAT", "SIZE", "SINCE", "CHANGED", "HOLDS")
_GOES = (
    "Runs and people go with “siptui forget RUN” and “siptui prune”, tokens with",
    "“siptui auth logout”, a profile with “siptui profiles remove NAME”.",
    "More: siptui help data",
)


def data_lines(found: Sequence[Kept], *, as_json: bool) -> list[str]:
    """What `info --data` prints, by lines."""
    if as_json:
        return [json.dumps({"data": [_record(one) for one in found]})]
    if not found:
        return ["siptui keeps nothing on this host yet."]
    lines = list(columns(_HEAD, [_cells(one) for one in found]))
    places = dict.fromkeys((_name(one), visible(str(one.folder))) for one in found)
    return [*lines, "", *(f"{name}: {place}" for name, place in places), "", *_GOES]


def _record(one: Kept) -> dict[str, object]:
    return {
        "kind": one.kind,
        "profile": one.profile,
        "folder": str(one.folder),
        "names": one.names,
        "bytes": one.size,
        "since": _time(one.since),
        "changed": _time(one.changed),
        "holds": HOLDS[one.kind],
    }


def _name(one: Kept) -> str:
    return visible(one.profile) if one.profile else "-"


def _cells(one: Kept) -> tuple[str, ...]:
    since, changed = (day(when) if when else "-" for when in (one.since, one.changed))
    return (_name(one), one.kind, size_words(one.size), since, changed, HOLDS[one.kind])


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def size_words(count: int) -> str:
    """So many bytes, for people."""
    if count < 1000:
        return f"{count} B"
    size = count / 1000
    for unit in ("kB", "MB"):
        if size < 1000:
            return f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
