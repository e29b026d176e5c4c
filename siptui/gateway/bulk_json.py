"""What goes over the wire: the body of a submit, and answers read leniently but never guessed.

Names are those of the Teams PowerShell module's models; casing, word boundaries and the name of
the item array were never seen on the wire, hence names are compared without case, `_` and `-`.

An answer is read as far as it goes: a field of the wrong kind is kept as the text it came as and
decides nothing, an entry that is none is passed over and counted. Only where an answer is not the
one that was asked for it raises `WireError`: a guess could call a device done that is not.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from siptui.domain.device import Device
from siptui.domain.hardware_id import HardwareId, HardwareIdError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.gateway.json_lists import Listed
from siptui.gateway.paging import cut_at
from siptui.gateway.protocol import BatchStatus, BatchSummary, ItemStatus
from siptui.gateway.status_words import batch_phase, ended, item_phase
from siptui.logs.secrets import without_tokens

_ITEM_ARRAYS = ("batchitems", "batchitem", "items", "item")
_WRAPPERS = ("value", "batches", "batchsummaries", "summaries", "requests", "items", "data")
_MAX_ID = 200
#: Longer names are none that is looked for.
_LONGEST_NAME = 100
#: Names of an object whose folded names are kept for the next one of its kind.
_MOST_NAMES = 100
_MAX_TEXT = 2000
#: Longest piece of an answer that a text about it repeats.
_MAX_SHOWN = 160
T = TypeVar("T")
# Named, since an answer has tens of thousands of fields and `A | B` is made anew each time.
_SCALARS, _NESTED = (str, int, float), (list, dict)
#: Short texts that need no change, such as user names and words: each look brings them again. None
#: that has a token in it is kept.
_HARMLESS: set[str] = set()
_MAX_SHORT, _MOST_SHORT = 100, 20_000


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


@lru_cache(1024)
def folded_word(name: str) -> str:
    """`name` without case, blanks, `_` and `-`."""
    return re.sub(r"[\s_-]", "", name.casefold())


@lru_cache(256)
def _folded_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of an object, of which a list has thousands: each kind is folded once."""
    return tuple(folded_word(one) if len(one) <= _LONGEST_NAME else one for one in names)


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    """As `_folded_names`; what an object with too many or too long names has is not kept."""
    kept = len(names) <= _MOST_NAMES and max(map(len, names), default=0) <= _LONGEST_NAME
    return _folded_names(names) if kept else _folded_names.__wrapped__(names)


