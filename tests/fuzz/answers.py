"""Answers of the service as they might come, and as they should not."""

import json
import random
from pathlib import Path
from typing import Any

from siptui.domain.text import visible
from siptui.gateway import wire
from siptui.gateway.protocol import BatchStatus, Phase
from siptui.gateway.refusals import of_answer
from siptui.gateway.wire import WireError
from siptui.transport.exchange import Answer

_NAMES = (
    *("batchId", "BatchStatus", "REGION", "requestTime", "UserId", "batchItemsCount"),
    *("batchItems", "BatchItem", "items", "item", "value", "hardwareId", "userName"),
    *("Status", "Error", "error", "code", "message", "x", "", "\x1b]0;x\x07", "a" * 300),
)
_SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, float("inf"), float("nan"), "", "b-1", "Completed"),
    *("success", "Failed", "EMEA", "00-15-65-00-00-01", "\x1b[2J", "\u202eabc", "\x9b1m", "\x00"),
    *("x" * 5000, "\ud800", "room@contoso.example", "2026-03-02T08:00:00Z", "InProgress"),
)
#: A whole answer of each kind, to be damaged.
_GOOD = (
    {"batchId": "b-1", "batchItemsCount": 2},
    {
        "batchId": "b-1",
        "batchStatus": "InProgress",
        "region": "EMEA",
        "batchItems": [
            {"userName": "a@b.example", "hardwareId": "00-15-65-00-00-01", "status": "success"},
            {"userName": "c@b.example", "hardwareId": "00-15-65-00-00-02", "error": "x"},
        ],
    },
    [{"batchId": "b-1", "batchStatus": "Completed", "region": "EMEA", "batchItemsCount": 2}],
    {"code": "Forbidden", "message": "Access Denied.", "action": "Provide other credentials."},
)
_DONE = {"success", "succeeded", "successful", "failed", "failure", "error"}


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One answer; whether any reader made sense of it.

    Raises `AssertionError` when something in it could steer a terminal or when a word nobody
    knows is taken for an end; whatever else a reader raises is a fault as well.
    """
    body = _bytes(_damaged(rnd.choice(_GOOD), rnd) if rnd.random() < 0.7 else _value(rnd, 4), rnd)
    understood = False
    for parse in (wire.accepted, _status, wire.batch_summaries):
        try:
            found = parse(wire.decode(body))
        except WireError as refused:
            why = str(refused)
        else:
            why, understood = "", True
            _checked(found, body)
        assert visible(why) == why, body
    for status in (200, 302, 400, 403, 429, 500):
        error = of_answer(Answer(status, {}, body), "c")
        shown = f"{error.message}{error.remedy}{error.raw}{error.code}"
        assert not _steers(shown), body
    return understood


def _checked(found: object, body: bytes) -> None:
    assert not _steers(str(found)), body
    if isinstance(found, BatchStatus):
        for item in found.items:
            assert (item.phase is Phase.RUNNING) == (item.word.casefold() not in _DONE), body


def _status(value: Any) -> BatchStatus:
    return wire.batch_status(value, "b-1")


def _steers(text: str) -> bool:
    codes = map(ord, text)
    return any((c < 0x20 and c != 0x0A) or 0x7F <= c < 0xA0 or c == 0x202E for c in codes)


def _value(rnd: random.Random, deep: int) -> Any:
    kind = rnd.random()
    if deep == 0 or kind < 0.4:
        return rnd.choice(_SCALARS)
    if kind < 0.65:
        return [_value(rnd, deep - 1) for _ in range(rnd.randrange(4))]
    return {rnd.choice(_NAMES): _value(rnd, deep - 1) for _ in range(rnd.randrange(6))}


def _damaged(value: Any, rnd: random.Random) -> Any:
    """`value` with some parts left out, renamed or of another kind."""
    if rnd.random() < 0.08:
        return _value(rnd, 2)
    if isinstance(value, dict):
        return {
            rnd.choice(_NAMES) if rnd.random() < 0.08 else _cased(name, rnd): _damaged(part, rnd)
            for name, part in value.items()
            if rnd.random() > 0.05
        }
    if isinstance(value, list):
        return [_damaged(part, rnd) for part in value for _ in range(rnd.choice((1, 1, 1, 0, 2)))]
    return value


def _cased(name: str, rnd: random.Random) -> str:
    return rnd.choice((name, name, name.upper(), name.lower(), name[:1].upper() + name[1:]))


def _bytes(value: Any, rnd: random.Random) -> bytes:
    text = json.dumps(value)
    body = text.encode(rnd.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32")))
    if rnd.random() < 0.25:
        at = rnd.randrange(len(body) + 1)
        body = body[:at] + rnd.randbytes(rnd.randrange(4)) + body[at + rnd.randrange(4) :]
    return body
