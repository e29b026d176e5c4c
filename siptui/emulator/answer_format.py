"""How the answers look: casing, names and words are the scenario's, since not all have been seen.

Sources of the shapes: property lists of the MicrosoftTeams module's display views (6.4.0, 7.7.0);
the body of 403 as reported by users of the API.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from siptui.emulator.batches import Batch, Item, ItemState
from siptui.emulator.random_draws import draw
from siptui.emulator.scenario import WireTable
from siptui.emulator.scenario_tables import Words

#: Verbatim, in its own casing whatever the rest of the service does.
ACCESS_DENIED = {
    "code": "Forbidden",
    "message": "Access Denied.",
    "action": "Provide different credential or request access.",
}
UNAUTHORIZED = {
    "code": "Unauthorized",
    "message": "The access token is missing, invalid or has expired.",
    "action": "Provide different credential or request access.",
}
#: Between two words of a PascalCase or camelCase name.
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Writer:
    """Writes answers as a scenario's `[wire]` has them. `known` gives an account's object id."""

    def __init__(self, wire: WireTable, known: Callable[[str], str]) -> None:
        self._wire = wire
        self._known = known

    def cased(self, value: Any) -> Any:
        """`value` with its PascalCase keys in the service's casing."""
        return cased(value, self._wire.casing)

    @property
    def items_name(self) -> str:
        """The member of a status that holds the devices."""
        return self._name(self._wire.items)

    @property
    def root_name(self) -> str:
        """The member of the tenant's batches that holds the list, or nothing."""
        return self._name(self._wire.summaries_root)

    def accepted(self, batch: Batch) -> Any:
        """createbatch."""
        return self.cased({"BatchId": batch.batch_id, "BatchItemsCount": len(batch.items)})

    def status(self, batch: Batch, now: float) -> Any:
        """batchstatus."""
        wire = self._wire
        items = [
            self._item(item, now)
            for item in batch.items
            if not item.silent and not (wire.finished_only and item.verdict is None)
        ]
        head = self._head(batch, region=wire.status_region)
        return {**self.cased(head), self._name(wire.items): self.cased(items)}

    def summaries(self, batches: list[Batch]) -> Any:
        """batchsummaries."""
        wire = self._wire
        rows = self.cased(
            [
                {
                    **self._head(batch, region=wire.summaries_region),
                    "BatchItemsCount": len(batch.items),
                }
                for batch in batches
            ]
        )
        return {self._name(wire.summaries_root): rows} if wire.summaries_root else rows

    def error(self, code: str, message: str) -> Any:
        """The SdgErrorResponse of a refusal."""
        return self.cased({"ErrorCode": code, "Message": message})

    def _name(self, name: str) -> str:
        return _cased(name, self._wire.casing)

    def _head(self, batch: Batch, *, region: bool) -> dict[str, Any]:
        wire = self._wire
        head: dict[str, Any] = {
            "BatchId": batch.batch_id,
            "BatchStatus": self._batch_word(batch),
            "RequestTime": _date(batch.requested, wire.request_time),
            "UserId": self._known(batch.by) if wire.user_id == "object_id" else batch.by,
        }
        if region:
            head["Region"] = batch.region.value
        return head

    def _batch_word(self, batch: Batch) -> str:
        wire = self._wire
        words = wire.running
        if batch.done:
            words = wire.completed
            if wire.completed_failed and any(item.verdict for item in batch.items):
                words = wire.completed_failed
        elif batch.started is None:
            words = wire.queued
        return _one(words, batch.batch_id)

    def _item(self, item: Item, now: float) -> dict[str, Any]:
        wire = self._wire
        state = item.state(now)
        words: Words = {
            ItemState.WAITING: wire.waiting,
            ItemState.RUNNING: wire.item_running,
            ItemState.SUCCESS: wire.success,
            ItemState.FAILED: wire.failed,
        }[state]
        final = state in (ItemState.SUCCESS, ItemState.FAILED)
        row: dict[str, Any] = {
            "UserName": _spelled(item.user_name, wire.user_name),
            "HardwareId": _spelled(item.hardware_id, wire.hardware_id),
            "Status": item.word if item.word and final else _one(words, item.key),
        }
        if not final and wire.ticking:
            self._tick(row, now)
        elif item.verdict:
            row["Error"] = f"{item.verdict} ({now:.0f} s)" if wire.ticking_errors else item.verdict
        elif wire.no_error != "absent":
            row["Error"] = "" if wire.no_error == "empty" else None
        return row

    def _tick(self, row: dict[str, Any], now: float) -> None:
        """A text that is another one at each look."""
        match self._wire.ticking:
            case "word":
                row["Status"] = f"{row['Status']} since {now:.3f} s"
            case "letters":
                row["Error"] = "".join(
                    chr(ord("a") + int(one)) for one in f"{now:.3f}".replace(".", "")
                )
            case _:
                row["Error"] = f"step {now:.0f} of 9999 at {now:.3f}"


def cased(value: Any, casing: str) -> Any:
    """`value` with its keys in this casing: `camel`, `pascal`, `snake` or `lower`."""
    if isinstance(value, dict):
        return {_cased(key, casing): cased(inner, casing) for key, inner in value.items()}
    if isinstance(value, list):
        return [cased(inner, casing) for inner in value]
    return value


@lru_cache(maxsize=1024)
def _cased(name: str, casing: str) -> str:
    match casing:
        case "lower":
            return name.lower().replace("_", "")  # which names given back in snake_case may have
        case "camel":
            return name[:1].lower() + name[1:]
        case "snake":
            return _BOUNDARY.sub("_", name).lower()
    return name[:1].upper() + name[1:]


def _one(words: Words, key: object) -> str:
    if isinstance(words, str):
        return words
    return words[int(draw("word", key) * len(words))] if words else ""


def _spelled(text: str, form: str) -> str:
    match form:
        case "lower":
            return text.lower()
        case "upper":
            return text.upper()
        case "colons":
            return text[:17].replace("-", ":") + text[17:]
    return text


@lru_cache(maxsize=1024)
def _date(date: datetime, form: str) -> str | int | None:
    date = date.astimezone(UTC)
    milliseconds = int(date.timestamp() * 1000)
    match form:
        case "iso_offset":
            return date.astimezone(timezone(timedelta(hours=2))).isoformat(timespec="seconds")
        case "iso_naive":
            return f"{date:%Y-%m-%dT%H:%M:%S}"
        case "iso_naive_west":
            return f"{date - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}"
        case "iso_naive_east":
            return f"{date + timedelta(hours=9):%Y-%m-%dT%H:%M:%S}"
        case "iso_minutes":
            return f"{date:%Y-%m-%dT%H:%MZ}"
        case "null":
            return None
        case "us":
            return f"{date.month}/{date.day}/{date:%Y} {(date.hour - 1) % 12 + 1}:{date:%M:%S %p}"
        case "epoch":
            return milliseconds // 1000
        case "epoch_ms":
            return milliseconds
        case "dotnet":
            return f"/Date({milliseconds})/"
    return f"{date:%Y-%m-%dT%H:%M:%S}.{date.microsecond:06}0Z"  # .NET writes seven digits