def folded_keys(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` with its names without case, blanks, `_` and `-`.

    Of two that become one, the first that holds something.
    """
    names = _names(tuple(value))
    found = dict(zip(names, value.values(), strict=True))
    if len(found) == len(names):
        return found
    found = {}
    for name, part in zip(names, value.values(), strict=True):
        if found.get(name) is None:
            found[name] = part
    return found


def accepted(value: Any) -> tuple[str, int | None]:
    """Batch id and the service's count of items in an answer to createbatch."""
    record = _record(value, ("batchid",))
    batch_id = _batch_id(record.get("batchid"))
    if not batch_id:
        raise WireError(f"there is no batch id in it: {shown(value)}")
    return batch_id, _count(record.get("batchitemscount"))


def batch_status(value: Any, asked: str) -> BatchStatus:
    """The status of batch `asked`, as far as the answer can be read.

    Raises `WireError` for what is no status, or that of another batch.
    """
    record = _record(value, ("batchstatus", "batchid", *_ITEM_ARRAYS))
    odd: list[str] = []
    told = record.get("batchid")
    batch_id = _batch_id(told) or asked
    same = batch_id.casefold() == asked.casefold()
    if isinstance(told, str) and not same:
        raise WireError(f"it tells of batch {batch_id}, not of {asked}")
    if told is not None and not (_batch_id(told) and same):
        odd.append(f"its batch id cannot be one: {shown(told)}")
    fields = {name: kept(record, name, "the batch", odd) for name in _HEAD}
    items = _items(record)
    word = fields["batchstatus"]
    return BatchStatus(
        batch_id=asked,
        word=word,
        phase=batch_phase(word),
        region=_region(record.get("region")),
        request_time=fields["requesttime"],
        user_id=fields["userid"],
        items=tuple(items),
        odd=(*odd, *items.odd),
        gap=items.gap,
    )


def batch_summaries(value: Any) -> Listed[BatchSummary]:
    """The batches of the tenant: a bare array, one inside an object, or `null` for none.

    An entry without a batch id is passed over: nothing could be asked about it.
    """
    listed = _list(value)
    found = _each(listed, _summary, "entry")
    more = cut_at(value, len(listed))
    return Listed(found, lost=found.lost, odd=found.odd, more=more, guessed=True)


def text(value: Any) -> str:
    """A scalar of an answer as text made visible, without tokens; nothing for `null`.

    Raises `WireError` for an array or object, which no field of these answers can be.
    """
    if value is None:
        return ""
    if type(value) is str and value in _HARMLESS:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, _SCALARS):
        found = without_tokens(visible(str(value)[: _MAX_TEXT * 2])).strip()[:_MAX_TEXT]
        if found == value and len(found) <= _MAX_SHORT:
            if len(_HARMLESS) >= _MOST_SHORT:
                _HARMLESS.clear()
            _HARMLESS.add(found)
        return found
    raise WireError("a field holds a list or an object instead of a text")


def kept(record: Mapping[str, Any], name: str, of: str, odd: list[str]) -> str:
    """The text in a field; a list or an object in its place as the JSON it came as.

    That decides nothing, and `odd` gets a text about it.
    """
    value = record.get(name)
    if isinstance(value, _NESTED):
        odd.append(f"{name} of {of} is no text: {shown(value)}")
        return _json(value)[:_MAX_TEXT]
    return text(value)


def shown(value: Any) -> str:
    """A part of an answer as it came, cut and made visible, for a text about it."""
    whole = _json(value)
    return whole if len(whole) <= _MAX_SHOWN else f"{whole[:_MAX_SHOWN]}…"


def _json(value: Any) -> str:
    try:
        return without_tokens(visible(json.dumps(value, ensure_ascii=False)[: _MAX_TEXT * 2]))
    except RecursionError:
        return "(nested too deeply)"


def _record(value: Any, names: Sequence[str]) -> dict[str, Any]:
    """The object in `value` that has one of `names`: itself, the one such in a list, or wrapped
    once."""
    for _ in range(2):
        if isinstance(value, list):
            fitting = [one for one in value if isinstance(one, dict)]
            if len(fitting) != 1:
                break
            (value,) = fitting
        if not isinstance(value, dict):
            break
        record = folded_keys(value)
        if any(name in record for name in names):
            return record
        parts = [part for part in record.values() if part is not None]
        if len(parts) != 1:
            break
        (value,) = parts
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


def _each(
    listed: Iterable[Any], parse: Callable[[Mapping[str, Any], str, list[str]], T | None], what: str
) -> Listed[T]:
    """What `parse` makes of the entries; those it can make nothing of are counted and told of."""
    found: list[T] = []
    odd: list[str] = []
    lost = 0
    for place, entry in enumerate(listed, start=1):
        name = f"{what} {place}"
        one = parse(folded_keys(entry), name, odd) if isinstance(entry, dict) else None
        if one is None:
            lost += 1
            odd.append(f"{name} cannot be read: {shown(entry)}")
        else:
            found.append(one)
    return Listed(found, lost=lost, odd=odd)


def _summary(record: Mapping[str, Any], name: str, odd: list[str]) -> BatchSummary | None:
    batch_id = _batch_id(record.get("batchid"))
    if not batch_id:
        return None
    fields = {key: kept(record, key, name, odd) for key in _HEAD}
    return BatchSummary(
        batch_id=batch_id,
        word=fields["batchstatus"],
        phase=batch_phase(fields["batchstatus"]),
        region=_region(record.get("region")),
        request_time=fields["requesttime"],
        user_id=fields["userid"],
        count=_count(record.get("batchitemscount")),
    )


def _items(record: Mapping[str, Any]) -> Listed[ItemStatus]:
    """The entries of the item array; none if it is absent, since a new batch may have none yet.

    Its name is not known: under an unknown one it is recognised by its content.
    """
    named = [(name, record[name]) for name in _ITEM_ARRAYS if record.get(name) is not None]
    for _, found in named:
        if isinstance(found, list):
            return _each(found, _item, "device")
        if isinstance(found, dict):  # a list of one may come as its element, or by some key
            alone = {"hardwareid", "username"} & folded_keys(found).keys()
            return _each([found] if alone else found.values(), _item, "device")
    lists = [part for part in record.values() if isinstance(part, list) and _devices(part)]
    if len(lists) == 1:
        return _each(lists[0], _item, "device")
    if not named:
        return Listed()
    name, found = named[0]
    return Listed(lost=1, odd=[f"{name} is no list of devices: {shown(found)}"])


def _devices(part: list[Any]) -> bool:
    """Whether every entry is an object with a hardware id, and there is one at all."""
    return bool(part) and all(
        isinstance(entry, dict) and "hardwareid" in folded_keys(entry) for entry in part
    )


def _item(record: Mapping[str, Any], name: str, odd: list[str]) -> ItemStatus | None:
    hardware_id = kept(record, "hardwareid", name, odd)
    user_name = kept(record, "username", name, odd)
    if not hardware_id and not user_name:
        return None
    for field, told in (("hardware id", hardware_id), ("user name", user_name)):
        if not told:
            odd.append(f"{name} has no {field}: {shown(record)}")
    if len(hardware_id) <= _MAX_SHORT:  # no hardware id is longer
        hardware_id = _as_hardware_id(hardware_id)
    word = kept(record, "status", name, odd)
    return ItemStatus(
        user_name=user_name,
        hardware_id=hardware_id,
        word=word,
        phase=item_phase(word),
        error=kept(record, "error", name, odd),
        ended=ended(word),
    )


@lru_cache(8192)  # each look at a batch brings them again
def _as_hardware_id(told: str) -> str:
    """What is none is kept as it came: shown, matched to nothing."""
    with contextlib.suppress(HardwareIdError):
        return HardwareId.parse(told)
    return told


#: Fields that statuses and summaries share, in text.
_HEAD = ("batchstatus", "requesttime", "userid")


def _batch_id(value: Any) -> str:
    """A batch id that can be asked about; nothing where there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    value = value.strip()
    return "" if len(value) > _MAX_ID or visible(value) != value else value


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
