"""JSON values made at random, and whole ones damaged."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, float("inf"), float("nan"), "", "b-1", "Completed"),
    *("success", "Failed", "EMEA", "00-15-65-00-00-01", "\x1b[2J", "\u202eabc", "\x9b1m", "\x00"),
    *("x" * 5000, "\ud800", "room@contoso.example", "2026-03-02T08:00:00Z", "InProgress"),
)


@dataclass(frozen=True, slots=True)
class Damage:
    """What goes wrong: `names` that a field may get, `scalars` that may stand in its place."""

    names: Sequence[str]
    scalars: Sequence[Any] = SCALARS

    def value(self, rnd: random.Random, deep: int) -> Any:
        """Any value, so many levels deep."""
        kind = rnd.random()
        if deep == 0 or kind < 0.4:
            return rnd.choice(self.scalars)
        if kind < 0.65:
            return [self.value(rnd, deep - 1) for _ in range(rnd.randrange(4))]
        names = range(rnd.randrange(6))
        return {rnd.choice(self.names): self.value(rnd, deep - 1) for _ in names}

    def damaged(self, value: Any, rnd: random.Random) -> Any:
        """`value` with some parts left out, renamed or of another kind."""
        if rnd.random() < 0.08:
            return self.value(rnd, 2)
        if isinstance(value, dict):
            return {
                rnd.choice(self.names) if rnd.random() < 0.08 else _cased(name, rnd): self.damaged(
                    part, rnd
                )
                for name, part in value.items()
                if rnd.random() > 0.05
            }
        if isinstance(value, list):
            times = (1, 1, 1, 0, 2)
            return [self.damaged(part, rnd) for part in value for _ in range(rnd.choice(times))]
        return value


def body(value: Any, rnd: random.Random) -> bytes:
    """`value` as it comes over the wire, in one of the encodings of JSON, at times with a hole."""
    text = json.dumps(value)
    data = text.encode(rnd.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32")))
    if rnd.random() < 0.25:
        at = rnd.randrange(len(data) + 1)
        data = data[:at] + rnd.randbytes(rnd.randrange(4)) + data[at + rnd.randrange(4) :]
    return data


def steers(text: str) -> bool:
    """Whether something in `text` could steer a terminal; the end of a line does not."""
    codes = map(ord, text)
    return any((c < 0x20 and c != 0x0A) or 0x7F <= c < 0xA0 or c == 0x202E for c in codes)


def _cased(name: str, rnd: random.Random) -> str:
    return rnd.choice((name, name, name.upper(), name.lower(), name[:1].upper() + name[1:]))
