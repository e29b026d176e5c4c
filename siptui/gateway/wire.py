"""What goes over the wire: the body of a submit, and answers read leniently but never guessed.

Names are those of the Teams PowerShell module's models; casing and the name of the item array
were never seen on the wire, hence names are compared without regard to case. What is there but
of the wrong kind raises `WireError`: a guess could call a device done that is not.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus, Phase

_ITEM_ARRAYS = ("batchitems", "batchitem", "items", "item")
_WRAPPERS = ("value", "batches", "batchsummaries", "summaries", "requests", "items", "data")
_MAX_ID = 200
_MAX_TEXT = 2000
_SUCCEEDED = frozenset({"success", "succeeded", "successful"})
_FAILED = frozenset({"failed", "failure", "error"})
_COMPLETED = frozenset({"completed", "complete"})


class WireError(ValueError):
    """An answer is not what the service speaks; the text says what is wrong with it."""


def submit_body(devices: Sequence[Device]) -> bytes:
    """The body of createbatch: a bare array of items. Further columns are never sent."""
    items = [{"UserName": str(d.user_name), "HardwareId": str(d.hardware_id)} for d in devices]
    return json.dumps(items).encode()


def decode(body: bytes) -> Any:
    """The JSON value in `body`, in UTF-8, 16 or 32, with or without a byte order mark."""
    try:
        return json.loads(body)
    except RecursionError:
        raise WireError("it is nested too deeply") from None
    except ValueError as error:
        raise WireError(f"it is no JSON ({visible(str(error))[:120]})") from None


def folded_keys(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` with its names without case; of two that become one, the first."""
    found: dict[str, Any] = {}
    for name, part in value.items():
        found.setdefault(name.casefold(), part)
    return found


def accepted(value: Any) -> tuple[str, int | None]:
    """Batch id and the service's count of items in an answer to createbatch."""
    record = _record(value, ("batchid",))
    return _batch_id(record), _count(record.get("batchitemscount"))


def batch_status(value: Any, asked: str) -> BatchStatus:
    """The status of batch `asked`."""
    record = _record(value, ("batchstatus", "batchid", *_ITEM_ARRAYS))
    batch_id = _batch_id(record) if record.get("batchid") is not None else asked
    if batch_id.casefold() != asked.casefold():
        raise WireError(f"it tells of batch {batch_id}, not of {asked}")
    word = text(record.get("batchstatus"))
    return BatchStatus(
        batch_id=asked,
        word=word,
        phase=batch_phase(word),
        region=_region(record.get("region")),
        request_time=text(record.get("requesttime")),
        user_id=text(record.get("userid")),
        items=tuple(_item(entry) for entry in _items(record)),
    )


def batch_summaries(value: Any) -> tuple[BatchSummary, ...]:
    """The batches of the tenant: a bare array, one inside an object, or `null` for none."""
    return tuple(_summary(entry) for entry in _list(value))


def item_phase(word: str) -> Phase:
    """What an item's status word says; a word that is not known says nothing is over."""
    word = word.strip().casefold()
    if word in _SUCCEEDED:
        return Phase.SUCCEEDED
    return Phase.FAILED if word in _FAILED else Phase.RUNNING


def batch_phase(word: str) -> Phase:
    """What a batch's status word says; a word that is not known says nothing is over."""
    return Phase.COMPLETED if word.strip().casefold() in _COMPLETED else item_phase(word)


def text(value: Any) -> str:
    """A scalar of an answer as text made visible; nothing for `null`.

    Raises `WireError` for an array or object, which no field of these answers can be.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return visible(str(value)[: _MAX_TEXT * 2]).strip()[:_MAX_TEXT]
    raise WireError("a field holds a list or an object instead of a text")


def _record(value: Any, names: Sequence[str]) -> dict[str, Any]:
    """The object in `value` that has one of `names`: itself, alone in a list, or wrapped once."""
    for _ in range(2):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            break
        record = folded_keys(value)
        if any(name in record for name in names):
            return record
        if len(record) != 1:
            break
        (value,) = record.values()
    raise WireError(f"there is no {names[0]!r} in it")


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        record = folded_keys(value)
        if "batchid" in record:
            return [value]
        names = [name for name in _WRAPPERS if name in record]
        lists = [name for name, part in record.items() if isinstance(part, list)]
        for name in names or (lists if len(lists) == 1 else []):
            if isinstance(record[name], list):
                return list(record[name])
            if record[name] is None:
                return []
    raise WireError("there is no list of batches in it")


def _summary(entry: Any) -> BatchSummary:
    if not isinstance(entry, dict):
        raise WireError("an entry of the list of batches is no object")
    record = folded_keys(entry)
    word = text(record.get("batchstatus"))
    return BatchSummary(
        batch_id=_batch_id(record),
        word=word,
        phase=batch_phase(word),
        region=_region(record.get("region")),
        request_time=text(record.get("requesttime")),
        user_id=text(record.get("userid")),
        count=_count(record.get("batchitemscount")),
    )


def _items(record: Mapping[str, Any]) -> list[Any]:
    """The entries of the item array; none if it is absent, since a new batch may have none yet.

    Nobody has seen its name: under an unknown one it is told by what is in it.
    """
    for name in _ITEM_ARRAYS:
        found = record.get(name)
        if isinstance(found, list):
            return found
        if isinstance(found, dict):  # a list of one may come as its element
            return [found]
        if found is not None:
            raise WireError(f"{name!r} is no list")
    lists = [part for part in record.values() if isinstance(part, list) and _devices(part)]
    return lists[0] if len(lists) == 1 else []


def _devices(part: list[Any]) -> bool:
    """Whether every entry is an object with a hardware id, and there is one at all."""
    return bool(part) and all(
        isinstance(entry, dict) and "hardwareid" in folded_keys(entry) for entry in part
    )


def _item(entry: Any) -> ItemStatus:
    if not isinstance(entry, dict):
        raise WireError("an entry of the list of devices is no object")
    record = folded_keys(entry)
    hardware_id = text(record.get("hardwareid"))
    with contextlib.suppress(HardwareIdError):  # else kept as it came: shown, matched to nothing
        hardware_id = HardwareId.parse(hardware_id)
    word = text(record.get("status"))
    return ItemStatus(
        user_name=text(record.get("username")),
        hardware_id=hardware_id,
        word=word,
        phase=item_phase(word),
        error=text(record.get("error")),
    )


def _batch_id(record: Mapping[str, Any]) -> str:
    value = record.get("batchid")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise WireError("there is no batch id in it")
    value = value.strip()
    if not value or len(value) > _MAX_ID or visible(value) != value:
        raise WireError("its batch id cannot be one")
    return value


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if whole else None


def _region(value: Any) -> Region | None:
    try:
        return Region.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
