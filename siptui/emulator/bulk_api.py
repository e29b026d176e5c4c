"""The calls of bulk sign-in over HTTP: thin routes over the tenant.

Paths, methods and parameters as the MicrosoftTeams module has them (operation names
`SdgBulkSignInRequestNew`, `…StatusGet`, `…sSummaryGet`); discovery as seen in answers.
"""

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from siptui.domain.region import Region
from siptui.emulator.access import Caller
from siptui.emulator.answer_format import ACCESS_DENIED, UNAUTHORIZED, Writer
from siptui.emulator.auth_and_throttle import Gate
from siptui.emulator.pages import paged
from siptui.emulator.paths import Source
from siptui.emulator.tenant import Accepted, Tenant

DISCOVERY = "/Teams.Tenant/serviceDiscovery"
BULK = "/Teams.SipDevicesGatewayManagement/v1"
#: The calls by their paths, casefolded: the service does not mind the case of a path.
CALLS = {
    DISCOVERY.casefold(): "serviceDiscovery",
    f"{BULK}/createbatch".casefold(): "createbatch",
    f"{BULK}/batchstatus".casefold(): "batchstatus",
    f"{BULK}/batchsummaries".casefold(): "batchsummaries",
}
Answer = Callable[[Request, Caller], Awaitable[Response]]


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as a JSON answer."""
    return Response(
        msgspec.json.encode(value),
        status,
        {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )


class Wire:
    """HTTP in front of a tenant."""

    def __init__(self, tenant: Tenant, gate: Gate) -> None:
        self._tenant = tenant
        self._gate = gate
        self._limits = tenant.scenario.limits
        self._writer = Writer(tenant.scenario.wire, tenant.people.known)

    def routes(self) -> list[Route]:
        """The routes of the four calls."""
        return [
            Route(DISCOVERY, self._guarded(self._discovery, role=False), methods=["GET"]),
            Route(f"{BULK}/createbatch", self._guarded(self._create), methods=["POST"]),
            Route(f"{BULK}/batchstatus", self._guarded(self._status), methods=["GET"]),
            Route(f"{BULK}/batchsummaries", self._guarded(self._summaries), methods=["GET"]),
        ]

    def _guarded(
        self, answer: Answer, *, role: bool = True
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request, caller: Caller) -> Response:
            if role and not caller.role:
                return json_answer(ACCESS_DENIED, 403)
            if self._gate.too_fast(Source.BULK):
                return self._error(429, "TooManyRequests", "Too many requests.", 60)
            return await answer(request, caller)

        async def endpoint(request: Request) -> Response:
            return await self._gate.answer(request, Source.BULK, answered, _unauthorized)

        return endpoint

    def _error(
        self, status: int, code: str, message: str, retry_after: float | None = None
    ) -> Response:
        headers = retry_header(self._tenant, retry_after, self._limits.retry_after_form)
        return json_answer(self._writer.error(code, message), status, headers)

    async def _discovery(self, request: Request, caller: Caller) -> Response:
        host = request.url.netloc
        return json_answer(
            {
                "Endpoints": {"ConfigApiEndpoint": host, "AdminServiceEndpoint": host},
                "Headers": {"X-MS-Forest": "0e"},
            }
        )

    async def _create(self, request: Request, caller: Caller) -> Response:
        try:
            region = Region.parse(_parameter(request, "TargetRegion"))
        except ValueError:
            return self._error(400, "InvalidRegion", "TargetRegion must be APAC, EMEA or NOAM.")
        wanted = read_items(await request.body())
        if wanted is None:
            return self._error(
                400, "BadRequest", "The body must be an array of UserName and HardwareId."
            )
        outcome = self._tenant.submit(region, wanted, caller.user, strong=caller.strong)
        if isinstance(outcome, Accepted):
            created = self._tenant.scenario.wire.created_status
            return json_answer(self._writer.accepted(outcome.batch), created)
        return self._error(outcome.status, outcome.code, outcome.message, outcome.retry_after)

    async def _status(self, request: Request, caller: Caller) -> Response:
        batch_id = _parameter(request, "batchid")
        if not batch_id:
            return self._error(400, "BadRequest", "batchid is missing.")
        batch = self._tenant.batch(batch_id)
        if batch is None:
            return self._error(404, "BatchNotFound", f"Batch {batch_id} was not found.")
        whole = self._writer.status(batch, self._tenant.settle())
        return json_answer(self._paged(request, whole, self._writer.items_name))

    async def _summaries(self, request: Request, caller: Caller) -> Response:
        whole = self._writer.summaries(self._tenant.batches())
        return json_answer(self._paged(request, whole, self._writer.root_name))

    def _paged(self, request: Request, whole: Any, name: str) -> Any:
        """The page that is asked for of a list, which is the answer or lies in it under `name`."""
        wire = self._tenant.scenario.wire
        if not wire.page:
            return whole
        bare = isinstance(whole, list)
        marker = wire.page_marker
        asked = _parameter(request, marker if marker.endswith("Token") else "$skiptoken")
        rows, further = paged(whole if bare else whole[name], asked, wire.page)
        if bare and marker == "none":
            return rows
        page = {"value": rows} if bare else {**whole, name: rows}
        if further and marker != "none":
            page[marker] = further
        if further and marker == "hasMore":
            page[marker] = True
        if further and marker.endswith("Link"):
            host = wire.page_host or request.url.netloc
            page[marker] = f"https://{host}{request.url.path}?$skiptoken={further}"
        return page


def _unauthorized(status: int, code: str, message: str, wait: float | None) -> Response:
    return json_answer(UNAUTHORIZED, status)


def retry_header(tenant: Tenant, seconds: float | None, form: str) -> dict[str, str]:
    """The Retry-After header for so many emulated seconds; nothing for None or 0."""
    if not seconds:
        return {}
    wait = max(1, math.ceil(tenant.clock.real(seconds)))
    if form == "date":
        until = tenant.clock.date() + timedelta(seconds=wait)
        return {"Retry-After": format_datetime(until, usegmt=True)}
    return {"Retry-After": str(wait)}


def region_of(tenant: Tenant, query: bytes) -> Region | None:
    """The region a call with this query is about, if it names one."""
    named = _parameters(query)
    try:
        return Region.parse(named.get("targetregion", ""))
    except ValueError:
        return tenant.region_of(named.get("batchid", ""))


def _parameter(request: Request, name: str) -> str:
    return _parameters(request.scope["query_string"]).get(name.casefold(), "")


@lru_cache(maxsize=256)  # who follows a batch asks the same again and again
def _parameters(query: bytes) -> Mapping[str, str]:
    """The parameters of a query by their casefolded names; of two of one name the first."""
    named: dict[str, str] = {}
    for key, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        named.setdefault(key.casefold(), value.strip())
    return named


def read_items(body: bytes) -> list[tuple[str, str]] | None:
    """The items of a submit, names without regard to case; None where it is no such array."""
    try:
        rows = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(rows, list):
        return None
    items: list[tuple[str, str]] = []
    for row in rows:
        if not isinstance(row, dict):
            return None
        named = {str(key).casefold(): value for key, value in row.items()}
        user, hardware_id = named.get("username"), named.get("hardwareid")
        if not isinstance(user, str) or not isinstance(hardware_id, str):
            return None
        items.append((user, hardware_id))
    return items
