"""A service of the emulated tenant as HTTP: from a request to a handler of its call, and back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siptui.emulator.access import Caller
from siptui.emulator.auth_and_throttle import Gate
from siptui.emulator.paths import Called, Source, called
from siptui.emulator.tenant import Tenant

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Asked(Struct, frozen=True):
    """A call: `parameters` by casefolded names without `$`, `body` as JSON (None without one)."""

    method: str
    called: Called
    parameters: Mapping[str, str]
    body: Any
    caller: Caller
    address: str

    def field(self, name: str) -> Any:
        """A field of the body, by its name without case."""
        if not isinstance(self.body, dict):
            return None
        named = {str(key).casefold(): value for key, value in self.body.items()}
        return named.get(name.casefold())


class Told(Struct, frozen=True):
    """An answer; without a `value` it has no body."""

    status: int = 200
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Handle = Callable[[Asked], Told]


class Face:
    """Routes of one service. A subclass names its source, prefixes and handlers by call."""

    source: Source
    prefixes: tuple[str, ...] = ()

    def __init__(self, tenant: Tenant, gate: Gate) -> None:
        self.tenant = tenant
        self.gate = gate
        self.handlers = self.handled()

    def handled(self) -> Mapping[tuple[str, str], Handle]:
        """What answers to (method, name of the call)."""
        raise NotImplementedError

    def error(self, status: int, code: str, message: str, wait: float | None = None) -> Told:
        """A refusal in this service's shape; `wait` in emulated seconds."""
        raise NotImplementedError

    def routes(self) -> list[Route]:
        """Everything under the prefixes."""
        return [
            Route(f"{prefix}{{rest:path}}", self._endpoint, methods=_METHODS)
            for prefix in self.prefixes
        ]

    def answer(self, asked: Asked) -> Told:
        """What this call is answered with, throttling included."""
        if self.gate.too_fast(self.source):
            return self.error(429, "TooManyRequests", "Too many requests.", 60)
        return self.handle(asked)

    def handle(self, asked: Asked) -> Told:
        """The same without throttling."""
        handle = self.handlers.get((asked.method, asked.called.name))
        if handle is not None:
            return handle(asked)
        others = any(name == asked.called.name for _, name in self.handlers)
        if others:
            return self.error(405, "MethodNotAllowed", f"{asked.method} is not allowed here.")
        return self.error(404, "NotFound", "There is nothing here.")

    async def _endpoint(self, request: Request) -> Response:
        return await self.gate.answer(request, self.source, self._answered, self._refused)

    async def _answered(self, request: Request, caller: Caller) -> Response:
        found = called(request.scope["path"])
        if found is None or found.source is not self.source:
            return response(self.error(404, "NotFound", "There is nothing here."))
        body = await request.body()
        try:
            value = msgspec.json.decode(body) if body else None
        except msgspec.DecodeError:
            return response(self.error(400, "BadRequest", "The body is no JSON."))
        asked = Asked(
            request.method,
            found,
            parameters_of(request.query_params.multi_items()),
            value,
            caller,
            f"{request.url.scheme}://{request.url.netloc}",
        )
        return response(self.answer(asked))

    def _refused(self, status: int, code: str, message: str, wait: float | None) -> Response:
        return response(self.error(status, code, message, wait))


def parameters_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Query parameters by names without case and without the `$` of OData."""
    return {key.casefold().lstrip("$"): value for key, value in pairs}


def response(told: Told) -> Response:
    """The answer as HTTP."""
    headers = dict(told.headers)
    if told.value is None:
        return Response(b"", told.status, headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return Response(msgspec.json.encode(told.value), told.status, headers)
