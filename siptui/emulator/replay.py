"""The service as a recording knows it: the same calls get the same answers, in the same order.

The state of a batch moves on with each question and stays at its last answer. Callers may use the
names in the recording, or their own: a batch that is not in it is taken for the next one of that
region and size, device by device, and answers then speak of the caller's devices.
"""

import gzip
import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from siptui.domain.region import Region
from siptui.emulator.answer_format import UNAUTHORIZED
from siptui.emulator.batches import device_key
from siptui.emulator.bulk_api import CALLS, read_items
from siptui.emulator.emulator import Emulator
from siptui.emulator.faulty_network import BrokenLineError
from siptui.emulator.recording import Recorded, Recording, records_in

_JSON = {"content-type": "application/json; charset=utf-8"}
#: More than any client takes, unpacked.
_TOO_LARGE = 32_000_000
_NAMES = re.compile(
    r"[^\s\"',;<>()]+@[^\s\"',;<>()]+|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}(?::\d{3})?"
)


class _Queue:
    """Answers to one question, to be given in order; at the end the last good one stays."""

    def __init__(self) -> None:
        self.all: list[Recorded] = []
        self._next = 0

    def take(self) -> Recorded | None:
        if self._next < len(self.all):
            self._next += 1
            return self.all[self._next - 1]
        good = [one for one in self.all if one.good] or self.all
        return good[-1] if good else None

    @property
    def untouched(self) -> bool:
        return self._next == 0

    @property
    def over(self) -> bool:
        return self._next >= len(self.all)


