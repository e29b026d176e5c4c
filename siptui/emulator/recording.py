"""A recording (`--record FILE`) as it is read back: exchanges in order, from any version.

JSON lines: a header `{"siptui_recording": 1, …}`, then one exchange a line. Exchanges with the
authority say nothing but place and status and are left out.
"""

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct

from siptui.domain.device import DeviceKey
from siptui.domain.errors import UsageError
from siptui.domain.region import Region
from siptui.domain.text import visible
from siptui.emulator.batches import device_key
from siptui.emulator.bulk_api import CALLS, read_items
from siptui.host.files import read_plain

#: The format that is understood.
FORMAT = 1
_MAX_WAIT = 900


class RecordingError(UsageError):
    """A file is no recording, or is damaged."""

    title = "Recording cannot be used"
    code = "recording"


@dataclasses.dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange. `call` is a call of bulk sign-in or nothing, `place` its place in the file.

    `status` 0: no answer had begun; then, or where the answer was broken off, `failure` says why
    and `sent` whether the request left. `parameters` have casefolded names. `submitted` is what
    a createbatch asked for, `answer` the body as JSON where it was that.
    """

    place: int
    call: str
    method: str
    path: str
    parameters: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes = dataclasses.field(repr=False)
    answer: Any = dataclasses.field(repr=False)
    failure: str = ""
    sent: bool = True
    submitted: tuple[tuple[str, str], ...] = ()

    @property
    def region(self) -> Region | None:
        """The region of a submit."""
        try:
            return Region.parse(self.parameters.get("targetregion", ""))
        except ValueError:
            return None

    @property
    def keys(self) -> frozenset[DeviceKey]:
        """The devices of a submit."""
        return frozenset(device_key(*item) for item in self.submitted)

    @property
    def good(self) -> bool:
        """Whether the service did what it was asked for, and said so."""
        return not self.failure and 200 <= self.status < 300


class Recording(Struct, frozen=True):
    """All that a recording tells of the service."""

    exchanges: Sequence[Recorded]

    def of(self, call: str) -> list[Recorded]:
        """The exchanges of one call, in order."""
        return [one for one in self.exchanges if one.call == call]

    def devices(self) -> list[tuple[str, str, Region]]:
        """User name, hardware id and region of every device that was submitted, in order."""
        found: dict[DeviceKey, tuple[str, str, Region]] = {}
        for one in self.of("createbatch"):
            for user, hardware_id in one.submitted:
                if one.region:
                    key = device_key(user, hardware_id)
                    found.setdefault(key, (user, hardware_id, one.region))
        return list(found.values())

    def batch_size(self) -> int:
        """Devices in the largest batch; 0 without any."""
        return max((len(one.submitted) for one in self.of("createbatch")), default=0)


def load_recording(path: Path) -> Recording:
    """The recording in `path`; `RecordingError` names the line that is wrong.

    A last line that was cut off, as when the recorder was killed, is left out.
    """
    try:
        lines = read_plain(path).decode().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not in UTF-8"
        raise _wrong(path, 0, f"it cannot be read: {why}") from None
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            if number == len(lines) and rows:
                break
            raise _wrong(path, number, "no JSON") from None
        if not isinstance(row, dict):
            raise _wrong(path, number, "no JSON object")
        rows.append((number, row))
    if not rows or "siptui_recording" not in rows[0][1]:
        raise _wrong(path, 1, "it does not begin as a recording does")
    if rows[0][1]["siptui_recording"] != FORMAT:
        raise _wrong(path, 1, f"its format is not {FORMAT}; it may be of a newer siptui")
    exchanges = []
    for number, row in rows[1:]:
        try:
            if row["call"] != "token":
                exchanges.append(_exchange(number, row))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _wrong(path, number, "not an exchange") from None
    return Recording(tuple(exchanges))


def _exchange(place: int, row: dict[str, Any]) -> Recorded:
    call = CALLS.get(row["path"].casefold(), "")
    request, headers = row.get("request") or {}, row.get("headers") or {}
    items = read_items(_bytes(request)) if call == "createbatch" else None
    answer = row.get("answer") or {}
    return Recorded(
        place=place,
        call=call,
        method=row["method"],
        path=row["path"],
        parameters={
            visible(key).casefold(): visible(value)
            for key, value in parse_qsl(row.get("query", ""), keep_blank_values=True)
        },
        status=_status(row.get("status")),
        headers=_headers(headers, row),
        body=_bytes(answer),
        answer=answer.get("json"),
        failure=str(row.get("failure") or ""),
        sent=bool(row.get("sent", True)),
        submitted=tuple((visible(user), visible(mac)) for user, mac in items or ()),
    )


def _status(value: Any) -> int:
    if value is None:
        return 0
    if not isinstance(value, int) or not 200 <= value <= 599:
        raise ValueError(value)
    return value


def _bytes(part: dict[str, Any]) -> bytes:
    """A body as it went over the wire, as far as that was kept."""
    if "json" in part:
        return json.dumps(part["json"]).encode()
    text = part.get("text", "")
    return str(text).encode("utf-8", "replace")


def _headers(headers: dict[str, str], row: dict[str, Any]) -> dict[str, str]:
    """The headers that say something and can be said again, names in lower case."""
    kept = {}
    for name, value in headers.items():
        name = visible(str(name)).casefold()
        if name == "content-type" or (name.startswith("x-ms-") and value != "…"):
            kept[name] = visible(str(value)).encode("latin-1", "replace").decode("latin-1")
        elif name == "retry-after":
            kept[name] = _wait(str(value), str(headers.get("date", "")), row)
    return kept


def _wait(value: str, date: str, row: dict[str, Any]) -> str:
    """A wait in seconds: a date of then would long be over."""
    if value.isascii() and value.isdigit():
        return value
    try:
        until = parsedate_to_datetime(value)
        then = parsedate_to_datetime(date) if date else datetime.fromisoformat(row["at"])
        return str(min(_MAX_WAIT, max(1, math.ceil((until - then).total_seconds()))))
    except (ValueError, TypeError, KeyError):
        return "1"


def records_in(value: Any, *names: str) -> Iterator[dict[str, Any]]:
    """Every object in the JSON `value` that has all of `names`; its names are casefolded."""
    if isinstance(value, dict):
        record = {str(key).casefold(): part for key, part in value.items()}
        if all(name in record for name in names):
            yield record
        parts: Sequence[Any] = list(value.values())
    else:
        parts = value if isinstance(value, list) else ()
    for part in parts:
        yield from records_in(part, *names)


def _wrong(path: Path, line: int, what: str) -> RecordingError:
    where = f"{visible(str(path))}{f', line {line}' if line else ''}"
    return RecordingError(f"{where}: {what}.", remedy="Name a file that --record wrote.")
