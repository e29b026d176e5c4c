"""What operators type: `--where` and `--by` words, moments and windows."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from siptui.devicelist import read
from siptui.devicelist.part import part_of
from siptui.domain.errors import UsageError
from siptui.domain.moments import window
from siptui.domain.row_filter import conditions
from siptui.domain.text import visible
from siptui.runs.events import Options
from siptui.runs.waves import Waves

_NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_LIST = """Username,HardwareId,Region,Site,Floor,"A=B",Straße
a@c.de,00-04-F2-00-00-01,EMEA,Bonn,1,x,Ü
b@c.de,00-04-F2-00-00-02,EMEA,"Ulm, Süd",,y,u
c@c.de,0004f2000003,NOAM,bonn,2,x,
d@c.de,bad,EMEA,Bonn,2,=1,
"""
_WORDS = (
    *("Site", "site", "Floor", "A=B", "Straße", "Strasse", "Username", "hardware_id", "Region"),
    *("=", "==", "!=", "!", ",", ",,", " ", "Bonn", "BONN", "Ulm, Süd", "x", "EMEA", "", "1", "?"),
    *("0004F2000001", "00:04:f2:00:00:02", "\x1b[2J", "\u202e", "\x00", "u\u0308", "ß", "x" * 9000),
)
_TIMES = (
    *(
        "22:00",
        "7:5",
        "24:00",
        "23:59:59",
        "00:00",
        "2026-03-02",
        "2026-03-29 02:30",
        " ",
        "T",
        "Z",
    ),
    *(
        "2026-03-02T08:00:00Z",
        "2026-03-02 09:00",
        "+01:00",
        "-99:99",
        "9999-12-31 23:59",
        "0001-01-01 ",
    ),
    *(
        "00:00",
        ".5",
        "٢٢:٠٠",
        "１２:00",
        "now",
        "-1",
        "1e9",
        "\x1b[2J",
        "2026-W10-1",
        "20260302T080000",
    ),
)


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """Some words of each; whether all of them made sense. Only a `UsageError` may come of them.

    Raises `AssertionError` for a part that holds other rows than its own words say, and for a
    window that ends before it begins or now.
    """
    path = folder / "typed.csv"
    if not path.exists():
        path.write_text(_LIST, encoding="utf-8")
    found = read(path, region=None)
    texts = [_words(rnd) for _ in range(rnd.randrange(4))]
    try:
        wanted = conditions(texts)
        part = part_of(found, wanted)
    except UsageError as error:
        _said(error)
        return False
    every = {d.key: d for d in found.devices}
    assert all(every[d.key] is d for d in part.devices)
    by_itself = [part_of(found, [one]) for one in wanted] if len(part.devices) else []
    for alone in by_itself:  # each word takes away, none brings in
        assert {d.key for d in part.devices} <= {d.key for d in alone.devices}
    typed = ["".join(rnd.choices(_TIMES, k=rnd.choice((0, 1, 1, 2)))) for _ in range(2)]
    by = rnd.choice((rnd.choice(_WORDS), "", "Floor", "SITE"))
    try:
        begin, end = window(*typed, _NOW)
        options = Waves(by=by, not_before=typed[0], until=typed[1]).over(Options(), found, _NOW)
    except UsageError as error:
        _said(error)
        return False
    assert end is None or end > max(begin or _NOW, _NOW)
    assert begin is None or begin > datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
    assert not by or options.by in (*found.devices[0].extra, "username", "hardware_id", "region")
    return True


def _words(rnd: random.Random) -> str:
    if rnd.random() < 0.4:
        return "".join(rnd.choices(_WORDS, k=rnd.randrange(1, 5)))
    column, sign = rnd.choice(("Site", "floor", "region")), rnd.choice(("=", "!=", " = "))
    return column + sign + ",".join(rnd.choices(_WORDS, k=rnd.choice((1, 1, 2))))


def _said(error: UsageError) -> None:
    for text in (error.message, error.remedy):
        assert len(text) < 20_000, len(text)
        assert visible(text.replace("\n", " ")) == text.replace("\n", " "), text
