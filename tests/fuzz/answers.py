"""Answers of the service as they might come, and as they should not."""

import random
from pathlib import Path
from typing import Any

from siptui.domain.text import visible
from siptui.gateway import bulk_json
from siptui.gateway.bulk_json import WireError
from siptui.gateway.http_errors import of_answer
from siptui.gateway.protocol import BatchStatus, Phase
from siptui.transport.messages import Answer
from tests.fuzz.damage import Damage, steers
from tests.fuzz.damage import body as as_sent

_NAMES = (
    *("batchId", "BatchStatus", "REGION", "requestTime", "UserId", "batchItemsCount"),
    *("batchItems", "BatchItem", "items", "item", "value", "hardwareId", "userName"),
    *("Status", "Error", "error", "code", "message", "x", "", "\x1b]0;x\x07", "a" * 300),
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
_DAMAGE = Damage(_NAMES)
_DONE = {"success", "succeeded", "successful", "failed", "failure", "error"}


def attack(folder: Path, rnd: random.Random, number: int) -> bool:
    """One answer; whether any reader made sense of it.

    Raises `AssertionError` when something in it could steer a terminal or when a word nobody
    knows is taken for an end; whatever else a reader raises is a fault as well.
    """
    whole = rnd.choice(_GOOD)
    answer = _DAMAGE.damaged(whole, rnd) if rnd.random() < 0.7 else _DAMAGE.value(rnd, 4)
    body = as_sent(answer, rnd)
    understood = False
    for parse in (bulk_json.accepted, _status, bulk_json.batch_summaries):
        try:
            found = parse(bulk_json.decode(body))
        except WireError as refused:
            why = str(refused)
        else:
            why, understood = "", True
            _checked(found, body)
        assert visible(why) == why, body
    for status in (200, 302, 400, 403, 429, 500):
        error = of_answer(Answer(status, {}, body), "c")
        shown = f"{error.message}{error.remedy}{error.raw}{error.code}"
        assert not steers(shown), body
    return understood


def _checked(found: object, body: bytes) -> None:
    assert not steers(str(found)), body
    if isinstance(found, BatchStatus):
        for item in found.items:
            assert (item.phase is Phase.RUNNING) == (item.word.casefold() not in _DONE), body


def _status(value: Any) -> BatchStatus:
    return bulk_json.batch_status(value, "b-1")