class _Aliases:
    """Which names of a caller stand for which in the recording, both ways, casefolded keys."""

    def __init__(self, recording: Recording) -> None:
        self._taken = {name.casefold() for device in recording.devices() for name in device[:2]}
        self._recorded: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def recorded(self, item: tuple[str, str]) -> tuple[str, str]:
        """A device of a caller by the names of the recording."""
        user, hardware_id = device_key(*item)
        found = self._recorded
        return found.get(user, user), found.get(hardware_id.casefold(), hardware_id)

    def fit(self, own: Sequence[tuple[str, str]], recorded: Sequence[tuple[str, str]]) -> bool:
        """Whether each device of a caller can stand for the one of the recording in its place."""
        return len(own) == len(recorded) and all(
            mine.casefold() not in self._taken
            and self._recorded.get(mine.casefold(), theirs) == theirs
            and self._own.get(theirs.casefold(), mine) == mine
            for ours, others in zip(own, recorded, strict=True)
            for mine, theirs in zip(device_key(*ours), device_key(*others), strict=True)
        )

    def add(self, own: Sequence[tuple[str, str]], recorded: Sequence[tuple[str, str]]) -> None:
        """From now on they do."""
        for ours, others in zip(own, recorded, strict=True):
            for mine, theirs in zip(device_key(*ours), device_key(*others), strict=True):
                self._recorded[mine.casefold()] = theirs
                self._own[theirs.casefold()] = mine

    def spoken(self, value: Any) -> Any:
        """The JSON `value` in the names of the caller."""
        if not self._own:
            return value
        if isinstance(value, dict):
            return {key: self.spoken(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.spoken(part) for part in value]
        if isinstance(value, str):
            return _NAMES.sub(lambda m: self._own.get(m.group().casefold(), m.group()), value)
        return value


class Replay:
    """An ASGI app that answers from a recording.

    `allowed` says whether an Authorization header lets in. `refuses`: whether below there is a
    line that can refuse a connection; where there is none (a real port has one by then), a
    submit that never left the caller is passed over, since it would become one whose answer was
    lost.
    """

    def __init__(
        self, recording: Recording, allowed: Callable[[str], bool], *, refuses: bool = True
    ) -> None:
        self._allowed = allowed
        self._aliases = _Aliases(recording)
        self._reads: dict[tuple[str, ...], _Queue] = {}
        self._submits: dict[tuple[Region | None, frozenset[tuple[str, str]]], _Queue] = {}
        for one in recording.exchanges:
            if one.call == "createbatch":
                if refuses or one.sent or not one.failure:
                    key = (one.region, one.keys)
                    self._submits.setdefault(key, _Queue()).all.append(one)
            else:
                asked = _question(one.call, one.method, one.path, one.parameters)
                self._reads.setdefault(asked, _Queue()).all.append(one)
        self._unborn = _births(recording)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises `BrokenLineError` where the line broke."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {key.decode("latin-1"): val.decode("latin-1") for key, val in scope["headers"]}
        if not self._allowed(headers.get("authorization", "")):
            await _answer(send, 401, {**_JSON, "www-authenticate": "Bearer"}, UNAUTHORIZED)
            return
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        parameters = {key.casefold(): value for key, value in query}
        call = CALLS.get(scope["path"].casefold(), "")
        if call == "createbatch":
            found = self._submit(parameters.get("targetregion", ""), body)
        else:
            asked = _question(call, scope["method"], scope["path"], parameters)
            found = self._reads[asked].take() if asked in self._reads else None
        if found is None:
            status = 400 if call == "createbatch" else 404
            why = {"code": "NotRecorded", "message": "The recording holds no answer to this."}
            await _answer(send, status, _JSON, why)
            return
        self._unborn = {key: place for key, place in self._unborn.items() if place != found.place}
        await self._give(found, send, headers.get("x-ms-correlation-id", ""))

    def _submit(self, region: str, body: bytes) -> Recorded | None:
        try:
            where = Region.parse(region)
        except ValueError:
            return None
        wanted = read_items(body)
        if wanted is None:
            return None
        keys = frozenset(device_key(*self._aliases.recorded(item)) for item in wanted)
        queue = self._submits.get((where, keys)) or self._stranger(where, wanted)
        if queue is None or not queue.all:
            return None
        last = queue.all[-1]
        # What was taken, or may have been, is not taken a second time.
        if queue.over and (last.good or (last.failure and last.sent)):
            return None
        return queue.take()

    def _stranger(self, region: Region, wanted: Sequence[tuple[str, str]]) -> _Queue | None:
        """The next batch of the region that a batch of other names can stand for."""
        for (where, _), queue in self._submits.items():
            recorded = queue.all[0].submitted
            if where is region and queue.untouched and self._aliases.fit(wanted, recorded):
                self._aliases.add(wanted, recorded)
                return queue
        return None

    async def _give(self, found: Recorded, send: Send, correlation_id: str) -> None:
        headers = dict(found.headers)
        if "x-ms-correlation-id" in headers and correlation_id:
            headers["x-ms-correlation-id"] = correlation_id
        answer = self._aliases.spoken(self._without_unborn(found.answer))
        body = found.body if found.answer is None else json.dumps(answer).encode()
        if not found.failure:
            await _answer(send, found.status, headers, body)
        elif found.failure in {"garbled", "too_large"} and found.sent:
            # An answer that cannot be unpacked, or one that unpacks to too much.
            packed = gzip.compress(b" " * _TOO_LARGE, 1)
            body = packed if found.failure == "too_large" else b"\x1f\x8b no gzip"
            headers = {**_JSON, **headers, "content-encoding": "gzip"}
            await _answer(send, found.status or 200, headers, body)
        elif not found.sent:
            raise BrokenLineError("connect_timeout" if found.failure == "timeout" else "refused")
        elif found.failure == "timeout":
            raise BrokenLineError("hang")
        else:
            if found.status:
                await _start(send, found.status, {**_JSON, **headers, "content-length": "9999"})
                part = {"type": "http.response.body", "body": b"{", "more_body": True}
                await send(part)
            raise BrokenLineError("cut", sent=bool(found.status))

    def _without_unborn(self, answer: Any) -> Any:
        """`answer` without the batches that are still to be submitted, lists of them anyway."""
        if isinstance(answer, dict):
            return {key: self._without_unborn(part) for key, part in answer.items()}
        if not isinstance(answer, list):
            return answer
        return [
            self._without_unborn(part)
            for part in answer
            if not any(_id(batch) in self._unborn for batch in records_in(part, "batchid"))
        ]


def replaying(recording: Recording, emulator: Emulator, *, on_port: bool = False) -> Emulator:
    """`emulator`, answering from `recording`; who is let in is still for its door to say."""

    def allowed(authorization: str) -> bool:
        tenant = emulator.tenant
        return (
            emulator.access.caller(authorization, tenant.settle(), tenant.clock.date()) is not None
        )

    app: ASGIApp = Replay(recording, allowed, refuses=not on_port)
    emulator.app = app
    return emulator


def _question(call: str, method: str, path: str, parameters: dict[str, str]) -> tuple[str, ...]:
    """What is the same in two questions that get the same answers."""
    if call == "batchstatus":
        return call, parameters.get("batchid", "").strip().casefold()
    return (call,) if call else (method, path.casefold())


def _id(record: dict[str, Any]) -> str:
    return str(record.get("batchid", "")).strip().casefold()


def _births(recording: Recording) -> dict[str, int]:
    """For each batch that the recording submits, the place of the exchange that made it.

    Where the answer was lost, the batch is known by its devices, as the service told of them.
    """
    born: dict[str, int] = {}
    lost: dict[frozenset[tuple[str, str]], int] = {}
    for one in recording.of("createbatch"):
        made = next(records_in(one.answer, "batchid"), None) if one.good else None
        if made:
            born[_id(made)] = one.place
        elif one.sent and (one.failure or one.status >= 500 or one.good):
            lost[one.keys] = one.place
    for one in recording.of("batchstatus"):
        items = records_in(one.answer, "username", "hardwareid")
        keys = frozenset(device_key(str(i["username"]), str(i["hardwareid"])) for i in items)
        if one.good and keys in lost:
            born.setdefault(one.parameters.get("batchid", "").strip().casefold(), lost[keys])
    return born


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _answer(send: Send, status: int, headers: dict[str, str], body: Any) -> None:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    await _start(send, status, {**headers, "content-length": str(len(data))})
    await send({"type": "http.response.body", "body": data})
