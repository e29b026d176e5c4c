"""The line between caller and tenant, which fails as the scenario says.

An ASGI app around the tenant's own. What HTTP cannot express (a cut, a reset, a refusal) is
raised as `BrokenLineError`; what carries the answer does to its caller what it stands for.
"""

import asyncio
from email.utils import format_datetime

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siptui.domain.broken_connection import BrokenLineError as BrokenLineError
from siptui.emulator.answer_format import ACCESS_DENIED, UNAUTHORIZED
from siptui.emulator.bulk_api import region_of, retry_header
from siptui.emulator.faults import Faults
from siptui.emulator.odd import odd_body
from siptui.emulator.paths import called
from siptui.emulator.retry_after import RetryAfterLog
from siptui.emulator.scenario import FaultRule
from siptui.emulator.tenant import Tenant

_PAGE = (
    "<!DOCTYPE html><html><head><title>Proxy</title></head>"
    "<body><h1>Web Gateway</h1><p>The page cannot be shown.</p></body></html>"
)
_GARBAGE = b'{"batchId": "\xff\xfe", "batchStatus": [}'
_REASONS: dict[int, object] = {
    401: UNAUTHORIZED,
    403: ACCESS_DENIED,
    429: {"code": "TooManyRequests", "message": "Too many requests."},
}
_JSON = "application/json; charset=utf-8"


class Line:
    """`app` behind a line that meets the faults of a scenario."""

    def __init__(self, app: ASGIApp, tenant: Tenant, faults: Faults) -> None:
        self._app = app
        self._tenant = tenant
        self._faults = faults
        self._waits = RetryAfterLog(tenant)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises `BrokenLineError`."""
        found = called(scope["path"]) if scope["type"] == "http" else None
        send = self._dated(send)
        if found is None:
            await self._app(scope, receive, send)
            return
        call = found.name
        self._tenant.ledger.calls[call] += 1
        self._waits.met(found.source, call)
        send = self._waits.heard(found.source, send)
        region = region_of(self._tenant, scope.get("query_string", b""))
        fault = self._faults.pick(call, region, self._tenant.settle())
        if fault is None:
            await self._app(scope, receive, send)
            return
        self._tenant.ledger.faults[fault.kind] += 1
        if fault.kind == "slow" and fault.moment == "before":
            await asyncio.sleep(self._tenant.clock.real(fault.seconds))
            await self._app(scope, receive, send)
            return
        answer: list[Message] = []
        if fault.moment == "after" or fault.kind == "odd":
            await self._app(scope, receive, _kept_in(answer))
        else:
            # What is not read yet would turn a closed connection into a reset one.
            while (await receive()).get("more_body"):
                pass
        await self._fail(fault, answer, scope, send)

    def _dated(self, send: Send) -> Send:
        """`send` with the service's own `Date`, by which its other dates are to be read."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(self._tenant.clock.date(), usegmt=True)
                headers = [*message.get("headers", ()), (b"date", now.encode())]
                message = {**message, "headers": headers}
            await send(message)

        return dated

    async def _fail(
        self, fault: FaultRule, answer: list[Message], scope: Scope, send: Send
    ) -> None:
        wait = retry_header(self._tenant, fault.retry_after, fault.retry_after_form)
        if fault.retry_after_text is not None:
            wait = {"retry-after": fault.retry_after_text}
        match fault.kind:
            case "slow":
                await asyncio.sleep(self._tenant.clock.real(fault.seconds))
                for message in answer:
                    await send(message)
            case "odd":
                body = b"".join(m.get("body", b"") for m in answer)
                odd = odd_body(body, fault.place, fault.put, insert=fault.insert)
                status = answer[0]["status"] if answer else 200
                await _whole(send, fault.status or status, _JSON, odd)
            case "cut_body":
                body = (
                    b"".join(m.get("body", b"") for m in answer) or b'{"batchId":"00000000-0000"}'
                )
                await _start(send, 200, _JSON, {"content-length": str(len(body))})
                half = body[: len(body) // 2]
                await send({"type": "http.response.body", "body": half, "more_body": True})
                raise BrokenLineError("cut", sent=True)
            case "html":
                kind = fault.content_type or "text/html; charset=utf-8"
                await _whole(send, fault.status or 200, kind, _PAGE.encode(), wait)
            case "garbage":
                kind = fault.content_type or _JSON
                await _whole(send, fault.status or 200, kind, _GARBAGE, wait)
            case "empty":
                await _whole(send, fault.status or 200, fault.content_type or _JSON, b"", wait)
            case "redirect":
                there = {"location": "https://login.proxy.example/portal?return=1"}
                await _whole(send, fault.status or 302, "text/html", b"", there)
            case "status":
                status = fault.status or 500
                reason = {"code": "InternalServerError", "message": "An error has occurred."}
                body = msgspec.json.encode(_REASONS.get(status, reason))
                await _whole(send, status, fault.content_type or _JSON, body, wait)
            case "echo":
                body = msgspec.json.encode({"code": "BadRequest", "message": _headers_in(scope)})
                await _whole(send, fault.status or 400, _JSON, body)
            case _:
                raise BrokenLineError(fault.kind)


def _headers_in(scope: Scope) -> str:
    """The request's headers, as gateways repeat them in an error."""
    headers = (
        f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in scope["headers"]
    )
    return f"Invalid request headers: {'; '.join(headers)}"


def _kept_in(answer: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        answer.append(message)

    return keep


async def _start(send: Send, status: int, kind: str, headers: dict[str, str]) -> None:
    pairs = {"content-type": kind, **headers}.items()
    raw = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in pairs]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _whole(
    send: Send, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None
) -> None:
    await _start(send, status, kind, {"content-length": str(len(body)), **(headers or {})})
    await send({"type": "http.response.body", "body": body})
