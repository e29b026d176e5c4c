"""What is checked before every call: whose token it is, what it is for, and how fast they come."""

from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from siptui.emulator.access import Access, Caller
from siptui.emulator.paths import Source
from siptui.emulator.tenant import Tenant

_TEAMS_API = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"
_INVENTORY = "https://devicemgmt.teams.microsoft.com"
Handler = Callable[[Request, Caller], Awaitable[Response]]
#: Writes a refusal: status, code, message and seconds to wait, in the words of the service.
Refuse = Callable[[int, str, str, float | None], Response]


class Gate:
    """One for all services of a tenant. Throttling is by service and counted in the ledger."""

    def __init__(self, tenant: Tenant, access: Access) -> None:
        self._tenant = tenant
        self._access = access
        limits = tenant.scenario.limits
        self._most = {
            Source.BULK: limits.requests_per_minute,
            Source.ADMIN: limits.admin_per_minute,
            Source.GRAPH: limits.graph_per_minute,
            Source.INVENTORY: limits.inventory_per_minute,
        }
        self._recent: defaultdict[Source, deque[float]] = defaultdict(deque)

    async def answer(
        self, request: Request, source: Source, handler: Handler, refuse: Refuse
    ) -> Response:
        """What `handler` answers to a caller who is let in, or a refusal."""
        now = self._tenant.settle()
        header = request.headers.get("authorization", "")
        caller = self._access.caller(header, now, self._tenant.clock.date())
        if caller is None or not _for(source, caller.audience):
            message = "The access token is missing, invalid or has expired."
            response = refuse(401, "Unauthorized", message, None)
            response.headers["WWW-Authenticate"] = "Bearer"
        else:
            response = await handler(request, caller)
        if correlation := request.headers.get("x-ms-correlation-id"):
            response.headers["X-MS-Correlation-Id"] = correlation
        return response

    def too_fast(self, source: Source, *, weight: int = 1) -> bool:
        """Whether one more call to this service is too much now; it counts if it is not."""
        now, ledger = self._tenant.settle(), self._tenant.ledger
        recent, most = self._recent[source], self._most[source]
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if most and len(recent) + weight > most:
            ledger.throttled[source] += 1
            return True
        recent.extend([now] * weight)
        ledger.busiest[source] = max(ledger.busiest.get(source, 0), len(recent))
        return False


def _for(source: Source, audience: str) -> bool:
    """Whether a token for `audience` opens this service. Graph has another address everywhere,
    so every other one is taken for its."""
    if not audience:
        return True
    if source in (Source.BULK, Source.ADMIN):
        return audience == _TEAMS_API
    if source is Source.INVENTORY:
        return audience == _INVENTORY
    return audience not in (_TEAMS_API, _INVENTORY)
