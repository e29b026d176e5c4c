"""Older workbooks (.xls) of which some bytes are others, or the end is missing.

They have no checksums: a letter of a cell that is another cannot be told. Each is read by a process
of its own, as a length that is damaged may ask for more memory than there is.
"""

import random
from pathlib import Path

from siptui.devicelist import ListError, read
from siptui.domain.region import Region
from siptui.domain.text import visible

_WHOLE = ("phones-97.xls", "phones-97-calc.xls")


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One workbook; whether a list was read. Only a refusal with the file and what to do is
    raised."""
    data = (Path(__file__).parents[1] / "lists" / rnd.choice(_WHOLE)).read_bytes()
    raw = bytearray(data)
    for _ in range(rnd.choice((1, 1, 2, 9))):
        raw[rnd.randrange(len(raw))] ^= 1 << rnd.randrange(8)
    path = folder / "list.xls"
    path.write_bytes(bytes(raw[: rnd.randrange(len(raw))] if rnd.random() < 0.1 else raw))
    refused = None
    try:
        read(path, region=Region.EMEA)
    except ListError as error:
        refused = error
    if refused is not None:
        assert refused.remedy
        assert str(path) in refused.message
        assert len(refused.message) < 1_000
        assert visible(refused.message) == refused.message
    return refused is None
